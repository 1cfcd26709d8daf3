"""Our own PostgreSQL restarts, or is away for a while, in the middle of a visit: no restart of ours, nothing twice."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from breakable import Proxy
from chaos_office import Office, Wish
from real_server import RealServer, installed
from web_office import PASSWORD, Browser

from qbwc_server import words
from qbwc_server.rehearsal.company import sample_company
from qbwc_server.rehearsal.connector import Outcome

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
END_ALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name AND pid <> pg_backend_pid()"
END_WAITING = f"{END_ALL} AND wait_event_type = 'Lock'"


class Place:
    """A server whose database can be restarted or taken away, and an office that has worked with it."""

    def __init__(self, server: RealServer, database_url: str, proxy: Proxy) -> None:
        self.server = server
        self.proxy = proxy
        self._real = sa.make_url(database_url)
        self.office = Office(server, sample_company(customers=24, items=20), seed=9)
        server.prepare("user", "add", "ada", "--role", "admin", "--password-stdin", said=f"{PASSWORD}\n")
        server.start()
        first = self.office.everything()
        self.office.work(first)
        self.office.verify(first)

    def day(self) -> list[Wish]:
        """Change records, and ask."""
        wishes = self.office.day(whole=True)
        for wish in wishes:
            self.office.ask(wish)
        return wishes

    def end_connections(self, which: str = END_ALL) -> int:
        """End connections to our database as a restart does; returns how many."""
        engine = sa.create_engine(self._real, poolclass=sa.NullPool)
        with engine.connect() as connection:
            return len(connection.execute(sa.text(which), {"name": self._real.database}).all())

    def lock_company(self) -> sa.Connection:
        """Hold the company's row, for which every call that changes something waits; the caller closes it."""
        connection = sa.create_engine(self._real, poolclass=sa.NullPool).connect()
        connection.execute(sa.text("SELECT 1 FROM companies WHERE company = 'acme' FOR UPDATE"))
        return connection


@pytest.fixture
def place(tmp_path: Path, database_url: str) -> Iterator[Place]:
    proxy = Proxy(database_url)
    try:
        with installed(tmp_path / "server", database_url=proxy.url) as server:
            yield Place(server, database_url, proxy)
    finally:
        proxy.cut()


def test_connections_that_end_between_any_two_calls_are_replaced(place: Place) -> None:
    wishes = place.day()
    connector, books = place.office.connector, place.office.company
    ticket = connector.authenticate()[0]
    books.begin_session()
    hcp, number = books.hcp_response(), 0
    while number != 100:
        assert place.end_connections()
        request = connector.send_request(ticket, hcp, books.path)
        assert place.end_connections()
        number, hcp = connector.receive_response(ticket, books.process(request)), ""
        assert number >= 0, connector.get_last_error(ticket)
    assert place.end_connections()
    assert connector.close_connection(ticket)
    books.end_session()
    assert connector.violations == []
    connector.disconnect()
    place.office.verify(wishes)


def test_a_call_that_breaks_off_is_answered_as_the_protocol_has_it_and_what_it_was_about_comes_next_time(
    place: Place,
) -> None:
    wishes = place.day()
    connector, books = place.office.connector, place.office.company
    ticket = connector.authenticate()[0]
    books.begin_session()
    answer = books.process(connector.send_request(ticket, books.hcp_response(), books.path))
    numbers: list[int] = []
    with place.lock_company() as holding:
        call = threading.Thread(target=lambda: numbers.append(connector.receive_response(ticket, answer)))
        call.start()
        end = time.monotonic() + 20.0
        # The publisher may wait there too.
        while call.is_alive() and time.monotonic() < end:
            place.end_connections(END_WAITING)
            call.join(0.1)
        holding.rollback()
    call.join()
    assert numbers
    assert numbers[0] < 0
    assert connector.get_last_error(ticket) not in ("", words.text("en", "visit.ok"))
    assert connector.close_connection(ticket)
    books.end_session()
    assert connector.violations == []
    connector.disconnect()
    report = place.office.connector.visit()
    assert (report.outcome, report.violations) == (Outcome.DONE, ())
    place.office.verify(wishes)


def test_while_it_is_away_everybody_is_told_and_after_it_all_goes_on(place: Place) -> None:
    wishes = place.day()
    browser = Browser(place.server.url)
    browser.sign_in("ada")
    place.proxy.cut()

    report = place.office.connector.visit()
    assert (report.outcome, report.violations) == (Outcome.BUSY, ())
    assert place.server.api("GET", "/api/v1/refreshes").status == 503
    page = browser.get("/customers")
    assert page.status == 503
    assert words.text("en", "error.unavailable_title") in page.words
    assert browser.get("/readyz").status == 503
    assert browser.get("/healthz").status == 200
    # Longer than a tick of the publisher.
    time.sleep(3.0)

    place.proxy.restore()
    assert browser.get("/readyz").status == 200
    report = place.office.connector.visit()
    assert (report.outcome, report.violations) == (Outcome.DONE, ())
    place.office.verify(wishes)
    assert browser.get("/customers").status == 200


def test_a_start_without_it_ends_at_once_with_a_sentence_and_the_next_one_works(place: Place) -> None:
    wishes = place.day()
    place.server.kill()
    place.proxy.cut()
    status, said = place.server.start_in_vain()
    assert status == 2
    assert "QBWC_DATABASE_URL" in said
    assert "Traceback" not in said
    place.proxy.restore()
    place.server.start()
    place.office.connector.visit()
    place.office.verify(wishes)


def test_a_publishing_that_breaks_off_when_it_is_to_be_noted_is_noted_at_the_next_tick(place: Place) -> None:
    wishes = place.day()
    website = sa.create_engine(place.server.website_url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with website.connect() as holding_website:
        holding_website.exec_driver_sql("BEGIN IMMEDIATE")
        assert place.office.connector.visit().outcome is Outcome.DONE
        with place.lock_company() as holding:
            # The website takes everything; then its outcomes wait for the company's row, and break off there.
            holding_website.exec_driver_sql("ROLLBACK")
            end = time.monotonic() + 20.0
            while not place.end_connections(END_WAITING):
                assert time.monotonic() < end, "nothing was to be noted"
                time.sleep(0.05)
            holding.rollback()
    place.office.verify(wishes)
