"""How long things are kept, and taking away what is older.

Theory of operation
-------------------
A sweep goes through its steps in turn. Each looks first, without holding anything, and only where something is too old
it takes at most `BATCH` rows away in a transaction of its own, found by an index: nobody waits long for what a sweep
holds, and one that has nothing to do writes nothing. A condition is asked again by the statement that deletes, so
several processes may sweep at the same time.

What others refer to goes after them, or they let go of it first: a change outlives the list run that brought it, a
retry the refresh it repeats; the key of a program goes before the refreshes it stands for. The newest row of a table
that numbers its rows stays: SQLite would give its number out again, and numbers stand in the audit and in links.

Never taken away: what is not final, the current visit of a company and one that has a request out. Records stay as
rows; those that QuickBooks deleted lose their values (`erasing`). `polls` keep a number of calls by themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, and_, delete, exists, func, or_, select, tuple_, update

from qbwc_server.store import companies, erasing
from qbwc_server.store.database import Database
from qbwc_server.store.tables import (
    FINAL_STATES,
    audit,
    changes,
    deliveries,
    exchanges,
    idempotency_keys,
    records,
    refreshes,
    visits,
)
from qbwc_server.store.tables import companies as owners

BATCH = 500
BATCHES_AT_ONCE = 10
RHYTHM = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Keep:
    """How long things are kept; see the settings `keep_…_days`."""

    changes: timedelta
    exchanges: timedelta
    refreshes: timedelta
    tombstones: timedelta
    audit: timedelta
    webhooks: timedelta = timedelta(days=30)


class Retention:
    """Takes away what is older than it is to be kept.

    Args:
        database: our own database.
        keep: how long.
        clock: the time that decisions use; the database's unless told otherwise.
    """

    def __init__(self, database: Database, keep: Keep, clock: Callable[[Connection], datetime] | None = None) -> None:
        self.database = database
        self.keep = keep
        self.clock = clock or database.now
        self._due_at: datetime | None = None

    def now_and_then(self) -> None:
        """Sweep if an hour has passed since a sweep came to its end; it is called more often than that."""
        with self.database.read() as connection:
            now = self.clock(connection)
        if (self._due_at is None or now >= self._due_at) and not self.sweep(now):
            self._due_at = now + RHYTHM

    def sweep(self, now: datetime, batches: int = BATCHES_AT_ONCE) -> bool:
        """Take away at most so many batches; tells whether there may be more to do."""
        for step in self._steps(now):
            while step():
                batches -= 1
                if batches <= 0:
                    return True
        return False

    def _steps(self, now: datetime) -> tuple[Callable[[], bool], ...]:
        """Return the steps in the order in which they let go of each other; each tells whether it did anything."""
        old = {name: now - getattr(self.keep, name) for name in Keep.__slots__}
        keys, numbers = idempotency_keys.c, (changes.c.company, changes.c.seq)
        return (
            lambda: self._delete(numbers, changes.c.changed_at < old["changes"]),
            lambda: self._strip(old["tombstones"]),
            lambda: self._delete((exchanges.c.id,), _older(exchanges, exchanges.c.at, old["exchanges"])),
            lambda: self._delete((visits.c.company, visits.c.visit), _over(old["exchanges"])),
            lambda: self._delete((keys.asked_by, keys.key), keys.created_at < old["refreshes"]),
            lambda: self._end(old["refreshes"]),
            lambda: self._delete((audit.c.id,), _older(audit, audit.c.at, old["audit"])),
            # One that waits has no end yet.
            lambda: self._delete((deliveries.c.id,), _older(deliveries, deliveries.c.finished_at, old["webhooks"])),
        )

    def _any(self, keys: tuple[Column[Any], ...], old: ColumnElement[bool]) -> bool:
        with self.database.read() as connection:
            return connection.execute(select(*keys).where(old).limit(1)).first() is not None

    def _delete(self, keys: tuple[Column[Any], ...], old: ColumnElement[bool]) -> bool:
        """Delete some of the rows that are too old, but for those that somebody holds."""
        if not self._any(keys, old):
            return False
        key = keys[0] if len(keys) == 1 else tuple_(*keys)
        some = select(*keys).where(old).limit(BATCH).with_for_update(skip_locked=True).correlate(None)
        with self.database.write() as connection:
            return connection.execute(delete(keys[0].table).where(key.in_(some), old)).rowcount > 0

    def _end(self, before: datetime) -> bool:
        """Delete some final refreshes with their askers, once nothing refers to them."""
        old = and_(refreshes.c.state.in_(FINAL_STATES), _older(refreshes, refreshes.c.finished_at, before))
        if not self._any((refreshes.c.id,), old):
            return False
        with self.database.write() as connection:
            # Who tries one again holds its company.
            _hold_all(connection)
            ids = list(connection.execute(select(refreshes.c.id).where(old).limit(BATCH)).scalars())
            if _let_go(connection, ids) < BATCH:
                connection.execute(update(refreshes).where(refreshes.c.retry_of.in_(ids)).values(retry_of=None))
                connection.execute(delete(refreshes).where(refreshes.c.id.in_(ids)))
        return bool(ids)

    def _strip(self, before: datetime) -> bool:
        """Take the values out of some tombstones, their changes first."""
        old = and_(records.c.erased.is_(False), records.c.deleted_at < before, records.c.is_deleted.is_(True))
        if not self._any((records.c.list_id,), old):
            return False
        with self.database.write() as connection:
            _hold_all(connection)
            found = connection.execute(
                select(records.c.company, records.c.list, records.c.list_id).where(old).limit(BATCH)
            ).all()
            room = BATCH
            for company, list_name, list_id in found:
                room -= erasing.erase_changes(connection, company, list_name, [list_id], room)
                if room <= 0:
                    # Some of its changes may be left: it is the first of the next batch.
                    break
                erasing.erase(connection, company, list_name, [list_id])
                room -= 1
        return bool(found)


def _hold_all(connection: Connection) -> None:
    """Hold the rows of all companies, in the order of all who hold several."""
    for name in connection.execute(select(owners.c.company).order_by(owners.c.company)).scalars().all():
        companies.lock(connection, name)


def _let_go(connection: Connection, ids: list[int]) -> int:
    """Let some changes forget the list runs that brought them; returns how many."""
    numbers = (changes.c.company, changes.c.seq)
    some = select(*numbers).where(changes.c.refresh_id.in_(ids)).limit(BATCH)
    return connection.execute(update(changes).where(tuple_(*numbers).in_(some)).values(refresh_id=None)).rowcount


def _older(table: Table, moment: Column[Any], before: datetime) -> ColumnElement[bool]:
    """Return what finds the old rows of a table that numbers its rows, but for the newest."""
    return and_(moment < before, table.c.id < select(func.max(table.alias("newest").c.id)).scalar_subquery())


def _over(before: datetime) -> ColumnElement[bool]:
    """Return what finds the old visits that nothing can come of any more."""
    current = exists().where(owners.c.company == visits.c.company, owners.c.visit == visits.c.visit)
    sent = and_(
        refreshes.c.state == "sent", refreshes.c.company == visits.c.company, refreshes.c.visit == visits.c.visit
    )
    at_quickbooks = exists().where(sent)
    settled = or_(visits.c.outstanding.is_(None), visits.c.released.is_(True))
    return and_(visits.c.last_call_at < before, settled, ~current.correlate(visits), ~at_quickbooks.correlate(visits))
