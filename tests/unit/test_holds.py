from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from a_company import COMPANY, NOW

from qbwc_server.store import holds

SECOND = timedelta(seconds=1)
ASKED = replace(COMPANY, hold_seconds=60, last_asked_at=NOW)


@pytest.mark.parametrize(("given", "seconds"), [("0", 0), ("off", 0), ("OFF", 0), ("5", 5), ("060", 60)])
def test_seconds_are_given_as_digits_or_off(given: str, seconds: int) -> None:
    assert holds.read_seconds(given) == seconds


@pytest.mark.parametrize("given", ["", " 5 ", "٣", "+5", "-1", "1_0", "1.5", "many", "9" * 5000])
def test_no_other_text_is_taken_for_seconds(given: str) -> None:
    with pytest.raises(holds.BadHold):
        holds.read_seconds(given)


@pytest.mark.parametrize(("passed", "held"), [(0, True), (59.9, True), (60, False), (3600, False)])
def test_a_hold_ends_its_seconds_after_the_last_time_that_somebody_asked(passed: float, held: bool) -> None:
    found = holds.until(ASKED, NOW + passed * SECOND, single_user=False, quiet=False)
    assert found == (NOW + 60 * SECOND if held else None)


def test_a_pause_that_is_over_ends_no_hold() -> None:
    paused = replace(ASKED, paused=True, paused_until=NOW + SECOND)
    assert holds.until(paused, NOW, single_user=False, quiet=False) is None
    assert holds.until(paused, NOW + SECOND, single_user=False, quiet=False) is not None


def test_nothing_is_held_in_quiet_hours_or_in_single_user_mode() -> None:
    assert holds.until(ASKED, NOW, single_user=True, quiet=False) is None
    assert holds.until(ASKED, NOW, single_user=False, quiet=True) is None


@pytest.mark.parametrize(
    ("hours", "zone", "quiet"),
    [
        (None, None, False),
        ("mon-sun 11:00-13:00", None, True),
        ("mon-sun 12:01-13:00", None, False),
        ("mon-sun 22:00-06:00", None, False),
        ("mon-sun 22:00-12:01", None, True),
        ("mon-sun 22:00-12:00", None, False),
        ("mon-sun 07:00-09:00", "America/Toronto", True),
        ("mon-sun 11:00-13:00", "America/Toronto", False),
        ("sat,sun 00:00-24:00", None, False),
        ("at night", None, True),
        ("mon-sun 11:00-13:00", "Nowhere/Else", True),
    ],
)
def test_quiet_hours_are_those_of_the_companys_clock(hours: str | None, zone: str | None, quiet: bool) -> None:
    # NOW is noon in UTC, eight in the morning in Toronto.
    assert holds.is_quiet(replace(COMPANY, quiet_hours=hours, time_zone=zone), NOW, UTC) is quiet
