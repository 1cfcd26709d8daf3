"""Iterators and counts of the simulated company that lie or are lost, on order only."""

import xml.etree.ElementTree as ET
from typing import Any

import pytest

from qbwc_server.rehearsal.company import SimulatedCompany, sample_company

PAGE = "<MaxReturned>5</MaxReturned><ActiveStatus>All</ActiveStatus>"
ENOUGH = 12


def ask(company: SimulatedCompany, body: str) -> Any:
    text = (
        '<?xml version="1.0"?><?qbxml version="13.0"?>'
        f'<QBXML><QBXMLMsgsRq onError="stopOnError">{body}</QBXMLMsgsRq></QBXML>'
    )
    return ET.fromstring(company.process(text))[0][0]  # noqa: S314 - our own text


def start(company: SimulatedCompany) -> Any:
    return ask(company, f'<CustomerQueryRq iterator="Start">{PAGE}</CustomerQueryRq>')


def go_on(company: SimulatedCompany, before: Any) -> Any:
    head = f'iterator="Continue" iteratorID="{before.get("iteratorID")}"'
    return ask(company, f"<CustomerQueryRq {head}>{PAGE}</CustomerQueryRq>")


def read(company: SimulatedCompany) -> tuple[list[list[int]], list[str]]:
    """The places of the records of every page, and what remained after each."""
    places = {one["ListID"]: place for place, one in enumerate(company.customers())}
    answer = start(company)
    pages, remaining = [], []
    for _ in range(ENOUGH):
        pages.append([places[ret.findtext("ListID")] for ret in answer])
        remaining.append(answer.get("iteratorRemainingCount"))
        if remaining[-1] == "0":
            break
        answer = go_on(company, answer)
    return pages, remaining


@pytest.fixture
def company() -> SimulatedCompany:
    return sample_company(customers=13, items=20)


def test_an_honest_iterator_for_comparison(company: SimulatedCompany) -> None:
    assert read(company) == ([[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [10, 11, 12]], ["8", "3", "0"])


def test_an_iterator_ends_early_and_is_gone(company: SimulatedCompany) -> None:
    company.faults.iterator_ends_early = 2
    pages, remaining = read(company)
    assert (pages, remaining) == ([[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]], ["8", "0"])


def test_an_iterator_repeats_its_page_for_ever(company: SimulatedCompany) -> None:
    company.faults.iterator_repeats = 2
    pages, remaining = read(company)
    assert pages == [[0, 1, 2, 3, 4], *[[5, 6, 7, 8, 9]] * (ENOUGH - 1)]
    assert remaining == ["8", *["3"] * (ENOUGH - 1)]


def test_an_iterator_repeats_its_page_while_it_counts_down(company: SimulatedCompany) -> None:
    company.faults.iterator_repeats = 1
    company.faults.iterator_repeats_counting_down = True
    assert read(company) == ([[0, 1, 2, 3, 4]] * 3, ["8", "3", "0"])


@pytest.mark.parametrize("status", [1, 0])
def test_what_remains_never_comes_to_nothing_and_the_pages_after_the_last_are_empty(
    company: SimulatedCompany, status: int
) -> None:
    company.faults.remaining_lies = 2
    company.faults.empty_page_status = status
    answer = start(company)
    codes = [answer.get("statusCode")]
    for _ in range(4):
        answer = go_on(company, answer)
        codes.append(answer.get("statusCode"))
    assert codes == ["0", "0", "0", str(status), str(status)]
    assert (len(answer), answer.get("iteratorRemainingCount")) == (0, "2")


def test_what_remains_comes_to_nothing_too_early_while_the_iterator_goes_on(company: SimulatedCompany) -> None:
    company.faults.remaining_lies = -3
    first = start(company)
    second = go_on(company, first)
    assert [one.get("iteratorRemainingCount") for one in (first, second)] == ["5", "0"]
    assert len(go_on(company, second)) == 3


def test_another_request_loses_a_running_iterator(company: SimulatedCompany) -> None:
    company.faults.iterator_lost_after_interleaving = True
    second = go_on(company, start(company))
    assert second.get("statusCode") == "0"
    ask(company, "<HostQueryRq/>")
    assert go_on(company, second).get("statusCode") == "3391"
    company.faults.iterator_lost_after_interleaving = False
    first = start(company)
    ask(company, "<HostQueryRq/>")
    assert go_on(company, first).get("statusCode") == "0"


def test_an_iterator_is_lost_once_at_the_continue_that_was_ordered(company: SimulatedCompany) -> None:
    company.faults.iterator_lost_once = 2
    first = start(company)
    assert go_on(company, first).get("statusCode") == "0"
    assert go_on(company, first).get("statusCode") == "3391"
    assert go_on(company, first).get("statusCode") == "3391"
    assert read(company)[1] == ["8", "3", "0"]


def test_two_iterators_of_one_session_are_two(company: SimulatedCompany) -> None:
    first, second = start(company), start(company)
    assert first.get("iteratorID") != second.get("iteratorID")
    assert go_on(company, first).get("iteratorRemainingCount") == "3"
    assert go_on(company, second).get("iteratorRemainingCount") == "3"


@pytest.mark.parametrize("name", ["CustomerQueryRq", "ListDeletedQueryRq"])
def test_counts_lie_or_are_not_there(company: SimulatedCompany, name: str) -> None:
    inside = "<ListDelType>Customer</ListDelType>" if name.startswith("ListDel") else ""
    body = f'<{name} metaData="MetaDataOnly">{inside}</{name}>'
    honest = int(ask(company, body).get("retCount"))
    company.faults.ret_count_lies = 4
    assert ask(company, body).get("retCount") == str(honest + 4)
    company.faults.ret_count_lies = -100
    assert ask(company, body).get("retCount") == "0"
    company.faults.no_metadata = True
    answer = ask(company, body)
    assert (answer.get("retCount"), len(answer)) == (None, 0)
