"""The moves of a refresh: handed out, answered, put back, published, failed.

Every change of state names the states it changes from, so that what somebody
else has ended meanwhile stays as it is. In quiet hours, what the schedule asked
for and nobody waits for is left out of what a visit may take.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from qbwc_server.store.refreshes import WANTED_BY_PEOPLE, QueuedRefresh, from_row
from qbwc_server.store.tables import LISTS_READ, refreshes

UNANSWERED_LIMIT = 5


def _claimable(company: str, visit: int | None, *, quiet: bool) -> ColumnElement[bool]:
    waiting = and_(refreshes.c.company == company, refreshes.c.state == "waiting")
    if quiet:
        waiting = and_(waiting, WANTED_BY_PEOPLE)
    if visit is None:
        return waiting
    return and_(waiting, or_(refreshes.c.held_by_visit.is_(None), refreshes.c.held_by_visit != visit))


def waiting_count(connection: Connection, company: str, visit: int | None = None, *, quiet: bool = False) -> int:
    """Return how many refreshes a visit could still take (without a visit: how many wait)."""
    query = select(func.count()).select_from(refreshes).where(_claimable(company, visit, quiet=quiet))
    count: int = connection.execute(query).scalar_one()
    return count


def under_way(connection: Connection, company: str, visit: int, *, quiet: bool = False) -> float:
    """Return how much of a visit's list runs is read, each counted from 0 to 1."""
    query = select(refreshes.c.records, refreshes.c.total).where(
        _claimable(company, visit, quiet=quiet), refreshes.c.visit == visit, refreshes.c.total > 0
    )
    return float(sum(min(1.0, row.records / row.total) for row in connection.execute(query)))


def waiting(
    connection: Connection, company: str, visit: int, limit: int, *, quiet: bool = False
) -> tuple[QueuedRefresh, ...]:
    """Return what a visit may take, people first, then in the order of asking."""
    query = (
        select(refreshes)
        .where(_claimable(company, visit, quiet=quiet))
        .order_by(refreshes.c.urgent.desc(), refreshes.c.id)
        .limit(limit)
        .with_for_update()
    )
    return tuple(from_row(row) for row in connection.execute(query))


def anything_held_back(connection: Connection, company: str, visit: int) -> bool:
    """Return whether something waits that this visit must not take again, but the next one may."""
    query = select(refreshes.c.id).where(
        refreshes.c.company == company, refreshes.c.state == "waiting", refreshes.c.held_by_visit == visit
    )
    return connection.execute(query.limit(1)).first() is not None


def waiting_one(
    connection: Connection, company: str, visit: int, refresh_id: int, *, quiet: bool
) -> tuple[QueuedRefresh, ...]:
    """Return one refresh, if a visit may take it."""
    this = and_(_claimable(company, visit, quiet=quiet), refreshes.c.id == refresh_id)
    query = select(refreshes).where(this).with_for_update()
    return tuple(from_row(row) for row in connection.execute(query))


def mark_sent(connection: Connection, sent: Mapping[str, Sequence[int]], visit: int, now: datetime) -> None:
    """Mark refreshes as sent, given the requestID each goes out under."""
    for request_id, ids in sent.items():
        connection.execute(
            update(refreshes)
            .where(refreshes.c.id.in_(ids), refreshes.c.state == "waiting")
            .values(
                state="sent",
                visit=visit,
                request_id=request_id,
                sent_at=now,
                first_sent_at=func.coalesce(refreshes.c.first_sent_at, now),
            )
        )


def answering(connection: Connection, company: str, visit: int, request_id: str) -> tuple[QueuedRefresh, ...]:
    """Return the refreshes that an answer to this request still concerns.

    Those released meanwhile are waiting and keep the request they went out under.
    """
    query = (
        select(refreshes)
        .where(
            refreshes.c.company == company,
            refreshes.c.visit == visit,
            refreshes.c.request_id == request_id,
            refreshes.c.state.in_(("sent", "waiting")),
        )
        .order_by(refreshes.c.id)
        .with_for_update()
    )
    return tuple(from_row(row) for row in connection.execute(query))


def sent_with(connection: Connection, company: str, visit: int, refresh_id: int) -> QueuedRefresh | None:
    """Return a list run that an answer to this visit still concerns; None where it does not."""
    query = select(refreshes).where(
        refreshes.c.id == refresh_id,
        refreshes.c.company == company,
        refreshes.c.visit == visit,
        refreshes.c.state.in_(("sent", "waiting")),
    )
    row = connection.execute(query.with_for_update()).first()
    return None if row is None else from_row(row)


def change(connection: Connection, ids: Sequence[int], **values: object) -> None:
    """Set columns of refreshes that are under way."""
    if ids:
        connection.execute(
            update(refreshes)
            .where(refreshes.c.id.in_(ids), refreshes.c.state.in_(("waiting", "sent", "answered")))
            .values(**values)
        )


def put_back(
    connection: Connection,
    ids: Sequence[int],
    *,
    counted: bool,
    trouble: str | None = None,
    held_by: int | None = None,
) -> None:
    """Send refreshes back to waiting.

    Args:
        counted: as a send without an answer.
        trouble: the code of what was wrong with what came; None when nothing came.
        held_by: the visit that must not take them again.
    """
    values: dict[str, object] = {"state": "waiting", "held_by_visit": held_by}
    if counted:
        values["unanswered"] = refreshes.c.unanswered + 1
    if counted and trouble is not None:
        values["trouble"] = trouble
    change(connection, ids, **values)


def worn(connection: Connection, ids: Sequence[int]) -> tuple[QueuedRefresh, ...]:
    """Return those of these refreshes that wait and went unanswered too often."""
    query = select(refreshes).where(
        refreshes.c.id.in_(ids), refreshes.c.state == "waiting", refreshes.c.unanswered >= UNANSWERED_LIMIT
    )
    return tuple(from_row(row) for row in connection.execute(query.order_by(refreshes.c.id)))


def fail(connection: Connection, ids: Sequence[int], error: Mapping[str, object], now: datetime) -> None:
    """End refreshes with the reason why."""
    change(connection, ids, state="failed", finished_at=now, error=dict(error), outcome=None)


def conclude(connection: Connection, ids: Sequence[int], outcome: str, now: datetime, **values: object) -> None:
    """End refreshes with their outcome."""
    change(
        connection,
        ids,
        state="published",
        outcome=outcome,
        finished_at=now,
        published_at=now,
        answered_at=func.coalesce(refreshes.c.answered_at, now),
        **values,
    )


def out(connection: Connection, company: str, visit: int) -> tuple[QueuedRefresh, ...]:
    """Return what a visit has at QuickBooks."""
    query = select(refreshes).where(
        refreshes.c.company == company, refreshes.c.visit == visit, refreshes.c.state == "sent"
    )
    return tuple(from_row(row) for row in connection.execute(query.order_by(refreshes.c.id)))


def refused_alone(connection: Connection, company: str, visit: int) -> tuple[int, ...]:
    """Return the refreshes that QuickBooks refused alone in this visit."""
    query = select(refreshes.c.id).where(
        refreshes.c.company == company,
        refreshes.c.held_by_visit == visit,
        refreshes.c.refused_alone.is_(True),
        refreshes.c.state == "waiting",
    )
    return tuple(connection.execute(query).scalars())


def answered_records(connection: Connection, company: str) -> frozenset[tuple[str, str]]:
    """Return the records, (list, ListID), that answered record refreshes of a company wait to see published."""
    query = select(refreshes.c.list, refreshes.c.list_id).where(
        refreshes.c.company == company, refreshes.c.scope == "record", refreshes.c.state == "answered"
    )
    return frozenset((row.list, row.list_id) for row in connection.execute(query))


def publish_record(
    connection: Connection, company: str, list_name: str, list_id: str, seq: int, outcome: str, now: datetime
) -> None:
    """Mark every answered record refresh up to this observation as published."""
    connection.execute(
        update(refreshes)
        .where(_answered_by(company, list_name, list_id, seq))
        .values(state="published", outcome=outcome, published_at=now, finished_at=now)
    )


def fail_record(
    connection: Connection,
    company: str,
    list_name: str,
    list_id: str,
    seq: int,
    error: Mapping[str, object],
    now: datetime,
) -> None:
    """End every answered record refresh up to this observation: its publishing was set aside."""
    connection.execute(
        update(refreshes)
        .where(_answered_by(company, list_name, list_id, seq))
        .values(state="failed", error=dict(error), finished_at=now)
    )


def _answered_by(company: str, list_name: str, list_id: str, seq: int) -> ColumnElement[bool]:
    """Return what finds the answered refreshes of a record that this observation answers, or one before it."""
    return and_(
        refreshes.c.company == company,
        refreshes.c.list == list_name,
        refreshes.c.list_id == list_id,
        refreshes.c.scope == "record",
        refreshes.c.state == "answered",
        refreshes.c.seq <= seq,
    )


def open_lists(connection: Connection, company: str, list_name: str) -> tuple[QueuedRefresh, ...]:
    """Return the list runs whose records are being published."""
    query = select(refreshes).where(
        refreshes.c.company == company,
        refreshes.c.list == list_name,
        refreshes.c.scope.in_(LISTS_READ),
        refreshes.c.state.in_(("waiting", "sent", "answered")),
        refreshes.c.first_seq.is_not(None),
    )
    return tuple(from_row(row) for row in connection.execute(query))
