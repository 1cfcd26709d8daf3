"""Answers that are none, and the right one that comes after."""

import re

import pytest
from office import Books, Office, request_ids

from qbwc_server import codes
from qbwc_server.store import tables


def _empty(answer: str) -> str:
    del answer
    return ""


def _truncated(answer: str) -> str:
    return answer[: len(answer) // 2]


def _foreign(answer: str) -> str:
    return re.sub(r'requestID="[^"]*"', 'requestID="99.7.1"', answer)


def _without_id(answer: str) -> str:
    return re.sub(r' requestID="[^"]*"', "", answer)


def _wrong_kind(answer: str) -> str:
    return answer.replace("CustomerQueryRs", "VendorQueryRs").replace("CustomerRet", "VendorRet")


def _not_xml(answer: str) -> str:
    del answer
    return "QuickBooks is very busy today"


def _no_answers(answer: str) -> str:
    del answer
    return '<?xml version="1.0" ?><QBXML><QBXMLMsgsRs></QBXMLMsgsRs></QBXML>'


def _twice(answer: str) -> str:
    body = re.search(r"<CustomerQueryRs.*</CustomerQueryRs>", answer, re.DOTALL)
    assert body is not None
    return answer.replace(body[0], body[0] * 2)


def _doctype(answer: str) -> str:
    return answer.replace("<QBXML>", '<!DOCTYPE QBXML [<!ENTITY x "y">]><QBXML>')


NOT_ANSWERS = {
    "empty": (_empty, "empty_answer"),
    "truncated": (_truncated, "truncated"),
    "foreign": (_foreign, "foreign_answer"),
    "without a requestID": (_without_id, "foreign_answer"),
    "of the wrong kind": (_wrong_kind, "wrong_kind"),
    "not XML": (_not_xml, "not_xml"),
    "without an answer": (_no_answers, "empty_answer"),
    "answered twice": (_twice, "foreign_answer"),
    "with a DOCTYPE": (_doctype, "not_xml"),
}


@pytest.mark.parametrize("name", NOT_ANSWERS)
def test_what_is_no_answer_changes_nothing_and_the_reason_is_told(office: Office, books: Books, name: str) -> None:
    damage, code = NOT_ANSWERS[name]
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    visit = office.visit(books)
    answer = visit.answer(visit.send())[0]
    assert visit.receive(damage(answer)) == -1
    assert visit.error() == codes.sentence("en", code)
    assert office.get(asked).state == "sent", "the right answer may still come"
    assert visit.close() == codes.sentence("en", code)
    assert office.get(asked).state == "waiting"
    for table in (tables.records, tables.changes, tables.outbox, tables.staging):
        assert office.count(table) == 0
    assert office.run(books).log[-2:] == [("receive", 100), ("close", "OK")]
    assert office.get(asked).outcome == "inserted"


def test_the_right_answer_after_a_wrong_one_counts(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    visit = office.visit(books)
    answer = visit.answer(visit.send())[0]
    assert visit.receive(_truncated(answer)) == -1
    assert visit.receive(answer) == 100
    assert visit.close() == "OK"
    assert office.get(asked).state == "answered"


def test_a_large_answer_that_is_truncated_leaves_nothing_behind(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qbwc_server.conversation.answers.PART", 20)
    monkeypatch.setattr("qbwc_server.conversation.answers.MOST_KEPT", 20)
    monkeypatch.setattr("qbwc_server.conversation.paging.FIRST_PAGE", 150)
    books = office.add("big", customers=150)
    asked = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    answer = visit.answer(visit.send())[0]
    assert visit.receive(answer[:-200]) == -1
    assert office.count(tables.staging) == 0
    assert visit.receive(answer) == 100
    visit.close()
    assert office.count(tables.staging) == 0
    office.publish()
    assert office.get(asked).records == 150


def test_the_requests_of_a_visit_have_ids_of_their_own(office: Office, books: Books) -> None:
    office.ask(books, "customer", "full_name", *[str(one["FullName"]) for one in books.quickbooks.customers()])
    office.run(books)
    office.ask(books, "customer", "list_id", *books.list_ids("customer"))
    office.run(books)
    ids = [request_id for text in books.quickbooks.message_sets for request_id in request_ids(text)]
    assert len(ids) == len(set(ids)) == 13
