from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from a_company import COMPANY, NOW

from qbwc_server.refreshing.connections import Office, expected_at, view
from qbwc_server.settings import OfficeHours
from qbwc_server.store.companies import Company, Seen
from qbwc_server.store.polls import Rhythm
from qbwc_server.store.visits import Visit

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
ASKED = replace(COMPANY, hold_seconds=30, last_asked_at=NOW - 10 * SECOND)
HELD = Visit(
    company="acme",
    visit=1,
    state="ready",
    started_at=NOW - MINUTE,
    last_call_at=NOW - 3 * SECOND,
    closed_at=None,
    address=None,
    outstanding=None,
    outstanding_text=None,
    released=False,
    last_answered=None,
    last_number=0,
    reason=None,
    reason_values=None,
    file_checked=True,
    version="13.0",
    country="US",
    sends=1,
    done=1,
    plain=False,
    no_more=False,
    requests=None,
    iterator=None,
    bare=False,
    single_user=False,
)


def rhythm(ago: float, interval: float | None) -> Rhythm:
    return Rhythm(NOW - ago * MINUTE, None if interval is None else interval * MINUTE)


def test_a_connector_that_never_called_is_expected_at_no_time() -> None:
    assert expected_at(Rhythm(None, None), NOW) is None
    assert expected_at(rhythm(3, None), NOW) is None, "one call says nothing of the next"


def test_the_next_call_is_expected_one_interval_after_the_last() -> None:
    assert expected_at(rhythm(4, 10), NOW) == NOW + 6 * MINUTE


def test_a_call_that_is_a_little_overdue_is_expected_now() -> None:
    assert expected_at(rhythm(12, 10), NOW) == NOW


def test_a_call_that_is_long_overdue_is_not_promised() -> None:
    assert expected_at(rhythm(16, 10), NOW) is None


@pytest.mark.parametrize(
    ("ago", "interval", "state"),
    [
        (1, 10, "connected"),
        (15, 10, "connected"),
        (16, 10, "late"),
        (35, 10, "late"),
        (36, 10, "offline"),
        (2.5, 1, "connected"),
        (3.5, 1, "late"),
        (10, 1, "late"),
        (10.5, 1, "offline"),
        (2, 1 / 30, "connected"),
        (9, 1 / 30, "late"),
        (11, 1 / 30, "offline"),
        (20, None, "connected"),
        (50, None, "late"),
        (300, None, "offline"),
    ],
)
def test_how_a_connection_stands(ago: float, interval: float | None, state: str) -> None:
    assert view(COMPANY, Seen(), rhythm(ago, interval), NOW).state == state


def test_while_a_visit_is_held_its_next_call_comes_in_seconds_whenever_it_signed_in() -> None:
    shown = view(ASKED, Seen(), rhythm(500, 10), NOW, visit=HELD)
    assert (shown.state, shown.next_expected_at, shown.held_until) == (
        "connected",
        NOW + 5 * SECOND,
        NOW + 20 * SECOND,
    )
    trouble = view(ASKED, Seen(attention="wrong_file"), rhythm(1, 10), NOW, visit=HELD)
    assert trouble.state == "needs_attention"


@pytest.mark.parametrize(
    ("company", "visit"),
    [
        (ASKED, None),
        (ASKED, replace(HELD, state="closed")),
        (ASKED, replace(HELD, state="sent")),
        (ASKED, replace(HELD, state="ending")),
        (ASKED, replace(HELD, last_call_at=NOW - 16 * SECOND)),
        (ASKED, replace(HELD, single_user=True)),
        (COMPANY, HELD),
        (replace(ASKED, hold_seconds=10), HELD),
        (replace(ASKED, last_asked_at=None), HELD),
        (replace(ASKED, paused=True), HELD),
        (replace(ASKED, quiet_hours="mon-sun 11:00-13:00"), HELD),
    ],
)
def test_no_call_is_promised_within_seconds_where_none_is_held(company: Company, visit: Visit | None) -> None:
    shown = view(company, Seen(), rhythm(4, 10), NOW, visit=visit)
    assert (shown.held_until, shown.next_expected_at) == (None, NOW + 6 * MINUTE)


def test_the_interval_shown_is_a_second_or_more() -> None:
    assert view(COMPANY, Seen(), rhythm(1, 0.001), NOW).interval_seconds == 1
    assert view(COMPANY, Seen(), rhythm(1, None), NOW).interval_seconds is None


def test_a_connector_that_never_called_was_never_seen() -> None:
    assert view(COMPANY, Seen(), Rhythm(None, None), NOW).state == "never_seen"


def test_what_needs_attention_goes_before_the_rhythm() -> None:
    seen = Seen(attention="wrong_file", attention_values={"file": "x"})
    shown = view(COMPANY, seen, rhythm(1, 10), NOW)
    assert (shown.state, shown.attention_code, shown.attention_values) == (
        "needs_attention",
        "wrong_file",
        {"file": "x"},
    )


def test_wrong_passwords_need_attention_even_when_it_never_got_in() -> None:
    shown = view(COMPANY, Seen(wrong_passwords=2), Rhythm(None, None), NOW)
    assert (shown.state, shown.attention_code) == ("needs_attention", "wrong_password")


def test_a_paused_company_is_paused_whatever_else() -> None:
    shown = view(replace(COMPANY, paused=True), Seen(attention="wrong_file"), rhythm(100, 10), NOW)
    assert shown.state == "paused"


def test_the_accepted_file_is_shown_before_the_one_seen_last() -> None:
    seen = Seen(seen_file="seen", seen_name="Seen")
    assert view(COMPANY, seen, rhythm(1, 10), NOW).file == "seen"
    accepted = replace(COMPANY, accepted_file="mine", accepted_name="Mine")
    shown = view(accepted, seen, rhythm(1, 10), NOW)
    assert (shown.file, shown.file_name) == ("mine", "Mine")


WEEK = Office(OfficeHours.parse("mon-fri 08:00-18:00"), UTC)
# NOW is a Monday at noon.
MORNING = NOW - timedelta(hours=4)


@pytest.mark.parametrize(
    ("now", "last", "state"),
    [
        (MORNING - timedelta(hours=1), NOW - timedelta(days=3), "off_hours"),
        (MORNING + timedelta(minutes=10), NOW - timedelta(days=3) + timedelta(hours=7), "off_hours"),
        (MORNING + timedelta(minutes=20), NOW - timedelta(days=3) + timedelta(hours=7), "late"),
        (MORNING + timedelta(minutes=40), NOW - timedelta(days=3) + timedelta(hours=7), "offline"),
        (MORNING + timedelta(minutes=10), NOW - timedelta(days=3), "offline"),
        (MORNING - timedelta(hours=1), MORNING - timedelta(hours=1, minutes=5), "connected"),
    ],
)
def test_silence_outside_office_hours_is_no_alarm(now: datetime, last: datetime, state: str) -> None:
    assert view(COMPANY, Seen(), Rhythm(last, 10 * MINUTE), now, WEEK).state == state


def test_a_pause_with_an_end_is_over_by_itself() -> None:
    paused = replace(COMPANY, paused=True, paused_by="marie", paused_until=NOW + MINUTE)
    shown = view(paused, Seen(), rhythm(1, 10), NOW)
    assert (shown.state, shown.paused_by, shown.paused_until) == ("paused", "marie", NOW + MINUTE)
    later = view(paused, Seen(), rhythm(1, 10), NOW + 2 * MINUTE)
    assert (later.state, later.paused_by, later.paused_until) == ("connected", None, None)
