"""A publisher that died after the website's commit and before it could say so: what the next one makes of it."""

from typing import NoReturn

import pytest
import sqlalchemy as sa
from office import Books, Office

from qbwc_server.publishing import Publisher
from qbwc_server.store import tables


class Died(BaseException):
    """The process is gone."""


class DyingPublisher(Publisher):
    """Gets as far as the website's commit."""

    def _mark(self, *_: object) -> NoReturn:
        raise Died


@pytest.fixture
def books(office: Office) -> Books:
    return office.add(customers=6, items=0)


def answer(office: Office, books: Books) -> None:
    """A whole visit; nothing is published."""
    office.visit(books).to_the_end()


def die_publishing(office: Office) -> None:
    with pytest.raises(Died):
        DyingPublisher(office.database, office.website).run_once()


def begin_again(office: Office) -> None:
    publisher = Publisher(office.database, office.website)
    publisher._begin()
    while publisher.run_once():
        pass


def test_what_it_had_claimed_is_published_at_once_after_the_next_start(office: Office, books: Books) -> None:
    asked = office.ask(books, "customer", "list_id", *books.list_ids("customer", 2))
    answer(office, books)
    die_publishing(office)
    begin_again(office)
    assert office.outcomes(asked) == ["inserted", "inserted"]
    assert office.count(tables.outbox) == 0


def test_a_refresh_keeps_the_outcome_it_had_though_the_record_was_seen_again_meanwhile(
    office: Office, books: Books
) -> None:
    first, second = books.list_ids("customer", 2)
    asked = office.ask(books, "customer", "list_id", first, second)
    office.run(books)
    books.quickbooks.change("customer", first, Phone="555-0123")
    changed = office.ask(books, "customer", "list_id", first)
    answer(office, books)
    die_publishing(office)
    again = office.ask(books, "customer", "list_id", first)
    answer(office, books)
    begin_again(office)
    assert office.outcomes([*asked, *changed, *again]) == ["inserted", "inserted", "updated", "unchanged"]


def test_a_deletion_is_told_though_the_record_was_found_missing_again_meanwhile(office: Office, books: Books) -> None:
    (gone,) = books.list_ids("customer", 1)
    office.ask(books, "customer", "list_id", gone)
    office.run(books)
    books.quickbooks.delete("customer", gone)
    asked = office.ask(books, "customer", "list_id", gone)
    answer(office, books)
    die_publishing(office)
    again = office.ask(books, "customer", "list_id", gone)
    answer(office, books)
    begin_again(office)
    assert office.outcomes([*asked, *again]) == ["deleted", "deleted"]


def test_a_list_run_that_begins_again_still_says_what_its_first_beginning_published(
    office: Office, books: Books
) -> None:
    run = office.ask(books, "customer", "all")
    answer(office, books)
    die_publishing(office)
    ids = books.list_ids("customer")
    office.ask(books, "customer", "list_id", *ids)
    answer(office, books)
    begin_again(office)
    assert office.outcomes(run) == ["inserted"]


def test_what_the_website_holds_of_another_stream_says_nothing(office: Office, books: Books) -> None:
    (one,) = books.list_ids("customer", 1)
    asked = office.ask(books, "customer", "list_id", one)
    answer(office, books)
    die_publishing(office)
    with office.website.engine.begin() as connection:
        connection.execute(sa.text("UPDATE qbwc_publish_state SET stream_id = 'another', outcome = 'held', seq = 99"))
    begin_again(office)
    assert office.outcomes(asked) == ["unchanged"]
