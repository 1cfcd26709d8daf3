"""Notes in the audit who asked, cancelled and tried again, whichever door it came through."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from qbwc_server.refreshing.wishes import Wish
from qbwc_server.store import audit
from qbwc_server.store.refreshes import QueuedRefresh


def note_asked(
    connection: Connection, asked_by: str, wishes: Iterable[Wish], ids: Iterable[int], now: datetime
) -> None:
    """Note wishes, those of one list and way in one line; `ids` are the refreshes that stand for them, in order."""
    alike: dict[tuple[str, str, str], list[tuple[Wish, int]]] = defaultdict(list)
    for wish, refresh_id in zip(wishes, ids, strict=True):
        alike[wish.company, wish.list, wish.way].append((wish, refresh_id))
    for (company, list_name, way), pairs in alike.items():
        single = pairs[0][0].value if len(pairs) == 1 and way == "list_id" else None
        requests = [refresh_id for _, refresh_id in pairs]
        audit.note(
            connection,
            asked_by,
            "asked",
            now,
            company=company,
            subject=single,
            detail=_particulars(list_name, way, requests),
        )


def note_one(
    connection: Connection, asked_by: str, what: audit.What, row: QueuedRefresh, request: int, now: datetime
) -> None:
    """Note what was done with a refresh; `request` is the one to look at."""
    audit.note(
        connection,
        asked_by,
        what,
        now,
        company=row.company,
        subject=row.list_id,
        detail=_particulars(row.list, row.way, [request]),
    )


def _particulars(list_name: str, way: str, requests: Sequence[int]) -> dict[str, object]:
    # Neither the name nor the text that was looked for: they may be a customer's.
    return {"list": list_name, "way": way, "requests": list(requests)}
