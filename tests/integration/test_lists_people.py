"""People and a list that is being read: who goes first, when a pause counts, what the Web Connector shows."""

import pytest
from office import Books, Office, Visit

PAGE = 10
PAGES = 5


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qbwc_server.conversation.paging.FIRST_PAGE", PAGE)
    monkeypatch.setattr("qbwc_server.conversation.paging.LONGEST_PAGE", PAGE)


@pytest.fixture
def books(office: Office) -> Books:
    return office.add(customers=PAGE * PAGES)


def _numbers(visit: Visit) -> list[int]:
    return [answer for call, answer in visit.log if call == "receive" and isinstance(answer, int)]


def _starts(books: Books) -> int:
    return sum('iterator="Start"' in one for one in books.quickbooks.message_sets)


def test_a_person_between_two_pages_goes_first_and_the_iterator_goes_on(office: Office, books: Books) -> None:
    run = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    for number in range(PAGES - 1):
        assert visit.step() is not None
        person = office.ask_one(books, "item", "list_id", books.list_ids("item")[number])
        request = visit.send()
        assert "<ItemQueryRq" in request
        assert "iterator" not in request
        visit.receive(*visit.answer(request))
        assert office.get(person).state == "answered"
        assert office.get(run).state == "waiting"
    visit.to_the_end()
    office.publish()
    assert _starts(books) == 1
    assert (office.get(run).state, office.get(run).records) == ("published", PAGE * PAGES)
    assert office.company(books).interleaves


def test_customers_that_people_ask_for_meanwhile_do_not_make_the_list_be_read_again(
    office: Office, books: Books
) -> None:
    run = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    visit.step()
    person = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[-1])
    visit.to_the_end()
    office.publish()
    assert _starts(books) == 1
    got = office.get(run)
    assert (got.state, got.records, got.error_code) == ("published", PAGE * PAGES, None)
    assert office.get(person).state == "published"


def test_a_pause_takes_effect_after_the_page_that_is_under_way(office: Office, books: Books) -> None:
    run = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    visit.step()
    request = visit.send()
    office.pause(books, paused=True)
    assert 0 <= visit.receive(*visit.answer(request)) < 100
    office.publish()
    assert len(office.website.rows(books.name, "customer")) == 2 * PAGE
    assert visit.send() == ""
    assert visit.error() != "NoOp"
    visit.close()
    books.quickbooks.end_session()
    assert office.run(books).status == "none"
    assert office.get(run).state == "waiting"
    office.pause(books, paused=False)
    office.run(books)
    assert (office.get(run).state, office.get(run).records) == ("published", PAGE * PAGES)


def test_the_percentage_grows_with_the_pages_and_is_100_at_the_end_only(office: Office, books: Books) -> None:
    office.ask_one(books, "customer", "all")
    numbers = _numbers(office.run(books))
    assert len(numbers) == PAGES
    assert numbers == sorted(set(numbers))
    assert [number == 100 for number in numbers] == [False] * (PAGES - 1) + [True]


def test_the_percentage_never_falls_when_people_ask_in_the_middle_of_a_list(office: Office, books: Books) -> None:
    office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    for number in range(3):
        visit.step()
        for list_id in books.list_ids("item")[3 * number : 3 * number + 3]:
            office.ask_one(books, "item", "list_id", list_id)
    visit.to_the_end()
    numbers = _numbers(visit)
    assert numbers == sorted(numbers)
    assert [number == 100 for number in numbers] == [False] * (len(numbers) - 1) + [True]


def test_the_percentage_is_never_100_while_anything_waits(office: Office, books: Books) -> None:
    waiting = [office.ask_one(books, list_name, "all") for list_name in ("customer", "item")]
    visit = office.visit(books)
    while (number := visit.step()) is not None:
        if visit.round_trips in (2, 4):
            waiting.append(office.ask_one(books, "item", "list_id", books.list_ids("item")[visit.round_trips]))
        left = [one for one in waiting if office.get(one).state in ("waiting", "sent")]
        assert (number == 100) == (not left) or visit.round_trips in (2, 4)
        if not left:
            break
    visit.close()
    assert all(number < 100 for number in _numbers(visit)[:-1])
    assert _numbers(visit)[-1] == 100


def test_a_list_that_must_not_be_interrupted_is_not_overlooked_behind_a_crowd(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qbwc_server.conversation.handing_out.CANDIDATES", 3)
    books = office.add("crowded", customers=3 * PAGE)
    office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    visit.step()
    # What an iterator lives through is known of the QuickBooks that was just seen.
    office.change_company(books, interleaves=False)
    office.ask(books, "customer", "list_id", *books.list_ids("customer", 5))
    assert 'iterator="Continue"' in visit.send()
