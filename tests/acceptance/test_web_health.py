"""Each state of a connection and each code, on the page in both languages, from a real cause."""

import html
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from web_office import Browser, Site, running, serving

from qbwc_server import codes, words
from qbwc_server.codes.facts import Code
from qbwc_server.rehearsal.company import SimulatedCompany, sample_company
from qbwc_server.rehearsal.connector import SimulatedConnector
from qbwc_server.rehearsal.connector_faults import Fault, FaultKind
from qbwc_server.store import companies, connector_passwords, pauses
from qbwc_server.store.tables import connections, polls

HRESULTS = [code for code in codes.known() if code.kind == "hresult"]
FAILING = [code for code in codes.known() if code.kind == "status" and code.policy == "fail"]
TOLD_ELSEWHERE = [code for code in codes.known() if code.kind == "qbwc"]


def plain(text: str) -> str:
    """A text with every kind of space as one, as `Page.words` gives it."""
    return re.sub(r"\s+", " ", text)


class Acme:
    """A company with its simulated QuickBooks, at a server of its own."""

    def __init__(self, site: Site) -> None:
        self.site = site
        database = site.app.database
        with database.write() as connection:
            company, self.password = companies.add(
                connection, "acme", title="Acme", user_name=None, company_file=None, now=database.now(connection)
            )
        self.books: SimulatedCompany = sample_company(customers=4, items=4)
        self.books.register(company.owner_id, company.file_id)
        self.connector = self.a_connector()
        self.browser = Browser(site.url)
        self.browser.sign_in("marie")

    def a_connector(self) -> SimulatedConnector:
        return SimulatedConnector(f"{self.site.url}/qbwc", "acme", self.password, self.books)

    def visit(self, *faults: Fault) -> None:
        self.connector.visit(*faults)
        self.site.app.conversation.watch.flush(self.site.app.database)

    def seen_before(self, ago: timedelta, interval: timedelta) -> None:
        """Let the Web Connector have called every so often, for the last time so long ago."""
        now = datetime.now().astimezone() - ago
        database = self.site.app.database
        with database.write() as connection:
            connection.execute(polls.delete())
            rows = [{"company": "acme", "polled_at": now - n * interval} for n in range(5)]
            connection.execute(polls.insert(), rows)
            connection.execute(update(connections).values(last_seen_at=now))

    def told(self, language: str, path: str = "/connection") -> str:
        self.browser.get(f"/language?lang={language}")
        return plain(html.unescape(self.browser.get(path).words))

    def assert_told(self, key: str, path: str = "/connection") -> None:
        for language in words.LANGUAGES:
            assert plain(words.text(language, key)) in self.told(language, path), (language, key)

    def assert_explained(self, code: Code, path: str = "/connection") -> None:
        for language in words.LANGUAGES:
            told = self.told(language, path)
            said = codes.explain(language, code)
            assert all(plain(step) in told for step in said.steps), (language, code.code, told)
            assert plain(said.who_text) in told


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("health"), own={"office_hours": "always"}) as site:
        yield site


@pytest.fixture(scope="module")
def acme(site: Site) -> Acme:
    return Acme(site)


@pytest.fixture
def own(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Acme]:
    """An office of one test's own, with settings where the test gives them."""
    given: dict[str, Any] = getattr(request, "param", {"office_hours": "always"})
    with serving(tmp_path, own=given) as site:
        yield Acme(site)


def test_never_seen_then_connected_then_late_then_offline(own: Acme) -> None:
    own.assert_told("connection.never_seen")
    own.visit()
    own.assert_told("connection.connected")
    own.seen_before(timedelta(minutes=25), timedelta(minutes=10))
    own.assert_told("connection.late")
    own.seen_before(timedelta(hours=5), timedelta(minutes=10))
    own.assert_told("connection.offline")


@pytest.mark.parametrize("own", [{"office_hours": "mon 00:00-00:01"}], indirect=True)
def test_silence_outside_office_hours_is_no_alarm(own: Acme) -> None:
    own.visit()
    own.seen_before(timedelta(hours=5), timedelta(minutes=10))
    own.assert_told("connection.off_hours")


def test_paused_by_somebody(own: Acme) -> None:
    with own.site.app.database.write() as connection:
        pauses.pause(connection, "acme", by="ada", now=own.site.app.database.now(connection))
    assert "Paused by ada" in own.told("en")
    assert "Mise en pause par ada" in own.told("fr")


def test_a_wrong_password_and_the_same_again_after_it_was_changed(own: Acme) -> None:
    own.visit()
    database = own.site.app.database
    with database.write() as connection:
        connector_passwords.renew(connection, "acme", database.now(connection))
    for _ in range(5):
        own.visit()
    own.assert_told("connection.attention")
    own.assert_explained(codes.find("wrong_password"))
    assert "The same password was refused 5 times" in own.told("en")
    assert "Le même mot de passe a été refusé 5 fois" in own.told("fr")


@pytest.mark.parametrize("kind", [FaultKind.WRONG_FILE, FaultKind.NO_FILE_ID])
def test_another_company_file(own: Acme, kind: FaultKind) -> None:
    own.site.ask_of("acme", "customer", "all")
    own.visit()
    own.site.ask_of("acme", "customer", "all")
    own.visit(Fault(kind, path=r"C:\\Other\\other.qbw"))
    own.assert_told("connection.attention")
    code = "wrong_file" if kind is FaultKind.WRONG_FILE else "file_unconfirmed"
    own.assert_explained(codes.find(code))


def test_a_window_that_stays_open_is_told_as_such_after_some_visits(own: Acme) -> None:
    own.site.ask_of("acme", "customer", "all")
    for _ in range(3):
        own.visit(Fault(FaultKind.CONNECTION_ERROR, 0, "0x80040414", "A modal dialog box is showing."))
    own.assert_explained(codes.find("0x80040414"))
    assert "The last 3 calls all ended the same way" in own.told("en")
    assert "Les 3 derniers appels ont tous fini de la même façon" in own.told("fr")


def test_two_web_connectors_with_one_account(own: Acme) -> None:
    own.visit()
    database = own.site.app.database
    own.seen_before(timedelta(minutes=1), timedelta(minutes=1))
    with database.write() as connection:
        found = connection.execute(polls.select()).all()
        for number, row in enumerate(found):
            place = update(polls).where(polls.c.polled_at == row.polled_at)
            connection.execute(place.values(address=f"192.0.2.{1 + number % 2}"))
    assert "Calls come from several places in turn" in own.told("en")
    assert "Les appels viennent tour à tour de plusieurs endroits" in own.told("fr")


def test_a_visit_that_another_one_took_over(own: Acme) -> None:
    own.site.ask_of("acme", "customer", "all")
    own.visit(Fault(FaultKind.VANISH_AFTER_SEND))
    own.visit()
    assert "Broken off without closing" in own.told("en", "/connection/acme/calls")
    assert "Interrompu sans fermeture" in own.told("fr", "/connection/acme/calls")


@pytest.mark.parametrize("code", HRESULTS, ids=lambda code: code.code)
def test_each_hresult_with_which_quickbooks_cannot_be_opened(acme: Acme, code: Code) -> None:
    acme.site.ask_of("acme", "customer", "all")
    acme.visit(Fault(FaultKind.CONNECTION_ERROR, 0, code.code, "as QuickBooks says it"))
    acme.assert_explained(code)


@pytest.mark.parametrize("code", FAILING, ids=lambda code: code.code)
def test_each_status_that_ends_a_refresh(acme: Acme, code: Code) -> None:
    customer = acme.books.customers()[0]["ListID"]
    acme.visit()
    wanted = acme.site.ask_of("acme", "customer", "list_id", customer)
    for _ in range(3):
        acme.books.faults.status_for_list_id[customer] = int(code.code)
        acme.visit()
    acme.books.faults.status_for_list_id.clear()
    assert acme.site.app.refreshing.get(wanted.id).error_code == code.code
    acme.assert_explained(code, f"/refreshes/{wanted.id}")


@pytest.mark.parametrize("code", TOLD_ELSEWHERE, ids=lambda code: code.code)
def test_each_code_that_only_the_web_connector_shows_is_explained_under_help(acme: Acme, code: Code) -> None:
    acme.assert_explained(code, f"/support?code={code.code}")


def test_the_simulated_quickbooks_is_called_so(tmp_path: Path) -> None:
    with running(tmp_path, filled=False) as office:
        office.visit()
        office.app.conversation.watch.flush(office.app.database)
        marie = Browser(office.url)
        marie.sign_in("marie")
        for language, word in (("en", "Simulated"), ("fr", "Simulée")):
            marie.get(f"/language?lang={language}")
            assert word in marie.get("/connection").words
            assert word in marie.get("/").words
