"""Which qbXML version is spoken, and what a refusal of it leads to."""

import pytest
from office import Books, Office

from qbwc_server import codes
from qbwc_server.refreshing import Refresh
from qbwc_server.rehearsal.company import sample_company


@pytest.fixture
def books(office: Office) -> Books:
    return office.add(customers=40)


def test_two_refused_alone_in_one_visit_are_our_fault_and_the_next_visit_speaks_a_lower_version(
    office: Office, books: Books
) -> None:
    office.ask_one(books, "item", "list_id", books.list_ids("item")[0])
    office.run(books)
    books.quickbooks.faults.max_version = "11.0"
    asked = office.ask(books, "customer", "list_id", *books.list_ids("customer", 4))
    visit = office.run(books)
    assert visit.log[-2][0] == "error"
    assert visit.sentence == codes.sentence("en", "older_version")
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
    assert office.run(books).sentence == codes.sentence("en", "version_too_old")


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
