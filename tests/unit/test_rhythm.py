from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qbwc_server.rhythm import WINDOW, Full, Place, in_window, missed_since, next_every, next_full, next_try
from qbwc_server.settings import OfficeHours, QuietHours

MONTREAL = ZoneInfo("America/Toronto")
WEEK = OfficeHours.parse("mon-fri 08:00-18:00")
PLACE = Place(MONTREAL, WEEK)
AT = time(2)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def at(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """A moment in November 2026, on Montréal's clocks; the 23rd is a Monday."""
    return datetime(2026, 11, day, hour, minute, second, tzinfo=MONTREAL).astimezone(UTC)


NOON = at(23, 12)


def test_what_was_never_asked_for_is_due() -> None:
    assert next_every(10, None, NOON, PLACE) == NOON
    assert next_try((), NOON, PLACE) == NOON


@pytest.mark.parametrize(
    ("minutes", "ago", "due"),
    [(10, 540, True), (10, 539, False), (1, 54, True), (1, 53, False), (120, 119 * 60, True), (120, 118 * 60, False)],
)
def test_a_poll_may_be_early_by_a_tenth_and_at_most_a_minute(minutes: int, ago: int, *, due: bool) -> None:
    found = next_every(minutes, NOON - timedelta(seconds=ago), NOON, PLACE)
    assert (found == NOON) is due
    assert found >= NOON


@given(st.lists(st.floats(-2, 2), min_size=5, max_size=50))
def test_a_connector_that_polls_at_the_same_interval_is_served_each_time(jitter: list[float]) -> None:
    asked = NOON
    for number, seconds in enumerate(jitter, 1):
        now = NOON + number * 10 * MINUTE + timedelta(seconds=seconds)
        assert next_every(10, asked, now, PLACE) == now
        asked = now


def test_what_was_asked_for_in_the_future_counts_as_asked_for_now() -> None:
    assert next_every(10, NOON + 400 * DAY, NOON, PLACE) == NOON + 9 * MINUTE
    ahead = NOON + 400 * DAY
    assert next_full(AT, ahead, ahead, NOON, PLACE).at == at(24, 2)
    assert next_full(AT, at(23, 2), ahead, at(24, 3), PLACE) == Full(at(24, 3))
    assert missed_since(AT, ahead, NOON, MONTREAL) is None


def test_office_hours_put_a_task_off_until_they_begin() -> None:
    def due(asked: datetime, now: datetime) -> datetime:
        return next_every(30, asked, now, PLACE, in_office_hours=True)

    assert due(at(23, 11), NOON) == NOON
    assert due(at(20, 17, 45), at(20, 17, 50)) == at(23, 8)
    assert due(at(20, 17, 45), at(21, 12)) == at(23, 8)
    assert due(at(20, 17, 45), at(23, 8, 3)) == at(23, 8, 3)


def test_quiet_hours_put_everything_off_until_they_end() -> None:
    place = Place(MONTREAL, WEEK, QuietHours.parse("mon-fri 22:00-06:00"))
    assert next_every(10, None, at(23, 23), place) == at(24, 6)
    assert next_every(10, None, at(24, 5, 59), place) == at(24, 6)
    assert next_every(10, at(23, 21, 55), at(23, 21, 56), place) == at(24, 6)
    assert next_try((), at(24, 2, 30), place) == at(24, 6)
    assert next_try((at(23, 21, 55),), at(23, 21, 56), place) == at(24, 6)
    assert next_full(AT, at(22, 2), at(22, 2), at(24, 2, 30), place).at == at(24, 6)
    assert next_full(AT, at(22, 2), at(22, 2), at(24, 6), place) == Full(at(24, 6), small=True)


def test_office_hours_that_are_all_quiet_leave_a_task_undone() -> None:
    place = Place(MONTREAL, WEEK, QuietHours.parse("mon-fri 06:00-20:00"))
    assert next_every(30, None, NOON, place, in_office_hours=True) > NOON + 7 * DAY
    assert next_every(30, None, at(23, 7), place, in_office_hours=True) > NOON


def test_a_full_read_is_due_in_its_window_and_waits_for_the_next_once_that_is_over() -> None:
    read = at(23, 2, 10)
    assert next_full(AT, read, read, at(24, 1, 59), PLACE) == Full(at(24, 2))
    assert next_full(AT, read, read, at(24, 2), PLACE) == Full(at(24, 2))
    assert next_full(AT, read, read, at(24, 4, 59), PLACE) == Full(at(24, 4, 59))
    assert next_full(AT, read, read, at(24, 5), PLACE) == Full(at(25, 2))


def test_a_full_read_missed_for_a_day_is_due_at_any_time_in_small_pages() -> None:
    read = at(23, 2, 10)
    assert next_full(AT, read, read, at(25, 2), PLACE) == Full(at(25, 2))
    assert next_full(AT, read, read, at(25, 5), PLACE) == Full(at(25, 5), small=True)
    assert missed_since(AT, read, at(25, 1, 59), MONTREAL) is None
    assert missed_since(AT, read, at(25, 5), MONTREAL) == at(24, 2)
    assert missed_since(AT, None, at(25, 5), MONTREAL) is None


def test_a_day_of_25_hours_makes_no_full_read_missed_before_its_window() -> None:
    read = datetime(2026, 10, 30, 2, 10, tzinfo=MONTREAL)
    now = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    assert next_full(AT, read, read, now, PLACE) == Full(now + 30 * MINUTE)


def test_a_full_read_that_comes_to_nothing_is_not_asked_for_at_each_poll() -> None:
    read = at(20, 2)
    assert next_full(AT, at(25, 5), read, at(25, 5, 10), PLACE).at == at(26, 2)
    assert next_full(AT, at(25, 2), read, at(25, 2, 10), PLACE).at == at(26, 2)
    assert next_full(AT, at(25, 5), read, at(26, 5, 1), PLACE) == Full(at(26, 5, 1), small=True)


@pytest.mark.parametrize(("tries", "due"), [((0,), 9), ((0, 10), 69), ((0, 10, 70), 429), ((0, 10, 70, 430), 789)])
def test_a_list_that_is_not_held_whole_is_tried_again_ever_later(tries: tuple[int, ...], due: int) -> None:
    asked = tuple(NOON + minutes * MINUTE for minutes in tries)
    assert next_try(asked, asked[-1], PLACE) == NOON + due * MINUTE
    assert next_try(asked, NOON + due * MINUTE, PLACE) == NOON + due * MINUTE


def test_tries_of_yesterday_or_in_the_future_do_not_count() -> None:
    assert next_try((NOON - DAY, NOON + MINUTE, NOON + 400 * DAY), NOON, PLACE) == NOON


def test_what_somebody_had_read_within_the_window_is_not_read_again() -> None:
    assert next_full(AT, at(23, 2), at(24, 2, 20), at(24, 2, 30), PLACE) == Full(at(25, 2))


MOMENTS = st.integers(0, 700 * 24 * 60).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + minutes * MINUTE)
SPRING, AUTUMN = datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "clock", "night", "begins"),
    [
        # 02:00 does not exist, or exists twice.
        ("America/Toronto", time(2), datetime(2026, 3, 8, 5, tzinfo=UTC), SPRING),
        ("America/Toronto", time(2, 30), datetime(2026, 3, 8, 5, tzinfo=UTC), SPRING + 30 * MINUTE),
        ("America/Toronto", time(1, 30), datetime(2026, 11, 1, 4, tzinfo=UTC), AUTUMN - 30 * MINUTE),
        ("America/Toronto", time(2), datetime(2026, 11, 1, 4, tzinfo=UTC), AUTUMN + HOUR),
        # A half hour, on the other half of the globe.
        (
            "Australia/Lord_Howe",
            time(2),
            datetime(2026, 10, 3, 13, tzinfo=UTC),
            datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
        ),
    ],
)
def test_a_window_begins_once_also_in_a_night_that_changes_the_clocks(
    zone: str, clock: time, night: datetime, begins: datetime
) -> None:
    place = Place(ZoneInfo(zone), WEEK)
    read = night - 20 * HOUR
    assert next_full(clock, read, read, night, place) == Full(begins)


@settings(deadline=None)
@given(
    zone=st.sampled_from(["America/Toronto", "Europe/Paris", "Australia/Lord_Howe", "UTC", "America/St_Johns"]),
    begin=MOMENTS,
    clock=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    polls=st.integers(20, 90),
)
@example("America/Toronto", datetime(2026, 3, 6, tzinfo=UTC), time(2), 20)
@example("America/Toronto", datetime(2026, 3, 6, tzinfo=UTC), time(2, 30), 60)
@example("America/Toronto", datetime(2026, 10, 30, tzinfo=UTC), time(1, 30), 20)
def test_with_a_poll_in_each_window_a_list_is_read_once_a_day(
    zone: str, begin: datetime, clock: time, polls: int
) -> None:
    place = Place(ZoneInfo(zone), WEEK)
    asked = begin
    days = []
    now = begin
    while now < begin + 5 * DAY:
        now += polls * MINUTE
        due = next_full(clock, asked, asked, now, place)
        assert due.at >= now
        if due.at == now:
            assert not due.small
            assert in_window(clock, now, place.zone)
            # What is due is due no more once it was asked for.
            assert now < next_full(clock, now, now, now, place).at <= now + 25 * HOUR
            days.append(now)
            asked = now
    assert 4 <= len(days) <= 6
    assert all(20 * HOUR < later - earlier < 28 * HOUR for earlier, later in pairwise(days))


@given(
    asked=st.none() | st.integers(-100, 10000),
    read=st.integers(-100, 10000),
    now=MOMENTS,
    quiet=st.sampled_from([None, "mon-fri 22:00-06:00", "sat,sun 00:00-24:00; mon-fri 01:00-03:00"]),
)
def test_what_is_put_off_is_due_at_the_moment_that_was_said(
    asked: int | None, read: int, now: datetime, quiet: str | None
) -> None:
    place = Place(MONTREAL, WEEK, None if quiet is None else QuietHours.parse(quiet))
    asked_at, read_at = None if asked is None else now - asked * MINUTE, now - read * MINUTE
    full = next_full(AT, asked_at, read_at, now, place).at
    assert now <= full <= now + 4 * DAY
    if read >= 0 and (asked_at is None or asked_at <= now):
        again = next_full(AT, asked_at, read_at, full, place)
        assert again.at == full or not in_window(AT, full, MONTREAL)
    every = next_every(30, asked_at, now, place, in_office_hours=True)
    assert now <= every
    if asked_at is None or asked_at <= now:
        assert next_every(30, asked_at, every, place, in_office_hours=True) == every


def test_the_window_is_over_after_three_hours() -> None:
    assert in_window(AT, at(23, 2), MONTREAL)
    assert not in_window(AT, at(23, 2) + WINDOW, MONTREAL)
