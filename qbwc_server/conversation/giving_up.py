"""Giving up what was asked for too often, with the reason of the last time."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from qbwc_server.store import moves

NEVER_ANSWERED = "no_answer"
GIVEN_UP = "given_up"


def give_up_worn(connection: Connection, ids: Sequence[int], now: datetime) -> int:
    """End those of these refreshes that went unanswered too often.

    What came last is told, if anything ever came: only then did QuickBooks answer at all.

    Returns:
        how many were ended.
    """
    worn = moves.worn(connection, ids)
    for trouble in sorted({one.trouble or "" for one in worn}):
        give_up(connection, [one.id for one in worn if (one.trouble or "") == trouble], trouble, now)
    return len(worn)


def give_up(connection: Connection, ids: Sequence[int], trouble: str, now: datetime) -> int:
    """End these refreshes with what was wrong the last time, "" for no answer at all; returns how many they are."""
    error = {"code": GIVEN_UP, "values": {"last": trouble}} if trouble else {"code": NEVER_ANSWERED, "values": {}}
    moves.fail(connection, ids, error, now)
    return len(ids)
