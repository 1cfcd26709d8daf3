"""The queue: refreshes as durable rows; asking, looking and withdrawing.

Theory of operation
-------------------
A refresh is `waiting` until a visit claims it, `sent` while QuickBooks has it,
`answered` once what it asked for is in our database, and then final:
`published`, `failed` or `cancelled`. `sent` may go back to `waiting`.

A second request joins a refresh only while that one is waiting. A partial unique
index keeps waiting refreshes of one wish single; it leaves out those that were
sent once and came back, because a new one may have been asked for meanwhile.
What a visit and the publisher do to them is in `moves`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, func, not_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from qbwc_server.store.database import batched
from qbwc_server.store.schedules import ASKED_BY
from qbwc_server.store.tables import LISTS_READ, askers, refreshes

MOST = 1000
UNANSWERED_ALONE = 2


# Built once: each poll asks this.
_ANYTHING_WAITS = (
    select(refreshes.c.id).where(refreshes.c.company == bindparam("company"), refreshes.c.state == "waiting").limit(1)
)

WANTED_BY_PEOPLE = or_(refreshes.c.asked_by != ASKED_BY, refreshes.c.joined.is_(True))
"""What finds the refreshes that somebody waits for; the others the schedule asked for."""

# By schedule, nobody else waited for it, and there was nothing new. None of it is NULL, so its contrary is the rest.
_QUIET = and_(
    refreshes.c.asked_by == ASKED_BY,
    refreshes.c.joined.is_(False),
    refreshes.c.state == "published",
    func.coalesce(refreshes.c.outcome, "") == "unchanged",
    refreshes.c.error.is_(None),
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
    joined: bool
    first_sent_at: datetime | None
    sent_at: datetime | None
    answered_at: datetime | None
    published_at: datetime | None
    finished_at: datetime | None
    visit: int | None
    request_id: str | None
    unanswered: int
    trouble: str | None
    most: int
    alone: bool
    missed: bool
    held_by_visit: int | None
    refused_alone: bool
    fields_refused: bool
    list_id: str | None
    full_name: str | None
    seq: int | None
    first_seq: int | None
    records: int
    counts: Any
    hits: Any
    error: Any
    retry_of: int | None
    total: int | None = None
    modified_since: str | None = None
    newest: str | None = None
    newest_deleted: str | None = None
    through: bool = False
    suspects: Any = None
    small: bool = False
    resumed: int = 0
    time_deleted: str | None = None

    @property
    def reads_list(self) -> bool:
        """Whether it is a list run, which is read page by page."""
        return self.scope in LISTS_READ

    @property
    def largest_set(self) -> int:
        """How many refreshes the message set may hold that carries this one."""
        return 1 if self.unanswered >= UNANSWERED_ALONE else self.most


def from_row(row: Row[Any]) -> QueuedRefresh:
    """Return a row of the table as a value."""
    return QueuedRefresh(**{name: row._mapping[name] for name in QueuedRefresh.__slots__})  # noqa: SLF001 - SQLAlchemy's public name


def ask(
    connection: Connection, company: str, list_name: str, way: str, value: str, asked_by: str, now: datetime
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
    if way in LISTS_READ:
        # Between two pages a list run waits too, but it has begun.
        same = and_(same, refreshes.c.first_sent_at.is_(None))
    waiting = connection.execute(select(refreshes.c.id).where(same).order_by(refreshes.c.id)).scalars().first()
    if waiting is not None:
        join(connection, waiting, asked_by, now)
        return waiting, True
    return add(connection, company, list_name, way, value, asked_by, now), False


def add(
    connection: Connection,
    company: str,
    list_name: str,
    way: str,
    value: str,
    asked_by: str,
    now: datetime,
    **values: object,
) -> int:
    """Make a refresh, one that waits unless `values` say otherwise, and return its id."""
    scope = {"list_id": "record", "full_name": "record"}.get(way, way)
    row = {
        "company": company,
        "list": list_name,
        "scope": scope,
        "way": way,
        "value": value,
        "state": "waiting",
        "urgent": scope in ("record", "find"),
        "asked_by": asked_by,
        "asked_at": now,
        "list_id": value if way == "list_id" else None,
        "full_name": value if way == "full_name" else None,
        **values,
    }
    refresh_id: int = connection.execute(refreshes.insert().values(row).returning(refreshes.c.id)).scalar_one()
    _add_asker(connection, refresh_id, asked_by, now)
    return refresh_id


def join(connection: Connection, refresh_id: int, asked_by: str, now: datetime) -> None:
    """Let somebody wait for a refresh that is under way; the caller holds the company's row."""
    this = refreshes.c.id == refresh_id
    connection.execute(update(refreshes).where(this).values(joined=True))
    # It may have been sent once and come back: a late answer to that is older than this wish.
    came_back = and_(this, refreshes.c.state == "waiting")
    connection.execute(update(refreshes).where(came_back).values(visit=None, request_id=None))
    _add_asker(connection, refresh_id, asked_by, now)


def _add_asker(connection: Connection, refresh_id: int, asked_by: str, now: datetime) -> None:
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(
        insert(askers).values(refresh_id=refresh_id, asked_by=asked_by, asked_at=now).on_conflict_do_nothing()
    )


def retried(connection: Connection, refresh_id: int) -> int | None:
    """Return the refresh under way that tries this one again, None when there is none."""
    again = select(refreshes.c.id).where(
        refreshes.c.retry_of == refresh_id, refreshes.c.state.in_(("waiting", "sent", "answered"))
    )
    return connection.execute(again.order_by(refreshes.c.id)).scalars().first()


def get(connection: Connection, refresh_id: int) -> QueuedRefresh | None:
    """Return a refresh, or None."""
    row = connection.execute(select(refreshes).where(refreshes.c.id == refresh_id)).first()
    return None if row is None else from_row(row)


def many(connection: Connection, ids: Iterable[int]) -> tuple[QueuedRefresh, ...]:
    """Return the refreshes with these ids, oldest first."""
    rows = connection.execute(select(refreshes).where(refreshes.c.id.in_(list(ids))).order_by(refreshes.c.id))
    return tuple(from_row(row) for row in rows)


def search(
    connection: Connection,
    *,
    company: str | None = None,
    state: str | None = None,
    list_name: str | None = None,
    list_id: str | None = None,
    limit: int | None = None,
    quiet: bool = True,
) -> tuple[QueuedRefresh, ...]:
    """Return refreshes, newest first; without `quiet` not those by schedule that found nothing new."""
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
    if not quiet:
        query = query.where(not_(_QUIET))
    return tuple(from_row(row) for row in connection.execute(query.limit(limit)))


def count_quiet(connection: Connection) -> int:
    """Return how many refreshes by schedule found nothing new."""
    return int(connection.execute(select(func.count()).select_from(refreshes).where(_QUIET)).scalar_one())


def begun_lists(connection: Connection) -> tuple[QueuedRefresh, ...]:
    """Return the list runs of which a page has come and more are to come, oldest first."""
    query = select(refreshes).where(
        refreshes.c.state.in_(("waiting", "sent")),
        refreshes.c.scope.in_(LISTS_READ),
        refreshes.c.first_seq.is_not(None),
    )
    return tuple(from_row(row) for row in connection.execute(query.order_by(refreshes.c.id)))


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


def withdraw(connection: Connection, refresh_id: int, asked_by: str, now: datetime, *, everyone: bool = False) -> bool:
    """Take back one asker, or all on that one's word; the last one cancels the refresh while it waits.

    The others of all who want to be told how it ends stay, to be told of that.

    Returns:
        False when it is not waiting any more.
    """
    waiting = connection.execute(
        select(refreshes.c.id).where(refreshes.c.id == refresh_id, refreshes.c.state == "waiting").with_for_update()
    ).first()
    if waiting is None:
        return False
    mine = askers.c.refresh_id == refresh_id
    own = askers.c.asked_by == asked_by
    connection.execute(delete(askers).where(mine, or_(own, askers.c.tell.is_(False)) if everyone else own))
    if not everyone and connection.execute(select(func.count()).select_from(askers).where(mine)).scalar_one():
        return True
    changed = connection.execute(
        update(refreshes)
        .where(refreshes.c.id == refresh_id, refreshes.c.state == "waiting")
        .values(state="cancelled", finished_at=now)
    )
    return changed.rowcount == 1


def anything_waits(connection: Connection, company: str, *, quiet: bool = False) -> bool:
    """Return whether a refresh waits; in quiet hours, one that somebody waits for."""
    query = _ANYTHING_WAITS.where(WANTED_BY_PEOPLE) if quiet else _ANYTHING_WAITS
    return connection.execute(query, {"company": company}).first() is not None
