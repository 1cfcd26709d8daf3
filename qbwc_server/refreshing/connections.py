"""When a Web Connector is expected, and how its connection stands: inferred from the calls seen."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Self
from zoneinfo import ZoneInfo

from qbwc_server.refreshing.views import ConnectionView
from qbwc_server.settings import OfficeHours, Settings
from qbwc_server.store import holds
from qbwc_server.store.companies import Company, Seen
from qbwc_server.store.polls import Rhythm
from qbwc_server.store.visits import Visit


@dataclass(frozen=True, slots=True)
class Office:
    """When the QuickBooks PC is expected to be on, on the clocks of the place."""

    hours: OfficeHours
    zone: tzinfo

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the office of an installation."""
        return cls(settings.office_hours, ZoneInfo(settings.time_zone))

    def is_open(self, now: datetime) -> bool:
        """Tell whether somebody is expected there."""
        return self.hours.covers(now, self.zone)

    def worked(self, since: datetime, until: datetime) -> timedelta:
        """Return how much of the time between two moments lies within its hours."""
        return self.hours.worked(since, until, self.zone)


ROUND_THE_CLOCK = Office(OfficeHours.parse("always"), UTC)
LEAST_GRACE = timedelta(minutes=2)
OFFLINE_AFTER = 3
# Who calls every few seconds is not gone after a coffee break: a PC that restarts takes minutes.
LEAST_OFFLINE = timedelta(minutes=10)
UNKNOWN_INTERVAL = timedelta(minutes=30)
# QBWC's own wait between two calls of a visit that is held; one that misses several is no longer there.
NOOP_WAIT = timedelta(seconds=5)
_MISSED = 3 * NOOP_WAIT
_WAITING_STATES = ("ready", "holding")


def held_until(company: Company, visit: Visit | None, now: datetime, office: Office) -> datetime | None:
    """Return until when a company's visit is held; None when none is, or its Web Connector has gone silent.

    `visit` is the company's current one.
    """
    if visit is None or visit.state not in _WAITING_STATES or now - visit.last_call_at > _MISSED:
        return None
    quiet = holds.is_quiet(company, now, office.zone)
    return holds.until(company, now, single_user=visit.single_user, quiet=quiet)


def expected_at(rhythm: Rhythm, now: datetime, held: datetime | None = None) -> datetime | None:
    """Return when the next call can honestly be expected; None when that cannot be known.

    `held`: until when a visit is held; its next call comes in seconds, whatever the rhythm.
    """
    if held is not None:
        return now + NOOP_WAIT
    if rhythm.next_at is None or rhythm.interval is None:
        return None
    if rhythm.next_at + _grace(rhythm.interval) < now:
        return None
    return max(rhythm.next_at, now)


def view(
    company: Company,
    seen: Seen,
    rhythm: Rhythm,
    now: datetime,
    office: Office = ROUND_THE_CLOCK,
    visit: Visit | None = None,
) -> ConnectionView:
    """Return how a company's connection stands; `visit` is its current one."""
    held = held_until(company, visit, now, office)
    interval = None if rhythm.interval is None else max(1, round(rhythm.interval.total_seconds()))
    paused = company.is_paused(now)
    return ConnectionView(
        state=_state(company, seen, rhythm, now, office, held),
        last_seen_at=rhythm.last_at or seen.last_seen_at,
        next_expected_at=expected_at(rhythm, now, held),
        interval_seconds=interval,
        product=seen.product,
        country=seen.country,
        connector_version=seen.connector_version,
        address=seen.address,
        file=company.accepted_file or seen.seen_file,
        file_name=company.accepted_name or seen.seen_name,
        attention_code=seen.attention or ("wrong_password" if seen.wrong_passwords else None),
        attention_values=seen.attention_values or {},
        wrong_passwords=seen.wrong_passwords,
        wrong_password_at=seen.wrong_password_at,
        qbxml_version=company.qbxml_version,
        paused_by=company.paused_by if paused else None,
        paused_until=company.paused_until if paused else None,
        wrong_password_since=seen.wrong_password_since,
        hold_seconds=company.hold_seconds,
        held_until=held,
        single_user=visit is not None and visit.single_user,
    )


def _grace(interval: timedelta) -> timedelta:
    return max(LEAST_GRACE, interval / 2)


def _state(company: Company, seen: Seen, rhythm: Rhythm, now: datetime, office: Office, held: datetime | None) -> str:
    if company.is_paused(now):
        return "paused"
    if seen.attention is not None or seen.wrong_passwords:
        return "needs_attention"
    if rhythm.last_at is None:
        return "never_seen"
    interval = rhythm.interval or UNKNOWN_INTERVAL
    expected = interval + _grace(interval)
    # Who is there does not sign in meanwhile.
    if held is not None or now - rhythm.last_at <= expected:
        return "connected"
    # Whoever comes back in the morning is given the time that somebody who was there all the while would have.
    silence = office.worked(rhythm.last_at, now)
    if not office.is_open(now) or silence <= expected:
        return "off_hours"
    gone = max(LEAST_OFFLINE, OFFLINE_AFTER * interval + _grace(interval))
    return "late" if silence <= gone else "offline"
