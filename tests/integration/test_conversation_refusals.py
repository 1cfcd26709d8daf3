"""Message sets that QuickBooks refuses or dies of, and every hresult."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from office import PARSE_ERROR, Books, Office, office_at

from qbwc_server import codes
from qbwc_server.refreshing import Refresh
from qbwc_server.rehearsal.company import sample_company
from qbwc_server.store import tables


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    with office_at(database_url, tmp_path) as made:
        yield made


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


def test_two_refused_alone_in_one_visit_are_our_fault_and_the_next_visit_speaks_a_lower_version(
    office: Office, books: Books
) -> None:
    accepted_before(office, books)
    books.quickbooks.faults.max_version = "11.0"
    asked = office.ask(books, "customer", "list_id", *books.list_ids("customer", 4))
    visit = office.run(books)
    assert visit.log[-2][0] == "error"
    assert visit.sentence == codes.explain("en", "older_version").message
    assert office.states(asked) == ["waiting"] * 4
    assert office.company(books).version_cap == "12.0"
    office.run(books)
    assert office.states(asked) == ["waiting"] * 4
    office.run(books)
    assert office.states(asked) == ["published"] * 4
    assert office.company(books).accepted_version == "11.0"


def test_a_lone_refusal_before_anything_was_accepted_at_this_version_is_our_fault(office: Office, books: Books) -> None:
    books.quickbooks.faults.max_version = "12.0"
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    office.run(books)
    assert office.get(asked).state == "waiting"
    office.run(books)
    assert office.get(asked).state == "published"
    assert office.company(books).accepted_version == "12.0"


def test_without_an_hcp_answer_a_refused_version_is_not_spoken_again(office: Office, books: Books) -> None:
    books.quickbooks.faults.max_version = "12.0"
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    office.run(books)
    books.quickbooks.faults.hcp_text = ""
    office.run(books)
    assert office.get(asked).state == "published"
    assert 'version="12.0"' in books.quickbooks.message_sets[-1]


def _refused_in_every_form(office: Office, books: Books) -> Refresh:
    books.quickbooks.faults.max_version = "4.1"
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    for _ in range(12):
        office.run(books)
    return asked


def test_below_five_nothing_fails_and_the_company_needs_attention(office: Office, books: Books) -> None:
    asked = _refused_in_every_form(office, books)
    assert office.get(asked).state == "waiting"
    view = office.refreshing.connection("acme")
    assert (view.state, view.attention_code) == ("needs_attention", "version_too_old")
    assert 'version="5.0"' in books.quickbooks.message_sets[-1]


def test_below_five_the_company_needs_attention_until_something_is_accepted(office: Office, books: Books) -> None:
    _refused_in_every_form(office, books)
    visit = office.visit(books)
    request = visit.send()
    assert office.refreshing.connection("acme").attention_code == "version_too_old"
    books.quickbooks.faults.max_version = None
    assert visit.receive(*visit.answer(request)) == 100
    assert office.refreshing.connection("acme").attention_code is None
    visit.close()


def test_below_five_another_quickbooks_is_not_blamed_for_what_the_old_one_refused(office: Office, books: Books) -> None:
    _refused_in_every_form(office, books)
    books.quickbooks.product = "QuickBooks Enterprise Solutions 24.0"
    visit = office.visit(books)
    assert 'version="13.0"' in visit.send()
    assert office.refreshing.connection("acme").attention_code is None


def test_below_five_no_older_form_is_promised(office: Office, books: Books) -> None:
    _refused_in_every_form(office, books)
    office.ask(books, "customer", "list_id", *books.list_ids("customer", 3))
    assert office.run(books).sentence == codes.explain("en", "version_too_old").message


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
    books.quickbooks.faults.fail_next(PARSE_ERROR)
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
            assert visit.error() == codes.explain(language, hresult).message
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


def test_a_canadian_company_is_refreshed_at_its_version(office: Office) -> None:
    books = office.add("quinc", country="CA")
    asked = office.ask(books, "customer", "list_id", *books.list_ids("customer", 3))
    asked += office.ask(books, "item", "list_id", *books.list_ids("item"))
    visit = office.run(books)
    assert visit.round_trips == 1
    assert set(office.states(asked)) == {"published"}
    assert books.quickbooks.refusals == []


@pytest.mark.parametrize("newest", ["5.0", "6.0", "8.0", "10.0", "12.0", "13.0"])
def test_the_highest_version_that_quickbooks_lists_is_spoken(office: Office, newest: str) -> None:
    books = office.add()
    everything = sample_company().supported
    books.quickbooks.supported = everything[: everything.index(newest) + 1]
    asked = office.ask(books, "customer", "list_id", *books.list_ids("customer", 3))
    asked += office.ask(books, "item", "list_id", *books.list_ids("item"))
    office.run(books)
    assert books.quickbooks.refusals == []
    assert set(office.states(asked)) == {"published"}
    assert f'version="{newest}"' in books.quickbooks.message_sets[-1]


def test_without_an_hcp_answer_the_lowest_version_is_spoken_and_then_the_last_one(office: Office, books: Books) -> None:
    books.quickbooks.faults.hcp_text = ""
    first, second = books.list_ids("customer", 2)
    asked = office.ask_one(books, "customer", "list_id", first)
    office.run(books)
    assert 'version="5.0"' in books.quickbooks.message_sets[-1]
    assert office.get(asked).state == "published"
    books.quickbooks.faults.hcp_text = None
    office.ask_one(books, "customer", "list_id", second)
    office.run(books)
    assert 'version="13.0"' in books.quickbooks.message_sets[-1]
    books.quickbooks.faults.hcp_text = ""
    office.ask_one(books, "customer", "list_id", second)
    office.run(books)
    assert 'version="13.0"' in books.quickbooks.message_sets[-1]
