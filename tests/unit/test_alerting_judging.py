"""Judging what is wrong, and what an alert has to do about it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbwc_server.alerting import judging
from qbwc_server.alerting.judging import Patience, Verdict
from qbwc_server.settings import OfficeHours
from qbwc_server.store.alerts import Alert, Backlog, Standing

# Tuesday, 10:00 in Toronto.
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
ALWAYS = Patience(OfficeHours.parse("always"), UTC, 60)
OFFICE = Patience(OfficeHours.parse("mon-fri 08:00-18:00"), ZoneInfo("America/Toronto"), 60)
FINE = Standing(
    company="acme",
    title="Acme Inc.",
    paused=False,
    last_seen_at=NOW - timedelta(minutes=3),
    interval=timedelta(minutes=5),
    attention=None,
    attention_values={},
    attention_at=None,
    wrong_passwords=0,
    wrong_password_at=None,
    wrong_password_since=None,
    password_changed_at=NOW - timedelta(days=99),
    waiting=0,
)
KEY = ("wrong_password", "acme")
# The server has been running for a year.
LONG = NOW - timedelta(days=365)


def ago(**length: float) -> datetime:
    return NOW - timedelta(**length)


def wrong(verdict: Verdict | None) -> bool | None:
    return None if verdict is None else verdict.wrong


def silent(patience: Patience, **changes: Any) -> bool | None:
    return wrong(judging.offline(replace(FINE, **changes), patience, LONG, NOW))


def test_silence_counts_from_the_call_that_was_expected() -> None:
    assert silent(ALWAYS, last_seen_at=ago(minutes=65)) is False
    assert silent(ALWAYS, last_seen_at=ago(minutes=66)) is True
    assert silent(ALWAYS, last_seen_at=ago(minutes=66), interval=timedelta(hours=1)) is False
    assert silent(ALWAYS, last_seen_at=ago(minutes=61), interval=None) is True


def test_silence_counts_in_office_hours_only() -> None:
    # The evening before at 17:50; the office has worked two hours and five minutes since the call was expected.
    assert silent(OFFICE, last_seen_at=ago(hours=16, minutes=10)) is True
    # 9:10 the same day, after the night.
    nine = ago(minutes=50)
    assert wrong(judging.offline(replace(FINE, last_seen_at=ago(hours=16, minutes=10)), OFFICE, LONG, nine)) is True
    # 8:40: fifty minutes of office hours.
    early = ago(hours=1, minutes=20)
    assert wrong(judging.offline(replace(FINE, last_seen_at=ago(hours=16)), OFFICE, LONG, early)) is False
    # Over the whole weekend.
    monday = datetime(2026, 11, 23, 13, 30, tzinfo=UTC)
    friday = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert wrong(judging.offline(replace(FINE, last_seen_at=friday), OFFICE, LONG, monday)) is False


def test_a_company_never_seen_is_not_judged_and_one_that_is_paused_only_where_it_calls() -> None:
    assert silent(ALWAYS, last_seen_at=None) is None
    assert silent(ALWAYS, last_seen_at=ago(days=9), paused=True) is None
    assert silent(ALWAYS, paused=True) is False


def test_a_call_with_a_wrong_password_breaks_no_silence_and_a_new_password_gives_time() -> None:
    assert silent(ALWAYS, last_seen_at=ago(days=9), wrong_passwords=9, wrong_password_at=ago(minutes=5)) is True
    assert silent(ALWAYS, last_seen_at=ago(days=9), password_changed_at=ago(minutes=5)) is False


def test_a_password_is_right_again_only_by_a_sign_in() -> None:
    assert wrong(judging.wrong_password(FINE, NOW)) is False
    assert wrong(judging.wrong_password(replace(FINE, wrong_passwords=1, wrong_password_at=NOW), NOW)) is True
    assert judging.wrong_password(replace(FINE, password_changed_at=NOW), NOW) is None
    assert judging.wrong_password(replace(FINE, last_seen_at=None), NOW) is None


def test_a_single_wrong_password_begins_no_alert_at_once_but_keeps_one_open() -> None:
    def begins(**changes: Any) -> bool:
        found = judging.wrong_password(replace(FINE, **changes), NOW)
        assert found is not None
        assert found.wrong
        begun = judging.steps([found], [], [], NOW)
        kept = judging.steps([found], [Alert(1, *KEY, NOW, None, {judging.RIGHT_SINCE: NOW.isoformat()})], [], NOW)
        assert [step.what for step in kept] == [judging.DESCRIBE]
        return bool(begun)

    assert not begins(wrong_passwords=1, wrong_password_since=ago(minutes=3))
    assert begins(wrong_passwords=1, wrong_password_since=ago(minutes=4))
    assert begins(wrong_passwords=2, wrong_password_since=NOW)
    assert begins(wrong_passwords=1)


def test_the_first_of_the_wrong_passwords_is_told_where_it_is_known() -> None:
    one = replace(FINE, wrong_passwords=3, wrong_password_at=NOW, wrong_password_since=ago(hours=2))
    found = judging.wrong_password(one, NOW)
    assert found is not None
    assert found.particulars == {"since": ago(hours=2).isoformat()}


@pytest.mark.parametrize(
    ("attention", "expected"),
    [(None, False), ("wrong_file", True), ("file_unconfirmed", True), ("0x80040408", None)],
)
def test_the_file_is_judged_where_it_is_known(attention: str | None, expected: bool | None) -> None:
    assert wrong(judging.wrong_file(replace(FINE, attention=attention))) is expected


def test_publishing_is_stuck_once_the_oldest_waits_longer_than_the_minutes() -> None:
    assert wrong(judging.publishing(Backlog(0, None), ALWAYS, LONG, NOW)) is False
    assert wrong(judging.publishing(Backlog(2, ago(minutes=60)), ALWAYS, LONG, NOW)) is False
    assert wrong(judging.publishing(Backlog(2, ago(minutes=61)), OFFICE, LONG, NOW)) is True


def test_what_was_missed_while_the_server_did_not_run_is_neither_silence_nor_peace() -> None:
    gone = replace(FINE, last_seen_at=ago(hours=5))
    assert judging.offline(gone, ALWAYS, ago(minutes=65), NOW) is None
    assert wrong(judging.offline(gone, ALWAYS, ago(minutes=66), NOW)) is True
    assert wrong(judging.offline(FINE, ALWAYS, NOW, NOW)) is False
    waits = Backlog(2, ago(hours=5))
    assert judging.publishing(waits, ALWAYS, ago(minutes=60), NOW) is None
    assert wrong(judging.publishing(waits, ALWAYS, ago(minutes=61), NOW)) is True
    assert wrong(judging.publishing(Backlog(2, ago(minutes=2)), ALWAYS, NOW, NOW)) is False


def test_a_recovery_has_to_hold_longer_each_time_up_to_an_hour() -> None:
    minutes = [judging.steady(n) / timedelta(minutes=1) for n in range(9)]
    assert minutes == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert judging.steady(10**6) == timedelta(hours=1)


class Ledger:
    """Alerts as the database keeps them: at most one open, told at each onset and each recovery."""

    def __init__(self) -> None:
        self.open: Alert | None = None
        self.ended: list[Alert] = []
        self.told: list[str] = []

    def see(self, verdict: Verdict | None, now: datetime) -> None:
        kept = [one for one in self.ended if one.recovered_at and one.recovered_at >= now - judging.REMEMBERED]
        found = [] if verdict is None else [verdict]
        for step in judging.steps(found, [] if self.open is None else [self.open], kept, now):
            self._take(step.what, step.particulars, now)

    def _take(self, what: str, particulars: Mapping[str, Any], now: datetime) -> None:
        if what == judging.BEGIN:
            assert self.open is None
            self.open = Alert(len(self.told), *KEY, now, None, particulars)
            self.told.append("onset")
            return
        assert self.open is not None
        if what == judging.DESCRIBE:
            self.open = replace(self.open, particulars=particulars)
            return
        self.ended.append(replace(self.open, recovered_at=now))
        self.open = None
        self.told.append("recovered")


_SEEN = st.lists(st.tuples(st.sampled_from([True, False, None]), st.integers(1, 4000)), max_size=60)


@given(_SEEN)
def test_onset_and_recovery_are_told_in_turn_and_once_each_whatever_is_seen(
    seen: list[tuple[bool | None, int]],
) -> None:
    ledger, now = Ledger(), NOW
    for is_wrong, seconds in seen:
        now += timedelta(seconds=seconds)
        before = list(ledger.told)
        verdict = None if is_wrong is None else Verdict(*KEY, wrong=is_wrong)
        ledger.see(verdict, now)
        # What is seen a second time at the same moment is not told again.
        after = list(ledger.told)
        ledger.see(verdict, now)
        assert ledger.told == after
        new = after[len(before) :]
        assert new in ([], ["onset"] if is_wrong else ["recovered"])
    assert ledger.told == ["onset", "recovered"] * (len(ledger.told) // 2) + ["onset"] * (len(ledger.told) % 2)
    assert (ledger.open is not None) == (ledger.told[-1:] == ["onset"])


@given(_SEEN)
def test_what_stays_right_for_an_hour_is_over_and_what_is_wrong_is_open(seen: list[tuple[bool | None, int]]) -> None:
    ledger, now = Ledger(), NOW
    for is_wrong, seconds in seen:
        now += timedelta(seconds=seconds)
        ledger.see(None if is_wrong is None else Verdict(*KEY, wrong=is_wrong), now)
        if is_wrong:
            assert ledger.open is not None
    for minutes in (1, 61):
        ledger.see(Verdict(*KEY, wrong=False), now + timedelta(minutes=minutes))
    assert ledger.open is None


@given(_SEEN)
def test_a_recovery_is_never_told_before_it_held_for_a_minute(seen: list[tuple[bool | None, int]]) -> None:
    ledger, now, last_wrong = Ledger(), NOW, NOW
    for is_wrong, seconds in seen:
        now += timedelta(seconds=seconds)
        count = len(ledger.told)
        ledger.see(None if is_wrong is None else Verdict(*KEY, wrong=is_wrong), now)
        last_wrong = now if is_wrong else last_wrong
        if ledger.told[count:] == ["recovered"]:
            assert now - last_wrong >= judging.STEADY


def test_companies_and_kinds_have_alerts_of_their_own() -> None:
    alert = Alert(1, "wrong_password", "acme", NOW, None, {})
    verdicts = [Verdict("wrong_password", "zenith", wrong=True), Verdict("wrong_file", "acme", wrong=True)]
    assert [step.what for step in judging.steps(verdicts, [alert], [], NOW)] == [judging.BEGIN] * 2


def test_everything_that_was_read_is_judged() -> None:
    found = judging.verdicts([FINE, replace(FINE, company="zenith")], Backlog(0, None), ALWAYS, LONG, NOW)
    assert {(one.kind, one.company) for one in found} == {
        ("publishing", None),
        *((kind, name) for kind in ("offline", "wrong_password", "wrong_file") for name in ("acme", "zenith")),
    }
