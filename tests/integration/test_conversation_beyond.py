"""Answers beyond what QuickBooks is known to give: each costs only itself, on every database."""

import re

import pytest
from office import Books, Office

HEAD = '<CustomerQueryRs requestID="{}" statusCode="0" statusSeverity="Info" statusMessage="ok" {}/>'


def request_ids(text: str) -> list[str]:
    return re.findall(r'requestID="([^"]+)"', text)


def an_empty_page(text: str, remaining: int, iterator: str = "") -> str:
    """What was counted first, then a page that says how many remain."""
    *counted, page = request_ids(text)
    heads = [HEAD.format(one, 'retCount="12"') for one in counted]
    heads.append(HEAD.format(page, f'iteratorRemainingCount="{remaining}" {iterator}'))
    return f'<?xml version="1.0" ?><QBXML><QBXMLMsgsRs>{"".join(heads)}</QBXMLMsgsRs></QBXML>'


@pytest.mark.parametrize(("element", "length"), [("EditSequence", 17), ("FullName", 300), ("Name", 300)])
def test_a_value_longer_than_quickbooks_allows_keeps_no_other_record_back(
    office: Office, books: Books, element: str, length: int
) -> None:
    asked = office.ask(books, "customer", "list_id", *books.list_ids("customer", 5))
    visit = office.visit(books)
    answer = visit.answer(visit.send())[0]
    number = visit.receive(
        re.sub(f"<{element}>[^<]*</{element}>", f"<{element}>{'1' * length}</{element}>", answer, count=1)
    )
    visit.close()
    office.publish()
    assert number == 100
    assert office.states(asked)[1:] == ["published"] * 4


def test_an_edit_sequence_of_thousands_of_digits_keeps_no_other_record_back(office: Office, books: Books) -> None:
    ids = books.list_ids("customer", 3)
    office.ask(books, "customer", "list_id", *ids)
    office.run(books)
    asked = office.ask(books, "customer", "list_id", *ids)
    visit = office.visit(books)
    first = rf"(<ListID>{ids[0]}</ListID>.*?<EditSequence>)[^<]*"
    visit.receive(re.sub(first, rf"\g<1>{'9' * 5000}", visit.answer(visit.send())[0], count=1, flags=re.DOTALL))
    visit.close()
    office.publish()
    assert office.states(asked)[1:] == ["published"] * 2


def test_an_endless_name_of_the_product_is_cut_and_is_the_same_at_the_next_visit(office: Office, books: Books) -> None:
    endless = re.sub("<ProductName>[^<]*", f"<ProductName>{'x' * 300}", books.quickbooks.hcp_response())
    for _ in range(2):
        office.ask(books, "customer", "list_id", *books.list_ids("customer", 1))
        visit = office.visit(books)
        text = visit.send(hcp=endless)
        assert request_ids(text)
        visit.receive(visit.answer(text)[0])
        visit.close()


@pytest.mark.parametrize("code", [530, 531, 550])
@pytest.mark.parametrize("way", ["full_name", "find"])
def test_a_warning_without_records_does_not_say_that_a_name_is_not_there(
    office: Office, books: Books, way: str, code: int
) -> None:
    one = office.ask_one(books, "customer", way, str(books.quickbooks.customers()[0]["FullName"]))
    visit = office.visit(books)
    (request_id,) = request_ids(visit.send())
    visit.receive(
        f'<?xml version="1.0" ?><QBXML><QBXMLMsgsRs><CustomerQueryRs requestID="{request_id}" statusCode="{code}" '
        'statusSeverity="Warn" statusMessage="x"/></QBXMLMsgsRs></QBXML>'
    )
    assert office.get(one).state == "waiting"
    visit.close()
    office.run(books)
    assert office.get(one).state == "published"
    assert office.get(one).outcome != "not_found"


def test_a_list_that_goes_on_without_an_iterator_begins_again_and_never_names_none(
    office: Office, books: Books
) -> None:
    one = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    visit.receive(an_empty_page(visit.send(), 5))
    assert "None" not in visit.send()
    visit.close()
    office.run(books)
    assert office.get(one).state == "published"


def test_a_list_that_comes_no_nearer_to_its_end_is_given_up(office: Office, books: Books) -> None:
    one = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    pages = 0
    while text := visit.send():
        pages += 1
        assert pages <= 6
        visit.receive(an_empty_page(text, 5, 'iteratorID="{a}"'))
    ended = office.get(one)
    assert (ended.state, ended.error_code, ended.error_values) == ("failed", "given_up", {"last": "left_out"})


def test_a_list_whose_empty_pages_come_nearer_to_its_end_goes_on(office: Office, books: Books) -> None:
    one = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    for remaining in range(12, 0, -1):
        visit.receive(an_empty_page(visit.send(), remaining, 'iteratorID="{a}"'))
    assert office.get(one).state == "waiting"
