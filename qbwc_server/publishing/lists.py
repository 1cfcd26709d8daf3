"""Whole lists: which published records count for a run, and when it is over.

Theory of operation
-------------------
What became of a record is counted for the run that brought it, when it is
published. A run that lost its iterator brings records a second time: what it had
written before is then found unchanged, and counted once more. So what was
written is summed up over all of the run, and `unchanged` are at most those of
its records that it neither wrote nor had set aside: "3 updated, 97 unchanged"
says what the run did, whichever half of it.

A run waits for whatever of its list is unpublished up to its number. Set aside
for it are only records that it brought itself: one that was before it is told of
by the run or the refresh that brought that one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from qbwc_server.publish.records import SET_ASIDE
from qbwc_server.store import companies, moves, outbox, refreshes
from qbwc_server.store.claims import Claimed
from qbwc_server.store.database import Database
from qbwc_server.store.refreshes import QueuedRefresh


def count(connection: Connection, published: Iterable[tuple[Claimed, str]]) -> None:
    """Count records and what became of them for the runs that brought them; the caller holds the companies' rows."""
    by_list: dict[tuple[str, str], list[tuple[Claimed, str]]] = defaultdict(list)
    for one, outcome in published:
        by_list[one.company, one.list].append((one, outcome))
    for (company, list_name), counted in by_list.items():
        for run in moves.open_lists(connection, company, list_name):
            tally = Counter(outcome for one, outcome in counted if _brought(run, one))
            moves.change(connection, [run.id], counts=_added(run.counts, tally))


def _brought(run: QueuedRefresh, one: Claimed) -> bool:
    """Return whether a list run brought a record, also one that began again, and is not only open meanwhile."""
    if run.seq is None or run.first_sent_at is None or one.listed_at is None:
        return False
    return one.listed_at >= run.first_sent_at and one.since <= run.seq


def _added(before: Mapping[str, int] | None, tally: Mapping[str, int]) -> dict[str, int]:
    old = before or {}
    return {name: old.get(name, 0) + tally.get(name, 0) for name in sorted(old.keys() | tally.keys())}


def finish(database: Database) -> None:
    """Conclude list runs of which nothing is unpublished any more."""
    with database.read() as connection:
        answered = [one for one in refreshes.search(connection, state="answered") if one.reads_list]
    for run in answered:
        with database.write() as connection:
            # As it stands once nobody else can move it, or its number.
            companies.lock(connection, run.company)
            current = refreshes.get(connection, run.id)
            if current is not None and current.state == "answered":
                _conclude(connection, current, database)


def _conclude(connection: Connection, run: QueuedRefresh, database: Database) -> None:
    began = run.first_sent_at or run.asked_at
    open_rows, aside = outbox.dirty_since(connection, run.company, run.list, run.seq or 0, began)
    if open_rows:
        return
    counts = _whole(run, aside)
    done = {name for name, count in counts.items() if count and name not in SET_ASIDE}
    outcome = next(iter(done)) if len(done) == 1 and not aside else "mixed" if done or aside else "unchanged"
    error = {"code": "set_aside", "values": {"count": str(aside)}} if aside else run.error
    moves.conclude(connection, [run.id], outcome, database.now(connection), counts=counts, error=error)


def _whole(run: QueuedRefresh, aside: int) -> dict[str, int]:
    """Return what the run did, a record that it brought twice counted once."""
    counts = Counter[str](run.counts or {})
    kept_back = min(sum(counts[name] for name in SET_ASIDE), aside)
    rest = run.records - counts["inserted"] - counts["updated"] - kept_back
    counts["unchanged"] = min(counts["unchanged"], rest)
    return dict(sorted((+counts).items()))
