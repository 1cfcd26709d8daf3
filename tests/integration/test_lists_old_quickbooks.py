"""A QuickBooks without iterators gives a list in one answer, and a long answer is taken in part by part."""

from collections.abc import Callable

import pytest
from mirror import had, shown, volatile
from office import Books, Office, Visit

from qbwc_server.refreshing import Refresh
from qbwc_server.rehearsal.company_file import SUPPORTED
from qbwc_server.store import tables

CUSTOMERS = 40
PART = 7
PARTS = 6
OLD = ["4.0", "3.0", "2.0"]


class Killed(BaseException):
    """The process is gone: nobody is told and nothing is tidied up."""


@pytest.fixture
def _short_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qbwc_server.conversation.answers.MOST_KEPT", 10)
    monkeypatch.setattr("qbwc_server.conversation.answers.PART", PART)


def _old(office: Office, version: str, name: str = "acme") -> Books:
    books = office.add(name, customers=CUSTOMERS, items=40)
    books.quickbooks.supported = SUPPORTED[: SUPPORTED.index(version) + 1]
    return books


def _read(office: Office, books: Books, way: str, list_name: str = "customer") -> Refresh:
    asked = office.ask_one(books, list_name, way)
    office.run(books)
    got = office.get(asked)
    assert (got.state, got.error_code) == ("published", None)
    return got


def _leaves(books: Books) -> list[str]:
    parents = {one["ParentRef"]["ListID"] for one in books.quickbooks.customers() if "ParentRef" in one}
    return [one for one in books.list_ids("customer") if one not in parents]


def _columns(
    office: Office, books: Books, list_name: str, *columns: str
) -> tuple[dict[str, list[object]], dict[str, list[object]]]:
    """What the website and QuickBooks have in columns that every version has."""
    ours, theirs = shown(office, books, list_name).living, had(books, list_name)
    return (
        {one: [row[column] for column in columns] for one, row in ours.items()},
        {one: [row[column] for column in columns] for one, row in theirs.items()},
    )


def _equal(office: Office, books: Books) -> None:
    ours, theirs = _columns(office, books, "customer", "full_name", "phone", "email", "is_active", "edit_sequence")
    assert ours == theirs


@pytest.mark.parametrize("version", OLD)
def test_a_whole_list_its_changes_and_its_deletions(office: Office, version: str) -> None:
    books = _old(office, version)
    got = _read(office, books, "all")
    assert (got.outcome, got.records) == ("inserted", CUSTOMERS)
    assert books.quickbooks.set_count == 1
    assert "iterator" not in books.quickbooks.message_sets[-1]
    _equal(office, books)
    gone, edited = _leaves(books)[2], _leaves(books)[5]
    books.quickbooks.delete("customer", gone)
    books.quickbooks.change("customer", edited, Phone="555-0177")
    books.quickbooks.add("customer", "Customer", Name="Brand new")
    got = _read(office, books, "changed")
    assert "FromModifiedDate" in books.quickbooks.message_sets[-2]
    _equal(office, books)
    assert shown(office, books, "customer").buried == {gone}
    other = _leaves(books)[3]
    books.quickbooks.delete("customer", other)
    _read(office, books, "all")
    assert shown(office, books, "customer").buried == {gone, other}
    _equal(office, books)
    assert books.quickbooks.refusals == []


@pytest.mark.parametrize("version", OLD)
def test_a_sweep_takes_only_what_moves_from_an_answer_that_has_everything(office: Office, version: str) -> None:
    books = _old(office, version)
    _read(office, books, "all", "item")
    one = next(str(one["ListID"]) for one in books.quickbooks.items() if "QuantityOnHand" in one)
    before = shown(office, books, "item").living[one]
    books.quickbooks.change("item", one, QuantityOnHand="777", SalesDesc="New words")
    _read(office, books, "sweep", "item")
    after = shown(office, books, "item").living[one]
    apart = {column for column in after if after[column] != before[column]}
    assert "quantity_on_hand" in apart
    assert apart <= volatile("item")
    _read(office, books, "changed", "item")
    ours, theirs = _columns(office, books, "item", "full_name", "quantity_on_hand", "description", "edit_sequence")
    # Before 3.0 there were no fixed assets.
    missing = {str(one["Type"]) for one in books.quickbooks.items() if one["ListID"] not in ours}
    assert missing <= {"ItemFixedAsset"}
    assert ours == {one: theirs[one] for one in ours}


# --- a long answer ---


def _at_part(office: Office, number: int, then: Callable[[], None]) -> None:
    """Let something happen right after so many parts were taken in."""
    parts = 0

    def accepted() -> None:
        nonlocal parts
        parts += 1
        if parts == number:
            then()

    office.conversation.accepted = accepted


def _die() -> None:
    raise Killed


def _begun(office: Office, books: Books) -> tuple[Refresh, Visit, str]:
    asked = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    return asked, visit, visit.answer(visit.send())[0]


def _all_once(office: Office, books: Books, asked: Refresh) -> None:
    office.publish()
    got = office.get(asked)
    assert (got.state, got.records, got.error_code) == ("published", CUSTOMERS, None)
    _equal(office, books)
    assert shown(office, books, "customer").buried == set()
    changes = office.rows(tables.changes)
    assert [one["kind"] for one in changes] == ["created"] * CUSTOMERS
    assert len({one["list_id"] for one in changes}) == CUSTOMERS
    (row,) = office.rows(tables.refreshes, tables.refreshes.c.id == asked.id)
    assert row["counts"] == {"inserted": CUSTOMERS}


@pytest.mark.usefixtures("_short_memory")
@pytest.mark.parametrize("version", ["13.0", "4.0", "2.0"])
def test_a_long_answer_is_taken_in_part_by_part_and_published_meanwhile(
    office: Office, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setattr("qbwc_server.conversation.paging.FIRST_PAGE", CUSTOMERS)
    books = _old(office, version)
    asked, visit, answer = _begun(office, books)
    seen: list[int] = []

    def publish() -> None:
        office.publish()
        seen.append(len(office.website.rows("acme", "customer")))

    _at_part(office, 3, publish)
    assert visit.receive(answer) == 100
    assert seen == [3 * PART]
    assert office.rows(tables.staging) == []
    _all_once(office, books, asked)


@pytest.mark.usefixtures("_short_memory")
@pytest.mark.parametrize("killed_at", [1, 3, PARTS])
@pytest.mark.parametrize("comes_again", ["the same call", "a new visit"])
def test_a_long_answer_that_was_cut_off_between_two_parts_counts_once(
    office: Office, killed_at: int, comes_again: str
) -> None:
    books = _old(office, "4.0")
    asked, visit, answer = _begun(office, books)
    _at_part(office, killed_at, _die)
    with pytest.raises(Killed):
        visit.receive(answer)
    assert office.count(tables.records) == min(killed_at * PART, CUSTOMERS)
    office.publish()
    assert office.get(asked).state == "sent"
    office.conversation.accepted = lambda: None
    if comes_again == "the same call":
        assert visit.receive(answer) == 100
    else:
        books.quickbooks.end_session()
        office.visit(books).to_the_end()
    _all_once(office, books, asked)


@pytest.mark.usefixtures("_short_memory")
@pytest.mark.parametrize("taken_over_at", [1, 3])
def test_a_takeover_in_the_middle_of_a_long_answer_fences_the_rest_of_it(office: Office, taken_over_at: int) -> None:
    books = _old(office, "4.0")
    asked, visit, answer = _begun(office, books)
    others: list[Visit] = []
    _at_part(office, taken_over_at, lambda: others.append(office.visit(books)))
    assert visit.receive(answer) == -1
    assert "took over" in visit.error()
    assert office.count(tables.records) == taken_over_at * PART
    assert office.get(asked).state == "waiting"
    assert office.rows(tables.staging) == []
    office.conversation.accepted = lambda: None
    others[0].to_the_end()
    assert visit.receive(answer) == -1
    _all_once(office, books, asked)


@pytest.mark.usefixtures("_short_memory")
def test_who_vanished_while_a_long_answer_was_cut_off_is_found_gone(office: Office) -> None:
    books = _old(office, "4.0")
    asked, visit, answer = _begun(office, books)
    _at_part(office, 3, _die)
    with pytest.raises(Killed):
        visit.receive(answer)
    office.conversation.accepted = lambda: None
    taken = {str(row["list_id"]) for row in office.rows(tables.records)}
    gone = next(one for one in _leaves(books) if one in taken)
    books.quickbooks.delete("customer", gone)
    books.quickbooks.end_session()
    office.run(books)
    assert office.get(asked).state == "published"
    assert shown(office, books, "customer").buried == {gone}
    _equal(office, books)
