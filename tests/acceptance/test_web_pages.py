import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from web_office import Browser, WebOffice, running

from qbwc_server.qwcfile import write_qwc
from qbwc_server.store import companies, observations

HOSTILE = '"><script>alert(1)</script>{{ 7*7 }}<img src=x onerror=alert(2)>'


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebOffice]:
    with running(tmp_path_factory.mktemp("pages")) as started:
        yield started


def _signed_in(office: WebOffice, name: str) -> Browser:
    browser = Browser(office.url)
    browser.sign_in(name)
    return browser


@pytest.fixture(scope="module")
def ada(office: WebOffice) -> Browser:
    return _signed_in(office, "ada")


@pytest.fixture(scope="module")
def paths(office: WebOffice) -> list[str]:
    customer = office.app.refreshing.search("customer").records[0].list_id
    item = office.app.refreshing.search("item").records[0].list_id
    return [
        "/",
        "/customers",
        "/items",
        "/customers?q=nothing-like-this",
        f"/customers/{office.company}/{customer}",
        f"/customers/{office.company}/{customer}/refresh",
        f"/customers/refresh?record={office.company}/{customer}",
        f"/items/{office.company}/{item}",
        "/refreshes",
        "/refreshes?state=failed",
        "/refreshes/1",
        "/connection",
        "/account",
        "/users",
        "/users/add",
        "/users/user?user=marie",
        "/audit",
        f"/items/{office.company}/{item}/technical",
        "/support",
        "/nope",
    ]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_page_has_one_heading_landmarks_a_language_and_says_it_is_simulated(
    office: WebOffice, paths: list[str], language: str
) -> None:
    browser = _signed_in(office, "ada")
    browser.get(f"/language?lang={language}")
    for path in paths:
        page = browser.get(path)
        assert page.status == (404 if path == "/nope" else 200), path
        assert f'<html lang="{language}">' in page.text
        assert len(re.findall(r"<h1[ >]", page.text)) == 1, path
        assert all(f"<{landmark}" in page.text for landmark in ("header", "main", "footer", "nav"))
        assert 'class="skip" href="#main"' in page.text
        assert ("simulated" if language == "en" else "simulée") in page.text
    browser.get("/language?lang=en")


def test_no_page_loads_or_runs_anything_that_is_not_ours(ada: Browser, paths: list[str]) -> None:
    for path in paths:
        text = ada.get(path).text
        assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', text), path
        assert not re.findall(r"<style|style=|<script(?! src=\"/static/)| on[a-z]+=", text), path


def test_the_language_follows_the_browser_until_somebody_chooses(office: WebOffice) -> None:
    browser = Browser(office.url)
    assert '<html lang="fr">' in browser.get("/sign-in", **{"Accept-Language": "fr-CA,fr;q=0.9,en;q=0.5"}).text
    assert '<html lang="en">' in browser.get("/sign-in", **{"Accept-Language": "de"}).text
    browser.sign_in("omar")
    browser.get("/language?lang=fr&next=/items")
    assert '<html lang="fr">' in browser.get("/items").text
    again = _signed_in(office, "omar")
    assert '<html lang="fr">' in again.get("/items").text
    assert again.get("/items?lang=en").text.count('<html lang="en">') == 1


def test_searching_and_paging_need_no_javascript(office: WebOffice, ada: Browser) -> None:
    first = ada.get("/items")
    following = re.search(r'href="(/items\?after=[^"]+)" rel="next"', first.text)
    assert following is not None
    second = ada.get(following[1])
    assert len(re.findall(r'<th scope="row"', first.text)) == 50
    assert len(re.findall(r'<th scope="row"', second.text)) == 30
    back = re.search(r'href="(/items\?before=[^"]+)" rel="prev"', second.text)
    assert back is not None
    assert re.findall(r'<th scope="row".*?</th>', ada.get(back[1]).text) == re.findall(
        r'<th scope="row".*?</th>', first.text
    )
    name = office.app.refreshing.search("item").records[0].full_name
    assert "1 item" in ada.submit(first, "/items", q=name).words


def test_a_place_in_the_list_of_anothers_making_is_refused(ada: Browser) -> None:
    assert ada.get("/items?after=bm90IG91cnM").status == 422


def test_hostile_values_of_quickbooks_are_inert_everywhere(office: WebOffice, ada: Browser) -> None:
    values = {
        "ListID": "8000BAD0-1",
        "Name": HOSTILE,
        "FullName": HOSTILE,
        "IsActive": True,
        "EditSequence": "1",
        "CompanyName": HOSTILE,
        "ShipToAddresses": [{"name": HOSTILE, "addr1": HOSTILE}],
        "BillAddress.City": HOSTILE,
    }
    with office.app.database.write() as connection:
        seen = observations.Seen("customer", "8000BAD0-1", values, frozenset(values))
        observations.observe(connection, office.company, "customer", [seen], datetime.now(UTC))
    asked = office.ask("customer", "list_id", "8000BAD0-1")
    for path in (
        f"/customers?q={office.company}",
        "/customers?q=%3Cscript%3Ealert(1)%3C/script%3E",
        f"/customers/{office.company}/8000BAD0-1",
        f"/customers/{office.company}/8000BAD0-1/refresh",
        f"/customers/refresh?record={office.company}/8000BAD0-1",
        "/refreshes",
        f"/refreshes/{asked.id}",
    ):
        text = ada.get(path).text
        assert "<script>alert" not in text
        assert "<img" not in text
        assert ">49<" not in text
    office.finish(asked.id)


def test_private_fields_stay_hidden_even_when_a_record_still_holds_them(office: WebOffice, ada: Browser) -> None:
    values = {
        "ListID": "8000ABC0-1",
        "Name": "Keeps a secret",
        "FullName": "Keeps a secret",
        "IsActive": True,
        "EditSequence": "1",
        "Balance": "98765.43",
        "Custom": {"Colour": "chartreuse"},
    }
    with office.app.database.write() as connection:
        seen = observations.Seen("customer", "8000ABC0-1", values, frozenset(values))
        observations.observe(connection, office.company, "customer", [seen], datetime.now(UTC))
    page = ada.get(f"/customers/{office.company}/8000ABC0-1")
    assert "Keeps a secret" in page.text
    assert "98,765" not in page.text
    assert "chartreuse" not in page.text


def test_unknown_records_requests_companies_and_states_are_not_found(ada: Browser, office: WebOffice) -> None:
    for path in (
        f"/customers/{office.company}/unknown",
        "/customers/unknown/80000001-1",
        "/refreshes/999999",
        "/refreshes/999999/status",
        "/refreshes?state=asleep",
        "/invoices",
        "/connection/unknown/qwc",
        "/customers?company=unknown",
    ):
        assert ada.get(path).status == 404, path


def test_a_record_with_odd_characters_in_its_list_id_has_a_page(office: WebOffice, ada: Browser) -> None:
    odd = 'A?b#c%20"&+é'
    values = {"ListID": odd, "Name": "Odd one", "FullName": "Odd one", "IsActive": True, "EditSequence": "1"}
    with office.app.database.write() as connection:
        seen = observations.Seen("customer", odd, values, frozenset(values))
        observations.observe(connection, office.company, "customer", [seen], datetime.now(UTC))
    link = re.search(r'href="(/customers/[^"]+)">Odd one<', ada.get("/customers?q=Odd+one").text)
    assert link is not None
    assert "Odd one" in ada.get(link[1].replace("&amp;", "&")).words


def test_an_administrator_downloads_the_same_qwc_as_the_command_line_writes(office: WebOffice, ada: Browser) -> None:
    page = ada.get(f"/connection/{office.company}/qwc")
    with office.app.database.read() as connection:
        company = companies.get(connection, office.company)
    expected = write_qwc(
        app_name=company.title,
        public_url=office.url,
        description=company.title,
        user_name=company.user_name,
        owner_id=company.owner_id,
        file_id=company.file_id,
    )
    assert page.text.encode() == expected
    assert page.headers["Content-Disposition"] == f"attachment; filename={office.company}.qwc"
    assert _signed_in(office, "marie").get(f"/connection/{office.company}/qwc").status == 403


def test_the_connection_page_tells_what_is_known(office: WebOffice, ada: Browser) -> None:
    office.visit()
    words = ada.get("/connection").words
    for known in ("Sample Hardware", "Simulated", "qbXML version 13.0", "Last seen"):
        assert known in words


def test_a_company_file_can_be_confirmed_by_an_administrator_only(office: WebOffice, ada: Browser) -> None:
    with office.app.database.write() as connection:
        companies.notice(
            connection,
            office.company,
            attention="file_unconfirmed",
            attention_values={"file": "C:\\x.qbw"},
            seen_file="C:\\x.qbw",
        )
    page = ada.get("/connection")
    assert "C:\\x.qbw" in page.words
    action = f"/connection/{office.company}/accept"
    marie = _signed_in(office, "marie")
    token = dict(marie.get("/").form("/sign-out").fields)["csrf_token"]
    assert marie.post(action, [("csrf_token", token)]).status == 403
    assert "The company file is accepted" in ada.submit(page, action).words
    assert "no company file that waits" in ada.post(action, page.form(action).fields).words


def test_the_help_page_names_who_helps(office: WebOffice) -> None:
    assert "ask the person who looks after this server" in Browser(office.url).get("/support").words
