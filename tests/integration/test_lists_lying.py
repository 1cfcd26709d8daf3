"""A QuickBooks that loses iterators, miscounts and repeats itself: nothing that lives is buried, and every run ends."""

import re
from collections.abc import Mapping

import pytest
from mirror import differing, had, shown
from office import Books, Office, Visit

from qbwc_server.refreshing import Refresh
from qbwc_server.store import tables

PAGE = 10
CUSTOMERS = 40
FINAL = ("published", "failed")
# Pages of a list read twice, its suspects, and what is tried again before a run is given up.
MOST_CALLS = 40
MOST_VISITS = 7


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qbwc_server.conversation.paging.FIRST_PAGE", PAGE)
    monkeypatch.setattr("qbwc_server.conversation.paging.LONGEST_PAGE", PAGE)


@pytest.fixture
def books(office: Office) -> Books:
    """A company whose customers were read once, and were edited since."""
    made = office.add(customers=CUSTOMERS)
    office.ask_one(made, "customer", "all")
    office.run(made)
    return made


def _leaves(books: Books) -> list[str]:
    parents = {one["ParentRef"]["ListID"] for one in books.quickbooks.customers() if "ParentRef" in one}
    return [one for one in books.list_ids("customer") if one not in parents]


def _edited(books: Books) -> set[str]:
    """Delete two, change one and add one; returns who is gone."""
    leaves = _leaves(books)
    gone = {leaves[2], leaves[-3]}
    for one in gone:
        books.quickbooks.delete("customer", one)
    books.quickbooks.change("customer", leaves[-1], Phone="555-0199")
    books.quickbooks.add("customer", "Customer", Name="Zzyzx, new")
    return gone


def _set(books: Books, faults: Mapping[str, object]) -> None:
    for name, value in faults.items():
        setattr(books.quickbooks.faults, name, value)


def _read(office: Office, books: Books, way: str) -> tuple[Refresh, list[Visit]]:
    """Ask, and let the Web Connector come until the run is over."""
    asked = office.ask_one(books, "customer", way)
    visits: list[Visit] = []
    while office.get(asked).state not in FINAL:
        assert len(visits) < MOST_VISITS, office.get(asked)
        visits.append(office.run(books))
        assert visits[-1].log[-1] == ("close", "OK")
        assert visits[-1].round_trips <= MOST_CALLS
    assert sum(one.round_trips for one in visits) <= MOST_CALLS
    return office.get(asked), visits


def _nothing_living_is_buried(office: Office, books: Books) -> None:
    assert shown(office, books, "customer").buried & had(books, "customer").keys() == set()


HEALED = [
    {"iterator_lost_once": 1},
    {"iterator_lost_once": 3},
    {"no_metadata": True},
    {"ret_count_lies": -7},
    {"bare_empty_iterator": True},
]
# Who was known is asked for by the ListID, and so is right; who is new may be missed, and the run says so or fails.
LYING = [
    {"iterator_ends_early": 1},
    {"iterator_ends_early": 3},
    {"iterator_repeats": 1},
    {"iterator_repeats": 3},
    {"iterator_repeats": 2, "iterator_repeats_counting_down": True},
    {"remaining_lies": -12},
    {"remaining_lies": 5},
    {"remaining_lies": 5, "empty_page_status": 0},
    {"ret_count_lies": 7},
    {"iterator_ends_early": 2, "no_metadata": True},
    {"iterator_repeats": 2, "iterator_repeats_counting_down": True, "no_metadata": True},
    {"remaining_lies": -12, "no_metadata": True},
    {"remaining_lies": 5, "ret_count_lies": -40},
]


def _named(faults: Mapping[str, object]) -> str:
    return ",".join(f"{name}={value}" for name, value in faults.items())


@pytest.mark.parametrize("faults", HEALED, ids=_named)
@pytest.mark.parametrize("way", ["all", "changed"])
def test_a_slip_costs_a_few_calls_and_nothing_else(
    office: Office, books: Books, faults: Mapping[str, object], way: str
) -> None:
    gone = _edited(books)
    _set(books, faults)
    got, visits = _read(office, books, way)
    assert (got.state, got.error_code, len(visits)) == ("published", None, 1)
    assert differing(office, books, "customer") == {}
    assert shown(office, books, "customer").buried == gone


@pytest.mark.parametrize("faults", LYING, ids=_named)
def test_a_quickbooks_that_lies_buries_nothing_that_lives_and_keeps_nobody(
    office: Office, books: Books, faults: Mapping[str, object]
) -> None:
    gone = _edited(books)
    _set(books, faults)
    got, _ = _read(office, books, "all")
    _nothing_living_is_buried(office, books)
    assert got.state == "published" or got.error_code == "given_up"
    if got.state == "published":
        assert shown(office, books, "customer").buried == gone
        apart = differing(office, books, "customer")
        assert all(columns.keys() == {"list_id"} for columns in apart.values())
        assert not apart or got.error_code == "list_short" or faults.get("no_metadata")
    # Once it tells the truth again, so do we.
    books.quickbooks.faults = type(books.quickbooks.faults)()
    got, _ = _read(office, books, "all")
    assert got.state == "published"
    assert differing(office, books, "customer") == {}
    assert shown(office, books, "customer").buried == gone


def test_a_count_that_is_too_high_makes_the_list_be_read_twice_and_the_run_say_so(office: Office, books: Books) -> None:
    gone = _edited(books)
    books.quickbooks.faults.ret_count_lies = 7
    got, visits = _read(office, books, "all")
    assert (got.state, got.error_code, len(visits)) == ("published", "list_short", 1)
    assert visits[0].round_trips <= 2 * (CUSTOMERS // PAGE) + 2
    assert shown(office, books, "customer").buried == gone


def test_an_iterator_that_is_always_lost_ends_the_run_with_that_reason(office: Office, books: Books) -> None:
    _edited(books)
    asked = office.ask_one(books, "customer", "all")
    calls = 0
    for _ in range(MOST_VISITS):
        visit = office.visit(books)
        while visit.works:
            books.quickbooks.faults.iterator_lost_once = 1
            number = visit.step()
            calls += 1
            assert calls <= MOST_CALLS
            if number in (None, 100):
                break
        visit.close()
        books.quickbooks.end_session()
    got = office.get(asked)
    assert (got.state, got.error_code, got.error_values) == ("failed", "given_up", {"last": "3391"})
    _nothing_living_is_buried(office, books)


def test_where_an_iterator_dies_of_another_query_people_wait_until_the_list_is_through(
    office: Office, books: Books
) -> None:
    books.quickbooks.faults.iterator_lost_after_interleaving = True
    run = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    visit.step()
    office.ask_one(books, "item", "list_id", books.list_ids("item")[0])
    visit.to_the_end()
    office.publish()
    assert not office.company(books).interleaves
    assert (office.get(run).state, office.get(run).error_code) == ("published", None)
    assert office.get(run).records == CUSTOMERS
    # From now on a person waits for the end of a list that is under way, and not longer.
    run = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    visit.step()
    person = office.ask_one(books, "item", "list_id", books.list_ids("item")[1])
    while (request := visit.send()) and "iterator=" in request:
        assert office.get(person).state == "waiting"
        visit.receive(*visit.answer(request))
    assert "<ItemQueryRq" in request
    visit.receive(*visit.answer(request))
    visit.close()
    books.quickbooks.end_session()
    office.publish()
    assert [office.get(run).state, office.get(person).state] == ["published", "published"]
    assert visit.round_trips <= 1
    # Another QuickBooks is given the chance again.
    books.quickbooks.faults.iterator_lost_after_interleaving = False
    books.quickbooks.product = "QuickBooks Enterprise 2024"
    office.ask_one(books, "customer", "all")
    office.run(books)
    assert office.company(books).interleaves


def test_an_iterator_that_outlived_another_query_is_not_said_to_die_of_it(office: Office, books: Books) -> None:
    office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    visit.step()
    office.ask_one(books, "item", "list_id", books.list_ids("item")[0])
    visit.step()
    visit.step()
    books.quickbooks.faults.iterator_lost_once = 1
    visit.to_the_end()
    office.publish()
    assert office.company(books).interleaves


@pytest.mark.parametrize("faults", [{"refuse_metadata": True}, {"refuse_requests": {"ListDeletedQueryRq"}}], ids=_named)
@pytest.mark.parametrize("way", ["all", "changed"])
def test_a_set_that_is_refused_for_what_stands_beside_the_page_goes_without(
    office: Office, books: Books, faults: Mapping[str, object], way: str
) -> None:
    gone = _edited(books)
    _set(books, faults)
    got, visits = _read(office, books, way)
    assert (got.state, got.error_code, len(visits)) == ("published", None, 1)
    buried = shown(office, books, "customer").buried
    # Without its list of deletions, what is gone shows when the whole list is read.
    assert buried == (gone if way == "all" else set())
    assert differing(office, books, "customer", only=had(books, "customer")) == {}
    # The next visit tries again with everything.
    books.quickbooks.faults = type(books.quickbooks.faults)()
    _read(office, books, "changed")
    assert shown(office, books, "customer").buried == gone
    assert office.rows(tables.refreshes, tables.refreshes.c.state.not_in(FINAL)) == []


@pytest.mark.parametrize("at", [2, 4])
def test_an_iterator_that_ends_without_a_word_is_believed_only_if_as_many_came_as_were_counted(
    office: Office, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the second page for good, or at the last one only."""
    for name in ("FIRST_PAGE", "LONGEST_PAGE"):
        monkeypatch.setattr(f"qbwc_server.conversation.paging.{name}", 10)
    books = office.add("silent", customers=40)
    asked = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    pages = 0
    while text := visit.send():
        pages += 1
        answer, hresult = visit.answer(text)
        if 'iterator="Continue"' in text and (at == 2 or pages == 4):
            answer = re.sub(r' iterator(RemainingCount|ID)="[^"]*"', "", answer)
        if visit.receive(answer, hresult) == 100:
            break
        assert pages < 20
    visit.close()
    office.publish()
    got = office.get(asked)
    assert got.state == "published"
    if at == 2:
        assert (got.records, got.error_code) == (20, "list_short")
    else:
        assert (got.records, got.error_code) == (40, None)
