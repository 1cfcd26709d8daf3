"""How fresh a list is, by company: when QuickBooks last answered for it, and what the website was told of that."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from qbwc_server.store.tables import freshness

# QuickBooks tells of deletions for about 90 days.
DELETIONS_KEPT = timedelta(days=80)


def note_contact(connection: Connection, company: str, list_name: str, now: datetime) -> None:
    """Note that QuickBooks answered for a list; the website is told with the next publishing."""
    _note(connection, company, list_name, now, {})


def note_read(
    connection: Connection,
    company: str,
    list_name: str,
    now: datetime,
    *,
    scope: str,
    changed_from: str | None,
    deleted_from: str | None,
) -> None:
    """Note that a list was read to its end.

    Args:
        scope: all, changed or sweep.
        changed_from: from which of QuickBooks's own times on changes are still to be asked for, None for no news of
            that. After a whole list it stands, for deletions as well: a time that was noted while QuickBooks's clock
            ran ahead would hide those that came after. After changes only a later one does.
        deleted_from: the same of deletions, after changes.
    """
    if scope == "sweep":
        _note(connection, company, list_name, now, {"last_swept_at": now})
        return
    before = get(connection, company, list_name)
    values: dict[str, object] = {"last_changed_read_at": now}
    if scope == "all":
        values |= {"last_full_read_at": now, "complete": True}
        values |= {"changed_from": changed_from, "deleted_from": changed_from}
        _note(connection, company, list_name, now, values)
        return
    if changed_from is not None and (before is None or (before.changed_from or "") < changed_from):
        values["changed_from"] = changed_from
    if deleted_from is not None and (before is None or (before.deleted_from or "") < deleted_from):
        values["deleted_from"] = deleted_from
    _note(connection, company, list_name, now, values)


def note_measure(
    connection: Connection, company: str, list_name: str, *, record_bytes: int | None, micros: int | None
) -> None:
    """Note what a record takes on the way."""
    row = and_(freshness.c.company == company, freshness.c.list == list_name)
    connection.execute(update(freshness).where(row).values(record_bytes=record_bytes, record_micros=micros))


def measured(connection: Connection, company: str, list_name: str) -> tuple[int | None, int | None]:
    """Return what a record takes on the way: bytes, and microseconds; None where it was never measured."""
    found = get(connection, company, list_name)
    return (None, None) if found is None else (found.record_bytes, found.record_micros)


def changed_from(connection: Connection, company: str, list_name: str, now: datetime) -> str | None:
    """Return from which of QuickBooks's own times on changes are to be asked for; None where all is to be read.

    All is to be read of a list that never was, and of one that was not for so long that QuickBooks may have
    forgotten what was deleted since.
    """
    found = get(connection, company, list_name)
    if found is None or not found.complete or found.last_changed_read_at is None:
        return None
    start: str | None = found.changed_from
    return start if now - found.last_changed_read_at < DELETIONS_KEPT else None


def doubt(connection: Connection, company: str, list_name: str) -> None:
    """Something was missed: the list counts as never read to its end."""
    row = and_(freshness.c.company == company, freshness.c.list == list_name)
    connection.execute(update(freshness).where(row).values(complete=False, dirty=True))


def get(connection: Connection, company: str, list_name: str) -> Any:
    """Return the row of a list, None before QuickBooks has ever answered for it."""
    row = and_(freshness.c.company == company, freshness.c.list == list_name)
    return connection.execute(select(freshness).where(row)).first()


def _note(connection: Connection, company: str, list_name: str, now: datetime, values: Mapping[str, object]) -> None:
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    whole = {"last_contact_at": now, "dirty": True, **values}
    statement = insert(freshness).values(company=company, list=list_name, **whole)
    # Never back: who told the website of a later contact would take this one for told as well.
    later = func.max if connection.dialect.name == "sqlite" else func.greatest
    last = later(func.coalesce(freshness.c.last_contact_at, now), statement.excluded.last_contact_at)
    set_ = {**whole, "last_contact_at": last}
    connection.execute(statement.on_conflict_do_update(index_elements=["company", "list"], set_=set_))


def stale(connection: Connection) -> tuple[Any, ...]:
    """Return the freshness rows that the website has not been told of."""
    return tuple(connection.execute(select(freshness).where(freshness.c.dirty.is_(True))).all())


def told(connection: Connection, company: str, list_name: str, last_contact_at: datetime) -> None:
    """Note that the website has this freshness, unless it has moved meanwhile."""
    connection.execute(
        update(freshness)
        .where(
            freshness.c.company == company,
            freshness.c.list == list_name,
            freshness.c.last_contact_at <= last_contact_at,
        )
        .values(dirty=False)
    )
