"""The outcome of a list run counts the records that it brought, and no others."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from office import Books, Office, office_at

from qbwc_server.publish.website import Website
from qbwc_server.refreshing import Refresh
from qbwc_server.store import tables


@pytest.fixture
def office(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr("qbwc_server.conversation.work.PAGE_SIZE", 5)
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
