"""The outcome of a list run counts the records that it brought, and no others."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from office import Books, Office, office_at

from qbwc_server.publish.website import Website
from qbwc_server.publishing import Publisher, lists
from qbwc_server.refreshing import Refresh
from qbwc_server.store import numbers, refreshes, tables


@pytest.fixture
def office(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr("qbwc_server.conversation.paging.FIRST_PAGE", 5)
    monkeypatch.setattr("qbwc_server.conversation.paging.LONGEST_PAGE", 5)
    with office_at(database_url, tmp_path) as made:
        yield made


@pytest.fixture
def books(office: Office) -> Books:
    return office.add(customers=12, items=0)


def test_a_record_refreshed_by_itself_while_a_list_is_read_is_none_of_the_lists(office: Office, books: Books) -> None:
    office.ask(books, "customer", "all")
    office.run(books)
    run = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    visit.step()
    office.publish()
    seen = _seen(office)
    books.quickbooks.change("customer", seen, Phone="555-0000")
    single = office.ask_one(books, "customer", "list_id", seen)
    while office.get(single).state in ("waiting", "sent"):
        visit.step()
    office.publish()
    visit.to_the_end()
    office.publish()
    assert office.outcomes([single, run]) == ["updated", "unchanged"]


def _seen(office: Office) -> str:
    """A record of the page that came last."""
    return str(max(office.rows(tables.records), key=lambda row: row["seq"])["list_id"])


def test_a_list_that_begins_again_still_counts_the_pages_it_brought_before(office: Office, books: Books) -> None:
    run = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    visit.step()
    visit.step()
    visit.close()
    # The second visit's first page shows a part of what the first one brought.
    visit = office.visit(books)
    visit.step()
    office.publish()
    assert _counts(office, run) == {"inserted": 10}


def test_a_list_that_begins_again_says_what_it_did_as_a_whole(office: Office, books: Books) -> None:
    first = office.ask_one(books, "customer", "all")
    _half_and_whole(office, books)
    assert (office.get(first).outcome, office.get(first).counts) == ("inserted", {"inserted": 12})
    for list_id in books.list_ids("customer", 3):
        books.quickbooks.change("customer", list_id, Phone="555-0000")
    second = office.ask_one(books, "customer", "all")
    _half_and_whole(office, books)
    got = office.get(second)
    assert (got.outcome, got.counts, got.records) == ("mixed", {"unchanged": 9, "updated": 3}, 12)


def _half_and_whole(office: Office, books: Books) -> None:
    """A visit is lost after two of three pages, which are published, and another reads the list from the start."""
    visit = office.visit(books)
    visit.step()
    visit.step()
    office.publish()
    visit.close()
    office.run(books)


def test_pages_that_are_being_published_while_a_list_begins_again_count_once(
    office: Office, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = office.ask_one(books, "customer", "all")
    visits = [office.visit(books)]
    visits[0].step()
    visits[0].step()
    publish = Website.publish

    def meanwhile(website: Website, *batch: object) -> object:
        result = publish(website, *batch)  # type: ignore[arg-type]
        if len(visits) == 1:
            visits[0].close()
            visits.append(office.visit(books))
            visits[1].step()
        return result

    monkeypatch.setattr(Website, "publish", meanwhile)
    office.publish()
    visits[1].to_the_end()
    office.publish()
    assert (office.get(run).outcome, office.get(run).counts) == ("inserted", {"inserted": 12})


def test_a_record_set_aside_by_both_halves_of_a_list_is_one(office: Office, books: Books) -> None:
    office.ask(books, "customer", "all")
    office.run(books)
    with office.website.engine.begin() as connection:
        held = {"id": books.list_ids("customer")[0]}
        connection.execute(
            sa.text("UPDATE customers SET edit_sequence = '9999999999', phone = 'new' WHERE list_id = :id"), held
        )
    run = office.ask_one(books, "customer", "all")
    _half_and_whole(office, books)
    got = office.get(run)
    assert (got.outcome, got.error_values["count"], got.counts["unchanged"]) == ("mixed", "1", 11)


def test_a_record_that_was_claimed_but_never_sent_counts_as_what_becomes_of_it(
    office: Office, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.ask(books, "customer", "all")
    office.run(books)
    run = office.ask_one(books, "customer", "all")
    office.visit(books).to_the_end()

    class Died(BaseException):
        pass

    def die(*_: object) -> None:
        raise Died

    dying = Publisher(office.database, office.website)
    monkeypatch.setattr(dying, "_inheritance", die)
    with pytest.raises(Died):
        dying.run_once()
    office.publisher._begin()
    office.publish()
    # The website's state rows still tell of the first list, which inserted them.
    assert office.get(run).counts == {"unchanged": 12}


def test_a_list_whose_numbers_are_moved_while_it_is_looked_at_is_not_over(
    office: Office, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.publish()
    run = office.ask_one(books, "customer", "all")
    with office.database.write() as connection:
        numbers.begin(connection)
    office.visit(books).to_the_end()
    search = refreshes.search

    def meanwhile(*args: Any, **options: Any) -> object:
        found = search(*args, **options)
        with office.database.write() as connection:
            assert numbers.settle(connection, books.name, 0, 1000) == 1000
        return found

    with monkeypatch.context() as patched:
        patched.setattr(refreshes, "search", meanwhile)
        lists.finish(office.database)
    assert office.get(run).state == "answered"
    office.publish()
    assert office.get(run).counts == {"inserted": 12}


def test_a_record_seen_by_itself_while_the_list_is_published_counts_once(
    office: Office, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    visit.step()
    seen = _seen(office)
    single = office.ask_one(books, "customer", "list_id", seen)
    publish = Website.publish

    def meanwhile(website: Website, *batch: object) -> object:
        result = publish(website, *batch)  # type: ignore[arg-type]
        while office.get(single).state in ("waiting", "sent"):
            visit.step()
        return result

    monkeypatch.setattr(Website, "publish", meanwhile)
    office.publish()
    visit.to_the_end()
    office.publish()
    assert office.outcomes([single, run]) == ["unchanged", "inserted"]


def _counts(office: Office, run: Refresh) -> object:
    (row,) = office.rows(tables.refreshes, tables.refreshes.c.id == run.id)
    return row["counts"]
