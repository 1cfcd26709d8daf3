"""QuickBooks's clock around the two nights on which daylight saving time begins and ends."""

import xml.etree.ElementTree as ET
from typing import Any

import pytest

from qbwc_server.rehearsal.company import SimulatedCompany
from qbwc_server.rehearsal.company_time import instant, wall_clock

# In New York: 2:00 EST on 10 March 2024, and 2:00 EDT on 3 November 2024.
SPRING = 1_710_054_000
AUTUMN = 1_730_613_600
HALF = 1800
MINUTE = 60


def named(company: SimulatedCompany, body: str) -> list[str]:
    text = (
        '<?xml version="1.0"?><?qbxml version="13.0"?>'
        f'<QBXML><QBXMLMsgsRq onError="stopOnError">{body}</QBXMLMsgsRq></QBXML>'
    )
    answer: Any = ET.fromstring(company.process(text))[0][0]  # noqa: S314 - our own text
    return [ret.findtext("FullName") for ret in answer]


def modified(company: SimulatedCompany, first: str, last: str = "2037") -> list[str]:
    until = "" if last == "2037" else f"<ToModifiedDate>{last}</ToModifiedDate>"
    return named(company, f"<CustomerQueryRq><FromModifiedDate>{first}</FromModifiedDate>{until}</CustomerQueryRq>")


def deleted(company: SimulatedCompany, first: str) -> list[str]:
    dates = f"<DeletedDateRangeFilter><FromDeletedDate>{first}</FromDeletedDate></DeletedDateRangeFilter>"
    return named(company, f"<ListDeletedQueryRq><ListDelType>Customer</ListDelType>{dates}</ListDeletedQueryRq>")


def office(*moments: int) -> SimulatedCompany:
    """A company with a customer of each moment, named by its place, and one deleted then."""
    company = SimulatedCompany("Night")
    for number, moment in enumerate(moments, 1):
        company.clock = lambda moment=moment: moment  # type: ignore[misc]
        company.add("customer", "Customer", Name=str(number))
        company.delete("customer", company.add("customer", "Customer", Name=f"gone {number}"))
    return company


@pytest.mark.parametrize(
    ("moment", "printed"),
    [
        (SPRING - 1, "2024-03-10T01:59:59-05:00"),
        (SPRING, "2024-03-10T03:00:00-05:00"),
        (AUTUMN - 1, "2024-11-03T01:59:59-05:00"),
        (AUTUMN, "2024-11-03T01:00:00-05:00"),
        (AUTUMN + 3600, "2024-11-03T02:00:00-05:00"),
    ],
)
def test_the_wall_clock_jumps_and_the_offset_stays(moment: int, printed: str) -> None:
    assert wall_clock(moment, -5) == printed


@pytest.mark.parametrize("moment", [SPRING - HALF, SPRING, SPRING + HALF, AUTUMN - HALF, AUTUMN + 3600])
def test_a_printed_wall_time_without_offset_means_the_instant_it_was_printed_for(moment: int) -> None:
    assert instant(wall_clock(moment, -5)[:19], -5, end=False) == moment


def test_the_hour_that_comes_twice_is_read_as_its_first_coming() -> None:
    company = office(AUTUMN - HALF, AUTUMN + HALF, AUTUMN + 3600)
    assert modified(company, "2024-11-03T01:30:00") == ["1", "2", "3"]
    assert modified(company, "2024-11-03T01:30:01") == ["2", "3"]
    assert modified(company, "2024-11-03T02:00:00") == ["3"]
    assert modified(company, "2024-11-02T00:00:00", "2024-11-03T01:30:00") == ["1"]
    assert deleted(company, "2024-11-03T01:30:00") == ["gone 1", "gone 2", "gone 3"]
    assert deleted(company, "2024-11-03T02:00:00") == ["gone 3"]


def test_the_hour_that_does_not_come_is_read_as_standard_time() -> None:
    company = office(SPRING - MINUTE, SPRING, SPRING + HALF)
    assert modified(company, "2024-03-10T01:59:00") == ["1", "2", "3"]
    assert modified(company, "2024-03-10T03:00:00") == ["2", "3"]
    assert modified(company, "2024-03-10T02:30:00") == ["3"]
    assert modified(company, "2024-03-10T02:30:01") == []
    assert modified(company, "2024-03-09T00:00:00", "2024-03-10T02:30:00") == ["1", "2", "3"]
    assert deleted(company, "2024-03-10T02:30:00") == ["gone 3"]
    assert deleted(company, "2024-03-10T03:00:00") == ["gone 2", "gone 3"]
