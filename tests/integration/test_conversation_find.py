"""Searching in QuickBooks by a part of a name."""

from office import Books, Office

from qbwc_server.store import tables


def test_find_shows_hits_and_publishes_nothing(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "find", "a")
    visit = office.run(books)
    assert visit.log[-1] == ("close", "OK")
    got = office.get(asked)
    assert got.state == "published"
    assert got.hits
    assert got.records == len(got.hits)
    assert office.website.rows("acme", "customer") == []
    assert office.count(tables.records) == 0
    chosen = office.ask_one(books, "customer", "list_id", got.hits[0].list_id)
    office.run(books)
    assert office.get(chosen).outcome == "inserted"
    assert office.get(chosen).full_name == got.hits[0].full_name


def test_find_without_a_hit_is_not_found(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "item", "find", "zzzz no such thing")
    office.run(books)
    assert (office.get(asked).outcome, office.get(asked).hits) == ("not_found", ())


def test_find_gives_at_most_fifty_hits(office: Office) -> None:
    books = office.add("big", customers=120)
    asked = office.ask_one(books, "customer", "find", "e")
    office.run(books)
    assert len(office.get(asked).hits) == 50
