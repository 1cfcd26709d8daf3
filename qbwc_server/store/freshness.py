"""How fresh a list is, by company: when QuickBooks last answered for it, and what the website was told of that."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from qbwc_server.store.tables import freshness


def note_contact(
    connection: Connection, company: str, list_name: str, now: datetime, *, full_read: bool = False
) -> None:
    """Note that QuickBooks answered for a list; the website is told with the next publishing."""
    values: dict[str, object] = {"last_contact_at": now, "dirty": True}
    if full_read:
        values |= {"last_full_read_at": now, "complete": True}
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(freshness).values(company=company, list=list_name, **values)
    # Never back: who told the website of a later contact would take this one for told as well.
    later = func.max if connection.dialect.name == "sqlite" else func.greatest
    last = later(func.coalesce(freshness.c.last_contact_at, now), statement.excluded.last_contact_at)
    set_ = {**values, "last_contact_at": last}
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
