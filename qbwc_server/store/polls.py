"""When each Web Connector called: the history from which the next call is expected.

The schedule lives on the QuickBooks PC and can be changed there, so it is
learnt: the interval is the median gap between the last visits. Calls less than
a second apart (an impatient click, two lines of one connector) are one visit.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from qbwc_server.store.tables import connections, polls

KEPT = 20
USED = 11
LEAST_GAP = 1.0
"""Seconds between two visits; no schedule of a Web Connector is shorter."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a Web Connector calls.

    Attributes:
        last_at: its last call; None when it never called.
        interval: median gap between its last visits, a second or more; None below two visits.
    """

    last_at: datetime | None
    interval: timedelta | None

    @property
    def next_at(self) -> datetime | None:
        """When it is expected next, as far as that can be known."""
        if self.last_at is None or self.interval is None:
            return None
        return self.last_at + self.interval


@dataclass(frozen=True, slots=True)
class Poll:
    """A call of a Web Connector: when, from which address, and whether its password was wrong."""

    at: datetime
    address: str | None
    refused: bool = False


def record(connection: Connection, company: str, calls: Iterable[Poll]) -> None:
    """Add calls that signed in rightly and forget the oldest."""
    once = {call.at: call for call in calls}
    if not once:
        return
    _add(connection, company, [once[at] for at in sorted(once)])
    last = max(once)
    connection.execute(
        update(connections)
        .where(
            connections.c.company == company,
            connections.c.last_seen_at.is_(None) | (connections.c.last_seen_at < last),
        )
        .values(last_seen_at=last)
    )


def refuse(connection: Connection, company: str, call: Poll) -> None:
    """Add a call with a wrong password; it says nothing of when the next may be expected."""
    _add(connection, company, [replace(call, refused=True)])


def last(connection: Connection, company: str) -> tuple[Poll, ...]:
    """Return the last calls, newest first, at most `KEPT` of each kind."""
    query = select(polls.c.polled_at, polls.c.address, polls.c.refused).where(polls.c.company == company)
    return tuple(Poll(*row) for row in connection.execute(query.order_by(polls.c.polled_at.desc())))


def _add(connection: Connection, company: str, calls: Sequence[Poll]) -> None:
    rows = [
        {"company": company, "polled_at": call.at, "address": call.address, "refused": call.refused} for call in calls
    ]
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(insert(polls).on_conflict_do_nothing(), rows)
    # Each kind for itself: many wrong passwords must not push out what the rhythm is learnt from.
    same = (polls.c.company == company, polls.c.refused.is_(calls[0].refused))
    kept = select(polls.c.polled_at).where(*same).order_by(polls.c.polled_at.desc()).limit(KEPT).subquery()
    connection.execute(delete(polls).where(*same, polls.c.polled_at.not_in(select(kept.c.polled_at))))


def rhythm(connection: Connection, company: str) -> Rhythm:
    """Return how often a company's Web Connector calls."""
    moments = list(
        connection.execute(
            select(polls.c.polled_at)
            .where(polls.c.company == company, polls.c.refused.is_(False))
            .order_by(polls.c.polled_at.desc())
            .limit(USED)
        ).scalars()
    )
    if not moments:
        return Rhythm(None, None)
    all_gaps = ((later - earlier).total_seconds() for later, earlier in itertools.pairwise(moments))
    gaps = [gap for gap in all_gaps if gap >= LEAST_GAP]
    return Rhythm(moments[0], timedelta(seconds=median(gaps)) if gaps else None)
