"""Records and values that cannot be read: the rest is taken, and the refresh says what was not."""

import logging
import re

import pytest
from office import Books, Office

from qbwc_server.refreshing import Refresh


@pytest.fixture
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qbwc_server.conversation.paging.FIRST_PAGE", 5)
    monkeypatch.setattr("qbwc_server.conversation.paging.LONGEST_PAGE", 5)


def _without_list_id(answer: str, list_id: str) -> str:
    """The record of this ListID loses it, and every reference to it stays."""
    damaged = re.sub(rf"(<(?:Customer|Item\w+)Ret>\s*)<ListID>{list_id}</ListID>", r"\1", answer)
    assert damaged != answer
    return damaged


def _error(office: Office, asked: Refresh) -> tuple[str | None, dict[str, str]]:
    got = office.get(asked)
    return got.error_code, dict(got.error_values)


def _told(*, skipped: int = 0, count: int = 0, fields: str = "") -> tuple[str, dict[str, str]]:
    reason = "both" if skipped and count else "records" if skipped else "values"
    return "bad_record", {"reason": reason, "skipped": str(skipped), "count": str(count), "fields": fields}


def _to_the_end(office: Office, books: Books, damage: dict[int, str], *, stop: int = 20) -> None:
    """A visit in which the page of a number lacks the ListID of one record; then it is published."""
    visit = office.visit(books)
    for page in range(1, stop):
        request = visit.send()
        if not request:
            break
        answer = visit.answer(request)[0]
        if page in damage:
            answer = _without_list_id(answer, damage[page])
        if visit.receive(answer) == 100:
            break
    assert visit.close() == "OK"
    office.publish()


# Records without a ListID.


def test_one_record_without_a_list_id_does_not_stop_a_list(
    office: Office, books: Books, caplog: pytest.LogCaptureFixture
) -> None:
    asked = office.ask_one(books, "customer", "all")
    strange = books.quickbooks.customers()[3]
    with caplog.at_level(logging.WARNING):
        _to_the_end(office, books, {1: str(strange["ListID"])})
    got = office.get(asked)
    assert (got.state, got.outcome, got.records) == ("published", "inserted", 11)
    assert _error(office, asked) == _told(skipped=1)
    assert len(office.website.rows("acme", "customer")) == 11
    told = [one.getMessage() for one in caplog.records if "ListID" in one.getMessage()]
    assert len(told) == 1
    assert str(strange["Name"]) not in told[0]


@pytest.mark.usefixtures("_small_pages")
def test_a_run_with_an_unreadable_record_on_any_page_buries_nothing(office: Office, books: Books) -> None:
    office.ask_one(books, "customer", "all")
    office.run(books)
    ids = books.list_ids("customer")
    books.quickbooks.delete("customer", ids[-1])
    asked = office.ask_one(books, "customer", "all")
    _to_the_end(office, books, {1: ids[0]})
    assert _error(office, asked) == _told(skipped=1)
    assert not [row for row in office.website.rows("acme", "customer") if row["is_deleted"]]
    healed = office.ask_one(books, "customer", "all")
    office.run(books)
    assert office.get(healed).error_code is None
    gone = [row["list_id"] for row in office.website.rows("acme", "customer") if row["is_deleted"]]
    assert gone == [ids[-1]]


@pytest.mark.usefixtures("_small_pages")
def test_what_cannot_be_read_adds_up_over_the_pages_and_begins_anew_with_the_iteration(
    office: Office, books: Books
) -> None:
    ids = books.list_ids("customer")
    asked = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    visit.receive(_without_list_id(visit.answer(visit.send())[0], ids[0]))
    visit.close()
    books.quickbooks.end_session()
    assert office.get(asked).state == "waiting"
    _to_the_end(office, books, {1: ids[1], 3: ids[11]})
    assert office.get(asked).state == "published"
    assert _error(office, asked) == _told(skipped=2)


@pytest.mark.usefixtures("_small_pages")
def test_a_first_page_without_a_single_readable_record_keeps_the_counts_of_the_others(
    office: Office, books: Books
) -> None:
    asked = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    answer = visit.answer(visit.send())[0]
    visit.receive(re.sub(r"(<CustomerRet>\s*)<ListID>[^<]*</ListID>", r"\1", answer))
    while visit.step() not in (100, None):
        pass
    assert visit.close() == "OK"
    office.publish()
    got = office.get(asked)
    assert (got.state, got.outcome, got.records) == ("published", "inserted", 7)
    assert _error(office, asked) == _told(skipped=5)


def test_a_record_whose_list_id_does_not_come_is_not_buried_but_fails(office: Office, books: Books) -> None:
    first, second = books.list_ids("customer", 2)
    office.ask(books, "customer", "list_id", first, second)
    office.run(books)
    asked = office.ask(books, "customer", "list_id", first, second)
    _to_the_end(office, books, {1: first, 2: first})
    assert office.states(asked) == ["failed", "published"]
    assert _error(office, asked[0]) == _told(skipped=1)
    assert office.get(asked[1]).error_code is None
    row = office.website.row("acme", "customer", first)
    assert row is not None
    assert not row["is_deleted"]


@pytest.mark.parametrize("way", ["full_name", "find"])
def test_a_name_that_came_unreadable_is_not_said_to_be_missing(office: Office, books: Books, way: str) -> None:
    one = books.quickbooks.customers()[2]
    asked = office.ask_one(books, "customer", way, str(one["FullName"]))
    visit = office.visit(books)
    answer = visit.answer(visit.send())[0]
    visit.receive(re.sub(r"(<CustomerRet>\s*)<ListID>[^<]*</ListID>", r"\1", answer))
    visit.close()
    got = office.get(asked)
    assert (got.state, got.outcome) == (("failed", None) if way == "full_name" else ("published", "unchanged"))
    assert got.error_code == "bad_record"


# Values.


def _item_with_price(books: Books) -> str:
    return next(str(one["ListID"]) for one in books.quickbooks.items() if "SalesOrPurchase" in one)


def test_a_value_that_cannot_be_read_is_told_and_stays_as_it_was(office: Office, books: Books) -> None:
    list_id = _item_with_price(books)
    office.ask_one(books, "item", "list_id", list_id)
    office.run(books)
    before = office.refreshing.record("acme", "item", list_id).values
    books.quickbooks.rename("item", list_id, "Renamed")
    books.quickbooks.faults.raw_text[list_id, "SalesOrPurchase.Price"] = "12.x"
    asked = office.ask_one(books, "item", "list_id", list_id)
    office.run(books)
    got = office.get(asked)
    assert (got.state, got.outcome) == ("published", "updated")
    assert _error(office, asked) == _told(count=1, fields="Price")
    after = office.refreshing.record("acme", "item", list_id).values
    assert (after["Name"], after["Price"]) == ("Renamed", before["Price"])


def test_an_inactive_record_stays_inactive_when_its_flag_cannot_be_read(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    books.quickbooks.deactivate("customer", list_id)
    office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    assert not office.refreshing.record("acme", "customer", list_id).is_active
    books.quickbooks.faults.raw_text[list_id, "IsActive"] = "perhaps"
    asked = office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    assert office.get(asked).outcome == "unchanged"
    assert _error(office, asked) == _told(count=1, fields="IsActive")
    assert not office.refreshing.record("acme", "customer", list_id).is_active


@pytest.mark.usefixtures("_small_pages")
def test_a_list_tells_how_many_records_have_values_that_cannot_be_read(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "all")
    ids = books.list_ids("customer")
    for list_id in ids:
        books.quickbooks.faults.raw_text[list_id, "Sublevel"] = "deep"
    office.run(books)
    got = office.get(asked)
    assert (got.state, got.outcome, got.records) == ("published", "inserted", len(ids))
    assert _error(office, asked) == _told(count=len(ids), fields="Sublevel")
    for language in ("en", "fr"):
        assert "Sublevel" in got.as_json(language)["error"]["message"]
    books.quickbooks.faults.raw_text.clear()
    again = office.ask_one(books, "customer", "all")
    office.run(books)
    assert office.get(again).error_code is None
