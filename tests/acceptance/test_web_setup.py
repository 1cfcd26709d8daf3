"""From an empty installation to the first answer of QuickBooks, by the pages alone."""

import html
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from setting_up import SHORT, TITLE, add_company, at_quickbooks, download, make_password
from web_office import Browser, Site, serving

from qbwc_server.rehearsal.company import sample_company
from qbwc_server.rehearsal.connector import Outcome, SimulatedConnector
from qbwc_server.rehearsal.connector_adding import NotAdded, add_application
from qbwc_server.store import companies, users


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Site]:
    with serving(tmp_path) as office:
        yield office


@pytest.fixture
def ada(office: Site) -> Browser:
    browser = Browser(office.url)
    browser.sign_in("ada")
    return browser


def test_the_pages_alone_lead_from_nothing_to_the_first_records(office: Site, ada: Browser) -> None:
    assert 'href="/setup"' in ada.get("/").text
    begin = ada.get("/setup")
    assert begin.url.endswith("/setup/address"), "without a company, it begins at the beginning"
    assert office.url in begin.words
    add_company(ada)
    password = make_password(ada)
    steps = ada.get(f"/setup/companies/{SHORT}/pc")
    for said in ("more than this program uses", "one identification number", "sends queries only", "may only view"):
        assert said in steps.words
    added = download(ada)
    assert (added.name, added.user, added.url) == (TITLE, SHORT, f"{office.url}/qbwc")

    books = sample_company(customers=5, items=5)
    connector = at_quickbooks(added, password, books)
    assert "has not called yet" in ada.get(f"/setup/companies/{SHORT}/wait").words
    connector.visit()
    office.app.conversation.watch.flush(office.app.database)
    assert "Nothing was waiting" in ada.get(f"/setup/companies/{SHORT}/wait").words

    fetch = ada.get(f"/customers/all?company={SHORT}")
    ada.submit(fetch, "/customers/all", company=SHORT)
    assert "The next call brings" in ada.get(f"/setup/companies/{SHORT}/wait").words
    connector.visit()
    page = ada.get(f"/setup/companies/{SHORT}/wait")
    assert f"Connected to {books.title}" in html.unescape(page.words)
    assert 'hx-trigger="every' not in page.text, "there is nothing more to wait for"
    assert "Connected" in ada.get("/connection").words


def test_a_wrong_password_a_missing_file_and_another_file_are_told_while_waiting(office: Site, ada: Browser) -> None:
    add_company(ada)
    password = make_password(ada)
    added = download(ada)
    books = sample_company(customers=2, items=2)
    for _ in range(2):
        at_quickbooks(added, "wrong" + password, books).visit()
    told = ada.get(f"/setup/companies/{SHORT}/wait").words
    assert "wrong password" in told
    assert "The same wrong password came 2 times" in ada.get("/connection").words

    again = make_password(ada)
    assert again != password
    assert at_quickbooks(added, password, books).visit().outcome is Outcome.REFUSED
    office.ask_of(SHORT, "customer", "all")
    foreign = sample_company(customers=2, items=2)
    foreign.register(added.owner_id, "{11111111-2222-3333-4444-555555555555}")
    SimulatedConnector(added.url, added.user, again, foreign).visit()
    assert "belongs to another company" in ada.get(f"/setup/companies/{SHORT}/wait").words
    at_quickbooks(added, again, books).visit()
    page = ada.get(f"/setup/companies/{SHORT}/wait").words
    assert "Connected to" in page, page


def test_it_is_taken_up_where_it_was_left(ada: Browser) -> None:
    add_company(ada, short="acme")
    assert ada.get("/setup/companies/acme").url.endswith("/setup/companies/acme/password")
    make_password(ada, "acme")
    assert ada.get("/setup/companies/acme").url.endswith("/setup/companies/acme/pc")
    assert "Go on with the set-up" in ada.get("/setup").words


def test_a_password_is_shown_once_and_never_again(ada: Browser) -> None:
    add_company(ada)
    password = make_password(ada)

    assert password not in ada.get(f"/setup/companies/{SHORT}/password").text
    assert "cannot be shown again" in ada.get(f"/setup/companies/{SHORT}/password").words


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": ""}, "Give the company a name"),
        ({"name": "x" * 201}, "Give the company a name"),
        ({"short": "Not Short"}, "small letters, digits and hyphens"),
        ({"file": "y" * 2000}, "This path cannot be used"),
    ],
)
def test_what_cannot_be_a_company_is_said_beside_the_field_and_kept(
    ada: Browser, typed: dict[str, str], said: str
) -> None:
    page = ada.submit(ada.get("/setup/company"), "/setup/company", **{"name": TITLE, "short": "", "file": "", **typed})

    assert page.status == 422
    assert said in page.words
    assert all(f'value="{html.escape(value)}"' in page.text for value in typed.values() if value)


def test_a_taken_short_name_is_said(ada: Browser) -> None:
    add_company(ada)

    page = ada.submit(ada.get("/setup/company"), "/setup/company", name=TITLE, short="", file="")

    assert (page.status, "already" in page.words) == (422, True)


@pytest.mark.parametrize("name", ["vera", "marie"])
def test_only_administrators_set_up(office: Site, name: str) -> None:
    browser = Browser(office.url)
    browser.sign_in(name)

    for path in ("/setup", "/setup/address", "/setup/company"):
        assert browser.get(path).status == 403


def test_the_person_at_the_pc_needs_no_account_and_learns_no_data(office: Site, ada: Browser) -> None:
    add_company(ada)
    password = make_password(ada)
    page = ada.submit(ada.get(f"/setup/companies/{SHORT}/pc"), "/link#link")
    link = re.search(r'id="made-link" value="([^"]+)"', page.text)
    assert link is not None
    assert link[1].startswith(office.url)
    assert 'src="data:image/svg+xml' in page.text
    assert link[1] not in ada.get(f"/setup/companies/{SHORT}/pc").text, "it is shown once"

    stranger = Browser(office.url)
    shown = stranger.get(link[1].removeprefix(office.url))
    assert shown.status == 200
    assert "Auto-Run" in shown.words
    assert "Waiting for the Web Connector" in shown.words
    assert not any(secret in html.unescape(shown.text) for secret in (TITLE, SHORT, password))

    assert "What you agree to" in shown.words

    added = download(ada)
    books = sample_company(customers=2, items=2)
    at_quickbooks(added, "wrong", books).visit()
    assert "the password is wrong" in stranger.get(link[1].removeprefix(office.url)).words
    at_quickbooks(added, password, books).visit()
    office.app.conversation.watch.flush(office.app.database)
    assert "We hear you" in stranger.get(link[1].removeprefix(office.url)).words


def test_a_link_of_nobodys_making_opens_nothing(office: Site) -> None:
    assert Browser(office.url).get("/at-the-pc/" + "x" * 43).status == 404


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (b"localhost:", b"127.0.0.1:", "QBWC1001"),
        (b"/support</AppSupport>", b"/nothing-here</AppSupport>", "QBWC1003"),
        (f"<UserName>{SHORT}</UserName>".encode(), b"", "QBWC1039"),
        (b"<FileID>{", b"<FileID>", "QBWC1039"),
    ],
)
def test_the_rehearsed_web_connector_refuses_what_the_real_one_refuses(
    ada: Browser, before: bytes, after: bytes, code: str
) -> None:
    add_company(ada)
    file = ada.get(f"/connection/{SHORT}/qwc").text.encode()
    assert before in file

    with pytest.raises(NotAdded, match=code):
        add_application(file.replace(before, after))


def test_the_address_is_called_as_the_web_connector_does_and_what_is_wrong_is_said(tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        ada = Browser(site.url)
        ada.sign_in("ada")

        page = ada.submit(ada.get("/setup/address"), "/setup/address")

        assert "In order" in page.words
        assert "Fault" not in page.words


def test_an_address_at_which_somebody_else_answers_is_a_fault_with_its_cure(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        other = f"http://localhost:{nobody.getsockname()[1]}"
    with serving(tmp_path, own={"public_url": other}) as site:
        ada = Browser(site.url)
        ada.sign_in("ada")

        page = ada.submit(ada.get("/setup/address"), "/setup/address")

        assert "Fault" in page.words
        assert "What to do" in page.words


def test_a_password_that_was_made_anew_counts_only_once_it_was_used(office: Site, ada: Browser) -> None:
    add_company(ada)
    added, password = download(ada), make_password(ada)
    books = sample_company(customers=2, items=2)
    office.ask_of(SHORT, "customer", "all")
    at_quickbooks(added, password, books).visit()
    office.app.conversation.watch.flush(office.app.database)
    assert "Connected to" in ada.get(f"/setup/companies/{SHORT}/wait").words

    again = make_password(ada)

    waiting = ada.get(f"/setup/companies/{SHORT}/wait")
    assert "has not signed in with it yet" in waiting.words
    assert 'hx-trigger="every' in waiting.text
    assert len(re.findall(r'<li class="done"', waiting.text)) == 2, "address unchecked, PC and first call open again"
    at_quickbooks(added, again, books).visit()
    office.app.conversation.watch.flush(office.app.database)
    assert "Connected to" in ada.get(f"/setup/companies/{SHORT}/wait").words


def test_a_company_made_by_command_keeps_the_password_that_was_shown(office: Site, ada: Browser) -> None:
    database = office.app.database
    with database.write() as connection:
        companies.add(connection, "acme", title=None, user_name=None, company_file=None, now=database.now(connection))

    assert ada.get("/setup/companies/acme").url.endswith("/pc")
    assert "cannot be shown again" in ada.get("/setup/companies/acme/password").words


def test_before_a_password_is_made_nobody_signs_in(ada: Browser) -> None:
    add_company(ada)
    added = download(ada)

    assert at_quickbooks(added, "", sample_company(customers=1, items=1)).visit().outcome is Outcome.REFUSED


def test_links_end_when_somebody_ends_them_or_who_made_them_may_not_sign_in(office: Site, ada: Browser) -> None:
    add_company(ada)

    def a_link() -> str:
        page = ada.submit(ada.get(f"/setup/companies/{SHORT}/pc"), "/link#link")
        found = re.search(r'id="made-link" value="([^"]+)"', page.text)
        assert found is not None
        return found[1].removeprefix(office.url)

    first, stranger = a_link(), Browser(office.url)
    assert stranger.get(first).status == 200
    page = ada.get(f"/setup/companies/{SHORT}/pc")
    assert "1 link is valid" in page.words
    assert "1 link was ended" in ada.submit(page, "/links/end").words
    assert stranger.get(first).status == 404
    assert stranger.get(f"{first}/heard").status == 286, "the page that is open stops polling"

    second, database = a_link(), office.app.database
    with database.write() as connection:
        users.disable(connection, "ada")
    assert stranger.get(second).status == 404


def test_a_poll_answers_with_nothing_to_read_out_where_nothing_changed_and_slows_down(ada: Browser) -> None:
    add_company(ada)
    shown = ada.get(f"/setup/companies/{SHORT}/wait").text
    address = html.unescape(re.findall(r'hx-get="([^"]+)"', shown)[0])

    same = ada.get(address)

    assert same.headers["HX-Reswap"] == "none"
    assert 'hx-trigger="every 3s"' in same.text
    assert 'hx-trigger="every 30s"' in ada.get(address.replace("n=1", "n=500")).text
    assert ada.get(address.replace("seen=", "seen=x")).headers["HX-Reswap"] is None
