"""Message sets that QuickBooks refuses or dies of, and every hresult."""

from pathlib import Path

import pytest
from office import PARSE_ERROR, Books, Office, office_at

from qbwc_server import codes
from qbwc_server.store import tables


@pytest.fixture
def books(office: Office) -> Books:
    return office.add(customers=40)


def accepted_before(office: Office, books: Books) -> None:
    """One honest visit, so that this version is known to be spoken."""
    office.ask_one(books, "item", "list_id", books.list_ids("item")[0])
    office.run(books)
    assert office.company(books).accepted_version == "13.0"


def test_a_poison_list_id_is_found_by_halving_and_all_others_are_published(office: Office, books: Books) -> None:
    accepted_before(office, books)
    ids = books.list_ids("customer", 32)
    books.quickbooks.faults.poison.add(ids[19])
    asked = office.ask(books, "customer", "list_id", *ids)
    visits = 0
    while any(state in ("waiting", "sent") for state in office.states(asked)):
        visit = office.run(books)
        assert visit.log[-1][0] == "close"
        visits += 1
        assert visits <= 3
    states = office.states(asked)
    assert states.pop(19) == "failed"
    assert set(states) == {"published"}
    failed = office.get(asked[19])
    assert failed.error_code == PARSE_ERROR
    assert office.company(books).version_cap is None
    for language in codes.explain("en", PARSE_ERROR), codes.explain("fr", PARSE_ERROR):
        assert language.message


def test_a_poison_list_id_does_not_make_us_ask_for_whole_records_for_ever(office: Office, books: Books) -> None:
    accepted_before(office, books)
    ids = books.list_ids("customer", 6)
    books.quickbooks.faults.poison.add(ids[2])
    asked = office.ask(books, "customer", "list_id", *ids)
    while "waiting" in office.states(asked):
        office.run(books)
    assert not office.company(books).whole_records
    office.ask_one(books, "customer", "list_id", ids[0])
    office.run(books)
    assert "IncludeRetElement" in books.quickbooks.message_sets[-1]


def test_two_askings_of_one_poison_record_are_one_refusal(office: Office, books: Books) -> None:
    accepted_before(office, books)
    poison = books.list_ids("customer")[3]
    books.quickbooks.faults.poison.add(poison)
    first = office.ask_one(books, "customer", "list_id", poison)
    visit = office.visit(books)
    visit.send()
    second = office.ask_one(books, "customer", "list_id", poison)
    assert second.id != first.id
    for _ in range(3):
        office.run(books)
    assert office.states([first, second]) == ["failed", "failed"]
    assert office.company(books).version_cap is None


def test_a_refusal_of_include_ret_element_is_remembered(office: Office, books: Books) -> None:
    books.quickbooks.faults.refuse_include_ret = True
    first, second = books.list_ids("customer", 2)
    asked = office.ask_one(books, "customer", "list_id", first)
    visit = office.run(books)
    assert visit.round_trips == 2
    assert office.get(asked).state == "published"
    assert office.company(books).whole_records
    again = office.ask_one(books, "customer", "list_id", second)
    visit = office.run(books)
    assert visit.round_trips == 1
    assert office.get(again).state == "published"
    assert b"CreditCard" not in office.raw()


def test_another_request_taken_without_include_ret_element_teaches_nothing(office: Office, books: Books) -> None:
    accepted_before(office, books)
    asked = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    # Without what stands beside the page first, then without IncludeRetElement.
    books.quickbooks.faults.fail_next(PARSE_ERROR, times=2)
    visit.step()
    visit.step()
    urgent = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    visit.step()
    assert office.get(urgent).state == "answered"
    assert "IncludeRetElement" not in books.quickbooks.message_sets[-1]
    assert not office.company(books).whole_records
    books.quickbooks.faults.fail_next(PARSE_ERROR)
    visit.to_the_end()
    assert office.get(asked).error_code == PARSE_ERROR
    assert not office.company(books).whole_records


def test_the_refused_request_taken_without_include_ret_element_is_remembered_whatever_went_before_it(
    office: Office, books: Books
) -> None:
    accepted_before(office, books)
    books.quickbooks.faults.refuse_include_ret = True
    office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    visit.step()
    office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    visit.step()
    assert not office.company(books).whole_records
    visit.step()
    assert office.company(books).whole_records
    visit.close()


def test_another_quickbooks_is_asked_for_chosen_fields_again(office: Office, books: Books) -> None:
    books.quickbooks.faults.refuse_include_ret = True
    office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    office.run(books)
    books.quickbooks.faults.refuse_include_ret = False
    books.quickbooks.product = "QuickBooks Enterprise Solutions 24.0"
    office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    office.run(books)
    assert "IncludeRetElement" in books.quickbooks.message_sets[-1]


def test_what_crashes_quickbooks_goes_alone_after_two_and_fails_after_five(office: Office, books: Books) -> None:
    ids = books.list_ids("customer", 5)
    books.quickbooks.faults.crash_on.add(ids[2])
    asked = office.ask(books, "customer", "list_id", *ids)
    crashes = 0
    for _ in range(12):
        visit = office.visit(books)
        if not visit.works:
            break
        crashes += visit.crash()
        office.let_pass(11)
    assert crashes == 5
    office.publish()
    states = office.states(asked)
    assert states.pop(2) == "failed"
    assert set(states) == {"published"}
    failed = office.get(asked[2])
    assert failed.error_code == "no_answer"
    assert failed.as_json("en")["error"]["message"] != failed.as_json("fr")["error"]["message"]


def _hresults() -> list[str]:
    return [one.code for one in codes.known() if one.kind == "hresult" and one.code != PARSE_ERROR] + ["0x8004FFFF"]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_hresult_keeps_the_refresh_and_has_a_sentence(database_url: str, tmp_path: Path, language: str) -> None:
    with office_at(database_url, tmp_path, language=language) as office:
        books = office.add()
        asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
        for hresult in _hresults():
            visit = office.visit(books)
            visit.send()
            assert visit.receive("", hresult, "QuickBooks's own words") == -1
            assert visit.error() == codes.sentence(language, hresult)
            assert visit.close()
            assert office.get(asked).state == "waiting", hresult
            with office.database.write() as connection:
                connection.execute(tables.refreshes.update().values(unanswered=0))
        office.run(books)
        assert office.get(asked).state == "published"


def test_an_hresult_that_waits_for_a_person_is_never_counted_and_is_shown(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    for _ in range(7):
        books.quickbooks.faults.fail_next("0x80040414")
        office.run(books)
    assert office.get(asked).state == "waiting"
    view = office.refreshing.connection("acme")
    assert (view.state, view.attention_code) == ("needs_attention", "0x80040414")
    office.run(books)
    assert office.get(asked).state == "published"
    assert office.refreshing.connection("acme").attention_code is None
