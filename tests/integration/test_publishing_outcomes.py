"""From an accepted answer to the website: down, interrupted, restored from a backup, seen again meanwhile."""

import contextlib
import time

import pytest
from office import Books, Office

from qbwc_server.publish.errors import WebsiteError
from qbwc_server.publish.website import Website
from qbwc_server.publishing import Publisher
from qbwc_server.refreshing import Refresh
from qbwc_server.store import tables


def test_a_website_that_is_down_is_no_failure_and_is_caught_up_with(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    asked = office.answered(books, list_id)
    office.website.close()
    place = office.folder / "site.db"
    away = office.folder / "away.db"
    place.rename(away)
    place.mkdir()
    with pytest.raises(WebsiteError):
        office.publisher.run_once()
    assert office.get(asked).state == "answered"
    lag = office.refreshing.publishing()
    assert (lag.waiting, lag.set_aside) == (1, 0)
    assert lag.last_error
    place.rmdir()
    away.rename(place)
    _until_published(office, [asked])
    assert office.get(asked).outcome == "inserted"
    assert office.refreshing.publishing().waiting == 0


def _until_published(office: Office, asked: list[Refresh]) -> None:
    until = time.monotonic() + 20
    while not all(office.get(one).is_final for one in asked):
        assert time.monotonic() < until, "nothing was published in 20 seconds"
        with contextlib.suppress(WebsiteError):
            office.publisher.run_once()
        time.sleep(0.05)


def test_everything_postponed_is_published_at_once_when_the_website_is_back(office: Office, books: Books) -> None:
    asked = [office.answered(books, one) for one in books.list_ids("customer", 3)]
    office.website.close()
    place, away = office.folder / "site.db", office.folder / "away.db"
    place.rename(away)
    place.mkdir()
    for _ in range(2):
        with contextlib.suppress(WebsiteError):
            office.publisher.run_once()
    place.rmdir()
    away.rename(place)
    _until_published(office, asked[:1])
    office.publish()
    assert office.states(asked) == ["published"] * 3


def test_a_crash_between_the_website_and_marking_ends_with_the_same_outcome(
    office: Office, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_id = books.list_ids("customer")[0]
    asked = office.answered(books, list_id)
    dying = Publisher(office.database, office.website)

    class Died(BaseException):
        pass

    def die(*_: object) -> None:
        raise Died

    monkeypatch.setattr(dying, "_mark", die)
    with pytest.raises(Died):
        dying.run_once()
    assert office.website.row("acme", "customer", list_id) is not None
    assert office.get(asked).state == "answered"
    before = office.website.state("acme", "customer", list_id)
    _restart(office)
    assert office.get(asked).outcome == "inserted"
    assert office.website.state("acme", "customer", list_id) == before
    assert office.count(tables.outbox) == 0


def _restart(office: Office) -> None:
    """A new publisher thread, until it has nothing to do."""
    publisher = Publisher(office.database, office.website)
    publisher.start()
    try:
        until = time.monotonic() + 20
        while office.refreshing.publishing().waiting:
            assert time.monotonic() < until
            time.sleep(0.05)
    finally:
        publisher.stop()


def test_a_second_refresh_of_a_record_that_is_being_published_gets_its_own_outcome(
    office: Office, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_id = books.list_ids("customer")[0]
    first = office.answered(books, list_id)
    second: list[Refresh] = []
    publish = Website.publish

    def meanwhile(website: Website, *batch: object) -> object:
        result = publish(website, *batch)  # type: ignore[arg-type]
        if not second:
            books.quickbooks.change("customer", list_id, Phone="555-0000")
            second.append(office.answered(books, list_id))
        return result

    monkeypatch.setattr(Website, "publish", meanwhile)
    assert office.publisher.run_once() == 1
    assert office.states([first, *second]) == ["published", "answered"]
    office.publish()
    assert office.outcomes([first, *second]) == ["inserted", "updated"]
    row = office.website.row("acme", "customer", list_id)
    assert row is not None
    assert row["phone"] == "555-0000"
    assert office.count(tables.outbox) == 0


def test_two_refreshes_of_one_record_before_it_is_published_are_one_write(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    first = office.answered(books, list_id)
    books.quickbooks.change("customer", list_id, Phone="555-0000")
    second = office.answered(books, list_id)
    assert office.publisher.run_once() == 1
    assert office.states([first, second]) == ["published", "published"]
    assert [one.field for one in office.get(second).changes] == ["Phone"]


def test_a_database_that_came_from_a_backup_lifts_its_counter_and_loses_nothing(office: Office, books: Books) -> None:
    first, second = books.list_ids("customer", 2)
    office.ask(books, "customer", "list_id", first, second)
    office.run(books)
    state = office.website.state("acme", "customer", first)
    assert state is not None
    office.on_website("UPDATE qbwc_publish_state SET seq = 5000 WHERE list_id = :id", id=first)
    _restart(office)
    assert office.company(books).seq == 5000
    books.quickbooks.change("customer", first, Phone="555-0000")
    asked = office.ask_one(books, "customer", "list_id", first)
    office.run(books)
    assert office.get(asked).outcome == "updated"
    row = office.website.row("acme", "customer", first)
    assert row is not None
    assert row["phone"] == "555-0000"


def test_another_installations_numbers_do_not_lift_ours(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    office.on_website("UPDATE qbwc_publish_state SET seq = 5000, stream_id = 'theirs' WHERE list_id = :id", id=list_id)
    _restart(office)
    assert office.company(books).seq == 1


def test_unchanged_moves_no_published_at_but_says_when_it_was_checked(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    before = office.website.row("acme", "customer", list_id)
    checked = office.website.checked_at("acme", "customer", list_id)
    asked = office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    assert office.get(asked).outcome == "unchanged"
    assert office.website.row("acme", "customer", list_id) == before
    later = office.website.checked_at("acme", "customer", list_id)
    assert checked is not None
    assert later is not None
    assert later > checked


def test_the_website_is_told_of_contact_even_when_nothing_was_found(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "full_name", "Nobody At All")
    office.run(books)
    assert office.get(asked).outcome == "not_found"
    fresh = office.website.freshness("acme", "customer")
    assert fresh is not None
    assert fresh["last_contact_at"] is not None
    assert not fresh["complete"]
