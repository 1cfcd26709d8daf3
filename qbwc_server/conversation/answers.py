"""Taking in an answer: first read it whole, then accept it in one transaction.

Theory of operation
-------------------
`read` walks through the stream and keeps what it says: the heads in memory, the
records in memory too while they are few, else in the staging table in short
transactions of their own. Nothing counts until the answer is known to be whole
and ours. `accept` then runs inside the caller's transaction and gives each
refresh of the message set what its part of the answer means.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from sqlalchemy import Connection

from qbwc_server import codes
from qbwc_server.qbxml import record as qbxml_record
from qbwc_server.qbxml.lists import list_type
from qbwc_server.qbxml.record import Observation
from qbwc_server.qbxml.response import AnswerHead, ListQueryContext, read_answer
from qbwc_server.store import companies, outbox, records, refreshes
from qbwc_server.store.database import Database
from qbwc_server.store.records import Seen
from qbwc_server.store.refreshes import QueuedRefresh
from qbwc_server.store.visits import Visit

PART = 500
MISSING_CODES = (500, 3120)
NOTHING_MATCHED = 1
ITERATOR_LOST = 3391
ERRORS_FROM = 1000
NOT_PROCESSED = 3231


@dataclass(slots=True)
class Reading:
    """What an answer says, not yet accepted.

    Attributes:
        heads: the status of each request, by requestID.
        seen: the records of each request, those kept in memory.
        id: names the rows in the staging table.
        staged: how many rows are there.
    """

    heads: dict[str, AnswerHead] = field(default_factory=dict)
    seen: dict[str, list[Seen]] = field(default_factory=dict)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    staged: int = 0

    def parts(self, connection: Connection, request_id: str) -> Iterator[list[Seen]]:
        """Yield the records of a request in parts that fit into memory."""
        if self.staged:
            yield from records.staged(connection, self.id, request_id, PART)
        elif self.seen.get(request_id):
            yield self.seen[request_id]


def contexts(visit: Visit) -> dict[str, ListQueryContext]:
    """Return what the visit's outstanding message set asked for, by requestID."""
    return {
        request_id: ListQueryContext(asked["list"], frozenset(asked["asked"]), frozenset(asked["private"]))
        for request_id, asked in (visit.requests or {}).items()
    }


def read(database: Database, visit: Visit, source: BinaryIO, clock: Callable[[], datetime]) -> Reading:
    """Read an answer to its end.

    Raises:
        NotAnAnswer: it is not whole, or answers something else.
    """
    reading = Reading()
    waiting: list[tuple[str, Seen]] = []
    try:
        for part in read_answer(source, contexts(visit)):
            if isinstance(part, AnswerHead):
                reading.heads[part.request_id] = part
                current = part.request_id
            elif isinstance(part, Observation):
                waiting.append((current, _seen(part)))
                if len(waiting) >= PART:
                    _stage(database, visit, reading, waiting, clock())
    except Exception:
        forget(database, reading)
        raise
    if reading.staged:
        _stage(database, visit, reading, waiting, clock())
    for request_id, one in waiting:
        reading.seen.setdefault(request_id, []).append(one)
    return reading


def forget(database: Database, reading: Reading) -> None:
    """Drop what a reading staged."""
    if reading.staged:
        with database.write() as connection:
            records.unstage(connection, reading.id)


def _seen(observation: Observation) -> Seen:
    values = qbxml_record.to_json(observation.values)
    return Seen(observation.list, observation.list_id, values, observation.asked)


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
            "observation": {"values": one.values, "asked": sorted(one.asked)},
        }
        for request_id, one in waiting
    ]
    if rows:
        with database.write() as connection:
            records.stage(connection, reading.id, reading.staged, rows)
        reading.staged += len(rows)
    waiting.clear()


@dataclass(slots=True)
class Acceptance:
    """What accepting an answer did.

    Attributes:
        done: refreshes that are answered or final now.
        iterator: the visit's iterator afterwards.
        attention: a code the company's connection should show, if any.
    """

    done: int = 0
    iterator: Mapping[str, Any] | None = None
    attention: str | None = None


class Accepting:
    """Gives each refresh of a message set what its answer means, inside one transaction."""

    def __init__(self, connection: Connection, visit: Visit, reading: Reading, now: datetime) -> None:
        self.connection = connection
        self.company = visit.company
        self.visit = visit
        self.reading = reading
        self.now = now
        self.result = Acceptance(iterator=visit.iterator)

    def accept(self) -> Acceptance:
        """Take every part of the answer in."""
        for request_id, asked in (self.visit.requests or {}).items():
            head = self.reading.heads[request_id]
            group = refreshes.answering(self.connection, self.company, self.visit.visit, request_id)
            if head.status_code < ERRORS_FROM or head.status_code in MISSING_CODES:
                outbox.note_contact(self.connection, self.company, asked["list"], self.now)
            if not self._is_error(head, group):
                self._take(asked, request_id, head, group)
        if self.reading.staged:
            records.unstage(self.connection, self.reading.id)
        return self.result

    def _take(
        self, asked: Mapping[str, Any], request_id: str, head: AnswerHead, group: tuple[QueuedRefresh, ...]
    ) -> None:
        match asked["kind"]:
            case "find":
                self._hits(request_id, group)
            case "page":
                self._page(asked["list"], request_id, head, group)
            case "full_name":
                self._by_name(asked["list"], request_id, group)
            case _:
                self._by_list_id(asked["list"], request_id, group)

    def _is_error(self, head: AnswerHead, group: tuple[QueuedRefresh, ...]) -> bool:
        """Deal with a request that was not carried out; its refreshes wait again or fail."""
        code = head.status_code
        ids = [one.id for one in group]
        by_id = any(one.way == "list_id" for one in group)
        if code == NOTHING_MATCHED and by_id:
            refreshes.put_back(self.connection, ids, counted=True, held_by=self.visit.visit)
            self._give_up_worn(ids)
            return True
        if code < ERRORS_FROM or code in MISSING_CODES:
            return False
        if code == ITERATOR_LOST:
            self.result.iterator = None
            refreshes.put_back(self.connection, ids, counted=True)
            self._give_up_worn(ids, str(code))
            return True
        meaning = codes.find(str(code))
        if meaning.policy == "result":
            self._not_there(group, str(code))
        elif meaning.policy == "retry":
            counted = code != NOT_PROCESSED
            refreshes.put_back(self.connection, ids, counted=counted, held_by=self.visit.visit)
            self._give_up_worn(ids, str(code))
        elif by_id and meaning.blame != "quickbooks" and len({one.value for one in group}) > 1:
            # One of them is at fault, and the others are not: each is asked for in a query of its own.
            refreshes.change(self.connection, ids, state="waiting", missed=True)
        else:
            refreshes.fail(self.connection, ids, {"code": str(code), "values": {}}, self.now)
            self.result.done += len(ids)
            self.result.attention = str(code) if meaning.policy == "wait" else self.result.attention
        return True

    def _not_there(self, group: tuple[QueuedRefresh, ...], code: str) -> None:
        """QuickBooks does not have what these are about; that says nothing of any record, so none is buried."""
        for one in group:
            outcome = "unchanged" if one.scope == "all" else "not_found"
            self._conclude(one, outcome, error={"code": code, "values": {}})
        if any(one.scope == "all" for one in group):
            self.result.iterator = None

    def _give_up_worn(self, ids: list[int], code: str = "no_answer") -> None:
        worn = [
            one.id
            for one in refreshes.many(self.connection, ids)
            if one.state == "waiting" and one.unanswered >= refreshes.UNANSWERED_LIMIT
        ]
        refreshes.fail(self.connection, worn, {"code": code, "values": {}}, self.now)
        self.result.done += len(worn)

    def _observed(
        self, list_name: str, request_id: str, *, run: int | None, single: bool, wanted: frozenset[str] | None = None
    ) -> dict[str, int]:
        """Store the records of a request, or its `wanted` ones, and mark them dirty; returns their numbers."""
        numbers: dict[str, int] = {}
        target = list_type(list_name).table
        for part in self.reading.parts(self.connection, request_id):
            once = list({one.list_id: one for one in part if wanted is None or one.list_id in wanted}.values())
            if not once:
                continue
            new = records.observe(self.connection, self.company, list_name, once, self.now, run)
            outbox.put(self.connection, target, self.company, list_name, new, self.now, single=single)
            numbers |= new
        return numbers

    def _by_list_id(self, list_name: str, request_id: str, group: tuple[QueuedRefresh, ...]) -> None:
        # What was cancelled meanwhile is wanted by nobody, and is not used.
        wanted = frozenset(one.value for one in group)
        numbers = self._observed(list_name, request_id, run=None, single=True, wanted=wanted)
        found = [one for one in group if one.value in numbers]
        for one in found:
            self._answered(one, one.value, numbers[one.value])
        missing = [one for one in group if one.value not in numbers]
        once_more = [one.id for one in missing if not one.missed]
        refreshes.change(self.connection, once_more, state="waiting", missed=True)
        self._conclude_missing(list_name, [one for one in missing if one.missed])

    def _conclude_missing(self, list_name: str, missing: list[QueuedRefresh]) -> None:
        known = records.many(self.connection, self.company, list_name, {one.value for one in missing})
        numbers = (
            records.bury(self.connection, self.company, list_name, list(known.values()), self.now) if known else {}
        )
        target = list_type(list_name).table
        outbox.put(self.connection, target, self.company, list_name, numbers, self.now, single=True)
        for one in missing:
            if one.value in numbers:
                self._answered(one, one.value, numbers[one.value])
            else:
                self._conclude(one, "not_found")

    def _by_name(self, list_name: str, request_id: str, group: tuple[QueuedRefresh, ...]) -> None:
        if not group:
            return
        numbers = self._observed(list_name, request_id, run=None, single=True)
        for one in group:
            if numbers:
                list_id, seq = next(iter(numbers.items()))
                self._answered(one, list_id, seq)
            else:
                self._conclude(one, "not_found")

    def _hits(self, request_id: str, group: tuple[QueuedRefresh, ...]) -> None:
        hits = [
            {"list_id": one.list_id, "full_name": one.values["FullName"], "is_active": one.values["IsActive"]}
            for part in self.reading.parts(self.connection, request_id)
            for one in part
        ]
        for one in group:
            outcome = "unchanged" if hits else "not_found"
            self._conclude(one, outcome, hits=hits, records=len(hits))

    def _page(self, list_name: str, request_id: str, head: AnswerHead, group: tuple[QueuedRefresh, ...]) -> None:
        if not group:
            self.result.iterator = None
            return
        run = group[0]
        numbers = self._observed(list_name, request_id, run=run.id, single=False)
        first, begun = run.first_seq, (self.visit.iterator or {}).get("refresh") == run.id
        if not begun:
            # The iteration began with this page, whatever an earlier visit got to see.
            first = min(numbers.values(), default=None)
        last = max(numbers.values(), default=run.seq)
        counted = run.records + len(numbers) if begun else len(numbers)
        refreshes.change(self.connection, [run.id], first_seq=first, seq=last, records=counted)
        if head.remaining:
            self.result.iterator = {"refresh": run.id, "id": head.iterator_id}
            # A first page is no progress yet: an iterator that is always lost after it must come to an end.
            unanswered = 0 if begun else run.unanswered
            refreshes.change(self.connection, [run.id], state="waiting", unanswered=unanswered)
            return
        self.result.iterator = None
        # Records without a word on how many remain are no proof that these were all.
        if head.remaining == 0 or not numbers:
            last = self._complete(list_name, run, first, last)
        if last is None:
            self._conclude(run, "unchanged")
            return
        refreshes.change(self.connection, [run.id], state="answered", answered_at=self.now, seq=last)
        self.result.done += 1

    def _complete(self, list_name: str, run: QueuedRefresh, first: int | None, last: int | None) -> int | None:
        """Every record has been seen, those that were not are gone; returns the last number."""
        outbox.note_contact(self.connection, self.company, list_name, self.now, full_read=True)
        before = companies.get(self.connection, self.company).seq if first is None else first - 1
        gone = records.unseen_since(self.connection, self.company, list_name, before)
        if not gone:
            return last
        numbers = records.bury(self.connection, self.company, list_name, gone, self.now, run.id)
        outbox.put(
            self.connection, list_type(list_name).table, self.company, list_name, numbers, self.now, single=False
        )
        if first is None:
            refreshes.change(self.connection, [run.id], first_seq=min(numbers.values()))
        return max(last or 0, *numbers.values())

    def _answered(self, one: QueuedRefresh, list_id: str, seq: int) -> None:
        record = records.get(self.connection, self.company, one.list, list_id)
        refreshes.change(
            self.connection,
            [one.id],
            state="answered",
            answered_at=self.now,
            list_id=list_id,
            full_name=record.full_name if record else one.full_name,
            seq=seq,
            records=1,
        )
        self.result.done += 1

    def _conclude(self, one: QueuedRefresh, outcome: str, **values: object) -> None:
        refreshes.conclude(self.connection, [one.id], outcome, self.now, **values)
        self.result.done += 1
