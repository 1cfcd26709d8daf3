"""Accepting an answer that was read whole, inside the caller's one transaction.

Theory of operation
-------------------
Each refresh of the message set gets what its part of the answer means. A record
that cannot be told apart (it has no usable ListID) is skipped: from an answer
with such a record it does not follow that another one is gone, so nothing is
buried. A value that cannot be read leaves the field as it was. Either way the
refresh says so in its `error`, and what could be read is taken.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import Connection

from qbwc_server import codes
from qbwc_server.conversation.answers import Reading
from qbwc_server.conversation.giving_up import give_up_worn
from qbwc_server.conversation.list_runs import (
    ERRORS_FROM,
    ITERATOR_LOST,
    LEFT_OUT,
    MISSING_CODES,
    NOTHING_MATCHED,
    ListRun,
)
from qbwc_server.conversation.observing import bury, observe
from qbwc_server.conversation.unread import Unread, log_unread
from qbwc_server.qbxml.response import AnswerHead, Deletion
from qbwc_server.store import freshness, moves, records, staging
from qbwc_server.store.refreshes import QueuedRefresh
from qbwc_server.store.visits import Visit

# With any other word, a record that did not come may be there all the same.
SAYING_NOTHING_MATCHED = (0, NOTHING_MATCHED, *MISSING_CODES)
NOT_PROCESSED = 3231
TIME_LENGTH = 40
_ORDER = {"count": 0, "deleted": 1}


@dataclass(slots=True)
class Acceptance:
    """What accepting an answer did.

    Attributes:
        done: refreshes that are answered or final now.
        iterator: the visit's iterator afterwards.
        attention: a code the company's connection should show, if any.
        whole_records: what was refused with IncludeRetElement was taken without.
    """

    done: int = 0
    iterator: Mapping[str, Any] | None = None
    attention: str | None = None
    whole_records: bool = False


class Accepting:
    """Gives each refresh of a message set what its answer means, inside one transaction."""

    def __init__(
        self, connection: Connection, visit: Visit, reading: Reading, now: datetime, zone: tzinfo | None = None
    ) -> None:
        self.connection = connection
        self.company = visit.company
        self.visit = visit
        self.reading = reading
        self.now = now
        self.zone = zone
        self.deletions: dict[tuple[str, str], Deletion] = {}
        self.result = Acceptance(iterator=visit.iterator)

    def accept(self) -> Acceptance:
        """Take every part of the answer in."""
        requests: Mapping[str, Mapping[str, Any]] = self.visit.requests or {}
        # What QuickBooks counted and deleted gives the rest its meaning.
        for request_id, asked in sorted(requests.items(), key=lambda one: _ORDER.get(one[1]["kind"], len(_ORDER))):
            head = self.reading.heads[request_id]
            if head.status_code < ERRORS_FROM or head.status_code in MISSING_CODES:
                freshness.note_contact(self.connection, self.company, asked["list"], self.now)
            if "refresh" in asked:
                self._take_list(asked, request_id, head)
            elif asked["kind"] == "deleted":
                for one in self.reading.deletions.get(request_id, []):
                    self.deletions[one.list, one.list_id] = one
            else:
                self._take_records(asked, request_id, head)
        if self.reading.staged:
            staging.forget(self.connection, self.reading.id)
        log_unread(self.company, self.visit.outstanding, self.reading.unread.values())
        return self.result

    def _take_records(self, asked: Mapping[str, Any], request_id: str, head: AnswerHead) -> None:
        group = moves.answering(self.connection, self.company, self.visit.visit, request_id)
        if self.visit.plain and any(one.fields_refused for one in group):
            self.result.whole_records = True
        if not self._is_error(head, group):
            self._take(asked, request_id, head, group)

    def _take_list(self, asked: Mapping[str, Any], request_id: str, head: AnswerHead) -> None:
        """Give a list run what this part of the answer means for it, if it is still wanted."""
        run = moves.sent_with(self.connection, self.company, self.visit.visit, int(asked["refresh"]))
        if run is None:
            self.result.iterator = None
            return
        if self.visit.plain and run.fields_refused:
            self.result.whole_records = True
        visit = replace(self.visit, iterator=self.result.iterator)
        listing = ListRun(self.connection, visit, self.reading, run, self.now, self.zone)
        kind = asked["kind"]
        if kind == "count":
            listing.count(head)
        elif kind == "deleted":
            listing.deletions(request_id)
        elif head.status_code == ITERATOR_LOST:
            listing.lost()
        elif self._is_error(head, (run,)):
            listing.iterator = None
        elif kind == "confirmation":
            listing.confirmation(asked, request_id, head)
        else:
            listing.page(asked, request_id, head)
        self.result.iterator = listing.iterator
        self.result.done += listing.done

    def _take(
        self, asked: Mapping[str, Any], request_id: str, head: AnswerHead, group: tuple[QueuedRefresh, ...]
    ) -> None:
        match asked["kind"]:
            case "find":
                self._hits(request_id, head, group)
            case "full_name":
                self._by_name(asked["list"], request_id, head, group)
            case _:
                self._by_list_id(asked["list"], request_id, head, group)

    def _is_error(self, head: AnswerHead, group: tuple[QueuedRefresh, ...]) -> bool:
        """Deal with a request that was not carried out; its refreshes wait again or fail."""
        code = head.status_code
        ids = [one.id for one in group]
        by_id = any(one.way == "list_id" for one in group)
        if code == NOTHING_MATCHED and by_id:
            self._try_later(ids, LEFT_OUT)
            return True
        if code < ERRORS_FROM or code in MISSING_CODES:
            return False
        meaning = codes.find(str(code))
        if meaning.policy == "result":
            self._not_there(group, str(code))
        elif code == NOT_PROCESSED:
            moves.put_back(self.connection, ids, counted=False, held_by=self.visit.visit)
        elif meaning.policy == "retry":
            self._try_later(ids, str(code))
        elif by_id and meaning.blame != "quickbooks" and len({one.value for one in group}) > 1:
            # One of them is at fault, and the others are not: each is asked for in a query of its own.
            moves.change(self.connection, ids, state="waiting", alone=True)
        else:
            moves.fail(self.connection, ids, {"code": str(code), "values": {}}, self.now)
            self.result.done += len(ids)
            self.result.attention = str(code) if meaning.policy == "wait" else self.result.attention
        return True

    def _not_there(self, group: tuple[QueuedRefresh, ...], code: str) -> None:
        """QuickBooks does not have what these are about; that says nothing of any record, so none is buried."""
        for one in group:
            outcome = "unchanged" if one.reads_list else "not_found"
            self._conclude(one, outcome, error={"code": code, "values": {}})

    def _try_later(self, ids: list[int], trouble: str, *, held: bool = True) -> None:
        """Count a send that came to nothing; `held` keeps it from being tried again in this visit."""
        held_by = self.visit.visit if held else None
        moves.put_back(self.connection, ids, counted=True, trouble=trouble, held_by=held_by)
        self.result.done += give_up_worn(self.connection, ids, self.now)

    def _observed(self, list_name: str, request_id: str, *, wanted: frozenset[str] | None = None) -> dict[str, int]:
        parts = self.reading.parts(self.connection, request_id)
        return observe(self.connection, self.company, list_name, parts, self.now, wanted=wanted).numbers

    def _by_list_id(self, list_name: str, request_id: str, head: AnswerHead, group: tuple[QueuedRefresh, ...]) -> None:
        # What was cancelled meanwhile is wanted by nobody, and is not used.
        wanted = frozenset(one.value for one in group)
        numbers = self._observed(list_name, request_id, wanted=wanted)
        unread = self.reading.unread[request_id]
        for one in group:
            if one.value in numbers:
                self._answered(one, one.value, numbers[one.value], unread)
        missing = [one for one in group if one.value not in numbers]
        if missing and head.status_code not in (0, *MISSING_CODES):
            # Some other warning: that the record was left out does not say that it is gone.
            self._try_later([one.id for one in missing], LEFT_OUT)
            return
        once_more = [one.id for one in missing if not one.missed]
        moves.change(self.connection, once_more, state="waiting", missed=True, alone=True)
        missing_again = [one for one in missing if one.missed]
        if unread.skipped:
            self._fail_unread(missing_again, unread)
        else:
            self._conclude_missing(list_name, missing_again)

    def _fail_unread(self, group: list[QueuedRefresh], unread: Unread) -> None:
        """What came may be the record or not: that it is not there cannot be said."""
        moves.fail(self.connection, [one.id for one in group], unread.error() or {}, self.now)
        self.result.done += len(group)

    def _conclude_missing(self, list_name: str, missing: list[QueuedRefresh]) -> None:
        numbers = bury(self.connection, self.company, list_name, {one.value for one in missing}, self.now)
        for one in missing:
            told = self.deletions.get((list_name, one.value))
            if told is not None:
                moves.change(self.connection, [one.id], time_deleted=told.time_deleted[:TIME_LENGTH] or None)
            if one.value in numbers:
                self._answered(one, one.value, numbers[one.value], Unread())
            elif told is not None:
                self._conclude(one, "deleted", full_name=told.full_name)
            else:
                self._conclude(one, "not_found")

    def _by_name(self, list_name: str, request_id: str, head: AnswerHead, group: tuple[QueuedRefresh, ...]) -> None:
        if not group:
            return
        unread = self.reading.unread[request_id]
        numbers = self._observed(list_name, request_id)
        if not numbers and unread.skipped:
            self._fail_unread(list(group), unread)
            return
        if not numbers and head.status_code not in SAYING_NOTHING_MATCHED:
            self._try_later([one.id for one in group], LEFT_OUT)
            return
        for one in group:
            if numbers:
                list_id, seq = next(iter(numbers.items()))
                self._answered(one, list_id, seq, unread)
            else:
                self._conclude(one, "not_found")

    def _hits(self, request_id: str, head: AnswerHead, group: tuple[QueuedRefresh, ...]) -> None:
        hits = [
            {"list_id": one.list_id, "full_name": one.values["FullName"], "is_active": one.values["IsActive"]}
            for part in self.reading.parts(self.connection, request_id)
            for one in part
        ]
        unread = self.reading.unread[request_id]
        if not (hits or unread.skipped) and head.status_code not in SAYING_NOTHING_MATCHED:
            self._try_later([one.id for one in group], LEFT_OUT)
            return
        for one in group:
            outcome = "unchanged" if hits or unread.skipped else "not_found"
            self._conclude(one, outcome, hits=hits, records=len(hits), error=unread.error())

    def _answered(self, one: QueuedRefresh, list_id: str, seq: int, unread: Unread) -> None:
        record = records.get(self.connection, self.company, one.list, list_id)
        moves.change(
            self.connection,
            [one.id],
            state="answered",
            answered_at=self.now,
            list_id=list_id,
            full_name=record.full_name if record else one.full_name,
            seq=seq,
            records=1,
            error=unread.error_of(list_id),
        )
        self.result.done += 1

    def _conclude(self, one: QueuedRefresh, outcome: str, **values: object) -> None:
        moves.conclude(self.connection, [one.id], outcome, self.now, **values)
        self.result.done += 1
