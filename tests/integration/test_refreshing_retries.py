"""Trying again what was held: the person's decision stands, and QuickBooks is left alone."""

from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa
from office import Books, Office

from qbwc_server.refreshing import Refresh
from qbwc_server.store import tables


def _held(office: Office, books: Books, list_id: str) -> Refresh:
    """A refresh whose record the website has with a higher EditSequence."""
    office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    with office.website.engine.begin() as connection:
        statement = "UPDATE customers SET edit_sequence = '9999999999', phone = 'new' WHERE list_id = :id"
        connection.execute(sa.text(statement), {"id": list_id})
    asked = office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    assert office.get(asked).error_code == "held"
    return asked


def test_retrying_what_was_held_a_second_time_joins_the_first_retry_and_keeps_the_decision(
    office: Office, books: Books
) -> None:
    asked = _held(office, books, books.list_ids("customer")[0])
    sets = books.quickbooks.set_count
    first = office.refreshing.retry(asked.id, "anna")
    second = office.refreshing.retry(asked.id, "ben")
    assert (second.id, second.state, second.joined) == (first.id, "answered", True)
    assert second.askers == ("anna", "ben")
    assert office.run(books).status == "none"
    assert books.quickbooks.set_count == sets, "QuickBooks was not asked"
    assert (office.get(first).state, office.get(first).outcome) == ("published", "updated")
    assert office.count(tables.refreshes, tables.refreshes.c.retry_of == asked.id) == 1


def test_retrying_each_of_two_refreshes_of_one_held_record_asks_quickbooks_for_neither(
    office: Office, books: Books
) -> None:
    list_id = books.list_ids("customer")[0]
    by_id = _held(office, books, list_id)
    full_name = office.get(by_id).full_name
    assert full_name is not None
    by_name = office.ask_one(books, "customer", "full_name", full_name)
    office.run(books)
    assert office.get(by_name).error_code == "held"
    sets = books.quickbooks.set_count
    again = [office.refreshing.retry(one.id, "anna") for one in (by_id, by_name)]
    assert again[0].id != again[1].id
    assert office.run(books).status == "none"
    assert books.quickbooks.set_count == sets, "QuickBooks was not asked"
    assert office.outcomes(again) == ["updated", "updated"]


def test_retrying_what_was_held_publishes_it_also_while_somebody_waits_for_the_same(
    office: Office, books: Books
) -> None:
    list_id = books.list_ids("customer")[0]
    asked = _held(office, books, list_id)
    waiting = office.ask_one(books, "customer", "list_id", list_id)
    again = office.refreshing.retry(asked.id, "anna")
    assert (again.id == waiting.id, again.state, again.retry_of) == (False, "answered", asked.id)
    office.publish()
    assert office.get(again).outcome == "updated"
    assert office.get(waiting).state == "waiting"


def test_many_who_retry_one_held_refresh_at_once_share_one_retry(office: Office, books: Books) -> None:
    asked = _held(office, books, books.list_ids("customer")[0])
    with ThreadPoolExecutor(8) as threads:
        again = list(threads.map(lambda name: office.refreshing.retry(asked.id, f"person {name}"), range(8)))
    assert len({one.id for one in again}) == 1
    office.publish()
    assert (office.get(again[0]).outcome, len(office.get(again[0]).askers)) == ("updated", 8)
