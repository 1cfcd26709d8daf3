"""Storing what an answer shows of records, and marking them for the website."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from qbwc_server.qbxml import moments
from qbwc_server.qbxml.lists import list_type
from qbwc_server.store import freshness, observations, outbox, records
from qbwc_server.store.observations import Seen
from qbwc_server.store.refreshes import QueuedRefresh

_ALWAYS_THERE = frozenset({"Type"})


@dataclass(slots=True)
class Taken:
    """What taking records in did.

    Attributes:
        numbers: the observation number of each ListID.
        fresh: how many of them the run had not brought before.
        times: the TimeModified of each, as QuickBooks prints it.
    """

    numbers: dict[str, int] = field(default_factory=dict)
    fresh: int = 0
    times: list[object] = field(default_factory=list)


def observe(
    connection: Connection,
    company: str,
    list_name: str,
    parts: Iterable[Sequence[Seen]],
    now: datetime,
    *,
    run: QueuedRefresh | None = None,
    wanted: frozenset[str] | None = None,
) -> Taken:
    """Store the records of one request and mark them dirty.

    A record refresh and a whole list have every record compared with the website; what else reads a list has those
    that differ from what was known.

    Args:
        run: the list run that brings them; None for single refreshes.
        wanted: the ListIDs that count; None for all.
    """
    taken = Taken()
    target = list_type(list_name).table
    for part in parts:
        once = list({one.list_id: one for one in part if wanted is None or one.list_id in wanted}.values())
        if not once:
            continue
        once = _with_what_was(connection, company, list_name, once)
        refresh_id, since = (None, None) if run is None else (run.id, run.first_seq)
        new = observations.observe(connection, company, list_name, once, now, refresh_id, since=since)
        dirty = new.numbers
        if run is not None and run.scope != "all":
            dirty = {list_id: seq for list_id, seq in dirty.items() if list_id in new.differing}
        outbox.put(connection, target, company, list_name, dirty, now, single=run is None)
        if run is None:
            _doubt(connection, company, list_name, once, new.edited, now)
        taken.numbers |= new.numbers
        taken.fresh += new.fresh
        taken.times += [one.values.get("TimeModified") for one in once]
    return taken


def _doubt(
    connection: Connection, company: str, list_name: str, seen: Sequence[Seen], edited: frozenset[str], now: datetime
) -> None:
    """Notice an edit that reading the changes cannot have missed, and did.

    QuickBooks's clock was set back meanwhile, or its company file restored: the next reading is one of everything.
    """
    if not edited:
        return
    start = freshness.changed_from(connection, company, list_name, now)
    if start is None:
        return
    times = (moments.moment(one.values.get("TimeModified")) for one in seen if one.list_id in edited)
    if any(one is not None and one < start for one in times):
        freshness.doubt(connection, company, list_name)


def bury(
    connection: Connection,
    company: str,
    list_name: str,
    gone: Collection[str],
    now: datetime,
    *,
    run: int | None = None,
) -> dict[str, int]:
    """Make tombstones of records and mark them dirty.

    Args:
        run: the list run that no longer saw them; None for single refreshes.

    Returns:
        the observation number of each ListID.
    """
    if not gone:
        return {}
    numbers = observations.bury(connection, company, list_name, gone, now, run)
    outbox.put(connection, list_type(list_name).table, company, list_name, numbers, now, single=run is None)
    return numbers


def _with_what_was(connection: Connection, company: str, list_name: str, seen: list[Seen]) -> list[Seen]:
    """Put the known value where one that every record has could not be read, and not its default."""
    flawed = {one.list_id for one in seen if one.flawed}
    known = records.many(connection, company, list_name, flawed) if flawed else {}
    return [
        replace(one, values={**one.values, **_unasked(known[one.list_id].values, one)}) if one.list_id in known else one
        for one in seen
    ]


def _unasked(before: Mapping[str, Any], seen: Seen) -> dict[str, Any]:
    return {name: before[name] for name in seen.values.keys() - seen.asked - _ALWAYS_THERE if name in before}
