"""Judges what is wrong and what an alert has to do about it; no clock, no database.

Theory of operation
-------------------
Each kind of trouble is looked at by one function, whose verdict is one of three: wrong (with the particulars), right,
or None where it cannot be told, which leaves things as they are. A paused company that is silent is neither well nor
ill; a counter of wrong passwords that somebody set to zero with a new password is no sign-in.

The onset is told at once: each kind has its patience already, a single wrong password that of a few minutes, since it
is mostly a slip. The recovery has to hold, one minute the first time and twice as long for each alert of the same kind
that ended within the last day, up to an hour. So what comes and goes (a second Web Connector with an old password) is
told a few times a day and not every few minutes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from qbwc_server.settings import OfficeHours
from qbwc_server.store.alerts import Alert, Backlog, Standing

STEADY: Final = timedelta(minutes=1)
STEADIEST: Final = timedelta(hours=1)
REMEMBERED: Final = timedelta(days=1)
SLIP: Final = timedelta(minutes=3)
"""How long a single wrong password may be a slip."""

RIGHT_SINCE: Final = "right_since"
BEGIN: Final = "begin"
DESCRIBE: Final = "describe"
RECOVER: Final = "recover"
_OF_THE_FILE: Final = ("wrong_file", "file_unconfirmed")


@dataclass(frozen=True, slots=True)
class Patience:
    """When silence is too long.

    Attributes:
        office_hours: When the office works.
        zone: The time zone of its clocks.
        minutes: How long something may last.
    """

    office_hours: OfficeHours
    zone: tzinfo
    minutes: int

    @property
    def length(self) -> timedelta:
        """How long something may last."""
        return timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one kind of trouble stands.

    Attributes:
        kind: One of `tables.KINDS`.
        company: Whose, None for the installation.
        wrong: Whether it is there.
        particulars: What the messages say of it; times as ISO 8601.
        begins: Whether that is enough to begin an alert; one that is open it keeps open in any case.
    """

    kind: str
    company: str | None
    wrong: bool
    particulars: Mapping[str, Any] = field(default_factory=dict)
    begins: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """What to do about a kind of trouble.

    Attributes:
        what: `BEGIN`, `DESCRIBE` (keep the particulars) or `RECOVER`.
        verdict: What it follows from.
        alert: The open alert; None to begin one.
        particulars: What is to be kept with the alert.
    """

    what: str
    verdict: Verdict
    alert: Alert | None
    particulars: Mapping[str, Any]


def verdicts(
    standings: Sequence[Standing], backlog: Backlog, patience: Patience, listening: datetime, now: datetime
) -> tuple[Verdict, ...]:
    """Judge everything that was read; `listening` is since when this server runs."""
    found: list[Verdict | None] = [publishing(backlog, patience, listening, now)]
    for one in standings:
        found += [wrong_password(one, now), wrong_file(one), offline(one, patience, listening, now)]
    return tuple(each for each in found if each is not None)


def offline(one: Standing, patience: Patience, listening: datetime, now: datetime) -> Verdict | None:
    """Judge a company's silence: too long in office hours since the call that was expected and did not come.

    A call with a wrong password breaks no silence: it may be anybody's. A company that was never seen is not set up
    yet, and what was missed while this server did not run is nobody's silence.
    """
    if one.last_seen_at is None:
        return None

    def is_silent(since: datetime) -> bool:
        expected = since + (one.interval or timedelta())
        return expected < now and patience.office_hours.worked(expected, now, patience.zone) > patience.length

    # Who made a new password wiped out when the old one came last; it has to be carried to the QuickBooks PC first.
    last = max(one.last_seen_at, one.password_changed_at)
    if not is_silent(last):
        return Verdict("offline", one.company, wrong=False)
    if one.paused or not is_silent(max(last, listening)):
        return None
    return Verdict("offline", one.company, wrong=True, particulars={"since": _kept(one.last_seen_at)})


def wrong_password(one: Standing, now: datetime) -> Verdict | None:
    """Judge a company's sign-ins: refused, and the right password not given since."""
    if one.wrong_passwords:
        since = one.wrong_password_since or one.wrong_password_at
        told = {} if since is None else {"since": _kept(since)}
        is_slip = one.wrong_passwords == 1 and since is not None and now - since <= SLIP
        return Verdict("wrong_password", one.company, wrong=True, particulars=told, begins=not is_slip)
    signed_in = one.last_seen_at is not None and one.last_seen_at >= one.password_changed_at
    return Verdict("wrong_password", one.company, wrong=False) if signed_in else None


def wrong_file(one: Standing) -> Verdict | None:
    """Judge which company file is open; another trouble keeps it from being known."""
    if one.attention is None:
        return Verdict("wrong_file", one.company, wrong=False)
    if one.attention not in _OF_THE_FILE:
        return None
    told = {"code": one.attention, "values": dict(one.attention_values)}
    if one.attention_at is not None:
        told["since"] = _kept(one.attention_at)
    return Verdict("wrong_file", one.company, wrong=True, particulars=told)


def publishing(backlog: Backlog, patience: Patience, listening: datetime, now: datetime) -> Verdict | None:
    """Judge whether what waits for the website waits for too long, at whatever hour, while this server runs."""
    if backlog.since is None or now - backlog.since <= patience.length:
        return Verdict("publishing", None, wrong=False)
    if now - listening <= patience.length:
        return None
    told = {"records": backlog.records, "since": _kept(backlog.since)}
    return Verdict("publishing", None, wrong=True, particulars=told)


def steps(
    found: Sequence[Verdict], open_ones: Sequence[Alert], ended: Sequence[Alert], now: datetime
) -> tuple[Step, ...]:
    """Return what is to be done: nothing where the alerts say already what is the case.

    Args:
        found: The verdicts.
        open_ones: The alerts that are not over.
        ended: Those that ended within `REMEMBERED`.
    """
    known = {(alert.kind, alert.company): alert for alert in open_ones}
    before = [(alert.kind, alert.company) for alert in ended]
    made = (
        _step(each, known.get((each.kind, each.company)), before.count((each.kind, each.company)), now)
        for each in found
    )
    return tuple(step for step in made if step is not None)


def steady(earlier: int) -> timedelta:
    """Return how long a recovery has to hold, after so many others within the last day."""
    # The power is bounded before it is taken: a flapping connection may have ended many alerts.
    return min(STEADIEST, STEADY * (1 << min(earlier, 10)))


def right_since(alert: Alert) -> datetime | None:
    """Return since when the trouble of an open alert is not to be seen any more; None while it is."""
    kept = alert.particulars.get(RIGHT_SINCE)
    return None if kept is None else datetime.fromisoformat(kept)


def _step(verdict: Verdict, alert: Alert | None, earlier: int, now: datetime) -> Step | None:
    if alert is None:
        return Step(BEGIN, verdict, None, verdict.particulars) if verdict.wrong and verdict.begins else None
    since = right_since(alert)
    bare = {name: value for name, value in alert.particulars.items() if name != RIGHT_SINCE}
    if verdict.wrong:
        return Step(DESCRIBE, verdict, alert, bare) if since is not None else None
    if since is None:
        return Step(DESCRIBE, verdict, alert, {**bare, RIGHT_SINCE: _kept(now)})
    return Step(RECOVER, verdict, alert, alert.particulars) if now - since >= steady(earlier) else None


def _kept(moment: datetime) -> str:
    return moment.isoformat()
