"""The website's database goes away while the server runs, or is away when it starts: only publishing waits for it."""

import contextlib
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from breakable import Breakable, breakable
from chaos_office import Office, Wish
from real_server import RealServer, installed
from web_office import PASSWORD, Browser

from qbwc_server import words
from qbwc_server.rehearsal.company import sample_company
from qbwc_server.rehearsal.connector import Outcome

BACK_SECONDS = 20.0
UP_TO_DATE = words.text("en", "connection.website_ok")
RECEIVED = words.text("en", "refresh.answered_website_down")
CANNOT_BE_REACHED = words.text("en", "connection.website_down")


class Place:
    """A server whose website's database can be taken away, and an office at it."""

    def __init__(self, server: RealServer, site: Breakable) -> None:
        self.server = server
        self.site = site
        self.office = Office(server, sample_company(customers=24, items=20), seed=7)
        server.prepare("user", "add", "ada", "--role", "admin", "--password-stdin", said=f"{PASSWORD}\n")

    def visit(self) -> None:
        """Let the Web Connector call; nothing may be amiss for it."""
        report = self.office.connector.visit()
        assert (report.violations, report.outcome) == ((), Outcome.DONE)

    def states(self, wishes: list[Wish]) -> set[str]:
        return {self.server.refresh(one)["state"] for wish in wishes for one in wish.ids}

    def day(self) -> list[Wish]:
        """Change, ask, and let the Web Connector fetch it."""
        wishes = self.office.day(whole=True)
        for wish in wishes:
            self.office.ask(wish)
        self.visit()
        return wishes

    def is_ready(self) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"{self.server.url}/readyz", timeout=30) as answer:  # noqa: S310 - our own
                return answer.status, answer.read().decode().strip()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode().strip()

    def told_on_the_page(self, address: str = "/connection") -> str:
        browser = Browser(self.server.url)
        browser.sign_in("ada")
        page = browser.get(address)
        assert page.status == 200
        return page.words


@pytest.fixture
def place(tmp_path: Path, website_url: str) -> Iterator[Place]:
    with (
        breakable(website_url, tmp_path / "site") as site,
        installed(tmp_path / "server", website_url=site.url) as server,
    ):
        yield Place(server, site)


def test_while_it_is_away_answers_are_taken_and_all_is_published_once_it_is_back(place: Place) -> None:
    place.server.start()
    first = place.office.everything()
    place.office.work(first)
    place.office.verify(first)
    assert place.is_ready() == (200, "ok")
    assert UP_TO_DATE in place.told_on_the_page()

    place.site.cut()
    wishes = place.day()
    searches = [one for wish in wishes if "find" in wish.body for one in wish.ids]
    nobody = [one for wish in wishes if wish.outcomes == (frozenset({"not_found"}),) for one in wish.ids]
    open_ids = [one for wish in wishes for one in wish.ids if one not in (*searches, *nobody)]
    assert {place.server.refresh(one)["state"] for one in open_ids} == {"answered"}
    told_down(place)
    assert RECEIVED in place.told_on_the_page(f"/refreshes/{open_ids[0]}")
    seen_calling(place)

    place.site.restore()
    place.server.final(open_ids, BACK_SECONDS)
    place.office.verify(wishes)
    assert place.is_ready() == (200, "ok")
    assert UP_TO_DATE in place.told_on_the_page()
    status = place.server.qbwc("status")
    assert status["website_database"] == {"ok": True, "problem": None}
    assert status["publishing"]["waiting"] == 0


def wait_for(what: str, holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 15.0
    while not holds():
        assert time.monotonic() < end, f"not after 15 s: {what}"
        time.sleep(0.1)


def told_down(place: Place) -> None:
    """See that everybody who looks is told, in words."""
    assert place.is_ready() == (503, "not ok")
    wait_for("the page says it", lambda: CANNOT_BE_REACHED in place.told_on_the_page())
    status = place.server.qbwc("status")
    assert status["website_database"]["ok"] is False
    assert "website's database" in status["website_database"]["problem"]
    assert status["publishing"]["waiting"] > 0
    assert "website's database" in status["publishing"]["last_error"]


def seen_calling(place: Place) -> None:
    """See that a poll that finds nothing is noted as ever."""
    before = place.server.prepare("status")["companies"][0]["last_seen_at"]
    time.sleep(1.1)
    place.office.connector.visit()
    wait_for("the call is noted", lambda: place.server.prepare("status")["companies"][0]["last_seen_at"] != before)


def test_after_a_long_absence_nobody_waits_for_the_next_try(place: Place) -> None:
    place.server.start()
    first = place.office.everything()
    place.office.work(first)
    place.office.verify(first)
    place.site.cut()
    wishes = place.day()
    wait_for("an unpublished record", lambda: place.server.prepare("status")["publishing"]["last_error"] is not None)
    # As it stands after hours: the next try is minutes away.
    place.server.pretend("UPDATE outbox SET attempts = 9, due_at = '2999' || substr(due_at, 5)")
    place.site.restore()
    place.server.final([one for wish in wishes for one in wish.ids], BACK_SECONDS)
    place.office.verify(wishes)


def test_a_server_started_while_it_is_away_works_and_publishes_once_it_is_there(place: Place) -> None:
    place.site.cut()
    place.server.start()
    wishes = place.office.everything()
    for wish in wishes:
        place.office.ask(wish)
    place.visit()
    assert place.states(wishes) == {"answered"}
    assert place.is_ready() == (503, "not ok")
    wait_for("the call is noted", lambda: place.server.prepare("status")["companies"][0]["last_seen_at"] is not None)
    place.site.restore()
    place.server.final([one for wish in wishes for one in wish.ids], BACK_SECONDS)
    place.office.verify(wishes)


LOCKS = {
    "sqlite": ("BEGIN IMMEDIATE", "ROLLBACK"),
    "postgresql": ("BEGIN; LOCK TABLE customers IN ACCESS EXCLUSIVE MODE", "ROLLBACK"),
    "mysql": ("LOCK TABLES customers WRITE", "UNLOCK TABLES"),
}


@contextlib.contextmanager
def locked(url: str) -> Iterator[None]:
    """Hold the website's customers as a long migration of its owner's would."""
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    lock, release = LOCKS[engine.dialect.name]
    with engine.connect() as connection:
        connection.exec_driver_sql(lock)
        try:
            yield
        finally:
            connection.exec_driver_sql(release)


def test_a_locked_table_of_the_website_keeps_neither_pages_nor_quickbooks_waiting(
    place: Place, website_url: str
) -> None:
    place.server.start()
    first = place.office.everything()
    place.office.work(first)
    list_id = str(place.office.company.customers()[0]["ListID"])
    browser = Browser(place.server.url)
    browser.sign_in("ada")
    with locked(place.site.url if website_url.startswith("sqlite") else website_url):
        # More people than the server has threads.
        with ThreadPoolExecutor(12) as people:
            pages = [people.submit(browser.get, f"/customers/acme/{list_id}") for _ in range(12)]
            time.sleep(0.5)
            began = time.monotonic()
            wishes = place.day()
            assert time.monotonic() - began < 15.0
            assert {page.result().status for page in pages} == {200}
        assert "answered" in place.states(wishes)
    place.server.final([one for wish in wishes for one in wish.ids], 2 * BACK_SECONDS)
    place.office.verify(wishes)
