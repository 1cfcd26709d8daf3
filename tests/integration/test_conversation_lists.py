"""Whole lists: pages, lost visits, absentees."""

import pytest
from office import Books, Office

from qbwc_server.refreshing import Wish
from qbwc_server.store import tables

ALL = Wish("acme", "customer", "all")


@pytest.fixture
def books(office: Office) -> Books:
    return office.add(customers=50, items=30)


@pytest.fixture
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qbwc_server.conversation.paging.FIRST_PAGE", 20)
    monkeypatch.setattr("qbwc_server.conversation.paging.LONGEST_PAGE", 20)


def _buried(office: Office) -> set[str]:
    return {str(row["list_id"]) for row in office.website.rows("acme", "customer") if row["is_deleted"]}


def test_a_whole_list_comes_in_several_pages(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qbwc_server.conversation.paging.PAGE_BYTES", 250_000)
    books = office.add("big", customers=450)
    asked = office.ask_one(books, "customer", "all")
    visit = office.run(books)
    # A short page for measuring, then three of about 150 customers.
    assert 4 <= visit.round_trips <= 5
    assert visit.log[-2:] == [("receive", 100), ("close", "OK")]
    assert [number for call, number in visit.log if call == "receive"] == sorted(
        number for call, number in visit.log if call == "receive" and isinstance(number, int)
    )
    got = office.get(asked)
    assert (got.state, got.outcome, got.records) == ("published", "inserted", 450)
    assert len(office.website.rows("big", "customer")) == 450
    fresh = office.website.freshness("big", "customer")
    assert fresh is not None
    assert fresh["complete"]
    assert fresh["last_full_read_at"]


@pytest.mark.usefixtures("_small_pages")
def test_a_visit_lost_in_mid_iteration_starts_again_and_seen_records_cost_nothing(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    assert visit.step() is not None
    assert visit.step() is not None
    visit.send()
    books.quickbooks.end_session()
    assert office.count(tables.changes) == 40
    visit = office.run(books)
    # QuickBooks may have died of the page: the next ones are half as long.
    assert visit.round_trips == 5
    assert 'iterator="Start"' in books.quickbooks.message_sets[-5]
    assert office.count(tables.changes) == 50
    got = office.get(asked)
    assert (got.state, got.records) == ("published", 50)
    assert _buried(office) == set()


@pytest.mark.usefixtures("_small_pages")
def test_a_list_that_begins_again_counts_each_record_once(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    assert visit.step() is not None
    assert visit.step() is not None
    office.publish()
    visit.send()
    books.quickbooks.end_session()
    office.run(books)
    got = office.get(asked)
    (row,) = office.rows(tables.refreshes, tables.refreshes.c.id == asked.id)
    assert (got.state, got.records) == ("published", 50)
    assert row["counts"] == {"inserted": 50}


@pytest.mark.usefixtures("_small_pages")
def test_absentees_become_tombstones_only_after_a_complete_iteration(office: Office, books: Books) -> None:
    office.ask_one(books, "customer", "all")
    office.run(books)
    gone = {str(one["ListID"]) for one in books.quickbooks.customers()[5:8]}
    for list_id in gone:
        books.quickbooks.delete("customer", list_id)
    asked = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    visit.step()
    visit.send()
    visit.close()
    books.quickbooks.end_session()
    office.publish()
    assert _buried(office) == set()
    office.run(books)
    assert _buried(office) == gone
    got = office.get(asked)
    assert (got.state, got.outcome) == ("published", "mixed")


@pytest.mark.usefixtures("_small_pages")
def test_what_only_the_lost_visit_saw_is_gone_after_the_next(office: Office, books: Books) -> None:
    office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    assert visit.step() is not None
    books.quickbooks.end_session()
    parents = {one["ParentRef"]["ListID"] for one in books.quickbooks.customers() if "ParentRef" in one}
    gone = next(one for one in books.list_ids("customer", 20) if one not in parents)
    books.quickbooks.delete("customer", gone)
    office.run(books)
    assert _buried(office) == {gone}


def test_a_list_that_has_become_empty_buries_everything(office: Office) -> None:
    books = office.add(customers=3)
    office.ask_one(books, "customer", "all")
    office.run(books)
    everyone = set(books.list_ids("customer"))
    for one in reversed(books.list_ids("customer")):
        books.quickbooks.delete("customer", one)
    asked = office.ask_one(books, "customer", "all")
    assert office.run(books).log[-1] == ("close", "OK")
    assert _buried(office) == everyone
    assert office.get(asked).outcome == "deleted"


@pytest.mark.parametrize("bare", [True, False])
def test_a_list_that_is_empty_from_the_start_is_complete(office: Office, *, bare: bool) -> None:
    books = office.add(customers=0)
    books.quickbooks.faults.bare_empty_iterator = bare
    asked = office.ask_one(books, "customer", "all")
    assert office.run(books).log[-1] == ("close", "OK")
    assert (office.get(asked).state, office.get(asked).outcome) == ("published", "unchanged")


@pytest.mark.usefixtures("_small_pages")
def test_an_answer_without_a_remaining_count_never_buries(office: Office, books: Books) -> None:
    office.ask_one(books, "customer", "all")
    office.run(books)
    asked = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    answer = visit.answer(visit.send())[0]
    remaining = answer.index("iteratorRemainingCount")
    end = answer.index('"', answer.index('"', remaining) + 1) + 1
    visit.receive(answer[:remaining] + answer[end:])
    visit.to_the_end()
    office.publish()
    assert office.get(asked).state == "published"
    assert _buried(office) == set()


@pytest.mark.usefixtures("_small_pages")
def test_an_empty_page_in_mid_iteration_without_a_count_never_buries(office: Office, books: Books) -> None:
    office.ask_one(books, "customer", "all")
    office.run(books)
    asked = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    visit.step()
    request_id = visit.send().partition('requestID="')[2].partition('"')[0]
    status = 'statusCode="1" statusSeverity="Info" statusMessage="nothing"'
    visit.receive(f'<QBXML><QBXMLMsgsRs><CustomerQueryRs requestID="{request_id}" {status} /></QBXMLMsgsRs></QBXML>')
    visit.to_the_end()
    office.publish()
    assert office.get(asked).state == "published"
    assert _buried(office) == set()


@pytest.mark.usefixtures("_small_pages")
def test_an_iterator_that_quickbooks_lost_starts_again_in_the_same_visit(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    visit.step()
    books.quickbooks.faults.next_statuses.append(3391)
    visit.to_the_end()
    office.publish()
    assert visit.round_trips == 5
    assert (office.get(asked).state, office.get(asked).records) == ("published", 50)


@pytest.mark.usefixtures("_small_pages")
def test_a_quickbooks_that_always_loses_its_iterator_does_not_keep_us_for_ever(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "all")
    visits = 0
    while office.get(asked).state in ("waiting", "sent"):
        visit = office.visit(books)
        for _ in range(30):
            books.quickbooks.faults.next_statuses[:] = [3391] if visit.round_trips % 2 else []
            if visit.step() in (None, 100):
                break
        else:
            pytest.fail("the visit does not end")
        visit.close()
        books.quickbooks.end_session()
        visits += 1
        assert visits <= 10
    assert (office.get(asked).state, office.get(asked).error_code) == ("failed", "given_up")
    assert office.get(asked).error_values == {"last": "3391"}


@pytest.mark.usefixtures("_small_pages")
def test_people_go_before_lists_even_in_the_middle_of_one(office: Office, books: Books) -> None:
    run = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    assert visit.step() is not None
    person = office.ask_one(books, "item", "list_id", books.list_ids("item")[0])
    request = visit.send()
    assert "<ItemQueryRq" in request
    assert "iterator=" not in request
    assert visit.receive(*visit.answer(request)) < 100
    assert office.get(person).state == "answered"
    assert 'iterator="Continue"' in visit.send()
    visit.to_the_end()
    office.publish()
    assert office.get(run).records == 50


def test_people_go_before_lists_that_were_asked_for_first(office: Office, books: Books) -> None:
    office.ask_one(books, "customer", "all")
    office.ask_one(books, "item", "list_id", books.list_ids("item")[0])
    visit = office.run(books)
    assert visit.round_trips == 2
    assert "<ItemQueryRq" in books.quickbooks.message_sets[0]


@pytest.mark.usefixtures("_small_pages")
def test_a_record_refreshed_alone_during_the_iteration_is_not_buried(office: Office, books: Books) -> None:
    office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    visit.step()
    added = books.quickbooks.add("customer", "Customer", Name="Aardvark, newly made")
    office.ask_one(books, "customer", "list_id", added)
    visit.to_the_end()
    office.publish()
    assert office.website.row("acme", "customer", added) is not None
    assert _buried(office) == set()


def test_a_second_asking_of_a_list_joins_until_it_has_begun(office: Office, books: Books) -> None:
    first = office.refreshing.ask([ALL], "anna")[0]
    second = office.refreshing.ask([ALL], "ben")[0]
    assert (second.refresh.id, second.joined) == (first.refresh.id, True)
    office.visit(books).send()
    third = office.refreshing.ask([ALL], "carl")[0]
    assert (third.refresh.id == first.refresh.id, third.joined) == (False, False)


def test_only_what_differs_is_written_when_a_list_is_read_again(office: Office, books: Books) -> None:
    office.ask_one(books, "customer", "all")
    office.run(books)
    before = {row["list_id"]: row["published_at"] for row in office.website.rows("acme", "customer")}
    changed = books.list_ids("customer")[7]
    books.quickbooks.change("customer", changed, Phone="555-0000")
    asked = office.ask_one(books, "customer", "all")
    office.run(books)
    after = {row["list_id"]: row["published_at"] for row in office.website.rows("acme", "customer")}
    assert {list_id for list_id in after if after[list_id] != before[list_id]} == {changed}
    got = office.get(asked)
    assert got.outcome == "mixed"
    assert [(one.list_id, one.field) for one in got.changes] == [(changed, "Phone")]


@pytest.mark.parametrize("status", [500, 501, 530, 3120])
def test_a_warning_without_records_never_buries_a_list(office: Office, status: int) -> None:
    books = office.add(customers=4)
    office.ask_one(books, "customer", "all")
    office.run(books)
    office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    request_id = visit.send().partition('requestID="')[2].partition('"')[0]
    head = f'requestID="{request_id}" statusCode="{status}" statusSeverity="Warn" statusMessage="something"'
    visit.receive(f"<QBXML><QBXMLMsgsRs><CustomerQueryRs {head} /></QBXMLMsgsRs></QBXML>")
    visit.to_the_end()
    office.publish()
    assert _buried(office) == set()
