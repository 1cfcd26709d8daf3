from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from qbwc_server.settings import OfficeHours

MONTREAL = ZoneInfo("America/Toronto")
WEEK = OfficeHours.parse("mon-fri 08:00-18:00")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment in November 2026, on Montréal's clocks; the 23rd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=MONTREAL).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        (at(23, 8), True),
        (at(23, 7, 59), False),
        (at(23, 17, 59), True),
        (at(23, 18), False),
        (at(22, 12), False),
        (at(28, 12), False),
    ],
)
def test_the_office_works_on_its_days_between_its_hours(moment: datetime, *, open_: bool) -> None:
    assert WEEK.covers(moment, MONTREAL) is open_


def test_only_hours_worked_count_as_silence() -> None:
    assert WEEK.worked(at(20, 17), at(23, 9, 30), MONTREAL) == timedelta(hours=2, minutes=30)
    assert WEEK.worked(at(21, 0), at(22, 23), MONTREAL) == timedelta()
    assert WEEK.worked(at(23, 9), at(23, 9, 5), MONTREAL) == timedelta(minutes=5)


def test_always_counts_every_hour() -> None:
    always = OfficeHours.parse("always")

    assert always.covers(at(22, 3), MONTREAL)
    assert always.worked(at(21, 20), at(23, 2), MONTREAL) == timedelta(hours=30)


def test_hours_may_last_until_midnight() -> None:
    late = OfficeHours.parse("sat,sun 20:00-24:00")

    assert late.covers(at(22, 23, 59), MONTREAL)
    assert not late.covers(at(23, 0), MONTREAL)


@pytest.mark.parametrize("text", ["mon-fri 08:00-18:00", "sat,sun 20:00-24:00", "always", "MON 00:00-24:00"])
def test_what_is_written_is_read_again(text: str) -> None:
    hours = OfficeHours.parse(text)

    assert OfficeHours.parse(str(hours)) == hours


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mon-fri",
        "mon-fri 18:00-08:00",
        "mon-fri 8-18",
        "lun-ven 08:00-18:00",
        "mon 25:00-26:00",
        "fri-mon 08:00-09:00",
        "mon,fri-tue 08:00-18:00",
    ],
)
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="mon-fri 08:00-18:00"):
        OfficeHours.parse(text)


@pytest.mark.parametrize(
    ("since", "until", "worked"),
    [
        # The night in which clocks go on, and the one in which they go back, in Montréal.
        (datetime(2026, 3, 8, 6, 59, tzinfo=UTC), datetime(2026, 3, 8, 7, 1, tzinfo=UTC), timedelta(minutes=2)),
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 6, 30, tzinfo=UTC), timedelta(hours=1)),
        (datetime(2026, 3, 7, 5, 0, tzinfo=UTC), datetime(2026, 3, 9, 4, 0, tzinfo=UTC), timedelta(hours=47)),
    ],
)
def test_an_hour_is_an_hour_when_clocks_change(since: datetime, until: datetime, worked: timedelta) -> None:
    assert OfficeHours.parse("always").worked(since, until, MONTREAL) == worked
