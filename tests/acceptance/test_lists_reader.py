"""Lists over HTTP: what a website's visitor sees meanwhile, and two Web Connectors with one account at once.

`--rounds N` reads lists of N thousand customers (20 for those of the design), kills the server N times while one is
read, and lets two connectors come N times; without it 2, 3 and 3.
"""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from chaos_office import Office
from mirror import apart, had_by, shown_in
from real_server import RealServer, ServerGone, installed

from qbwc_server.publish import Website
from qbwc_server.rehearsal.company import SimulatedCompany, sample_company
from qbwc_server.rehearsal.connector import SimulatedConnector

DEFAULT_THOUSANDS = 2
DEFAULT_ROUNDS = 3
DEFAULT_KILLS = 3
LONGEST = 3.0
PATIENCE = 600.0
MOST_VISITS = 12
FINAL = ("published", "failed", "cancelled")


class Reader:
    """A visitor of the website who looks at all customers again and again, over a connection of his own.

    Attributes:
        looks: how often he looked.
        wrong: what he must not see: (what, ListID).
    """

    def __init__(self, url: str) -> None:
        self.looks = 0
        self.wrong: list[tuple[str, str]] = []
        self._url = url
        self._gone: set[str] = set()
        self._seen: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_on)

    @contextmanager
    def looking(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join()

    def expect_gone(self, list_id: str) -> None:
        """QuickBooks is about to delete it: from now on he may see it either way."""
        self._gone.add(list_id)

    def _look_on(self) -> None:
        engine = sa.create_engine(self._url, poolclass=sa.NullPool)
        while not self._stop.is_set():
            try:
                with engine.connect() as connection:
                    rows = connection.execute(sa.text("SELECT list_id, is_deleted FROM customers")).all()
            except sa.exc.OperationalError as problem:
                # A killed server leaves its write-ahead log to whoever comes next, one of whom must wait.
                if "locked" not in str(problem):
                    self.wrong.append((type(problem).__name__, str(problem.orig)))
                continue
            shown = {str(row.list_id) for row in rows}
            self.wrong += [("missing", one) for one in self._seen - shown]
            self.wrong += [("tombstone", str(row.list_id)) for row in rows if row.is_deleted and self._lives(row)]
            self._seen |= shown
            self.looks += 1
            time.sleep(0.02)
        engine.dispose()

    def _lives(self, row: sa.Row[tuple[str, bool]]) -> bool:
        return str(row.list_id) not in self._gone


@pytest.fixture
def server(tmp_path: Path, database_url: str) -> Iterator[RealServer]:
    website_url = None if database_url.startswith("sqlite") else database_url
    with installed(tmp_path / "server", database_url=database_url, website_url=website_url) as one:
        yield one


def _busy_day(books: SimulatedCompany, reader: Reader, chance: random.Random) -> None:
    """Edit, add and delete; who has somebody below stays."""
    customers = books.customers()
    parents = {one["ParentRef"]["ListID"] for one in customers if "ParentRef" in one}
    leaves = [str(one["ListID"]) for one in customers if one["ListID"] not in parents]
    for number, list_id in enumerate(chance.sample(leaves, 40)):
        if number < 10:
            reader.expect_gone(list_id)
            books.delete("customer", list_id)
        else:
            books.change("customer", list_id, Phone=f"555-{chance.randrange(10**6)}")
    for _ in range(5):
        books.add("customer", "Customer", Name=f"New {chance.randrange(10**9)}")


def _through(server: RealServer, connector: SimulatedConnector, run: int) -> dict[str, object]:
    """Let the connector come until the list is read and published."""
    end = time.monotonic() + PATIENCE
    for _ in range(MOST_VISITS):
        connector.visit()
        while server.refresh(run)["state"] == "answered":
            assert time.monotonic() < end
            time.sleep(0.05)
        found = server.refresh(run)
        if found["state"] in FINAL:
            return found
    raise AssertionError(found)


def _through_kills(
    server: RealServer, connector: SimulatedConnector, run: int, chance: random.Random, kills: int
) -> dict[str, object]:
    for _ in range(kills):
        timer = threading.Timer(chance.uniform(0.1, LONGEST), server.kill)
        timer.start()
        with suppress(ServerGone):
            _through(server, connector, run)
        timer.join()
        server.start()
    return _through(server, connector, run)


def _equal(server: RealServer, books: SimulatedCompany) -> None:
    """See that the website has what the company file has, field by field."""
    website = Website(server.website_url, "", frozenset())
    rows = website.rows("acme", "customer")
    website.close()
    assert apart(shown_in(rows).living, had_by(books, "customer")) == {}


@pytest.mark.timeout(3600)
def test_who_is_on_the_website_is_never_missing_nor_a_tombstone_while_he_lives(
    server: RealServer, rounds: int | None
) -> None:
    chance, kills = random.Random(7), rounds or DEFAULT_KILLS
    books = sample_company(customers=1000 * (rounds or DEFAULT_THOUSANDS), items=1)
    connector = server.connector(server.add_company("acme", books), books)
    reader = Reader(server.website_url)
    server.start()
    with reader.looking():
        first = server.ask("acme", "customer", scope="all")[0]["id"]
        assert _through(server, connector, first)["state"] == "published"
        _equal(server, books)
        _busy_day(books, reader, chance)
        run = server.ask("acme", "customer", scope="all")[0]["id"]
        assert _through_kills(server, connector, run, chance, kills)["state"] == "published"
        _equal(server, books)
        # A reading that is over at once, for what the kills put off.
        run = server.ask("acme", "customer", scope="all")[0]["id"]
        assert _through(server, connector, run)["outcome"] == "unchanged"
    print(f"\n{len(books.customers())} customers, {reader.looks} looks, {kills} kills")  # noqa: T201
    assert reader.wrong == []
    assert reader.looks > 10


@pytest.mark.timeout(3600)
def test_two_connectors_with_one_account_at_once_end_right_every_time(server: RealServer, rounds: int | None) -> None:
    office = Office(server, sample_company(customers=60, items=40), seed=5)
    other = server.connector(office.account, office.company)
    server.start()
    wishes = office.everything()
    office.work(wishes)
    office.verify(wishes)
    for number in range(rounds or DEFAULT_ROUNDS):
        wishes = office.day(whole=number % 2 == 0)
        for wish in wishes:
            office.ask(wish)
        violations: list[str] = []

        def come(connector: SimulatedConnector, found: list[str] = violations) -> None:
            for _ in range(2):
                found += connector.visit().violations

        threads = [threading.Thread(target=come, args=(one,)) for one in (office.connector, other)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert violations == []
        # What the takeovers left is done by the next visit of whichever.
        office.connector.visit()
        office.verify(wishes)
