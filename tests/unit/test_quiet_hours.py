from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from qbwc_server.settings import QuietHours

MONTREAL = ZoneInfo("America/Toronto")
NIGHTS = QuietHours.parse("Mon-Fri  22:00-06:00; sat,sun 00:00-24:00")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment in November 2026, on Montréal's clocks; the 23rd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=MONTREAL).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "quiet"),
    [
        (at(23, 21, 59), False),
        (at(23, 22), True),
        (at(24, 5, 59), True),
        (at(24, 6), False),
        (at(23, 5), False),  # Sunday's part ended at midnight, and none began then.
        (at(28, 12), True),
        (at(28, 23, 59), True),
        (at(29, 0), True),
        (at(29, 23, 59), True),
    ],
)
def test_a_part_that_ends_before_it_begins_goes_on_into_the_next_day(moment: datetime, *, quiet: bool) -> None:
    assert NIGHTS.covers(moment, MONTREAL) is quiet


def test_it_is_written_as_it_was_read() -> None:
    assert str(NIGHTS) == "mon-fri 22:00-06:00; sat,sun 00:00-24:00"
    assert QuietHours.parse(str(NIGHTS)) == NIGHTS


def test_parts_that_follow_each_other_end_with_the_last() -> None:
    assert NIGHTS.end(at(27, 23), MONTREAL) == at(30, 0)
    assert NIGHTS.end(at(23, 12), MONTREAL) == at(23, 12)


def test_quiet_hours_end_once_when_clocks_change() -> None:
    nights = QuietHours.parse("mon-sun 22:00-02:30")
    eve = datetime(2026, 3, 7, 23, tzinfo=MONTREAL)
    assert nights.end(eve, MONTREAL) == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
    assert nights.end(datetime(2026, 10, 31, 23, tzinfo=MONTREAL), MONTREAL) - datetime(
        2026, 11, 1, 3, tzinfo=UTC
    ) == timedelta(hours=4, minutes=30)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "always",
        "22:00-06:00",
        "mon 22:00-22:00",
        "mon 25:00-06:00",
        "mon-fri 22:00-06:00;",
        "fri-mon 22:00-06:00",
        "mon-sun 00:00-24:00",
        "mon-sun 06:00-22:00; mon-sun 22:00-06:00",
        "mon 01:00-02:00; " * 6 + "mon 01:00-02:00",
    ],
)
def test_other_texts_and_the_whole_week_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="quiet hours"):
        QuietHours.parse(text)
