"""Reading an answer whole, before anything of it is accepted.

Theory of operation
-------------------
`read` walks through the stream and keeps what it says: the heads in memory, the
records in memory too while they are few, else in the staging table in short
transactions of their own. Nothing counts until the answer is known to be whole
and ours; `accepting` then gives it its meaning.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from sqlalchemy import Connection

from qbwc_server.conversation.unread import Unread
from qbwc_server.qbxml import record as qbxml_record
from qbwc_server.qbxml.record import Observation
from qbwc_server.qbxml.response import (
    AnswerHead,
    Context,
    DeletedContext,
    Deletion,
    Known,
    ListQueryContext,
    Unchanged,
    read_answer,
)
from qbwc_server.store import observations, staging
from qbwc_server.store.database import Database
from qbwc_server.store.observations import Seen
from qbwc_server.store.visits import Visit

PART = 500
# What is longer is set aside in the database until the answer is known to be whole.
MOST_KEPT = 2000


@dataclass(slots=True)
class Reading:
    """What an answer says, not yet accepted.

    Attributes:
        heads: the status of each request, by requestID.
        seen: the records of each request, those kept in memory.
        deletions: what QuickBooks says was deleted, by requestID.
        id: names the rows in the staging table.
        staged: how many rows are there.
        unread: what of each request's answer could not be read, by requestID.
        size: bytes of the whole answer.
        count: records in the whole answer.
        took: how long QuickBooks and the way to it took.
        begun: parts of it have been taken in already.
    """

    heads: dict[str, AnswerHead] = field(default_factory=dict)
    seen: dict[str, list[Seen]] = field(default_factory=dict)
    deletions: dict[str, list[Deletion]] = field(default_factory=dict)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    staged: int = 0
    unread: dict[str, Unread] = field(default_factory=dict)
    size: int = 0
    count: int = 0
    took: timedelta = timedelta(0)
    begun: bool = False

    def parts(self, connection: Connection, request_id: str) -> Iterator[list[Seen]]:
        """Yield the records of a request in parts that fit into memory."""
        if self.staged:
            yield from staging.parts(connection, self.id, request_id, PART)
        elif self.seen.get(request_id):
            yield self.seen[request_id]

    def next_part(self, connection: Connection, request_id: str) -> list[Seen]:
        """Return the first part of what was set aside of a request, and take it out of there."""
        return staging.take(connection, self.id, request_id, PART) if self.staged else []


def contexts(visit: Visit) -> dict[str, Context]:
    """Return what the visit's outstanding message set asked for, by requestID."""
    return {request_id: _context(asked) for request_id, asked in (visit.requests or {}).items()}


def _context(asked: Mapping[str, Any]) -> Context:
    if asked["kind"] == "deleted":
        return DeletedContext(asked["list"])
    private = frozenset(asked["private"])
    return ListQueryContext(asked["list"], frozenset(asked["asked"]), private, bool(asked.get("volatile")))


def read(database: Database, visit: Visit, source: BinaryIO, clock: Callable[[], datetime], took: timedelta) -> Reading:
    """Read an answer to its end.

    Raises:
        NotAnAnswer: it is not whole, or answers something else.
    """
    reading = Reading(took=took)
    expected = contexts(visit)
    waiting: list[tuple[str, Seen]] = []
    try:
        for part in read_answer(source, expected, _known(database, visit)):
            if isinstance(part, AnswerHead):
                reading.heads[part.request_id] = part
                current = part.request_id
                unread = reading.unread[current] = Unread()
                context = expected[current]
                partial = isinstance(context, ListQueryContext) and context.volatile
            elif isinstance(part, Observation):
                unread.note(part)
                waiting.append((current, _seen(part, partial=partial)))
            elif isinstance(part, Unchanged):
                waiting.append((current, _unchanged(part)))
            elif isinstance(part, Deletion):
                reading.deletions.setdefault(current, []).append(part)
            else:
                unread.skipped = part.unreadable
                reading.count += part.count
            if len(waiting) >= (PART if reading.staged else MOST_KEPT):
                _stage(database, visit, reading, waiting, clock())
    except Exception:
        forget(database, reading)
        raise
    reading.size = source.tell()
    if reading.staged:
        _stage(database, visit, reading, waiting, clock())
    for request_id, one in waiting:
        reading.seen.setdefault(request_id, []).append(one)
    return reading


def forget(database: Database, reading: Reading) -> None:
    """Drop what a reading staged."""
    if reading.staged:
        with database.write() as connection:
            staging.forget(connection, reading.id)


def _seen(observation: Observation, *, partial: bool) -> Seen:
    values = qbxml_record.to_json(observation.values)
    return Seen(
        observation.list,
        observation.list_id,
        values,
        observation.asked,
        partial,
        bool(observation.unread),
        observation.mark,
    )


def _unchanged(part: Unchanged) -> Seen:
    values = {"TimeModified": part.time_modified}
    return Seen(part.list, part.list_id, values, frozenset(), mark=part.mark, unchanged=True)


def _known(database: Database, visit: Visit) -> Known | None:
    """Return what tells the marks of known records where a list is read; single records are read whatever is known."""
    if not any(asked["kind"] == "page" for asked in (visit.requests or {}).values()):
        return None

    def known(list_name: str, list_ids: Sequence[str]) -> Mapping[str, str]:
        with database.read() as connection:
            return observations.marks(connection, visit.company, list_name, list_ids)

    return known


def _stage(database: Database, visit: Visit, reading: Reading, waiting: list[tuple[str, Seen]], now: datetime) -> None:
    rows = [
        {
            "company": visit.company,
            "visit": visit.visit,
            "message_set": visit.outstanding or "",
            "request_id": request_id,
            "list": one.list,
            "list_id": one.list_id,
            "staged_at": now,
            "observation": {
                "values": one.values,
                "asked": sorted(one.asked),
                "partial": one.partial,
                "flawed": one.flawed,
                "mark": one.mark,
                "unchanged": one.unchanged,
            },
        }
        for request_id, one in waiting
    ]
    if rows:
        with database.write() as connection:
            staging.put(connection, reading.id, reading.staged, rows)
        reading.staged += len(rows)
    waiting.clear()
