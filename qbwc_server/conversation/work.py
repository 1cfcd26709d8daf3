"""What to send next: packing waiting refreshes into one message set.

Theory of operation
-------------------
One message set carries as much as fits: one query with many ListIDs a list, and
a query of its own for each FullName, each search and each ListID that a batch
left open: it was missing there, or the batch got a status for all of it. What
was missing once is asked for together with QuickBooks's list of deletions.
Refreshes of the same wish share a query. A refresh of a message set that
QuickBooks could not read, or that went unanswered, narrows the set it travels in
(`largest_set`), until it stands alone. A page of a list always travels alone
(`listing`); between two pages people's wishes go first, as far as this QuickBooks
keeps an iterator alive meanwhile.
"""

from collections.abc import Sequence
from typing import Any

from qbwc_server.conversation.listing import Listing, Packed, pack_list
from qbwc_server.qbxml.request import ByFullName, ByListID, Deleted, Find, Request
from qbwc_server.store.refreshes import QueuedRefresh

LIST_IDS_IN_A_QUERY = 200
QUERIES_IN_A_SET = 40
CANDIDATES = 600
MOST_HITS = 50


def pack(waiting: Sequence[QueuedRefresh], message_set: str, listing: Listing) -> Packed:
    """Pack waiting refreshes, given in the order they should go, into one message set.

    Args:
        waiting: at least one refresh.
        message_set: the id that the requestIDs begin with.
        listing: how lists are read at this moment.
    """
    going = next((one for one in waiting if one.reads_list and one.id == listing.running), None)
    if going is not None and not listing.interleaves:
        return pack_list(going, message_set, listing)
    if waiting[0].reads_list:
        return pack_list(waiting[0] if going is None else going, message_set, listing)
    packer = _Packer(message_set)
    for refresh in waiting:
        if not refresh.reads_list and packer.has_room_for(refresh):
            packer.add(refresh)
    return packer.packed(with_deletions=not listing.bare)


class _Packer:
    """Collects refreshes into queries; a wish is (list, way, value)."""

    def __init__(self, message_set: str) -> None:
        self.message_set = message_set
        self.wishes: dict[tuple[str, str, str], list[QueuedRefresh]] = {}
        self.largest = CANDIDATES

    def has_room_for(self, refresh: QueuedRefresh) -> bool:
        if (refresh.list, refresh.way, refresh.value) in self.wishes:
            return refresh.largest_set > 1 and self.largest > 1
        if len(self.wishes) >= min(self.largest, refresh.largest_set):
            return False
        own = [one for key, group in self.wishes.items() for one in group[:1] if _stands_alone(key, one)]
        if _stands_alone((refresh.list, refresh.way, refresh.value), refresh):
            return len(own) < QUERIES_IN_A_SET
        batched = sum(1 for key, group in self.wishes.items() if key[0] == refresh.list and group[0] not in own)
        return batched < LIST_IDS_IN_A_QUERY

    def add(self, refresh: QueuedRefresh) -> None:
        self.wishes.setdefault((refresh.list, refresh.way, refresh.value), []).append(refresh)
        self.largest = min(self.largest, refresh.largest_set)

    def packed(self, *, with_deletions: bool) -> Packed:
        batches: dict[str, list[tuple[str, list[QueuedRefresh]]]] = {}
        own: list[tuple[tuple[str, str, str], list[QueuedRefresh]]] = []
        for key, group in self.wishes.items():
            if _stands_alone(key, group[0]):
                own.append((key, group))
            else:
                batches.setdefault(key[0], []).append((key[2], group))
        requests: list[Request] = []
        refreshes: dict[str, tuple[int, ...]] = {}
        for list_name, members in batches.items():
            request_id = f"{self.message_set}.{len(requests) + 1}"
            requests.append(ByListID(request_id, list_name, tuple(list_id for list_id, _ in members)))
            refreshes[request_id] = tuple(one.id for _, group in members for one in group)
        for key, group in own:
            request_id = f"{self.message_set}.{len(requests) + 1}"
            requests.append(_single(request_id, key))
            refreshes[request_id] = tuple(one.id for one in group)
        notes: dict[str, dict[str, Any]] = {}
        # Of what was missing once QuickBooks may know when it was deleted.
        lists = {key[0]: None for key, group in own if group[0].missed} if with_deletions else {}
        for list_name in lists:
            request_id = f"{self.message_set}.{len(requests) + 1}"
            requests.append(Deleted(request_id, list_name))
            notes[request_id] = {"kind": "deleted"}
        return Packed(tuple(requests), refreshes, notes)


def _stands_alone(key: tuple[str, str, str], refresh: QueuedRefresh) -> bool:
    return key[1] != "list_id" or refresh.alone


def _single(request_id: str, key: tuple[str, str, str]) -> Request:
    list_name, way, value = key
    if way == "full_name":
        return ByFullName(request_id, list_name, value)
    if way == "find":
        return Find(request_id, list_name, value, MOST_HITS)
    return ByListID(request_id, list_name, (value,))
