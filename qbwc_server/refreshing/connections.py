"""When a Web Connector is expected, and how its connection stands: inferred from the calls seen."""

from datetime import datetime, timedelta

from qbwc_server.refreshing.views import ConnectionView
from qbwc_server.store.companies import Company, Seen
from qbwc_server.store.polls import Rhythm

LEAST_GRACE = timedelta(minutes=2)
OFFLINE_AFTER = 3
# Who calls every few seconds is not gone after a coffee break: a PC that restarts takes minutes.
LEAST_OFFLINE = timedelta(minutes=10)
UNKNOWN_INTERVAL = timedelta(minutes=30)


def expected_at(rhythm: Rhythm, now: datetime) -> datetime | None:
    """Return when the next call can honestly be expected; None when that cannot be known."""
    if rhythm.next_at is None or rhythm.interval is None:
        return None
    if rhythm.next_at + _grace(rhythm.interval) < now:
        return None
    return max(rhythm.next_at, now)


def view(company: Company, seen: Seen, rhythm: Rhythm, now: datetime) -> ConnectionView:
    """Return how a company's connection stands."""
    interval = None if rhythm.interval is None else max(1, round(rhythm.interval.total_seconds()))
    return ConnectionView(
        state=_state(company, seen, rhythm, now),
        last_seen_at=rhythm.last_at or seen.last_seen_at,
        next_expected_at=expected_at(rhythm, now),
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
    )


def _grace(interval: timedelta) -> timedelta:
    return max(LEAST_GRACE, interval / 2)


def _state(company: Company, seen: Seen, rhythm: Rhythm, now: datetime) -> str:
    if company.paused:
        return "paused"
    if seen.attention is not None or seen.wrong_passwords:
        return "needs_attention"
    if rhythm.last_at is None:
        return "never_seen"
    interval = rhythm.interval or UNKNOWN_INTERVAL
    silence = now - rhythm.last_at
    if silence <= interval + _grace(interval):
        return "connected"
    gone = max(LEAST_OFFLINE, OFFLINE_AFTER * interval + _grace(interval))
    return "late" if silence <= gone else "offline"
