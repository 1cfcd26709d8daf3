"""Trying again what failed or was cancelled.

Theory of operation
-------------------
What QuickBooks did not answer is asked for anew. What was answered and then set
aside by the publisher is known already: its outbox row is queued again, which is
a person's decision about what QuickBooks said then. An answer that comes later
is judged anew, so QuickBooks must not be asked behind that decision.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from qbwc_server.store import moves, outbox, refreshes
from qbwc_server.store.refreshes import QueuedRefresh

# Why a refresh fails whose record is known and was not published.
_PUBLISHING_CODES: Final = ("held", "refused_value", "ambiguous")


def is_blank(row: QueuedRefresh) -> bool:
    """Tell whether it is not known any more what was looked for: somebody was forgotten whom it named."""
    return row.way == "find" and not row.value


def try_again(connection: Connection, row: QueuedRefresh, asked_by: str, now: datetime) -> int:
    """Return the refresh that tries a failed one again; the caller holds the company's row."""
    under_way = refreshes.retried(connection, row.id)
    if under_way is not None:
        refreshes.join(connection, under_way, asked_by, now)
        return under_way
    wish = (row.company, row.list, row.way, row.value, asked_by, now)
    unpublished = (row.error or {}).get("code") in _PUBLISHING_CODES and row.list_id is not None
    if unpublished and outbox.again(connection, row.company, row.list, str(row.list_id), now):
        return refreshes.add(
            connection,
            *wish,
            state="answered",
            answered_at=now,
            seq=row.seq,
            list_id=row.list_id,
            full_name=row.full_name,
            records=1,
            retry_of=row.id,
        )
    again, joined = refreshes.ask(connection, *wish)
    if not joined:
        moves.change(connection, [again], retry_of=row.id)
    return again
