"""What was read of a large answer and is not accepted yet; it counts for nothing until then."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select

from qbwc_server.store.records import Seen
from qbwc_server.store.tables import staging


def put(connection: Connection, reading: str, place: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Set aside part of an answer."""
    connection.execute(staging.insert(), [{**row, "reading": reading, "n": n} for n, row in enumerate(rows, place)])


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
        yield [
            Seen(row.list, row.list_id, row.observation["values"], frozenset(row.observation["asked"])) for row in rows
        ]


def forget(connection: Connection, reading: str) -> None:
    """Forget what a reading staged."""
    connection.execute(delete(staging).where(staging.c.reading == reading))


def sweep(connection: Connection, before: datetime) -> None:
    """Forget what was staged before and never accepted."""
    connection.execute(delete(staging).where(staging.c.staged_at < before))
