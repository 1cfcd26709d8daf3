"""QuickBooks's own times: what is the newest, and from where on to ask next."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from qbwc_server.qbxml.moments import OVERLAP, from_here, latest, moment, newest

NOW = latest(datetime(2026, 5, 4, 12, tzinfo=UTC), None)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-05-04T08:00:00-05:00", "2026-05-04T08:00:00"),
        ("2026-05-04T08:00:00", "2026-05-04T08:00:00"),
        ("2026-05-04", None),
        ("", None),
        (None, None),
        ("yesterday at eight o'clock", None),
    ],
)
def test_the_offset_is_left_out(text: object, shown: str | None) -> None:
    assert moment(text) == shown


def test_the_newest_is_the_latest_by_the_wall_clock_whatever_the_offsets_say() -> None:
    assert newest(["2026-05-04T08:00:00-05:00", "2026-05-04T07:59:59-08:00"], NOW) == "2026-05-04T08:00:00"


def test_the_newest_so_far_stays_where_nothing_newer_comes() -> None:
    assert newest(["2026-05-01T08:00:00"], NOW, "2026-05-02T00:00:00") == "2026-05-02T00:00:00"
    assert newest([], NOW, "2026-05-02T00:00:00") == "2026-05-02T00:00:00"
    assert newest([], NOW) is None


def test_a_moment_in_the_future_is_passed_over() -> None:
    assert newest(["2031-01-01T00:00:00", "2026-05-04T08:00:00"], NOW) == "2026-05-04T08:00:00"
    # The other side of the Earth is a day ahead, and that is no wrong clock.
    assert newest(["2026-05-05T02:00:00"], NOW) == "2026-05-05T02:00:00"


def test_an_impossible_moment_is_passed_over() -> None:
    assert newest(["2026-02-31T08:00:00", "2026-01-01T08:00:00"], NOW) == "2026-01-01T08:00:00"


def test_what_is_asked_for_next_overlaps_by_the_clock_change_and_by_the_reading() -> None:
    assert from_here("2026-05-04T08:00:00", timedelta(minutes=30)) == "2026-05-04T05:30:00"
    assert from_here("2026-05-04T08:00:00", -timedelta(days=9)) == "2026-05-04T06:00:00"
    assert timedelta(hours=2) == OVERLAP


def test_nothing_is_asked_for_from_before_quickbooks_knows_time() -> None:
    assert from_here("1970-01-01T01:00:00", timedelta(0)) == "1970-01-01T00:00:00"
    assert from_here("2026-02-31T08:00:00", timedelta(0)) == "1970-01-01T00:00:00"


def test_where_the_place_is_known_a_clock_may_run_ahead_by_two_hours_only() -> None:
    noon = latest(datetime(2026, 5, 4, 12, tzinfo=UTC), ZoneInfo("America/Toronto"))
    assert noon == "2026-05-04T10:00:00"
    assert newest(["2026-05-05T08:00:00", "2026-05-04T07:59:00"], noon) == "2026-05-04T07:59:00"
