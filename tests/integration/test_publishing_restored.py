"""Our database came from a backup, the website did not, and it is away when the server starts.

What the lost days gave the website bears numbers that are given out a second time, also for the same records, until the
website can be asked. None of what is accepted meanwhile may be taken for a repetition.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from office import Books, Office

from qbwc_server.publishing import Publisher
from qbwc_server.refreshing import Refresh
from qbwc_server.store import companies, tables

LOST, SINCE = "555-0001", "555-0002"
# What is asked, as (list, whose): the record in question, two others, all others by ListID, or the whole list.
Days = Sequence[tuple[str, str]]
ONE, TWO, OTHERS, ALL, ITEMS = (
    ("customer", "one"),
    ("customer", "two"),
    ("customer", "others"),
    ("customer", "all"),
    ("item", "all"),
)
CASES: Mapping[str, tuple[Days, Days]] = {
    "one record, fewer numbers than were lost": ([ONE, OTHERS, ONE], [ONE]),
    "one record, exactly the number that was lost": ([ONE], [ONE]),
    "one record, more numbers than were lost": ([TWO, ONE], [ONE, OTHERS]),
    "a list, fewer numbers than were lost": ([ALL, ALL], [ALL]),
    "a list, exactly the numbers that were lost": ([ALL], [ALL]),
    "a list, more numbers than were lost": ([ALL], [ALL, ITEMS]),
}


@pytest.fixture
def books(office: Office) -> Books:
    """Every customer is on the website."""
    made = office.add(customers=12, items=16)
    office.ask(made, "customer", "all")
    office.run(made)
    return made


Saved = dict[str, list[dict[str, Any]]]


def backup(office: Office) -> Saved:
    return {table.name: office.rows(table) for table in tables.metadata.sorted_tables}


def restore(office: Office, saved: Saved) -> None:
    with office.database.write() as connection:
        for table in reversed(tables.metadata.sorted_tables):
            connection.execute(table.delete())
        for table in tables.metadata.sorted_tables:
            if saved[table.name]:
                connection.execute(table.insert(), saved[table.name])


class Away:
    """The website's database, away until it is told to come back."""

    def __init__(self, office: Office) -> None:
        office.website.close()
        self.place, self.elsewhere = office.folder / "site.db", office.folder / "elsewhere.db"
        self.place.rename(self.elsewhere)
        # Nobody can open this, or make a file of it.
        self.place.symlink_to(office.folder / "nowhere" / "site.db")

    def come_back(self) -> None:
        # In one step, since publishers try all the time.
        self.elsewhere.replace(self.place)


@contextmanager
def server(office: Office) -> Iterator[Publisher]:
    """A process that publishes."""
    publisher = Publisher(office.database, office.website)
    publisher.start()
    try:
        yield publisher
    finally:
        publisher.stop()


def ask(office: Office, books: Books, list_name: str, whose: str) -> list[Refresh]:
    one, *others = books.list_ids(list_name)
    values = {"one": [one], "two": others[:2], "others": others}.get(whose)
    return office.ask(books, list_name, "all") if values is None else office.ask(books, list_name, "list_id", *values)


def accept(office: Office, books: Books, days: Days) -> list[Refresh]:
    """Whole visits, each after another; what is published is the publishers' affair."""
    asked: list[Refresh] = []
    for list_name, whose in days:
        asked += ask(office, books, list_name, whose)
        office.visit(books).to_the_end()
    assert set(office.states(asked)) == {"answered"}
    return asked


def until_published(office: Office, publisher: Publisher, asked: list[Refresh]) -> None:
    until = time.monotonic() + 20
    while not all(office.get(one).is_final for one in asked):
        assert time.monotonic() < until, f"still {office.states(asked)} after 20 seconds"
        publisher.wake()
        time.sleep(0.02)


def phone(office: Office, list_id: str) -> object:
    row = office.website.row("acme", "customer", list_id)
    assert row is not None
    return row["phone"]


def numbers(office: Office) -> dict[tuple[str, str], int]:
    return {(row["list"], row["list_id"]): row["seq"] for row in office.rows(tables.records)}


def verify(office: Office, books: Books) -> None:
    """Nothing is left to do, and no number that either side holds will be given out again."""
    assert office.count(tables.outbox) == 0
    ours = numbers(office)
    states = {key: office.website.state("acme", *key) for key in ours}
    theirs = {key: state["seq"] if state else 0 for key, state in states.items()}
    assert {key: seq for key, seq in ours.items() if theirs[key] < seq} == {}
    assert len(set(ours.values())) == len(ours)
    assert office.company(books).seq >= max(*ours.values(), *theirs.values())


@pytest.mark.parametrize("case", CASES)
def test_what_is_accepted_before_the_website_could_be_asked_reaches_it(office: Office, books: Books, case: str) -> None:
    lost, since = CASES[case]
    one = books.list_ids("customer")[0]
    saved = backup(office)
    books.quickbooks.change("customer", one, Phone=LOST)
    accept(office, books, lost)
    office.publish()
    assert phone(office, one) == LOST
    restore(office, saved)
    books.quickbooks.change("customer", one, Phone=SINCE)
    away = Away(office)
    with server(office) as publisher:
        asked = accept(office, books, since)
        away.come_back()
        until_published(office, publisher, asked)
    assert phone(office, one) == SINCE
    verify(office, books)
    first = office.get(asked[0])
    assert [(one.field, one.after) for one in first.changes] == [("Phone", SINCE)]
    assert first.outcome == ("mixed" if first.scope == "all" else "updated")
    if first.scope == "all":
        assert first.counts == {"unchanged": 11, "updated": 1}
    after = accept(office, books, [ONE])
    office.publish()
    assert office.outcomes(after) == ["unchanged"]


def test_a_server_that_starts_twice_before_the_website_could_be_asked_forgets_nothing(
    office: Office, books: Books
) -> None:
    one = books.list_ids("customer")[0]
    saved = backup(office)
    books.quickbooks.change("customer", one, Phone=LOST)
    accept(office, books, [ONE])
    office.publish()
    restore(office, saved)
    books.quickbooks.change("customer", one, Phone=SINCE)
    away = Away(office)
    with server(office):
        asked = accept(office, books, [ONE])
    with server(office) as publisher:
        away.come_back()
        until_published(office, publisher, asked)
    assert (phone(office, one), office.get(asked[0]).outcome) == (SINCE, "updated")
    verify(office, books)


def test_a_list_that_is_being_read_when_the_website_comes_back_is_read_to_its_end(
    office: Office, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qbwc_server.conversation.paging.FIRST_PAGE", 5)
    monkeypatch.setattr("qbwc_server.conversation.paging.LONGEST_PAGE", 5)
    one, *others = books.list_ids("customer")
    saved = backup(office)
    books.quickbooks.change("customer", one, Phone=LOST)
    accept(office, books, [ALL])
    office.publish()
    restore(office, saved)
    books.quickbooks.change("customer", one, Phone=SINCE)
    books.quickbooks.delete("customer", others[-1])
    away = Away(office)
    with server(office) as publisher:
        run = office.ask_one(books, "customer", "all")
        visit = office.visit(books)
        visit.step()
        away.come_back()
        until = time.monotonic() + 20
        while office.count(tables.outbox):
            assert time.monotonic() < until
            publisher.wake()
            time.sleep(0.02)
        assert not office.get(run).is_final
        visit.to_the_end()
        until_published(office, publisher, [run])
    assert phone(office, one) == SINCE
    assert office.get(run).counts == {"deleted": 1, "unchanged": 10, "updated": 1}
    verify(office, books)


def test_after_an_ordinary_crash_every_number_stays_and_every_outcome_is_that_of_its_publishing(
    office: Office, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = books.list_ids("customer", 2)
    for list_id in (one, two):
        books.quickbooks.change("customer", list_id, Phone=SINCE)
    asked = accept(office, books, [ONE])

    class Died(BaseException):
        pass

    def die(*_: object) -> None:
        raise Died

    dying = Publisher(office.database, office.website)
    monkeypatch.setattr(dying, "_mark", die)
    with pytest.raises(Died):
        dying.run_once()
    away = Away(office)
    with server(office):
        asked += accept(office, books, [("customer", "one")])
    before = numbers(office), office.company(books).seq
    with server(office) as publisher:
        assert (numbers(office), office.company(books).seq) == before
        away.come_back()
        until_published(office, publisher, asked)
    assert office.outcomes(asked) == ["updated", "unchanged"]
    assert (numbers(office), office.company(books).seq) == before
    verify(office, books)


def test_a_company_that_is_added_again_after_the_backup_lost_it_publishes_what_it_sees(office: Office) -> None:
    saved = backup(office)
    books = office.add(customers=3, items=0)
    one = books.list_ids("customer")[0]
    books.quickbooks.change("customer", one, Phone=LOST)
    accept(office, books, [ALL])
    office.publish()
    restore(office, saved)
    with office.database.write() as connection:
        now = office.database.now(connection)
        company, password = companies.add(connection, "acme", title=None, user_name=None, company_file=None, now=now)
    books.quickbooks.register(company.owner_id, company.file_id)
    books = Books("acme", password, company.owner_id, company.file_id, books.quickbooks)
    books.quickbooks.change("customer", one, Phone=SINCE)
    asked = accept(office, books, [ONE])
    office.publish()
    assert (phone(office, one), office.get(asked[0]).outcome) == (SINCE, "updated")
    assert office.count(tables.outbox) == 0


def test_why_nothing_is_published_is_told_while_the_website_was_never_there(office: Office, books: Books) -> None:
    Away(office)
    with server(office) as publisher:
        accept(office, books, [ONE])
        until = time.monotonic() + 20
        while (lag := office.refreshing.publishing()).last_error is None:
            assert time.monotonic() < until
            publisher.wake()
            time.sleep(0.02)
    assert (lag.waiting, lag.set_aside) == (1, 0)
    assert "website's database" in lag.last_error


def test_a_record_that_came_back_to_what_the_backup_had_is_put_right_on_the_website(
    office: Office, books: Books
) -> None:
    one = books.list_ids("customer", 1)[0]
    accept(office, books, [ALL])
    office.publish()
    saved = backup(office)
    before = next(row for row in books.quickbooks.customers() if row["ListID"] == one).get("Phone")
    # Without a new time, as stock moves: read again later it is letter for letter what the backup knows.
    books.quickbooks.change("customer", one, touch=False, Phone=LOST)
    office.ask(books, "customer", "all")
    office.run(books)
    assert phone(office, one) == LOST
    restore(office, saved)
    books.quickbooks.change("customer", one, touch=False, Phone=before)
    with server(office) as publisher:
        asked = accept(office, books, [ALL])
        until_published(office, publisher, asked)
        verify(office, books)
    assert phone(office, one) == before
