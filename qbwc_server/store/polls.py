"""When each Web Connector called: the history from which the next call is expected.

The schedule lives on the QuickBooks PC and can be changed there, so it is
learnt: the interval is the median gap between the last visits. Calls less than
a second apart (an impatient click, two lines of one connector) are one visit.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
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
    """A call of a Web Connector that signed in rightly: when, and from which address."""

    at: datetime
    address: str | None


def record(connection: Connection, company: str, calls: Iterable[Poll]) -> None:
    """Add visits and forget the oldest."""
    once = {call.at: call for call in calls}
    rows = [{"company": company, "polled_at": at, "address": once[at].address} for at in sorted(once)]
    if not rows:
        return
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(insert(polls).on_conflict_do_nothing(), rows)
    last = rows[-1]["polled_at"]
    connection.execute(
        update(connections)
        .where(
            connections.c.company == company,
            connections.c.last_seen_at.is_(None) | (connections.c.last_seen_at < last),
        )
        .values(last_seen_at=last)
    )
    kept = (
        select(polls.c.polled_at).where(polls.c.company == company).order_by(polls.c.polled_at.desc()).limit(KEPT)
    ).subquery()
    connection.execute(
        delete(polls).where(polls.c.company == company, polls.c.polled_at.not_in(select(kept.c.polled_at)))
    )


def last(connection: Connection, company: str) -> tuple[Poll, ...]:
    """Return the last calls that signed in rightly, newest first, at most `KEPT`."""
    query = select(polls.c.polled_at, polls.c.address).where(polls.c.company == company)
    return tuple(Poll(*row) for row in connection.execute(query.order_by(polls.c.polled_at.desc()).limit(KEPT)))


def rhythm(connection: Connection, company: str) -> Rhythm:
    """Return how often a company's Web Connector calls."""
    moments = list(
        connection.execute(
            select(polls.c.polled_at).where(polls.c.company == company).order_by(polls.c.polled_at.desc()).limit(USED)
        ).scalars()
    )
    if not moments:
        return Rhythm(None, None)
    all_gaps = ((later - earlier).total_seconds() for later, earlier in itertools.pairwise(moments))
    gaps = [gap for gap in all_gaps if gap >= LEAST_GAP]
    return Rhythm(moments[0], timedelta(seconds=median(gaps)) if gaps else None)
