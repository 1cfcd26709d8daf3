"""Deliveries: what webhooks are to be told, and the log of what became of it.

Theory of operation
-------------------
A delivery is written in the transaction that marks its records published. Claiming is a compare-and-set on when it is
due and how often it was tried: of several processes one gets it, and if that one dies it is due again by itself, under
the same identifier. What became of it is written only while nobody has claimed it since. A claim forgets the trouble of
the try before, so that what is on its way differs from what was put off.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, select, update

from qbwc_server.store.tables import deliveries

CLAIM: Final = timedelta(minutes=2)
LONGEST_ANSWER: Final = 200

State = Literal["waiting", "delivered", "failed"]
_AGAIN: Final[Mapping[str, Any]] = MappingProxyType({"state": "waiting", "tries": 0, "finished_at": None})
_LOGGED: Final = tuple(column for column in deliveries.c if column.name not in ("body", "begun_at"))


@dataclass(frozen=True, slots=True)
class Draft:
    """A delivery to be.

    Attributes:
        endpoint: the name of the webhook.
        target: where its records were published.
        webhook_id: what the receiver knows it by.
        records: how many it tells of.
        body: what is posted, as it is signed.
    """

    endpoint: str
    target: str
    webhook_id: str
    records: int
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is being tried; `tries` counts since `begun_at`, this time included."""

    id: int
    webhook_id: str
    tries: int
    begun_at: datetime
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One line of the log.

    Attributes:
        endpoint, target, webhook_id, records: as in the `Draft`.
        due_at: when it is tried next; None once it is over.
        tries: how often it was tried since it was made or replayed.
        tried_at: when last.
        finished_at: when it was taken or given up.
        trouble: what was wrong the last time, a word; None if nothing was.
        answer: the first line of what was answered last, such as "503 Service Unavailable".
    """

    id: int
    endpoint: str
    target: str
    webhook_id: str
    records: int
    state: State
    created_at: datetime
    due_at: datetime | None
    tries: int
    tried_at: datetime | None
    finished_at: datetime | None
    trouble: str | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, newest first, and whether older ones follow."""

    lines: tuple[Delivery, ...]
    more: bool


def add(connection: Connection, drafts: Iterable[Draft], now: datetime) -> int:
    """Have something delivered, from now on; returns how many deliveries it is."""
    rows = [
        {
            "endpoint": one.endpoint,
            "target": one.target,
            "webhook_id": one.webhook_id,
            "records": one.records,
            "body": one.body,
            "state": "waiting",
            "created_at": now,
            "begun_at": now,
            "due_at": now,
            "tries": 0,
        }
        for one in drafts
    ]
    if rows:
        connection.execute(insert(deliveries), rows)
    return len(rows)


def due(connection: Connection, endpoint: str, now: datetime, limit: int) -> tuple[int, ...]:
    """Return the deliveries of a webhook that are due, those that waited longest first."""
    mine = (deliveries.c.endpoint == endpoint, deliveries.c.due_at <= now)
    query = select(deliveries.c.id).where(*mine).order_by(deliveries.c.due_at, deliveries.c.id).limit(limit)
    return tuple(connection.execute(query).scalars())


def claim(connection: Connection, delivery_id: int, now: datetime) -> Claimed | None:
    """Take a delivery that is due, for at most `CLAIM`; None when somebody else has it or it is over."""
    its = deliveries.c.id == delivery_id
    row = connection.execute(select(deliveries).where(its, deliveries.c.due_at <= now)).first()
    if row is None:
        return None
    same = (deliveries.c.due_at == row.due_at, deliveries.c.tries == row.tries)
    values = {"due_at": now + CLAIM, "tries": row.tries + 1, "tried_at": now, "trouble": None, "answer": None}
    if connection.execute(update(deliveries).where(its, *same).values(values)).rowcount != 1:
        return None
    return Claimed(row.id, row.webhook_id, row.tries + 1, row.begun_at, row.body)


def delivered(connection: Connection, claimed: Claimed, answer: str, now: datetime) -> None:
    """Note that a claimed delivery was taken."""
    _settle(connection, claimed, {"state": "delivered", "due_at": None, "finished_at": now}, None, answer)


def postpone(connection: Connection, claimed: Claimed, due_at: datetime, trouble: str, answer: str) -> None:
    """Try a claimed delivery again later."""
    _settle(connection, claimed, {"due_at": due_at}, trouble, answer)


def give_up(connection: Connection, claimed: Claimed, now: datetime, trouble: str, answer: str) -> None:
    """Try a claimed delivery no more, unless somebody has it replayed."""
    _settle(connection, claimed, {"state": "failed", "due_at": None, "finished_at": now}, trouble, answer)


def _settle(
    connection: Connection, claimed: Claimed, values: Mapping[str, Any], trouble: str | None, answer: str
) -> None:
    mine = (deliveries.c.id == claimed.id, deliveries.c.tries == claimed.tries, deliveries.c.state == "waiting")
    said = {"trouble": trouble, "answer": answer[:LONGEST_ANSWER] or None}
    connection.execute(update(deliveries).where(*mine).values({**values, **said}))


def hurry(connection: Connection, endpoint: str, troubles: Iterable[str], now: datetime) -> None:
    """Have those of a webhook tried now that were put off for one of these troubles."""
    these = and_(
        deliveries.c.endpoint == endpoint, deliveries.c.due_at > now, deliveries.c.trouble.in_(tuple(troubles))
    )
    connection.execute(update(deliveries).where(these).values(due_at=now))


def any_orphans(connection: Connection, endpoints: Iterable[str], begun_before: datetime) -> bool:
    """Tell whether anything waits for webhooks that are none of these and was begun before."""
    return (
        connection.execute(select(deliveries.c.id).where(_orphaned(endpoints, begun_before)).limit(1)).first()
        is not None
    )


def give_up_orphans(connection: Connection, endpoints: Iterable[str], begun_before: datetime, now: datetime) -> int:
    """Give up what waits for webhooks that are none of these and was begun before; returns how many."""
    over = {"state": "failed", "due_at": None, "finished_at": now, "trouble": "not_set"}
    return connection.execute(update(deliveries).where(_orphaned(endpoints, begun_before)).values(over)).rowcount


def _orphaned(endpoints: Iterable[str], begun_before: datetime) -> ColumnElement[bool]:
    theirs = deliveries.c.endpoint.not_in(tuple(endpoints))
    return and_(deliveries.c.state == "waiting", theirs, deliveries.c.begun_at < begun_before)


def replay(connection: Connection, delivery_id: int, now: datetime) -> Delivery | None:
    """Have a delivery tried from now on as if it were new, under its old identifier; None where there is none."""
    its = deliveries.c.id == delivery_id
    connection.execute(update(deliveries).where(its).values({**_AGAIN, "begun_at": now, "due_at": now}))
    row = connection.execute(select(*_LOGGED).where(its)).first()
    return None if row is None else _line(row)


def replay_failed(connection: Connection, now: datetime) -> int:
    """Have all that were given up tried again; returns how many."""
    failed = deliveries.c.state == "failed"
    values = {**_AGAIN, "begun_at": now, "due_at": now}
    return connection.execute(update(deliveries).where(failed).values(values)).rowcount


def page(connection: Connection, *, state: str | None = None, before: int | None = None, limit: int = 50) -> Page:
    """Return lines of the log, newest first.

    Args:
        state: only those in it.
        before: only those older than the line of this number.
        limit: at most so many.
    """
    wanted: list[ColumnElement[bool]] = []
    if state is not None:
        wanted.append(deliveries.c.state == state)
    if before is not None:
        wanted.append(deliveries.c.id < before)
    query = select(*_LOGGED).where(*wanted).order_by(deliveries.c.id.desc()).limit(limit + 1)
    found = tuple(map(_line, connection.execute(query)))
    return Page(found[:limit], more=len(found) > limit)


def counts(connection: Connection) -> dict[str, int]:
    """Return how many deliveries there are in each state."""
    query = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
    return {state: count for state, count in connection.execute(query)}  # noqa: C416 - rows are no pairs to mypy


def _line(row: Row[Any]) -> Delivery:
    return Delivery(**row._mapping)  # noqa: SLF001 - the name that SQLAlchemy gives it
