"""Alerts: what is wrong since when, who is told of it, and what it is judged by.

An alert is one row from its onset to its recovery. Unique indexes keep the open ones single, and recovering names the
state it changes from: of several processes that see the same thing, one is told that it did it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from qbwc_server.store import polls
from qbwc_server.store.tables import alerts, companies, connections, freshness, outbox, refreshes, users

_OPEN = alerts.c.recovered_at.is_(None)


@dataclass(frozen=True, slots=True)
class Alert:
    """One trouble, from its onset to its recovery; the columns of `tables.alerts`.

    Attributes:
        company: Whose it is; None for the installation's.
        particulars: What the messages say of it, and "right_since" (ISO 8601) while it is no longer to be seen but has
            not counted as recovered yet.
    """

    id: int
    kind: str
    company: str | None
    onset_at: datetime
    recovered_at: datetime | None
    particulars: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a company's connection is judged by.

    Attributes:
        paused: Whether it is paused at this moment.
        last_seen_at: The last call with the right password; None when there never was one.
        interval: The usual time between calls; None while it is unknown.
        attention: The code of what is wrong, or None, with its values.
        wrong_passwords: How many wrong passwords came since the last right one.
        waiting: How many refreshes wait for QuickBooks.
    """

    company: str
    title: str
    paused: bool
    last_seen_at: datetime | None
    interval: timedelta | None
    attention: str | None
    attention_values: Mapping[str, Any]
    attention_at: datetime | None
    wrong_passwords: int
    wrong_password_at: datetime | None
    wrong_password_since: datetime | None
    password_changed_at: datetime
    waiting: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """What the website has not been told of: how many records, and since when the oldest waits (None: nothing does)."""

    records: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who gets alerts; `language` is None while none was chosen."""

    name: str
    email: str
    language: str | None


def standings(connection: Connection, now: datetime) -> tuple[Standing, ...]:
    """Return how every company's connection stands."""
    counted = connection.execute(
        select(refreshes.c.company, func.count())
        .where(refreshes.c.state.in_(("waiting", "sent")))
        .group_by(refreshes.c.company)
    )
    waiting = {row[0]: row[1] for row in counted}
    query = (
        select(companies, *(column for column in connections.c if column.name != "company"))
        .join(connections, connections.c.company == companies.c.company)
        .order_by(companies.c.company)
    )
    rows = connection.execute(query).all()
    return tuple(_standing(row, polls.rhythm(connection, row.company), waiting, now) for row in rows)


def _standing(row: Row[Any], rhythm: polls.Rhythm, waiting: Mapping[str, int], now: datetime) -> Standing:
    return Standing(
        company=row.company,
        title=row.title,
        paused=row.paused and (row.paused_until is None or row.paused_until > now),
        last_seen_at=rhythm.last_at or row.last_seen_at,
        interval=rhythm.interval,
        attention=row.attention,
        attention_values=row.attention_values or {},
        attention_at=row.attention_at,
        wrong_passwords=row.wrong_passwords,
        wrong_password_at=row.wrong_password_at,
        wrong_password_since=row.wrong_password_since or row.wrong_password_at,
        password_changed_at=row.password_changed_at,
        waiting=waiting.get(row.company, 0),
    )


def backlog(connection: Connection) -> Backlog:
    """Return what waits for the website.

    An outbox row is put off when the website cannot be written, so its `due_at` does not tell for how long it waits;
    `queued_at` does. The refreshes that wait with it do as well, and so does the freshness where nothing else waits.
    """
    kept = outbox.c.set_aside.is_(None)
    count, queued = connection.execute(select(func.count(), func.min(outbox.c.queued_at)).where(kept)).one()
    answered = select(func.min(refreshes.c.answered_at)).where(refreshes.c.state == "answered")
    untold = select(func.min(freshness.c.last_contact_at)).where(freshness.c.dirty.is_(True))
    moments = [queued, connection.execute(answered).scalar(), connection.execute(untold).scalar()]
    return Backlog(count, min((moment for moment in moments if moment is not None), default=None))


def open_ones(connection: Connection) -> tuple[Alert, ...]:
    """Return the alerts that are not over, oldest first."""
    return _found(connection, select(alerts).where(_OPEN).order_by(alerts.c.onset_at, alerts.c.id))


def recent(connection: Connection, since: datetime, limit: int) -> tuple[Alert, ...]:
    """Return the alerts that are over since some time, the last ones first."""
    query = select(alerts).where(alerts.c.recovered_at >= since).order_by(alerts.c.recovered_at.desc(), alerts.c.id)
    return _found(connection, query.limit(limit))


def _found(connection: Connection, query: Any) -> tuple[Alert, ...]:
    return tuple(
        Alert(row.id, row.kind, row.company, row.onset_at, row.recovered_at, row.particulars or {})
        for row in connection.execute(query)
    )


def begin(
    connection: Connection, kind: str, company: str | None, particulars: Mapping[str, Any], now: datetime
) -> bool:
    """Note the onset of a trouble; False when it is noted already."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    row = {"kind": kind, "company": company, "onset_at": now, "particulars": dict(particulars)}
    made = connection.execute(insert(alerts).values(row).on_conflict_do_nothing().returning(alerts.c.id))
    return made.first() is not None


def describe(connection: Connection, alert_id: int, particulars: Mapping[str, Any]) -> None:
    """Keep what is known of an alert that is not over."""
    connection.execute(
        update(alerts).where(alerts.c.id == alert_id, _OPEN).values(particulars=dict(particulars) or None)
    )


def recover(connection: Connection, alert_id: int, at: datetime) -> bool:
    """Note that a trouble is over since some time; False when that is noted already."""
    done = connection.execute(update(alerts).where(alerts.c.id == alert_id, _OPEN).values(recovered_at=at))
    return done.rowcount == 1


def recipients(connection: Connection) -> tuple[Recipient, ...]:
    """Return who gets alerts by mail."""
    query = select(users).where(users.c.alerts.is_(True), users.c.email.is_not(None), users.c.disabled.is_(False))
    return tuple(
        Recipient(row.name, row.email, row.language) for row in connection.execute(query.order_by(users.c.name))
    )


def address_of(connection: Connection, name: str) -> Recipient | None:
    """Return where to write to a user; None when there is no address, or the account is switched off."""
    row = connection.execute(select(users).where(users.c.name == name, users.c.disabled.is_(False))).first()
    return None if row is None or not row.email else Recipient(row.name, row.email, row.language)
