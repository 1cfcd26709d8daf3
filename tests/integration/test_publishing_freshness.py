"""What the website is told of how fresh a list is: each contact with QuickBooks, once."""

import pytest
from office import Books, Office

from qbwc_server.publish.website import Website
from qbwc_server.store import tables


@pytest.fixture
def books(office: Office) -> Books:
    return office.add(customers=2, items=0)


def contact(office: Office, books: Books) -> None:
    """QuickBooks answers about customers; nothing is published."""
    office.ask(books, "customer", "full_name", "Nobody At All")
    office.visit(books).to_the_end()


def last_contact(office: Office) -> object:
    (row,) = office.rows(tables.freshness)
    return row["last_contact_at"]


def told(office: Office) -> object:
    fresh = office.website.freshness("acme", "customer")
    return None if fresh is None else fresh["last_contact_at"]


def test_a_contact_that_the_website_was_told_of_is_not_told_again(office: Office, books: Books) -> None:
    contact(office, books)
    office.publish()
    assert told(office) == last_contact(office)
    assert [row["dirty"] for row in office.rows(tables.freshness)] == [False]


def test_a_contact_made_while_the_website_is_told_of_the_one_before_is_told_next(
    office: Office, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact(office, books)
    first = last_contact(office)
    publish = Website.publish

    def meanwhile(website: Website, *batch: object) -> object:
        result = publish(website, *batch)  # type: ignore[arg-type]
        if last_contact(office) == first:
            contact(office, books)
        return result

    monkeypatch.setattr(Website, "publish", meanwhile)
    office.publisher.run_once()
    assert told(office) == first
    office.publisher.run_once()
    assert told(office) == last_contact(office) != first
