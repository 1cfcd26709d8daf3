"""The queue: refreshes as durable rows, and every move they can make.

Theory of operation
-------------------
A refresh is `waiting` until a visit claims it, `sent` while QuickBooks has it,
`answered` once what it asked for is in our database, and then final:
`published`, `failed` or `cancelled`. `sent` may go back to `waiting`.

A second request joins a refresh only while that one is waiting. A partial unique
index keeps waiting refreshes of one wish single; it leaves out those that were
sent once and came back, because a new one may have been asked for meanwhile.
Every change of state names the state it changes from and the caller looks at
the number of rows changed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from qbwc_server.store.database import batched
from qbwc_server.store.tables import askers, refreshes

MOST = 1000
UNANSWERED_ALONE = 2
UNANSWERED_LIMIT = 5


# Built once: each poll asks this.
_ANYTHING_WAITS = (
    select(refreshes.c.id).where(refreshes.c.company == bindparam("company"), refreshes.c.state == "waiting").limit(1)
)


@dataclass(frozen=True, slots=True)
class QueuedRefresh:
    """A refresh as stored; see `tables.refreshes`."""

    id: int
    company: str
    list: str
    scope: str
    way: str
    value: str
    state: str
    outcome: str | None
    urgent: bool
    asked_by: str
    asked_at: datetime
    first_sent_at: datetime | None
    sent_at: datetime | None
    answered_at: datetime | None
    published_at: datetime | None
    finished_at: datetime | None
    visit: int | None
    request_id: str | None
    unanswered: int
    most: int
    missed: bool
    held_by_visit: int | None
    refused_alone: bool
    list_id: str | None
    full_name: str | None
    seq: int | None
    first_seq: int | None
    records: int
    counts: Any
    hits: Any
    error: Any
    retry_of: int | None

    @property
    def largest_set(self) -> int:
        """How many refreshes the message set may hold that carries this one."""
        return 1 if self.unanswered >= UNANSWERED_ALONE else self.most


def _row(row: Row[Any]) -> QueuedRefresh:
    return QueuedRefresh(**{name: row._mapping[name] for name in QueuedRefresh.__slots__})  # noqa: SLF001 - SQLAlchemy's public name


def ask(
    connection: Connection,
    company: str,
    list_name: str,
    way: str,
    value: str,
    asked_by: str,
    now: datetime,
    *,
    retry_of: int | None = None,
) -> tuple[int, bool]:
    """Queue a refresh, or join the one that waits for the same.

    Returns:
        its id, and whether it was joined.
    """
    same = and_(
        refreshes.c.company == company,
        refreshes.c.list == list_name,
        refreshes.c.way == way,
        refreshes.c.value == value,
        refreshes.c.state == "waiting",
    )
    if way == "all":
        # Between two pages a list run waits too, but it has begun.
        same = and_(same, refreshes.c.first_sent_at.is_(None))
    waiting = connection.execute(select(refreshes.c.id).where(same).order_by(refreshes.c.id)).scalars().first()
    joined = waiting is not None
    refresh_id: int
    if waiting is not None:
        refresh_id = waiting
        # It may have been sent once and come back: a late answer to that is older than this wish.
        change(connection, [refresh_id], visit=None, request_id=None)
    else:
        scope = {"list_id": "record", "full_name": "record"}.get(way, way)
        refresh_id = connection.execute(
            refreshes.insert()
            .values(
                company=company,
                list=list_name,
                scope=scope,
                way=way,
                value=value,
                state="waiting",
                urgent=scope in ("record", "find"),
                asked_by=asked_by,
                asked_at=now,
                list_id=value if way == "list_id" else None,
                full_name=value if way == "full_name" else None,
                retry_of=retry_of,
            )
            .returning(refreshes.c.id)
        ).scalar_one()
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(
        insert(askers).values(refresh_id=refresh_id, asked_by=asked_by, asked_at=now).on_conflict_do_nothing()
    )
    return refresh_id, joined


def get(connection: Connection, refresh_id: int) -> QueuedRefresh | None:
    """Return a refresh, or None."""
    row = connection.execute(select(refreshes).where(refreshes.c.id == refresh_id)).first()
    return None if row is None else _row(row)


def many(connection: Connection, ids: Iterable[int]) -> tuple[QueuedRefresh, ...]:
    """Return the refreshes with these ids, oldest first."""
    rows = connection.execute(select(refreshes).where(refreshes.c.id.in_(list(ids))).order_by(refreshes.c.id))
    return tuple(_row(row) for row in rows)


def search(
    connection: Connection,
    *,
    company: str | None = None,
    state: str | None = None,
    list_name: str | None = None,
    list_id: str | None = None,
    limit: int | None = None,
) -> tuple[QueuedRefresh, ...]:
    """Return refreshes, newest first."""
    query = select(refreshes).order_by(refreshes.c.id.desc())
    wanted = (
        (refreshes.c.company, company),
        (refreshes.c.state, state),
        (refreshes.c.list, list_name),
        (refreshes.c.list_id, list_id),
    )
    for column, value in wanted:
        if value is not None:
            query = query.where(column == value)
    return tuple(_row(row) for row in connection.execute(query.limit(limit)))


def count_by_state(connection: Connection) -> dict[str, int]:
    """Return how many refreshes stand in each state."""
    rows = connection.execute(select(refreshes.c.state, func.count()).group_by(refreshes.c.state))
    return {row[0]: row[1] for row in rows}


def askers_of(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return who asked for each refresh, first first."""
    found: dict[int, list[str]] = {refresh_id: [] for refresh_id in ids}
    for part in batched(ids):
        query = select(askers).where(askers.c.refresh_id.in_(part)).order_by(askers.c.asked_at)
        for row in connection.execute(query):
            found[row.refresh_id].append(row.asked_by)
    return {refresh_id: tuple(names) for refresh_id, names in found.items()}


def withdraw(connection: Connection, refresh_id: int, asked_by: str | None, now: datetime) -> bool:
    """Take back one asker (or all, with None); the last one cancels the refresh while it waits.

    Returns:
        False when it is not waiting any more.
    """
    waiting = connection.execute(
        select(refreshes.c.id).where(refreshes.c.id == refresh_id, refreshes.c.state == "waiting").with_for_update()
    ).first()
    if waiting is None:
        return False
    mine = askers.c.refresh_id == refresh_id
    connection.execute(delete(askers).where(mine if asked_by is None else and_(mine, askers.c.asked_by == asked_by)))
    if connection.execute(select(func.count()).select_from(askers).where(mine)).scalar_one():
        return True
    changed = connection.execute(
        update(refreshes)
        .where(refreshes.c.id == refresh_id, refreshes.c.state == "waiting")
        .values(state="cancelled", finished_at=now)
    )
    return changed.rowcount == 1


def _claimable(company: str, visit: int | None) -> ColumnElement[bool]:
    waiting = and_(refreshes.c.company == company, refreshes.c.state == "waiting")
    if visit is None:
        return waiting
    return and_(waiting, or_(refreshes.c.held_by_visit.is_(None), refreshes.c.held_by_visit != visit))


def waiting_count(connection: Connection, company: str, visit: int | None = None) -> int:
    """Return how many refreshes a visit could still take (without a visit: how many wait)."""
    query = select(func.count()).select_from(refreshes).where(_claimable(company, visit))
    count: int = connection.execute(query).scalar_one()
    return count


def anything_waits(connection: Connection, company: str) -> bool:
    """Return whether a refresh waits."""
    return connection.execute(_ANYTHING_WAITS, {"company": company}).first() is not None


def waiting(connection: Connection, company: str, visit: int, limit: int) -> tuple[QueuedRefresh, ...]:
    """Return what a visit may take, people first, then in the order of asking."""
    query = (
        select(refreshes)
        .where(_claimable(company, visit))
        .order_by(refreshes.c.urgent.desc(), refreshes.c.id)
        .limit(limit)
        .with_for_update()
    )
    return tuple(_row(row) for row in connection.execute(query))


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
    return tuple(_row(row) for row in connection.execute(query))


def change(connection: Connection, ids: Sequence[int], **values: object) -> None:
    """Set columns of refreshes that are under way."""
    if ids:
        connection.execute(
            update(refreshes)
            .where(refreshes.c.id.in_(ids), refreshes.c.state.in_(("waiting", "sent", "answered")))
            .values(**values)
        )


def put_back(connection: Connection, ids: Sequence[int], *, counted: bool, held_by: int | None = None) -> None:
    """Send refreshes back to waiting; `counted` as a send without an answer."""
    values: dict[str, object] = {"state": "waiting", "held_by_visit": held_by}
    if counted:
        values["unanswered"] = refreshes.c.unanswered + 1
    change(connection, ids, **values)


def release(connection: Connection, company: str, visit: int, *, counted: bool) -> tuple[int, ...]:
    """Put back whatever this visit has out, and return those that went unanswered too often."""
    out = and_(refreshes.c.company == company, refreshes.c.visit == visit, refreshes.c.state == "sent")
    ids = tuple(connection.execute(select(refreshes.c.id).where(out)).scalars())
    put_back(connection, ids, counted=counted)
    if not counted or not ids:
        return ()
    worn = select(refreshes.c.id).where(refreshes.c.id.in_(ids), refreshes.c.unanswered >= UNANSWERED_LIMIT)
    return tuple(connection.execute(worn).scalars())


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
    return tuple(_row(row) for row in connection.execute(query.order_by(refreshes.c.id)))


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
        .where(
            refreshes.c.company == company,
            refreshes.c.list == list_name,
            refreshes.c.list_id == list_id,
            refreshes.c.scope == "record",
            refreshes.c.state == "answered",
            refreshes.c.seq <= seq,
        )
        .values(
            state="published",
            outcome=outcome,
            published_at=now,
            finished_at=now,
        )
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
        .where(
            refreshes.c.company == company,
            refreshes.c.list == list_name,
            refreshes.c.list_id == list_id,
            refreshes.c.scope == "record",
            refreshes.c.state == "answered",
            refreshes.c.seq <= seq,
        )
        .values(state="failed", error=dict(error), finished_at=now)
    )


def open_lists(connection: Connection, company: str, list_name: str) -> tuple[QueuedRefresh, ...]:
    """Return the list runs whose records are being published."""
    query = select(refreshes).where(
        refreshes.c.company == company,
        refreshes.c.list == list_name,
        refreshes.c.scope.in_(("all", "changed")),
        refreshes.c.state.in_(("waiting", "sent", "answered")),
        refreshes.c.first_seq.is_not(None),
    )
    return tuple(_row(row) for row in connection.execute(query))
