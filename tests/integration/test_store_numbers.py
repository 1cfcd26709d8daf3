"""Observation numbers of which the website is still to be asked: noted, held back, moved where it knows higher ones."""

import threading

import pytest
import sqlalchemy as sa
from office import Books, Office

from qbwc_server.store import claims, companies, numbers, tables

HOLDERS = {
    table: [column.name for column in table.c if column.name in ("seq", "since", "first_seq")]
    for table in (tables.records, tables.changes, tables.outbox, tables.refreshes)
}


@pytest.fixture
def books(office: Office) -> Books:
    """A company that gave out 1 to 4 before its process began, and 5 to 9 since: 5 for a record, 6 to 9 for a list."""
    made = office.add(customers=4, items=0)
    office.ask(made, "customer", "all")
    office.run(made)
    begin(office)
    for list_id in made.list_ids("customer"):
        made.quickbooks.change("customer", list_id, Phone="555-0000")
    office.ask(made, "customer", "list_id", *made.list_ids("customer", 1))
    office.visit(made).to_the_end()
    office.ask(made, "customer", "all")
    office.visit(made).to_the_end()
    return made


def begin(office: Office) -> None:
    with office.database.write() as connection:
        numbers.begin(connection)


def settle(office: Office, note: int, highest: int) -> int:
    with office.database.write() as connection:
        return numbers.settle(connection, "acme", note, highest)


def unchecked(office: Office) -> dict[str, int]:
    with office.database.read() as connection:
        return numbers.unchecked(connection)


def held(office: Office) -> dict[str, list[int]]:
    """Every number that is stored for the company, by table and column, in order."""
    return {
        f"{table.name}.{name}": sorted(
            row[name] for row in office.rows(table, table.c.company == "acme") if row[name] is not None
        )
        for table, names in HOLDERS.items()
        for name in names
    }


def claimed(office: Office) -> int:
    with office.database.write() as connection:
        return len(claims.claim(connection, office.database.now(connection), 100))


def test_every_column_that_holds_a_number_is_known() -> None:
    named = {
        column
        for table in tables.metadata.tables.values()
        for column in table.c
        if (column.name == "since" or column.name.rpartition("_")[2] == "seq") and table is not tables.companies
    }
    assert set(numbers._HELD) == named


def test_a_note_stays_until_the_website_was_asked(office: Office, books: Books) -> None:
    assert unchecked(office) == {books.name: 4}
    begin(office)
    assert unchecked(office) == {books.name: 4}
    assert settle(office, 4, 4) == 0
    assert unchecked(office) == {}
    begin(office)
    assert unchecked(office) == {books.name: 9}


def test_nothing_of_a_company_with_a_note_can_be_claimed(office: Office, books: Books) -> None:
    with office.database.read() as connection:
        assert not claims.anything_due(connection, office.database.now(connection))
    assert claimed(office) == 0
    settle(office, 4, 4)
    assert claimed(office) == len(books.list_ids("customer"))


def test_numbers_stay_where_the_website_knows_none_above_the_note(office: Office, books: Books) -> None:
    before = held(office)
    assert settle(office, 4, 4) == 0
    assert held(office) == before
    assert office.company(books).seq == 9


@pytest.mark.parametrize(("highest", "distance"), [(5, 5), (9, 5), (10, 6), (1000, 996)])
def test_numbers_after_the_note_are_moved_by_one_distance_above_all_that_anybody_knows(
    office: Office, books: Books, highest: int, distance: int
) -> None:
    before = held(office)
    assert before == {
        "records.seq": [6, 7, 8, 9],
        "changes.seq": [1, 2, 3, 4, 5, 7, 8, 9],
        "outbox.seq": [6, 7, 8, 9],
        "outbox.since": [5, 7, 8, 9],
        "refreshes.seq": [4, 5, 9],
        "refreshes.first_seq": [1, 6],
    }
    assert settle(office, 4, highest) == distance
    assert held(office) == {
        name: [number + distance if number > 4 else number for number in found] for name, found in before.items()
    }
    assert office.company(books).seq == 9 + distance
    assert min(number for number in held(office)["outbox.since"]) > highest


def test_another_companys_numbers_stay(office: Office, books: Books) -> None:
    other = office.add("other", customers=6, items=0)
    office.ask(other, "customer", "all")
    office.visit(other).to_the_end()
    settle(office, 4, 1000)
    rows = office.rows(tables.records, tables.records.c.company == "other")
    assert sorted(row["seq"] for row in rows) == [1, 2, 3, 4, 5, 6]
    assert (office.company(books).seq, office.company(other).seq) == (1005, 6)
    assert unchecked(office) == {"other": 0}


def test_who_asked_about_an_older_note_changes_nothing(office: Office, books: Books) -> None:
    before = held(office)
    settle(office, 4, 4)
    begin(office)
    assert settle(office, 4, 1000) == 0
    assert held(office) == before
    assert unchecked(office) == {books.name: 9}


def test_a_process_that_starts_and_one_that_holds_several_companies_do_not_wait_for_each_other(office: Office) -> None:
    if office.database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    for name in ("zeta", "acme"):
        office.add(name, customers=1, items=0)
        settle_all(office)
    starting = threading.Thread(target=begin, args=(office,))
    with office.database.write() as connection:
        companies.lock(connection, "acme")
        starting.start()
        office.until_somebody_waits()
        connection.execute(sa.text("SET LOCAL lock_timeout = '5s'"))
        companies.lock(connection, "zeta")
    starting.join(20)
    assert unchecked(office) == {"acme": 0, "zeta": 0}


def settle_all(office: Office) -> None:
    with office.database.write() as connection:
        for company, note in numbers.unchecked(connection).items():
            numbers.settle(connection, company, note, 0)
