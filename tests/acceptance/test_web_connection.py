"""What the pages under Connection show and do: requests, calls, pauses, the check-up, and who may."""

import os
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from setting_up import SHORT, add_company, at_quickbooks, download, make_password
from web_office import Browser, Site, running, serving

from qbwc_server.rehearsal.company import sample_company
from qbwc_server.store import audit, companies, freshness, pauses, visits
from qbwc_server.web import checkup


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Site]:
    with serving(tmp_path) as office:
        yield office


@pytest.fixture
def ada(office: Site) -> Browser:
    browser = Browser(office.url)
    browser.sign_in("ada")
    return browser


def test_every_request_sent_can_be_read_and_exported_by_administrators_only(office: Site, ada: Browser) -> None:
    add_company(ada)
    connector = at_quickbooks(download(ada), make_password(ada), sample_company(customers=3, items=3))
    office.ask_of(SHORT, "customer", "all")
    connector.visit()

    page = ada.get(f"/connection/{SHORT}/requests")
    assert "CustomerQueryRq" in page.text
    exported = ada.get(f"/connection/{SHORT}/requests.csv")
    assert exported.headers["Content-Type"].startswith("text/csv")
    assert exported.text.splitlines()[0] == "sent_at,visit,request"
    assert "CustomerQueryRq" in exported.text
    marie = Browser(office.url)
    marie.sign_in("marie")
    assert marie.get(f"/connection/{SHORT}/requests").status == 403
    assert marie.get(f"/connection/{SHORT}/requests.csv").status == 403
    assert "Done" in marie.get(f"/connection/{SHORT}/calls").words


def test_quickbooks_is_left_alone_for_a_quarter_of_an_hour(office: Site, ada: Browser) -> None:
    add_company(ada)
    connector = at_quickbooks(download(ada), make_password(ada), sample_company(customers=3, items=3))
    marie = Browser(office.url)
    marie.sign_in("marie")
    freed = marie.submit(marie.get("/connection"), f"/connection/{SHORT}/free")
    assert "Paused by marie; it starts again" in freed.words
    wanted = office.ask_of(SHORT, "customer", "all")
    connector.visit()
    assert office.app.refreshing.get(wanted.id).state == "waiting"

    marie.submit(marie.get("/connection"), f"/connection/{SHORT}/resume")
    connector.visit()
    assert office.app.refreshing.wait([wanted.id], 20)[0].state == "published"


def test_a_pause_without_an_end_is_an_administrators(office: Site, ada: Browser) -> None:
    add_company(ada)
    ada.submit(ada.get("/connection"), f"/connection/{SHORT}/pause")
    marie = Browser(office.url)
    marie.sign_in("marie")
    page = marie.get("/connection")
    assert "Paused by ada" in page.words
    assert "/resume" not in page.text
    assert marie.post(f"/connection/{SHORT}/resume", page.forms[0].fields).status == 403
    assert "The connection works again" in ada.submit(ada.get("/connection"), "/resume").words


def test_who_may_only_look_is_told_who_can_change_that(tmp_path: Path) -> None:
    with running(tmp_path) as office:
        vera = Browser(office.url)
        vera.sign_in("vera")
        customer = office.app.refreshing.search("customer").records[0].list_id

        page = vera.get(f"/customers/{office.company}/{customer}")

        assert "Only operators and administrators may refresh. An administrator can change that: ada" in page.words


def test_administrators_check_the_whole_installation_on_a_page(
    office: Site, ada: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What tests are told by variables is no setting, and the check-up would say so.
    for name in [name for name in os.environ if name.startswith("QBWC_")]:
        monkeypatch.delenv(name)
    page = ada.submit(ada.get("/checkup"), "/checkup")

    assert page.status == 200
    assert "In order" in page.words
    assert re.findall(r'<li class="fault">', page.text) == [], page.words
    marie = Browser(office.url)
    marie.sign_in("marie")
    assert marie.get("/checkup").status == 403


def test_freeing_quickbooks_never_shortens_a_pause(office: Site, ada: Browser) -> None:
    add_company(ada)
    database = office.app.database
    with database.write() as connection:
        now = database.now(connection)
        pauses.pause(connection, SHORT, by="root", now=now, until=now + timedelta(hours=2))

    page = ada.post(f"/connection/{SHORT}/free", ada.get("/connection").forms[0].fields)

    assert page.status == 200
    with database.read() as connection:
        kept = companies.get(connection, SHORT)
        noted = [entry.what for entry in audit.page(connection).entries]
    assert (kept.paused_by, kept.paused_until) == ("root", now + timedelta(hours=2))
    assert "company_paused" not in noted, "nothing was paused"


def test_while_a_check_up_runs_another_one_is_told_to_wait(ada: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Lock()
    held.acquire()
    monkeypatch.setattr(checkup, "_RUNNING", held)

    page = ada.submit(ada.get("/checkup"), "/checkup")

    assert "A check-up is running already" in page.words
    assert "A check-up is running already" in ada.submit(ada.get("/setup/address"), "/setup/address").words


@pytest.mark.parametrize("before", [10**30, 2**63, 0, -1])
def test_a_place_in_the_requests_that_there_cannot_be_is_refused(ada: Browser, before: int) -> None:
    add_company(ada)

    assert ada.get(f"/connection/{SHORT}/requests?before={before}").status == 400
    assert ada.get(f"/connection/{SHORT}/requests?before=5").status == 200


def test_wherever_there_is_no_button_it_is_said_who_can_change_that(office: Site) -> None:
    vera = Browser(office.url)
    vera.sign_in("vera")
    add = Browser(office.url)
    add.sign_in("ada")
    add_company(add)

    for path in ("/", "/customers", "/items", "/customers?q=zzzz"):
        assert "An administrator can change that: ada" in vera.get(path).words, path


def test_calls_with_a_wrong_password_are_among_the_latest_calls(office: Site, ada: Browser) -> None:
    add_company(ada)
    added, password = download(ada), make_password(ada)
    books = sample_company(customers=1, items=1)
    for _ in range(30):
        at_quickbooks(added, "wrong", books).visit()
    at_quickbooks(added, password, books).visit()
    office.app.conversation.watch.flush(office.app.database)

    words = ada.get(f"/connection/{SHORT}/calls").words

    assert "Nothing was waiting" in words
    assert words.count("Refused: the password was wrong") == 19


def test_administrators_say_how_long_quickbooks_is_kept_open(office: Site, ada: Browser) -> None:
    add_company(ada)
    action = f"/connection/{SHORT}/hold"
    about = "a person at the QuickBooks PC may not be able to switch to single-user mode"
    assert about not in ada.get("/connection").words

    page = ada.submit(ada.get("/connection"), action, seconds="30")
    assert "QuickBooks is kept open for 30 seconds" in page.words
    assert about in page.words
    for wrong in ("61", "-1", "", "many", "1.5", "٣", "9" * 5000):
        assert "Give whole seconds from 0 to 60" in ada.submit(ada.get("/connection"), action, seconds=wrong).words
    marie = Browser(office.url)
    marie.sign_in("marie")
    seen = marie.get("/connection")
    assert about in seen.words
    assert action not in seen.text
    assert marie.post(action, [*seen.forms[0].fields, ("seconds", "5")]).status == 403

    with office.app.database.read() as connection:
        assert companies.get(connection, SHORT).hold_seconds == 30
        assert [entry.what for entry in audit.page(connection).entries].count("hold_changed") == 1
    assert about not in ada.submit(ada.get("/connection"), action, seconds="0").words


def test_a_file_in_single_user_mode_is_said_to_be_why_nothing_is_kept_open(office: Site, ada: Browser) -> None:
    add_company(ada)
    ada.submit(ada.get("/connection"), f"/connection/{SHORT}/hold", seconds="30")
    database = office.app.database
    with database.write() as connection:
        number = visits.begin(connection, SHORT, visits.make_ticket(), "192.0.2.7", database.now(connection))
        companies.change(connection, SHORT, last_asked_at=database.now(connection))
    assert "QuickBooks is kept open now, until" in ada.get("/connection").words

    with database.write() as connection:
        visits.change(connection, SHORT, number, single_user=True)
    words = ada.get("/connection").words
    assert "It is not kept open at present: the company file is in single-user mode" in words
    assert "QuickBooks is kept open now" not in words


def test_administrators_see_how_the_lists_are_read(office: Site, ada: Browser) -> None:
    add_company(ada)
    assert "Items whole: never · changes: never · stock and balances: never" in ada.get("/connection").words
    with office.app.database.write() as connection:
        now = office.app.database.now(connection)
        freshness.note_read(connection, SHORT, "customer", now, scope="all", changed_from=None, deleted_from=None)
        freshness.note_measure(connection, SHORT, "customer", record_bytes=1_600, micros=1_300)
    page = ada.get("/connection").words
    times = r"Customers whole: \d\d:\d\d · changes: \d\d:\d\d · stock and balances: never"
    assert re.search(rf"{times} · about 625 records a page, 0\.8 s", page)
    assert "loses its place" not in page
    with office.app.database.write() as connection:
        companies.change(connection, SHORT, interleaves=False)
    assert "This QuickBooks loses its place in a list" in ada.get("/connection").words
    marie = Browser(office.url)
    marie.sign_in("marie")
    assert "How the lists are read" not in marie.get("/connection").words
