"""From the publisher to the webhooks: queued with what was published, and lost by no crash between the two."""

import json
from datetime import timedelta
from typing import Any, NoReturn

import pytest
from office import Books, Office

from qbwc_server.publishing import Hooks, Publisher
from qbwc_server.publishing.hooks_endpoints import Endpoint
from qbwc_server.store import tables
from qbwc_server.store.retention import Keep, Retention

ENDPOINT = Endpoint("shop", ("customers",), "http://127.0.0.1:9/", (b"x" * 32,))


class Died(BaseException):
    """The process is gone."""


class DyingHooks(Hooks):
    """Dies within the transaction that marks what was published."""

    def queue(self, *given: Any) -> NoReturn:
        super().queue(*given)
        raise Died


class DyingPublisher(Publisher):
    """Gets as far as the website's commit."""

    def _mark(self, *_: object) -> NoReturn:
        raise Died


@pytest.fixture
def hooked(office: Office) -> Office:
    hooks = Hooks(office.database, (ENDPOINT,))
    office.publisher = Publisher(office.database, office.website, hooks=hooks)
    return office


def told(office: Office) -> list[tuple[str, str]]:
    """What webhooks are told: ListID and outcome, in order."""
    rows = sorted(office.rows(tables.deliveries), key=lambda row: row["id"])
    records = [each for row in rows for each in json.loads(row["body"])["data"]["records"]]
    return [(each["list_id"], each["outcome"]) for each in records]


def begin_again(office: Office) -> None:
    publisher = Publisher(office.database, office.website, hooks=Hooks(office.database, (ENDPOINT,)))
    publisher._begin()
    while publisher.run_once():
        pass


def test_what_was_published_is_told_once_and_what_was_not_changed_is_not(hooked: Office, books: Books) -> None:
    one, two = books.list_ids("customer", 2)
    hooked.ask(books, "customer", "list_id", one, two)
    hooked.run(books)
    assert sorted(told(hooked)) == sorted([(one, "inserted"), (two, "inserted")])
    books.quickbooks.change("customer", one, Phone="555-0123")
    hooked.ask(books, "customer", "list_id", one, two)
    hooked.run(books)
    assert told(hooked)[2:] == [(one, "updated")]
    books.quickbooks.delete("customer", two)
    hooked.ask(books, "customer", "list_id", two)
    hooked.run(books)
    assert told(hooked)[3:] == [(two, "deleted")]
    assert b"555-0123" not in repr(hooked.rows(tables.deliveries)).encode()


def test_a_whole_list_is_told_in_few_deliveries_and_other_tables_to_nobody(hooked: Office) -> None:
    books = hooked.add("big", customers=230, items=10)
    hooked.ask(books, "customer", "all")
    hooked.ask(books, "item", "all")
    hooked.run(books)
    assert len(told(hooked)) == 230
    rows = hooked.rows(tables.deliveries)
    assert len(rows) <= 6
    assert {row["target"] for row in rows} == {"customers"}


def test_without_webhooks_nothing_is_queued(office: Office, books: Books) -> None:
    office.publisher = Publisher(office.database, office.website, hooks=Hooks(office.database, ()))
    office.answered(books, books.list_ids("customer")[0])
    office.publish()
    assert office.count(tables.deliveries) == 0


def test_a_crash_before_the_mark_loses_no_delivery_and_doubles_none(office: Office, books: Books) -> None:
    (one,) = books.list_ids("customer", 1)
    office.answered(books, one)
    with pytest.raises(Died):
        DyingPublisher(office.database, office.website).run_once()
    assert told(office) == []
    begin_again(office)
    assert told(office) == [(one, "inserted")]


def test_a_crash_within_the_mark_loses_no_delivery_and_doubles_none(office: Office, books: Books) -> None:
    (one,) = books.list_ids("customer", 1)
    office.answered(books, one)
    dying = DyingHooks(office.database, (ENDPOINT,))
    with pytest.raises(Died):
        Publisher(office.database, office.website, hooks=dying).run_once()
    assert told(office) == []
    begin_again(office)
    assert told(office) == [(one, "inserted")]


def test_what_a_dead_process_did_is_told_though_the_record_was_seen_again_unchanged_meanwhile(
    hooked: Office, books: Books
) -> None:
    (one,) = books.list_ids("customer", 1)
    hooked.answered(books, one)
    hooked.publish()
    books.quickbooks.change("customer", one, Phone="555-0123")
    hooked.answered(books, one)
    with pytest.raises(Died):
        DyingPublisher(hooked.database, hooked.website).run_once()
    hooked.answered(books, one)
    begin_again(hooked)
    assert told(hooked) == [(one, "inserted"), (one, "updated")]


def test_what_is_over_goes_when_its_time_is_over_and_what_waits_stays(hooked: Office, books: Books) -> None:
    for list_id in books.list_ids("customer", 4):
        hooked.answered(books, list_id)
        hooked.publish()
    with hooked.database.write() as connection:
        now = hooked.database.now(connection)
        change = tables.deliveries.update().values(state="delivered", due_at=None, finished_at=now)
        ids = sorted(row["id"] for row in hooked.rows(tables.deliveries))
        connection.execute(change.where(tables.deliveries.c.id != ids[1]))
    forever = timedelta(days=9999)
    retention = Retention(hooked.database, Keep(forever, forever, forever, forever, forever, timedelta(days=30)))
    retention.sweep(now + timedelta(days=29))
    assert hooked.count(tables.deliveries) == 4
    retention.sweep(now + timedelta(days=31))
    # The newest stays too, so that its number is given to no other.
    assert [row["id"] for row in hooked.rows(tables.deliveries)] == [ids[1], ids[3]]
