"""A light sweep: only what moves without a trace is brought, and nothing looks more up to date than it is."""

import pytest
from mirror import differing, had, shown, volatile
from office import Books, Office

from qbwc_server.refreshing import Refresh
from qbwc_server.store import tables

QUANTITY = "quantity_on_hand"


@pytest.fixture
def books(office: Office) -> Books:
    """A company whose items were read once."""
    made = office.add(items=40)
    _read(office, made, "all")
    return made


def _read(office: Office, books: Books, way: str) -> Refresh:
    asked = office.ask_one(books, "item", way)
    office.run(books)
    got = office.get(asked)
    assert got.state == "published"
    return got


def _stocked(books: Books, number: int = 0) -> str:
    return [str(one["ListID"]) for one in books.quickbooks.items() if "QuantityOnHand" in one][number]


def _row(office: Office, books: Books, list_id: str) -> dict[str, object]:
    return dict(shown(office, books, "item").living[list_id])


def test_a_sweep_changes_what_moves_and_leaves_everything_else(office: Office, books: Books) -> None:
    moved, edited = _stocked(books), _stocked(books, 1)
    before = {one: _row(office, books, one) for one in (moved, edited)}
    books.quickbooks.change("item", moved, touch=False, QuantityOnHand="777")
    books.quickbooks.change("item", edited, QuantityOnHand="888", SalesDesc="New words", SalesPrice="12.34")
    got = _read(office, books, "sweep")
    assert got.outcome == "updated"
    assert _row(office, books, moved) == before[moved] | {
        column: had(books, "item")[moved].get(column, _row(office, books, moved)[column]) for column in volatile("item")
    }
    after = _row(office, books, edited)
    # The edit itself is not seen, so the record must not look as if it were.
    apart = {column for column, value in after.items() if value != before[edited][column]}
    assert QUANTITY in apart
    assert apart <= volatile("item")
    assert after["time_modified"] == before[edited]["time_modified"]
    assert after["edit_sequence"] == before[edited]["edit_sequence"]
    request = books.quickbooks.message_sets[-1]
    assert "EditSequence" not in request
    assert "TimeModified" not in request


def test_the_next_reading_of_changes_still_sees_the_edit_of_a_record_that_was_swept(
    office: Office, books: Books
) -> None:
    edited = _stocked(books)
    books.quickbooks.change("item", edited, QuantityOnHand="888", SalesDesc="New words")
    _read(office, books, "sweep")
    assert differing(office, books, "item").keys() == {edited}
    _read(office, books, "changed")
    assert differing(office, books, "item") == {}


def test_a_whole_list_sees_the_edit_of_a_record_that_was_swept(office: Office, books: Books) -> None:
    edited = _stocked(books)
    books.quickbooks.change("item", edited, QuantityOnHand="888", SalesDesc="New words")
    _read(office, books, "sweep")
    _read(office, books, "all")
    assert differing(office, books, "item") == {}
    # And back again: what the record stood for before the sweep is not mistaken for what it stands for now.
    books.quickbooks.change("item", edited, touch=False, QuantityOnHand="1")
    _read(office, books, "sweep")
    books.quickbooks.change("item", edited, touch=False, QuantityOnHand="888")
    _read(office, books, "all")
    assert differing(office, books, "item") == {}


def test_a_sweep_makes_no_record_and_the_next_reading_of_changes_does(office: Office, books: Books) -> None:
    added = books.quickbooks.add("item", "ItemInventory", Name="Brand new", QuantityOnHand="5")
    got = _read(office, books, "sweep")
    assert added not in shown(office, books, "item").living
    assert office.rows(tables.records, tables.records.c.list_id == added) == []
    assert got.records == len(books.quickbooks.items()) - 1
    _read(office, books, "changed")
    assert differing(office, books, "item") == {}


def test_a_sweep_revives_no_tombstone_and_the_next_whole_list_does(office: Office, books: Books) -> None:
    gone = _stocked(books)
    books.quickbooks.delete("item", gone)
    _read(office, books, "changed")
    assert shown(office, books, "item").buried == {gone}
    books.quickbooks.revive("item", gone)
    _read(office, books, "sweep")
    assert shown(office, books, "item").buried == {gone}
    _read(office, books, "all")
    assert shown(office, books, "item").buried == set()
    assert differing(office, books, "item") == {}


def test_a_sweep_buries_nobody(office: Office, books: Books) -> None:
    gone = _stocked(books)
    books.quickbooks.delete("item", gone)
    _read(office, books, "sweep")
    assert shown(office, books, "item").buried == set()
    fresh = office.website.freshness(books.name, "item")
    assert fresh is not None
    _read(office, books, "changed")
    assert shown(office, books, "item").buried == {gone}


def test_a_sweep_that_finds_nothing_moved_ends_as_unchanged_and_the_next_can_be_asked_for(
    office: Office, books: Books
) -> None:
    rows = office.website.rows(books.name, "item")
    assert _read(office, books, "sweep").outcome == "unchanged"
    assert office.website.rows(books.name, "item") == rows
    books.quickbooks.change("item", _stocked(books), touch=False, QuantityOnHand="777")
    assert _read(office, books, "sweep").outcome in ("updated", "mixed")
    assert _read(office, books, "sweep").outcome == "unchanged"


def test_a_sweep_brings_the_full_names_that_a_renamed_parent_gave(office: Office) -> None:
    books = office.add("names", customers=40)
    office.ask_one(books, "customer", "all")
    office.run(books)
    parent = next(str(one["ParentRef"]["ListID"]) for one in books.quickbooks.customers() if "ParentRef" in one)
    books.quickbooks.rename("customer", parent, "Another name")
    office.ask_one(books, "customer", "changed")
    office.run(books)
    apart = differing(office, books, "customer")
    assert apart
    assert all(columns.keys() == {"full_name"} for columns in apart.values())
    office.ask_one(books, "customer", "sweep")
    office.run(books)
    assert differing(office, books, "customer") == {}
