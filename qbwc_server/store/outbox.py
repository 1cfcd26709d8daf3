"""The outbox: which records the website has yet to be told of.

One row a record and target; its `seq` is raised when the record is seen again
before it was published. A row is deleted once the website holds that number.
Who takes rows to publish them claims them (`claims`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from qbwc_server import bulk
from qbwc_server.store.tables import outbox

_KEY = ("target", "company", "list", "list_id")


@dataclass(frozen=True, slots=True)
class Lag:
    """How far publishing is behind."""

    waiting: int
    set_aside: int
    oldest_due_at: datetime | None
    last_error: str | None


def put(
    connection: Connection,
    target: str,
    company: str,
    list_name: str,
    numbers: Mapping[str, int],
    now: datetime,
    *,
    single: bool,
) -> None:
    """Mark records as dirty, given each one's observation number; the caller holds the company's row."""
    if not numbers:
        return
    rows = [
        {
            "target": target,
            "company": company,
            "list": list_name,
            "list_id": list_id,
            "seq": seq,
            "since": seq,
            "single": single,
            "listed_at": None if single else now,
            "forced": False,
            "queued_at": now,
            "due_at": now,
            "attempts": 0,
        }
        for list_id, seq in sorted(numbers.items())
    ]
    bulk.run(connection, _PUT[connection.dialect.name], rows)


def _put(dialect: str) -> Any:
    statement = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(outbox)
    return statement.on_conflict_do_update(
        index_elements=list(_KEY),
        set_={
            "seq": statement.excluded.seq,
            "single": or_(outbox.c.single, statement.excluded.single),
            "listed_at": func.coalesce(statement.excluded.listed_at, outbox.c.listed_at),
            # What a person decided was about the observation before.
            "forced": False,
            # What waits already waits since then.
            "queued_at": case(
                (outbox.c.set_aside.is_not(None), statement.excluded.queued_at),
                else_=func.coalesce(outbox.c.queued_at, statement.excluded.queued_at),
            ),
            "due_at": statement.excluded.due_at,
            "attempts": 0,
            "set_aside": None,
            "detail": None,
        },
    )


_PUT = {name: _put(name) for name in ("sqlite", "postgresql")}


def again(connection: Connection, company: str, list_name: str, list_id: str, now: datetime) -> bool:
    """Queue a row that was set aside once more; False when the website has nothing left to be told of the record.

    This is a person's decision: what was held is not held again. A row that was
    queued again already stays as it is, whoever decided that.
    """
    row = and_(outbox.c.company == company, outbox.c.list == list_name, outbox.c.list_id == list_id)
    connection.execute(
        update(outbox)
        .where(row, outbox.c.set_aside.is_not(None))
        .values(
            forced=outbox.c.set_aside == "held",
            set_aside=None,
            detail=None,
            queued_at=now,
            due_at=now,
            attempts=0,
            claimed_by=None,
            claimed_until=None,
        )
    )
    return connection.execute(select(outbox.c.list_id).where(row).limit(1)).first() is not None


def dirty_since(
    connection: Connection, company: str, list_name: str, seq: int, listed_since: datetime
) -> tuple[int, int]:
    """Return how many records that became dirty up to `seq` are unpublished, and how many are set aside.

    Args:
        listed_since: of those set aside, the ones count that a list run has put since then.
    """
    base = and_(outbox.c.company == company, outbox.c.list == list_name, outbox.c.since <= seq)
    listed = case((outbox.c.listed_at >= listed_since, outbox.c.set_aside))
    query = select(func.count(), func.count(outbox.c.set_aside), func.count(listed)).where(base)
    count, aside, brought = connection.execute(query).one()
    return count - aside, brought


def lag(connection: Connection) -> Lag:
    """Return how far publishing is behind."""
    open_rows = outbox.c.set_aside.is_(None)
    waiting, oldest = connection.execute(select(func.count(), func.min(outbox.c.due_at)).where(open_rows)).one()
    aside = connection.execute(select(func.count()).where(outbox.c.set_aside.is_not(None))).scalar_one()
    failing = connection.execute(
        select(outbox.c.detail).where(open_rows, outbox.c.attempts > 0).order_by(outbox.c.due_at.desc()).limit(1)
    ).scalar()
    return Lag(waiting, aside, oldest, None if failing is None else str(failing.get("problem")))
