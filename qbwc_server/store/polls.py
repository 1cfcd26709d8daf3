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


def record(connection: Connection, company: str, moments: Iterable[datetime]) -> None:
    """Add the times of visits and forget the oldest."""
    rows = [{"company": company, "polled_at": moment} for moment in sorted(set(moments))]
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
