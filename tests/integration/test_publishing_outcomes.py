"""From an accepted answer to the website: down, held, refused, interrupted, restored from a backup."""

import contextlib
import time

import pytest
import sqlalchemy as sa
from office import Books, Office

from qbwc_server.publish.errors import WebsiteError
from qbwc_server.publish.website import Website
from qbwc_server.publishing import Publisher
from qbwc_server.refreshing import Refresh
from qbwc_server.store import installation, tables


def _answered(office: Office, books: Books, list_id: str, list_name: str = "customer") -> Refresh:
    """A refresh whose answer is accepted, and nothing published yet."""
    asked = office.ask_one(books, list_name, "list_id", list_id)
    office.visit(books).to_the_end()
    assert office.get(asked).state == "answered"
    return asked


def _on_website(office: Office, statement: str, **values: object) -> None:
    with office.website.engine.begin() as connection:
        assert connection.execute(sa.text(statement), values).rowcount == 1


def test_a_website_that_is_down_is_no_failure_and_is_caught_up_with(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    asked = _answered(office, books, list_id)
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
    asked = [_answered(office, books, one) for one in books.list_ids("customer", 3)]
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


def test_a_record_that_looks_restored_from_a_backup_is_held_and_published_after_retry(
    office: Office, books: Books
) -> None:
    list_id = books.list_ids("customer")[0]
    office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    _on_website(
        office, "UPDATE customers SET edit_sequence = '9999999999', phone = 'new' WHERE list_id = :id", id=list_id
    )
    books.quickbooks.change("customer", list_id, Phone="555-0000")
    asked = office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    held = office.get(asked)
    assert (held.state, held.error_code) == ("failed", "held")
    for language in ("en", "fr"):
        error = held.as_json(language)["error"]
        assert error["message"]
        assert error["steps"]
    lag = office.refreshing.publishing()
    assert (lag.waiting, lag.set_aside) == (0, 1)
    assert office.publisher.run_once() == 0
    _on_website(office, "UPDATE customers SET edit_sequence = '1' WHERE list_id = :id", id=list_id)
    sets = books.quickbooks.set_count
    again = office.refreshing.retry(asked.id, "anna")
    assert (again.state, again.retry_of) == ("answered", asked.id)
    assert office.visit(books).status == "none"
    office.publish()
    assert books.quickbooks.set_count == sets, "QuickBooks was not asked"
    assert office.get(again).outcome == "updated"
    row = office.website.row("acme", "customer", list_id)
    assert row is not None
    assert row["phone"] == "555-0000"
    assert office.refreshing.publishing().set_aside == 0


def _held(office: Office, books: Books, list_id: str) -> Refresh:
    """A refresh whose record the website has with a higher EditSequence."""
    office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    _on_website(
        office, "UPDATE customers SET edit_sequence = '9999999999', phone = 'new' WHERE list_id = :id", id=list_id
    )
    asked = office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    assert office.get(asked).error_code == "held"
    return asked


def test_retrying_what_was_held_brings_the_older_record_to_the_website(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    asked = _held(office, books, list_id)
    again = office.refreshing.retry(asked.id, "anna")
    office.publish()
    assert (office.get(again).state, office.get(again).outcome) == ("published", "updated")
    row = office.website.row("acme", "customer", list_id)
    assert row is not None
    assert row["phone"] != "new"
    assert int(row["edit_sequence"]) < 9999999999
    assert office.refreshing.publishing().set_aside == 0


def test_what_is_seen_after_the_retry_of_a_held_record_is_judged_anew(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    asked = _held(office, books, list_id)
    again = office.refreshing.retry(asked.id, "anna")
    newer = _answered(office, books, list_id)
    office.publish()
    assert [office.get(one).error_code for one in (again, newer)] == ["held", "held"]
    released = office.refreshing.retry(newer.id, "anna")
    office.publish()
    assert office.get(released).outcome == "updated"


def test_a_value_that_the_website_cannot_take_is_set_aside_and_others_are_published(
    office: Office, books: Books
) -> None:
    bad, good = books.list_ids("item")[:2]
    asked = office.ask(books, "item", "list_id", bad, good)
    office.visit(books).to_the_end()
    with office.database.write() as connection:
        row = connection.execute(sa.select(tables.records).where(tables.records.c.list_id == bad)).one()
        values = {**row._mapping["values"], "Sublevel": "N" * 300}
        connection.execute(tables.records.update().where(tables.records.c.list_id == bad).values(values=values))
    office.publish()
    assert office.states(asked) == ["failed", "published"]
    failed = office.get(asked[0])
    assert failed.error_code == "refused_value"
    assert "N" * 20 not in str(failed.as_json())
    fresh = office.ask_one(books, "item", "list_id", bad)
    office.run(books)
    assert office.get(fresh).outcome == "inserted"
    assert office.refreshing.publishing().set_aside == 0


def test_a_list_of_which_one_record_is_set_aside_is_published_mixed_with_the_count(
    office: Office, books: Books
) -> None:
    list_id = books.list_ids("customer")[0]
    office.ask_one(books, "customer", "all")
    office.run(books)
    _on_website(
        office, "UPDATE customers SET edit_sequence = '9999999999', phone = 'new' WHERE list_id = :id", id=list_id
    )
    asked = office.ask_one(books, "customer", "all")
    office.run(books)
    got = office.get(asked)
    assert (got.state, got.outcome, got.error_code) == ("published", "mixed", "set_aside")
    assert got.error_values["count"] == "1"
    assert "1" in got.as_json("fr")["error"]["message"]


def test_a_crash_between_the_website_and_marking_ends_with_the_same_outcome(
    office: Office, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_id = books.list_ids("customer")[0]
    asked = _answered(office, books, list_id)
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
    first = _answered(office, books, list_id)
    second: list[Refresh] = []
    publish = Website.publish

    def meanwhile(website: Website, *batch: object) -> object:
        result = publish(website, *batch)  # type: ignore[arg-type]
        if not second:
            books.quickbooks.change("customer", list_id, Phone="555-0000")
            second.append(_answered(office, books, list_id))
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
    first = _answered(office, books, list_id)
    books.quickbooks.change("customer", list_id, Phone="555-0000")
    second = _answered(office, books, list_id)
    assert office.publisher.run_once() == 1
    assert office.states([first, second]) == ["published", "published"]
    assert [one.field for one in office.get(second).changes] == ["Phone"]


def test_a_database_that_came_from_a_backup_lifts_its_counter_and_loses_nothing(office: Office, books: Books) -> None:
    first, second = books.list_ids("customer", 2)
    office.ask(books, "customer", "list_id", first, second)
    office.run(books)
    state = office.website.state("acme", "customer", first)
    assert state is not None
    _on_website(office, "UPDATE qbwc_publish_state SET seq = 5000 WHERE list_id = :id", id=first)
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
    _on_website(
        office, "UPDATE qbwc_publish_state SET seq = 5000, stream_id = 'theirs' WHERE list_id = :id", id=list_id
    )
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


def test_the_publisher_thread_publishes_without_being_called(office: Office, books: Books) -> None:
    publisher = Publisher(office.database, office.website)
    publisher.start()
    try:
        asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
        office.visit(books).to_the_end()
        publisher.wake()
        got = office.refreshing.wait([asked.id], 20)[0]
    finally:
        publisher.stop()
    assert got.outcome == "inserted"
    assert office.accepted == 1


def test_what_is_to_be_done_at_each_tick_does_not_wait_for_the_website(office: Office, books: Books) -> None:
    _answered(office, books, books.list_ids("customer")[0])
    office.website.close()
    place = office.folder / "site.db"
    place.unlink()
    place.mkdir()
    done: list[str] = []
    publisher = Publisher(
        office.database,
        office.website,
        at_each_tick=lambda: done.append("tick"),
        now_and_then=lambda: done.append("now and then"),
    )
    with pytest.raises(WebsiteError):
        publisher._round()
    assert done == ["tick", "now and then"]


def test_staging_that_was_never_accepted_is_swept(office: Office, books: Books) -> None:
    with office.database.write() as connection:
        now = office.database.now(connection)
        connection.execute(
            tables.staging.insert().values(
                company=books.name,
                visit=1,
                message_set="1.1",
                reading="r",
                n=0,
                request_id="1.1.1",
                list="customer",
                list_id="1-1",
                staged_at=now.replace(year=now.year - 1),
                observation={},
            )
        )
    office.publisher._chores(everything=True)
    assert office.count(tables.staging) == 0


def test_the_stream_is_named_once(office: Office) -> None:
    with office.database.write() as connection:
        now = office.database.now(connection)
        assert installation.begin(connection, now) == installation.begin(connection, now)


def test_a_record_seen_again_while_it_is_being_held_is_published_at_once(
    office: Office, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_id = books.list_ids("customer")[0]
    office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    _on_website(
        office, "UPDATE customers SET edit_sequence = '9999999999', phone = 'new' WHERE list_id = :id", id=list_id
    )
    first = _answered(office, books, list_id)
    second: list[Refresh] = []
    publish = Website.publish

    def meanwhile(website: Website, *batch: object) -> object:
        result = publish(website, *batch)  # type: ignore[arg-type]
        if not second:
            _on_website(office, "UPDATE customers SET edit_sequence = '1' WHERE list_id = :id", id=list_id)
            second.append(_answered(office, books, list_id))
        return result

    monkeypatch.setattr(Website, "publish", meanwhile)
    office.publish()
    assert office.get(first).error_code == "held"
    assert office.get(second[0]).outcome == "updated"
