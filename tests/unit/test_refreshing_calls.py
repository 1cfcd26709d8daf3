from dataclasses import replace
from datetime import timedelta

import pytest
from a_company import COMPANY, NOW

from qbwc_server.refreshing.calls import Call, judge
from qbwc_server.store.companies import Seen
from qbwc_server.store.polls import Poll

HOUR = timedelta(hours=1)


def call(hours_ago: int, code: str | None = None) -> Call:
    return Call(NOW - hours_ago * HOUR, None, "10.0.0.1", 1, "trouble" if code else "done", code, {})


def poll(hours_ago: int, address: str | None) -> Poll:
    return Poll(NOW - hours_ago * HOUR, address)


def test_quiet_work_shows_no_pattern() -> None:
    assert judge(COMPANY, Seen(), [call(1), call(2), call(3)], [poll(1, "10.0.0.1"), poll(2, "10.0.0.1")]) == ()


def test_the_same_wrong_password_is_told_from_several() -> None:
    same = Seen(wrong_passwords=5, wrong_password_since=NOW - HOUR, wrong_password_same=5)

    (found,) = judge(COMPANY, same, [], [])

    assert (found.kind, found.n, found.since, found.changed_at) == ("same_password", 5, NOW - HOUR, None)
    assert judge(COMPANY, replace(same, wrong_password_same=1), [], []) == ()


def test_a_password_refused_since_it_was_changed_is_told_with_the_change() -> None:
    changed = replace(COMPANY, password_changed_at=NOW - 24 * HOUR)
    never = Seen(wrong_passwords=5, wrong_password_since=NOW - HOUR, wrong_password_same=5)

    (found,) = judge(changed, replace(never, last_seen_at=NOW - 48 * HOUR), [], [])
    (first,) = judge(changed, never, [], [])

    assert (found.kind, found.changed_at) == ("same_password_new", NOW - 24 * HOUR)
    assert first.kind == "same_password", "whoever never got in has no old password"


@pytest.mark.parametrize("times", [3, 5])
def test_the_same_trouble_each_time_is_told_with_its_first_time(times: int) -> None:
    calls = [call(n, "0x80040414") for n in range(1, times + 1)]

    (found,) = judge(COMPANY, Seen(), [*calls, call(times + 1), call(times + 2, "0x80040414")], [])

    assert (found.kind, found.n, found.code) == ("same_trouble", times, "0x80040414")
    assert found.since == NOW - times * HOUR


def test_a_trouble_that_is_over_or_another_each_time_is_no_pattern() -> None:
    troubles = [call(2, "0x80040414"), call(3, "0x80040414"), call(4, "0x80040414")]

    assert judge(COMPANY, Seen(), [call(1), *troubles], []) == ()
    assert judge(COMPANY, Seen(), [call(1, "0x8004040A"), *troubles], []) == ()


def test_two_addresses_in_turn_are_two_connectors_and_one_move_is_none() -> None:
    turns = [poll(n, "10.0.0.1" if n % 2 else "10.0.0.2") for n in range(1, 7)]
    moved = [poll(n, "10.0.0.1" if n < 3 else "10.0.0.2") for n in range(1, 7)]

    (found,) = judge(COMPANY, Seen(), [], turns)

    assert (found.kind, found.addresses) == ("two_addresses", ("10.0.0.1", "10.0.0.2"))
    assert judge(COMPANY, Seen(), [], moved) == ()
    assert judge(COMPANY, Seen(), [], [poll(n, None) for n in range(1, 7)]) == ()
