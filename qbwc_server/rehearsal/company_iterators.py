"""Iterators: a snapshot of which records, given page by page within one QuickBooks session.

Source: qbXML reference, "Iterators". The faults `iterator_…` and `remaining_lies` of `Faults` are acted upon here.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from qbwc_server.rehearsal.company_faults import Faults
from qbwc_server.rehearsal.company_records import Record, RecordList
from qbwc_server.rehearsal.company_requests import ListQuery
from qbwc_server.rehearsal.company_status import BAD_ITERATOR, NOTHING_MATCHED, OK, QueryStatusError, Status, status


@dataclass(frozen=True, slots=True)
class Found:
    """What a list query gave.

    Attributes:
        records: to be printed, in order.
        ret_count: the number matched; printed only if meta data were asked for.
        remaining, iterator_id: printed if they are not None.
    """

    status: Status
    records: Sequence[Record] = ()
    ret_count: int = 0
    remaining: int | None = None
    iterator_id: str | None = None


@dataclass(slots=True)
class Iterator:
    """A running iterator.

    Attributes:
        list_name, kinds, criteria: what every Continue must repeat.
        snapshot: the ListIDs matched at the Start.
        at: how many of them were given.
        pages: how many pages were given.
        page: the ListIDs given last.
    """

    list_name: str
    kinds: frozenset[str]
    criteria: ListQuery
    snapshot: Sequence[str]
    at: int = 0
    pages: int = 0
    page: Sequence[str] = ()

    @property
    def left(self) -> int:
        """How many records are still to be given."""
        return max(0, len(self.snapshot) - self.at)


@dataclass(slots=True)
class Session:
    """The iterators that live in one QuickBooks session; a new session is a new object."""

    number: int
    iterators: dict[str, Iterator] = field(default_factory=dict)
    started: int = 0

    def new_id(self) -> str:
        """An iteratorID, never given twice."""
        self.started += 1
        return f"{{{uuid.uuid5(uuid.NAMESPACE_OID, f'rehearsal iterator {self.number}.{self.started}')}}}"

    def keep_only(self, iterator_id: str | None) -> None:
        """Lose every iterator but this one."""
        for other in [one for one in self.iterators if one != iterator_id]:
            del self.iterators[other]

    def find(self, iterator_id: str, list_name: str, kinds: frozenset[str]) -> Iterator:
        """The running iterator of that query.

        Raises:
            QueryStatusError: if there is none here.
        """
        iterator = self.iterators.get(iterator_id)
        if iterator is None or iterator.list_name != list_name or iterator.kinds != kinds:
            raise QueryStatusError(BAD_ITERATOR, iterator_id)
        return iterator


def lose_if_ordered(faults: Faults, session: Session, iterator_id: str) -> None:
    """Count a Continue against `iterator_lost_once`.

    Raises:
        QueryStatusError: if this is the one at which the iterator is lost.
    """
    if faults.iterator_lost_once is None:
        return
    faults.iterator_lost_once -= 1
    if faults.iterator_lost_once <= 0:
        faults.iterator_lost_once = None
        session.iterators.pop(iterator_id, None)
        raise QueryStatusError(BAD_ITERATOR, iterator_id)


def next_page(records: RecordList, session: Session, iterator_id: str, faults: Faults) -> Found:
    """The next records of the snapshot, in their present state; those deleted since are passed over."""
    iterator = session.iterators[iterator_id]
    size = iterator.criteria.max_returned or iterator.left
    repeats = faults.iterator_repeats is not None and iterator.pages >= faults.iterator_repeats
    iterator.pages += 1
    if not repeats:
        iterator.page = iterator.snapshot[iterator.at : iterator.at + size]
    if not repeats or faults.iterator_repeats_counting_down:
        iterator.at += size
    left = iterator.left
    if faults.iterator_ends_early is not None and iterator.pages >= faults.iterator_ends_early:
        left = 0
    remaining = max(0, left + faults.remaining_lies)
    if left == 0 and remaining == 0:
        del session.iterators[iterator_id]
    present = [record for record in map(records.get, iterator.page) if record is not None]
    outcome = status(OK if iterator.page else faults.empty_page_status)
    return Found(outcome, present, len(present), remaining, iterator_id)


def nothing_to_iterate(iterator_id: str, faults: Faults) -> Found:
    """The answer to a Start that matched nothing; it leaves no iterator behind."""
    if faults.bare_empty_iterator:
        return Found(status(NOTHING_MATCHED))
    return Found(status(NOTHING_MATCHED), remaining=0, iterator_id=iterator_id)
