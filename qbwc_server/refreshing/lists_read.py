"""When each list of a company was read, and what a record of it takes on the way."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from qbwc_server.qbxml.lists import LISTS
from qbwc_server.store import freshness


@dataclass(frozen=True, slots=True)
class ListRead:
    """When a list was read to its end; None for never.

    Attributes:
        list: "customer" or "item".
        complete: whether what changed since can be told from what is known.
        whole_at: all of it.
        changed_at: what changed, also as a part of all of it.
        swept_at: what moves without a trace.
        record_bytes: of qbXML for one record, as measured; None if it never was.
        record_micros: microseconds until one has arrived, as measured.
    """

    list: str
    complete: bool = False
    whole_at: datetime | None = None
    changed_at: datetime | None = None
    swept_at: datetime | None = None
    record_bytes: int | None = None
    record_micros: int | None = None


def lists_read(connection: Connection, company: str) -> tuple[ListRead, ...]:
    """Return each list of a company, also one that was never read."""
    return tuple(list_read(connection, company, kind.name) for kind in LISTS)


def list_read(connection: Connection, company: str, list_name: str) -> ListRead:
    """Return one list of a company."""
    row = freshness.get(connection, company, list_name)
    if row is None:
        return ListRead(list_name)
    return ListRead(
        list_name,
        row.complete,
        row.last_full_read_at,
        row.last_changed_read_at,
        row.last_swept_at,
        row.record_bytes,
        row.record_micros,
    )
