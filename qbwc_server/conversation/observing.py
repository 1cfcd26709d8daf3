"""Storing what an answer shows of records, and marking them for the website."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from qbwc_server.conversation.answers import Reading
from qbwc_server.qbxml.lists import list_type
from qbwc_server.store import outbox, records
from qbwc_server.store.records import Record, Seen


def observe(
    connection: Connection,
    company: str,
    list_name: str,
    reading: Reading,
    request_id: str,
    now: datetime,
    *,
    run: int | None = None,
    wanted: frozenset[str] | None = None,
) -> dict[str, int]:
    """Store the records of one request and mark them dirty.

    Args:
        run: the list run that brings them; None for single refreshes.
        wanted: the ListIDs that count; None for all.

    Returns:
        the observation number of each ListID.
    """
    numbers: dict[str, int] = {}
    target = list_type(list_name).table
    for part in reading.parts(connection, request_id):
        once = list({one.list_id: one for one in part if wanted is None or one.list_id in wanted}.values())
        if not once:
            continue
        once = _with_what_was(connection, company, list_name, once)
        new = records.observe(connection, company, list_name, once, now, run)
        outbox.put(connection, target, company, list_name, new, now, single=run is None)
        numbers |= new
    return numbers


def bury(
    connection: Connection, company: str, list_name: str, gone: list[Record], now: datetime, *, run: int | None = None
) -> dict[str, int]:
    """Make tombstones of records and mark them dirty.

    Args:
        run: the list run that no longer saw them; None for single refreshes.

    Returns:
        the observation number of each ListID.
    """
    if not gone:
        return {}
    numbers = records.bury(connection, company, list_name, gone, now, run)
    outbox.put(connection, list_type(list_name).table, company, list_name, numbers, now, single=run is None)
    return numbers


def _with_what_was(connection: Connection, company: str, list_name: str, seen: list[Seen]) -> list[Seen]:
    """Put the known value where one that every record has could not be read, and not its default."""
    flawed = {one.list_id for one in seen if one.values.keys() - one.asked - {"Type"}}
    known = records.many(connection, company, list_name, flawed) if flawed else {}
    return [
        replace(one, values={**one.values, **_unasked(known[one.list_id].values, one)}) if one.list_id in known else one
        for one in seen
    ]


def _unasked(before: Mapping[str, Any], seen: Seen) -> dict[str, Any]:
    return {name: before[name] for name in seen.values.keys() - seen.asked - {"Type"} if name in before}
