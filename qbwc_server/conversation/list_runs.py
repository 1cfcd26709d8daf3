"""What an answer means for a list run: pages, counts, deletions, and what seems to be gone.

Theory of operation
-------------------
A list run reads a list page by page: all of it, what changed since one of
QuickBooks's own times, or the few fields that move without a trace (a sweep).
Its iterator lives in the visit; a visit that is lost takes it along, and the
next one begins again. What was seen before comes again then and costs nothing.

Nothing is believed gone because it did not come. Who is not among all pages of a
whole list, or is in QuickBooks's list of deletions, is a suspect. Each suspect
is asked for by its ListID, and only who is missing then, too, becomes a
tombstone. So an iterator that ends early, a page that repeats and a count that
lies may cost time, and never a record.

Whether an iteration was whole is judged by what QuickBooks counted beforehand
(`total`): if fewer came, it begins again, once; a record may have been deleted
meanwhile. If fewer came again, QuickBooks counts what it does not give, and the
run says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import Connection

from qbwc_server.conversation.answers import Reading
from qbwc_server.conversation.giving_up import give_up, give_up_worn
from qbwc_server.conversation.observing import Taken, bury, observe
from qbwc_server.conversation.paging import FIRST_PAGE, Measure, page_size
from qbwc_server.conversation.unread import skipped_before
from qbwc_server.qbxml import moments
from qbwc_server.qbxml.response import AnswerHead
from qbwc_server.store import companies, freshness, moves, observations
from qbwc_server.store.observations import Seen
from qbwc_server.store.refreshes import QueuedRefresh
from qbwc_server.store.visits import Visit

NOTHING_MATCHED = 1
ERRORS_FROM = 1000
MISSING_CODES = (500, 3120)
ITERATOR_LOST = 3391
LEFT_OUT = "left_out"
SHORT = "list_short"
# Iterators that one visit may lose before the run is given up.
MOST_LOSSES = 5

Iterator = Mapping[str, Any]


class ListRun:
    """One list run while an answer is accepted; everything happens in the caller's transaction.

    Attributes:
        zone: where QuickBooks is, if somebody said so.
        iterator: the visit's iterator, as it is afterwards.
        done: how many refreshes are answered or final now.
    """

    def __init__(
        self,
        connection: Connection,
        visit: Visit,
        reading: Reading,
        run: QueuedRefresh,
        now: datetime,
        zone: tzinfo | None,
    ) -> None:
        self.connection = connection
        self.visit = visit
        self.reading = reading
        self.run = run
        self.now = now
        self.zone = zone
        self.iterator: Iterator | None = visit.iterator
        self.done = 0

    @property
    def _latest(self) -> str:
        """The latest moment that QuickBooks's clock can show if it is right."""
        return moments.latest(self.now, self.zone)

    @property
    def _company(self) -> str:
        return self.visit.company

    def count(self, head: AnswerHead) -> None:
        """QuickBooks has counted what the run will bring."""
        if head.status_code == NOTHING_MATCHED:
            self._change(total=0)
        elif head.status_code < ERRORS_FROM and head.ret_count is not None:
            self._change(total=head.ret_count)

    def deletions(self, request_id: str) -> None:
        """QuickBooks has told what was deleted: what still lives with us is suspect."""
        told = self.reading.deletions.get(request_id, [])
        if not told:
            return
        living = observations.living(self.connection, self._company, self.run.list, [one.list_id for one in told])
        suspects = sorted({*(self.run.suspects or ()), *living})
        last = moments.newest((one.time_deleted for one in told), self._latest, self.run.newest_deleted)
        self._change(suspects=suspects, newest_deleted=last)

    def ahead(self, request_id: str) -> bool:
        """Take in the next part of a page that was too long to be kept in memory; returns whether there was one.

        Each part is a step that nothing takes back, as each page is.
        """
        part = self.reading.next_part(self.connection, request_id)
        if not part:
            return False
        if not (self._has_begun or self.reading.begun):
            self._begin(resumed=self.run.first_seq is not None)
        self.reading.begun = True
        self._take(request_id, part)
        return True

    def page(self, asked: Mapping[str, Any], request_id: str, head: AnswerHead) -> None:
        """A page has come."""
        begun = self._has_begun or self.reading.begun
        if not begun:
            self._begin(resumed=self.run.first_seq is not None and not self._noted("again"))
        taken = self._take(request_id)
        measure = self._measure(asked)
        if head.remaining:
            self._go_on(asked, head, taken, measure, begun=begun)
            return
        self.iterator = None
        # Without a word on how many remain, only a first page with nothing on it says that these were all; and a
        # warning says that something was left out.
        silent = head.remaining is None and (begun or bool(taken.numbers)) and not asked.get("undivided")
        fine = head.status_code in (0, NOTHING_MATCHED)
        # What was counted beforehand speaks for it.
        self._through(whole=fine and (not silent or self._is_counted()))

    def confirmation(self, asked: Mapping[str, Any], request_id: str, head: AnswerHead) -> None:
        """Suspects were asked for by their ListIDs: those that did not come are gone."""
        if head.status_code not in (0, *MISSING_CODES):
            # Some other warning: that a record was left out does not say that it is gone.
            self.try_later(LEFT_OUT)
            return
        taken = self._take(request_id)
        asked_for = set(asked["suspects"])
        gone = asked_for - taken.numbers.keys() if not self.reading.unread[request_id].skipped else set()
        numbers = bury(self.connection, self._company, self.run.list, gone, self.now, run=self.run.id)
        left = [one for one in self.run.suspects or () if one not in asked_for]
        self._change(suspects=left, seq=max([self.run.seq or 0, *numbers.values()]) or None)
        self._finish_or_wait()

    def lost(self) -> None:
        """QuickBooks no longer knows the iterator: it begins again, as long as that leads anywhere."""
        interleaved = bool(self._noted("interleaved"))
        if interleaved:
            companies.change(self.connection, self._company, interleaves=False)
        losses = int(self._noted("losses") or 0) + 1
        self.iterator = self._iterator(again=True, losses=losses, interleaved=False)
        self.try_later(str(ITERATOR_LOST), counted=not interleaved)
        if losses >= MOST_LOSSES and not self.done:
            self.done += give_up(self.connection, [self.run.id], str(ITERATOR_LOST), self.now)

    def try_later(self, trouble: str, *, counted: bool = True) -> None:
        """Put the run back after something that was no answer to it."""
        moves.put_back(self.connection, [self.run.id], counted=counted, trouble=trouble)
        self.done += give_up_worn(self.connection, [self.run.id], self.now)

    @property
    def _has_begun(self) -> bool:
        return self._noted("id") is not None

    def _noted(self, name: str) -> Any:
        """Return what the visit's iterator notes of this run."""
        iterator = self.visit.iterator or {}
        return iterator.get(name) if iterator.get("refresh") == self.run.id else None

    def _iterator(self, **values: object) -> Iterator:
        """Return the visit's iterator as it is to be; how often it was lost, and whether it was short, is kept."""
        kept = {name: self._noted(name) for name in ("losses", "short", "interleaved") if self._noted(name)}
        return {"refresh": self.run.id, **kept, **values}

    def _begin(self, *, resumed: bool) -> None:
        """An iteration begins: what an earlier one saw of the list comes again."""
        first = companies.get(self.connection, self._company).seq + 1
        again = {"resumed": self.run.resumed + 1} if resumed else {}
        self._change(first_seq=first, records=0, through=False, error=None, **again)

    def _take(self, request_id: str, part: Sequence[Seen] | None = None) -> Taken:
        run = self.run
        parts = self.reading.parts(self.connection, request_id) if part is None else [part]
        taken = observe(self.connection, self._company, run.list, parts, self.now, run=run)
        # Once for the whole answer, with its last part.
        error = self.reading.unread[request_id].error(run.error) if part is None else run.error
        last = max([run.seq or 0, *taken.numbers.values()]) or None
        newest = moments.newest(taken.times, self._latest, run.newest)
        self._change(seq=last, records=run.records + taken.fresh, newest=newest, error=error)
        return taken

    def _measure(self, asked: Mapping[str, Any]) -> Measure:
        """Note what a record takes on the way, by what this answer took."""
        known = Measure(*freshness.measured(self.connection, self._company, self.run.list))
        if self.run.scope == "sweep" or asked.get("undivided"):
            return known
        found = known.after(
            self.reading.size, self.reading.count, self.reading.took, int(asked.get("size", FIRST_PAGE))
        )
        if found != known:
            measured = {"record_bytes": found.record_bytes, "micros": found.micros}
            freshness.note_measure(self.connection, self._company, self.run.list, **measured)
        return found

    def _go_on(
        self, asked: Mapping[str, Any], head: AnswerHead, taken: Taken, measure: Measure, *, begun: bool
    ) -> None:
        """More pages are to come, if QuickBooks says how to ask for them and comes nearer to the end."""
        if not head.iterator_id:
            self.lost()
            return
        before = self._noted("remaining") if begun else None
        remaining = head.remaining or 0
        size = int(asked.get("size", FIRST_PAGE))
        # It has outlived what was asked in between: if it is lost later, that was not the reason.
        self.iterator = self._iterator(id=head.iterator_id, remaining=remaining, size=size, interleaved=False)
        if not taken.fresh and (before is None or remaining >= before):
            # The page repeats, or was empty. Going on shows whether this was all that iterator had to give.
            self.try_later(LEFT_OUT)
            return
        if not begun and page_size(measure, self.run) > 2 * size and remaining > size:
            # The page was for measuring; what it brought comes again on a page of the right size.
            self.iterator = self._iterator(again=True, interleaved=False)
        self._change(state="waiting")
        if begun:
            # A first page is no progress yet: an iterator that is always lost after it must come to an end.
            self._change(unanswered=0, trouble=None)

    def _through(self, *, whole: bool) -> None:
        """The last page has come."""
        if self._is_short():
            self._count_again()
        if self._is_short() and not self._noted("short"):
            # Something was deleted meanwhile, or kept back: a second iteration tells.
            self._change(state="waiting")
            self.iterator = self._iterator(again=True, short=True)
            return
        run = self.run
        short = {"code": SHORT, "values": {"count": str(run.records), "total": str(run.total)}}
        error = short if self._is_short() else run.error
        if whole:
            self._change(through=True, suspects=sorted({*(run.suspects or ()), *self._absent()}), error=error)
        else:
            # What QuickBooks says was deleted is told again the next time.
            self._change(suspects=None, error=error)
        self._finish_or_wait()

    def _is_counted(self) -> bool:
        """Tell whether as many came as QuickBooks had counted."""
        return self._reads_everything and self.run.total is not None and not self._is_short()

    def _count_again(self) -> None:
        """Count those, too, whom a person asked for meanwhile: on their page they were nothing fresh."""
        seen = observations.count_since(self.connection, self._company, self.run.list, self.run.first_seq or 1)
        self._change(records=max(self.run.records, seen))

    def _absent(self) -> tuple[str, ...]:
        """Return who lives with us and was on none of the pages of a whole list."""
        run = self.run
        if not self._reads_everything or skipped_before(run.error):
            return ()
        return observations.unseen_since(self.connection, self._company, run.list, (run.first_seq or 1) - 1)

    @property
    def _reads_everything(self) -> bool:
        return self.run.scope in ("all", "changed") and self.run.modified_since is None

    def _is_short(self) -> bool:
        run = self.run
        brought = run.records + skipped_before(run.error)
        return self._reads_everything and run.total is not None and brought < run.total

    def _note_read(self) -> None:
        """Keep from when on to ask the next time."""
        run = self.run
        # By two looks at a clock that may have been set back between them.
        took = max(self.now - (run.first_sent_at or self.now), timedelta(0))
        start = moments.from_here(run.newest, took) if run.newest is not None else None
        deleted = moments.from_here(run.newest_deleted, took) if run.newest_deleted is not None else None
        freshness.note_read(
            self.connection,
            self._company,
            run.list,
            self.now,
            scope="all" if self._reads_everything else run.scope,
            changed_from=start,
            deleted_from=deleted,
        )

    def _finish_or_wait(self) -> None:
        """Answered, if nothing is left to ask for."""
        run = self.run
        if run.suspects:
            self._change(state="waiting", unanswered=0, trouble=None)
            return
        if run.through:
            self._note_read()
        self.done += 1
        if run.seq is None or run.seq < (run.first_seq or 0):
            moves.conclude(self.connection, [run.id], "unchanged", self.now)
        else:
            self._change(state="answered", answered_at=self.now)

    def _change(self, **values: object) -> None:
        moves.change(self.connection, [self.run.id], **values)
        # The company's row is held: nobody else changes the run meanwhile.
        known = {name: value for name, value in values.items() if name in QueuedRefresh.__slots__}
        self.run = replace(self.run, **known)  # type: ignore[arg-type]
