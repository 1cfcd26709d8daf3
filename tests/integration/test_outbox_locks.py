"""Who waits for whom in the outbox: on PostgreSQL several writers work at once, and none undoes another."""

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa
from office import Books, Office, office_at

from qbwc_server.store import claims, companies, outbox, tables
from qbwc_server.store.claims import Claimed


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    with office_at(database_url, tmp_path) as made:
        yield made


@pytest.fixture
def books(office: Office) -> Books:
    made = office.add(customers=6, items=0)
    # The website is asked about a new company's numbers before anything is claimed.
    office.publish()
    return made


def claimed_rows(office: Office, books: Books) -> tuple[Claimed, ...]:
    """Every customer is in the outbox and claimed."""
    office.ask(books, "customer", "all")
    office.visit(books).to_the_end()
    with office.database.write() as connection:
        return claims.claim(connection, office.database.now(connection), 100)


def put(office: Office, connection: sa.Connection, books: Books, numbers: Mapping[str, int]) -> None:
    now = office.database.now(connection)
    outbox.put(connection, "customers", books.name, "customer", numbers, now, single=False)


def test_letting_go_of_claims_passes_over_what_an_answer_holds(office: Office, books: Books) -> None:
    held, *others = sorted(one.list_id for one in claimed_rows(office, books))
    with office.database.write() as answer:
        put(office, answer, books, {held: 50})
        with office.database.write() as connection:
            connection.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
            claims.drop_claims(connection)
    free = office.rows(tables.outbox, tables.outbox.c.claimed_until.is_(None))
    assert sorted(row["list_id"] for row in free) == others


def test_hurrying_passes_over_what_an_answer_holds(office: Office, books: Books) -> None:
    claimed = claimed_rows(office, books)
    held, *others = sorted(one.list_id for one in claimed)
    office.publisher._postpone(claimed, "the website is down")
    with office.database.write() as answer:
        answer.execute(tables.outbox.update().where(tables.outbox.c.list_id == held).values(single=True))
        with office.database.write() as connection:
            connection.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
            claims.hurry(connection, office.database.now(connection))
    hurried = office.rows(tables.outbox, tables.outbox.c.attempts == 0)
    assert sorted(row["list_id"] for row in hurried) == others


def test_postponing_and_an_answer_of_several_parts_do_not_undo_each_other(office: Office, books: Books) -> None:
    claimed = claimed_rows(office, books)
    first, *_, last = sorted(one.list_id for one in claimed)
    problems = beside(
        office,
        lambda: office.publisher._postpone(claimed, "the website is down"),
        books,
        ({last: 50}, {first: 51}),
    )
    assert problems == []
    assert office.count(tables.outbox, tables.outbox.c.attempts == 1) == len(claimed)


def beside(
    office: Office, work: Callable[[], object], books: Books, parts: tuple[Mapping[str, int], Mapping[str, int]]
) -> list[Exception]:
    """Accept an answer's two parts in one transaction, and do other work between them; returns what that met."""
    problems: list[Exception] = []

    def do() -> None:
        try:
            work()
        except sa.exc.SQLAlchemyError as problem:
            problems.append(problem)

    thread = threading.Thread(target=do)
    with office.database.write() as answer:
        companies.lock(answer, books.name)
        put(office, answer, books, parts[0])
        thread.start()
        office.until_somebody_waits()
        put(office, answer, books, parts[1])
    thread.join(20)
    assert not thread.is_alive()
    return problems
