"""What the website cannot or should not take is set aside for a person, and tried again on that person's word."""

import pytest
import sqlalchemy as sa
from office import Books, Office

from qbwc_server.publish.website import Website
from qbwc_server.refreshing import Refresh
from qbwc_server.store import tables


def test_a_record_that_looks_restored_from_a_backup_is_held_and_published_after_retry(
    office: Office, books: Books
) -> None:
    list_id = books.list_ids("customer")[0]
    office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    office.on_website(
        "UPDATE customers SET edit_sequence = '9999999999', phone = 'new' WHERE list_id = :id", id=list_id
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
    office.on_website("UPDATE customers SET edit_sequence = '1' WHERE list_id = :id", id=list_id)
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
    office.on_website(
        "UPDATE customers SET edit_sequence = '9999999999', phone = 'new' WHERE list_id = :id", id=list_id
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
    newer = office.answered(books, list_id)
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
    # What QuickBooks has is shown as such; the message of what went wrong does not repeat it.
    assert "N" * 20 not in str({**failed.as_json(), "changes": []})
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
    office.on_website(
        "UPDATE customers SET edit_sequence = '9999999999', phone = 'new' WHERE list_id = :id", id=list_id
    )
    asked = office.ask_one(books, "customer", "all")
    office.run(books)
    got = office.get(asked)
    assert (got.state, got.outcome, got.error_code) == ("published", "mixed", "set_aside")
    assert got.error_values["count"] == "1"
    assert "1" in got.as_json("fr")["error"]["message"]


@pytest.mark.parametrize("by", ["all", "list_id"])
def test_what_was_set_aside_before_is_none_of_the_readings_that_do_not_bring_it(
    office: Office, books: Books, by: str
) -> None:
    held, other = books.list_ids("customer")[:2]
    office.ask_one(books, "customer", "all")
    office.run(books)
    office.on_website("UPDATE customers SET edit_sequence = '9999999999', phone = 'new' WHERE list_id = :id", id=held)
    office.ask_one(books, "customer", by, held if by == "list_id" else "")
    office.run(books)
    assert office.refreshing.publishing().set_aside == 1
    books.quickbooks.change("customer", other, Phone="555-0001")
    changed = office.ask_one(books, "customer", "changed")
    office.run(books)
    quiet = office.ask_one(books, "customer", "changed")
    office.run(books)
    assert office.outcomes([changed, quiet]) == ["updated", "unchanged"]
    assert [office.get(one).error_code for one in (changed, quiet)] == [None, None]
    books.quickbooks.change("customer", held, Phone="555-0002")
    brings_it = office.ask_one(books, "customer", "changed")
    office.run(books)
    got = office.get(brings_it)
    assert (got.outcome, got.error_values["count"]) == ("mixed", "1")


def test_a_record_seen_again_while_it_is_being_held_is_published_at_once(
    office: Office, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_id = books.list_ids("customer")[0]
    office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    office.on_website(
        "UPDATE customers SET edit_sequence = '9999999999', phone = 'new' WHERE list_id = :id", id=list_id
    )
    first = office.answered(books, list_id)
    second: list[Refresh] = []
    publish = Website.publish

    def meanwhile(website: Website, *batch: object) -> object:
        result = publish(website, *batch)  # type: ignore[arg-type]
        if not second:
            office.on_website("UPDATE customers SET edit_sequence = '1' WHERE list_id = :id", id=list_id)
            second.append(office.answered(books, list_id))
        return result

    monkeypatch.setattr(Website, "publish", meanwhile)
    office.publish()
    assert office.get(first).error_code == "held"
    assert office.get(second[0]).outcome == "updated"
