"""A simulated QuickBooks older than iterators, one used by one person alone, and one with very long lists."""

import random
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

import pytest

from qbwc_server.rehearsal import scenarios_company as troubles
from qbwc_server.rehearsal.company import RequestProcessorError, SimulatedCompany, sample_company
from qbwc_server.rehearsal.company_records import Record, RecordList
from qbwc_server.rehearsal.scenarios import SCENARIOS


def ask(company: SimulatedCompany, body: str, version: str = "13.0") -> Any:
    text = (
        f'<?xml version="1.0"?><?qbxml version="{version}"?>'
        f'<QBXML><QBXMLMsgsRq onError="stopOnError">{body}</QBXMLMsgsRq></QBXML>'
    )
    return ET.fromstring(company.process(text))[0][0]  # noqa: S314 - our own text


def old(newest: str) -> SimulatedCompany:
    company = sample_company(customers=30, items=20)
    company.supported = company.supported[: company.supported.index(newest) + 1]
    return company


@pytest.mark.parametrize("newest", ["4.0", "4.1"])
def test_a_list_is_given_whole_without_iterator(newest: str) -> None:
    body = "<CustomerQueryRq><ActiveStatus>All</ActiveStatus></CustomerQueryRq>"
    answer = ask(old(newest), body, newest)
    assert (len(answer), answer.get("iteratorRemainingCount")) == (30, None)


@pytest.mark.parametrize("newest", ["4.0", "4.1"])
@pytest.mark.parametrize("version", ["old", "5.0"])
def test_an_iterator_is_refused_with_the_whole_set(newest: str, version: str) -> None:
    company = old(newest)
    with pytest.raises(RequestProcessorError, match="0x80040400"):
        ask(
            company,
            '<CustomerQueryRq iterator="Start"><MaxReturned>5</MaxReturned></CustomerQueryRq>',
            newest if version == "old" else version,
        )
    hosted = ET.fromstring(company.hcp_response())[0][0]  # noqa: S314 - our own text
    assert [element.text for element in hosted.iter("SupportedQBXMLVersion")][-1] == newest


def test_chosen_elements_and_counts_came_with_4_0_and_deletions_with_2_0() -> None:
    company = old("4.0")
    chosen = "<CustomerQueryRq><IncludeRetElement>ListID</IncludeRetElement></CustomerQueryRq>"
    assert [element.tag for element in ask(company, chosen, "4.0")[0]] == ["ListID"]
    count = '<CustomerQueryRq metaData="MetaDataOnly"><ActiveStatus>All</ActiveStatus></CustomerQueryRq>'
    assert ask(company, count, "4.0").get("retCount") == "30"
    deleted = "<ListDeletedQueryRq><ListDelType>Customer</ListDelType></ListDeletedQueryRq>"
    assert len(ask(company, deleted, "2.0")) == 3
    for body, version in ((chosen, "3.0"), (count, "3.0"), (deleted, "1.1")):
        with pytest.raises(RequestProcessorError):
            ask(company, body, version)


@pytest.mark.parametrize("mode", ["MultiUser", "SingleUser"])
def test_the_host_answer_says_how_many_may_use_the_file(mode: str) -> None:
    company = sample_company(customers=1, items=1)
    assert "<QBFileMode>MultiUser</QBFileMode>" in company.hcp_response()
    company.file_mode = mode
    assert f"<QBFileMode>{mode}</QBFileMode>" in company.hcp_response()


def test_a_trouble_lasts_as_long_as_its_visit() -> None:
    company = sample_company(customers=1, items=1)
    honest = company.hcp_response()
    with troubles.old_quickbooks(company):
        assert company.supported[-1] == "4.1"
        assert "QuickBooks Pro 2005" in company.hcp_response()
    with troubles.single_user(company):
        assert "SingleUser" in company.hcp_response()
    with troubles.lost_iterator(company), troubles.lying_iterator(company):
        assert (company.faults.iterator_lost_once, company.faults.iterator_repeats) == (1, 1)
    assert company.hcp_response() == honest
    assert (company.faults.iterator_lost_once, company.faults.iterator_repeats) == (None, None)
    assert sum(scenario.trouble is not None for scenario in SCENARIOS) == 4


@pytest.fixture
def walks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The list that was walked, each time that one was."""
    walked: list[str] = []
    walk = RecordList.__iter__

    def counted(self: RecordList) -> Iterator[Record]:
        walked.append(self.name)
        return walk(self)

    monkeypatch.setattr(RecordList, "__iter__", counted)
    return walked


def test_changes_of_a_long_list_are_found_without_walking_it(walks: list[str]) -> None:
    company = sample_company(customers=2000, items=0)
    company.clock = lambda: 1_790_000_000
    since = "<ActiveStatus>All</ActiveStatus><FromModifiedDate>2026-09-01</FromModifiedDate>"
    body = f"<CustomerQueryRq>{since}</CustomerQueryRq>"
    assert len(ask(company, body)) == 0
    company.edit_at_random(random.Random(2), "customer", 200)
    changed = [record.list_id for record in company.lists["customer"] if record.modified >= 1_790_000_000]
    walks.clear()
    assert [ret.findtext("ListID") for ret in ask(company, body)] == changed
    assert len(changed) > 100
    assert walks == []


def test_a_long_list_is_walked_once_for_all_pages_of_an_iterator(walks: list[str]) -> None:
    company = sample_company(customers=2000, items=0)
    page = "<MaxReturned>50</MaxReturned>"
    answer = ask(company, f'<CustomerQueryRq iterator="Start">{page}</CustomerQueryRq>')
    head = f'iterator="Continue" iteratorID="{answer.get("iteratorID")}"'
    for _ in range(5):
        assert len(ask(company, f"<CustomerQueryRq {head}>{page}</CustomerQueryRq>")) == 50
    assert walks == ["customer"]
