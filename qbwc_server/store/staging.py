"""What was read of a large answer and is not accepted yet; it counts for nothing until then."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, select

from qbwc_server import bulk
from qbwc_server.store.observations import Seen
from qbwc_server.store.tables import staging

_INSERT = staging.insert()


def put(connection: Connection, reading: str, place: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Set aside part of an answer."""
    bulk.run(connection, _INSERT, [{**row, "reading": reading, "n": n} for n, row in enumerate(rows, place)])


def parts(connection: Connection, reading: str, request_id: str, size: int) -> Iterator[list[Seen]]:
    """Yield what was staged of a request, in parts of `size`."""
    place = -1
    while True:
        query = (
            select(staging)
            .where(staging.c.reading == reading, staging.c.request_id == request_id, staging.c.n > place)
            .order_by(staging.c.n)
            .limit(size)
        )
        rows = connection.execute(query).all()
        if not rows:
            return
        place = rows[-1].n
        yield [_seen(row) for row in rows]


def take(connection: Connection, reading: str, request_id: str, size: int) -> list[Seen]:
    """Return the first part of what was staged of a request, and forget it."""
    of = and_(staging.c.reading == reading, staging.c.request_id == request_id)
    rows = connection.execute(select(staging).where(of).order_by(staging.c.n).limit(size)).all()
    if rows:
        connection.execute(delete(staging).where(of, staging.c.n <= rows[-1].n))
    return [_seen(row) for row in rows]


def _seen(row: Row[Any]) -> Seen:
    told = {**row.observation, "asked": frozenset(row.observation["asked"])}
    return Seen(row.list, row.list_id, **told)


def forget(connection: Connection, reading: str) -> None:
    """Forget what a reading staged."""
    connection.execute(delete(staging).where(staging.c.reading == reading))


def sweep(connection: Connection, before: datetime) -> None:
    """Forget what was staged before and never accepted."""
    connection.execute(delete(staging).where(staging.c.staged_at < before))
