"""What to send next for a list run.

Theory of operation
-------------------
An iteration begins with QuickBooks counting what is to come, in the same
message set as the first page; where changes only are read, with its list of
deletions too. Once all pages have come, the suspects are asked for by their
ListIDs. Below qbXML 5.0 there are no iterators: the list comes in one answer.

A message set that QuickBooks refuses takes the page along with whatever it was
that could not be read. So the visit goes on without what stands beside the page
(`bare`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qbwc_server.conversation.paging import Measure, page_size
from qbwc_server.qbxml.request import ByListID, Count, Deleted, Page, Request
from qbwc_server.qbxml.versions import ITERATORS_SINCE, METADATA_SINCE, has
from qbwc_server.store.refreshes import QueuedRefresh

SUSPECTS_IN_A_QUERY = 200
SUSPECTS_IN_A_SET = 1000


@dataclass(frozen=True, slots=True)
class Packed:
    """A message set.

    Attributes:
        requests: in their order.
        refreshes: which refreshes each one answers, by requestID.
        notes: what else is to be remembered of a request until its answer has come, by requestID.
    """

    requests: tuple[Request, ...]
    refreshes: Mapping[str, tuple[int, ...]]
    notes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many refreshes it carries."""
        return sum(len(ids) for ids in self.refreshes.values())

    @property
    def lists(self) -> tuple[int, ...]:
        """The list runs in it."""
        return tuple(dict.fromkeys(int(note["refresh"]) for note in self.notes.values() if "refresh" in note))


@dataclass(frozen=True, slots=True)
class Listing:
    """How lists are read at this moment.

    Attributes:
        version: the qbXML version that is spoken.
        iterator: the visit's iterator, if it has one.
        measures: what a record takes on the way, by list.
        deleted_from: from which of QuickBooks's own times on deletions are asked for, by list.
        interleaves: whether an iterator lives on while something else is asked.
        bare: nothing is asked beside the page.
    """

    version: str
    iterator: Mapping[str, Any] | None = None
    measures: Mapping[str, Measure] = field(default_factory=dict)
    deleted_from: Mapping[str, str | None] = field(default_factory=dict)
    interleaves: bool = True
    bare: bool = False

    @property
    def running(self) -> int | None:
        """The list run whose iterator QuickBooks has; None for none."""
        return int(self.iterator["refresh"]) if self.iterator and "id" in self.iterator else None


def pack_list(run: QueuedRefresh, message_set: str, listing: Listing) -> Packed:
    """Pack the next request of a list run, and what belongs to it, into one message set."""
    if run.through:
        return _suspects(run, message_set)
    requests: list[Request] = []
    notes: dict[str, dict[str, Any]] = {}

    def next_id(kind: str, **note: object) -> str:
        request_id = f"{message_set}.{len(requests) + 1}"
        notes[request_id] = {"kind": kind, "refresh": run.id, **note}
        return request_id

    begins = listing.running != run.id
    if begins and not listing.bare:
        if has(listing.version, METADATA_SINCE) and run.scope != "sweep":
            requests.append(Count(next_id("count"), run.list, run.modified_since))
        if run.modified_since is not None:
            requests.append(Deleted(next_id("deleted"), run.list, listing.deleted_from.get(run.list)))
    undivided = not has(listing.version, ITERATORS_SINCE)
    size = int((listing.iterator or {}).get("size", 0)) if not begins else 0
    size = size or page_size(listing.measures.get(run.list, Measure()), run)
    volatile = run.scope == "sweep"
    page_id = next_id("page", size=size, undivided=undivided, volatile=volatile)
    requests.append(
        Page(
            request_id=page_id,
            list=run.list,
            iterator=None if undivided else "Start" if begins else "Continue",
            iterator_id=None if begins or listing.iterator is None else str(listing.iterator["id"]),
            max_returned=size,
            modified_since=run.modified_since,
            volatile=volatile,
        )
    )
    return Packed(tuple(requests), {page_id: (run.id,)}, notes)


def _suspects(run: QueuedRefresh, message_set: str) -> Packed:
    # Fewer, where QuickBooks gave no answer to so many or could not read them.
    most = min(SUSPECTS_IN_A_SET, run.most) >> (run.unanswered if run.trouble is None else 0)
    suspects = list(run.suspects or ())[: max(1, most)]
    requests: list[Request] = []
    notes: dict[str, dict[str, Any]] = {}
    for start in range(0, len(suspects), SUSPECTS_IN_A_QUERY):
        request_id = f"{message_set}.{len(requests) + 1}"
        part = tuple(suspects[start : start + SUSPECTS_IN_A_QUERY])
        requests.append(ByListID(request_id, run.list, part))
        notes[request_id] = {"kind": "confirmation", "refresh": run.id, "suspects": list(part)}
    return Packed(tuple(requests), {requests[-1].request_id: (run.id,)}, notes)
