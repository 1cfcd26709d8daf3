"""The outbox: which records the website has yet to be told of.

One row a record and target; its `seq` is raised when the record is seen again
before it was published. A row is deleted once the website holds that number. A
claim expires, and is dropped when a process starts. Who had the claim stays on
the row until somebody says what became of it: who finds another's name there
must ask the website how far that one came.

Who changes rows that others may hold either holds their company's row first, as
those do, or passes over what is held: so nobody who has some waits for more, and
no two wait for each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, delete, func, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from qbwc_server.store.tables import companies, outbox, records

CLAIM = timedelta(minutes=5)
LONGEST_PROBLEM = 500
_KEY = ("target", "company", "list", "list_id")
# Of a row that was seen again while it was being published: what is left waits since then, when it was due.
_SEEN_AGAIN: Mapping[str, Any] = {"queued_at": outbox.c.due_at, "claimed_by": None, "claimed_until": None}


@dataclass(frozen=True, slots=True)
class Claimed:
    """A record to be published, as it stands now.

    `listed_at` is when a list run last put it, None when none did since it was published;
    `inherited` says that it was claimed before and nobody told what became of it;
    `forced` that a person wants it published though it was held;
    `erased` that nothing of the record is left here to be told.
    """

    target: str
    company: str
    list: str
    list_id: str
    seq: int
    since: int
    inherited: bool
    single: bool
    listed_at: datetime | None
    forced: bool
    attempts: int
    is_deleted: bool
    erased: bool
    observed_at: datetime
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Lag:
    """How far publishing is behind."""

    waiting: int
    set_aside: int
    oldest_due_at: datetime | None
    last_error: str | None


def put(
    connection: Connection,
    target: str,
    company: str,
    list_name: str,
    numbers: Mapping[str, int],
    now: datetime,
    *,
    single: bool,
) -> None:
    """Mark records as dirty, given each one's observation number; the caller holds the company's row."""
    if not numbers:
        return
    rows = [
        {
            "target": target,
            "company": company,
            "list": list_name,
            "list_id": list_id,
            "seq": seq,
            "since": seq,
            "single": single,
            "listed_at": None if single else now,
            "forced": False,
            "queued_at": now,
            "due_at": now,
            "attempts": 0,
        }
        for list_id, seq in sorted(numbers.items())
    ]
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(outbox)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["target", "company", "list", "list_id"],
            set_={
                "seq": statement.excluded.seq,
                "single": or_(outbox.c.single, statement.excluded.single),
                "listed_at": func.coalesce(statement.excluded.listed_at, outbox.c.listed_at),
                # What a person decided was about the observation before.
                "forced": False,
                # What waits already waits since then.
                "queued_at": case(
                    (outbox.c.set_aside.is_not(None), statement.excluded.queued_at),
                    else_=func.coalesce(outbox.c.queued_at, statement.excluded.queued_at),
                ),
                "due_at": statement.excluded.due_at,
                "attempts": 0,
                "set_aside": None,
                "detail": None,
            },
        ),
        rows,
    )


def again(connection: Connection, company: str, list_name: str, list_id: str, now: datetime) -> bool:
    """Queue a row that was set aside once more; False when the website has nothing left to be told of the record.

    This is a person's decision: what was held is not held again. A row that was
    queued again already stays as it is, whoever decided that.
    """
    row = and_(outbox.c.company == company, outbox.c.list == list_name, outbox.c.list_id == list_id)
    connection.execute(
        update(outbox)
        .where(row, outbox.c.set_aside.is_not(None))
        .values(
            forced=outbox.c.set_aside == "held",
            set_aside=None,
            detail=None,
            queued_at=now,
            due_at=now,
            attempts=0,
            claimed_by=None,
            claimed_until=None,
        )
    )
    return connection.execute(select(outbox.c.list_id).where(row).limit(1)).first() is not None


def anything_due(connection: Connection, now: datetime) -> bool:
    """Return whether a row could be claimed."""
    return connection.execute(select(outbox.c.list_id).where(_due(now)).limit(1)).first() is not None


def _due(now: datetime) -> ColumnElement[bool]:
    unchecked = select(companies.c.company).where(companies.c.unchecked_after.is_not(None))
    return and_(
        outbox.c.set_aside.is_(None),
        outbox.c.due_at <= now,
        or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until < now),
        # Their numbers may mean something else to the website.
        outbox.c.company.not_in(unchecked),
    )


def claim(connection: Connection, worker: str, now: datetime, limit: int) -> tuple[Claimed, ...]:
    """Take the rows that are due, single refreshes first, for at most `CLAIM`."""
    query = (
        select(
            outbox,
            records.c.is_deleted,
            records.c.erased,
            records.c.observed_at,
            records.c["values"],
            records.c.seq.label("stands"),
        )
        .join(
            records,
            and_(
                records.c.company == outbox.c.company,
                records.c.list == outbox.c.list,
                records.c.list_id == outbox.c.list_id,
            ),
        )
        .where(_due(now))
        .order_by(outbox.c.single.desc(), outbox.c.since)
        .limit(limit)
        .with_for_update(of=outbox, skip_locked=True)
    )
    rows = connection.execute(query).all()
    if rows:
        mine = update(outbox).where(_each()).values(claimed_by=worker, claimed_until=now + CLAIM)
        connection.execute(mine, [_key(row) for row in sorted(rows, key=_place)])
    return tuple(
        Claimed(
            target=row.target,
            company=row.company,
            list=row.list,
            list_id=row.list_id,
            seq=row.stands,
            since=row.since,
            inherited=row.claimed_by is not None,
            single=row.single,
            listed_at=row.listed_at,
            forced=row.forced,
            attempts=row.attempts,
            is_deleted=row.is_deleted,
            erased=row.erased,
            observed_at=row.observed_at,
            values=row._mapping[records.c["values"]],  # noqa: SLF001 - SQLAlchemy's public name
        )
        for row in rows
    )


def _is(row: Any) -> Any:
    return and_(
        outbox.c.target == row.target,
        outbox.c.company == row.company,
        outbox.c.list == row.list,
        outbox.c.list_id == row.list_id,
    )


def _each() -> ColumnElement[bool]:
    """Return what makes a statement take one row after the other, given their `_key`s."""
    return and_(*(outbox.c[name] == bindparam(f"its_{name}") for name in _KEY))


def _key(row: Any) -> dict[str, Any]:
    return {f"its_{name}": getattr(row, name) for name in _KEY}


def _place(row: Any) -> tuple[str, ...]:
    return tuple(getattr(row, name) for name in _KEY)


def done(connection: Connection, published: Sequence[Claimed]) -> None:
    """Drop published rows, but for those of records that were seen again meanwhile."""
    if not published:
        return
    keys = [
        {**_key(one), "published": one.seq, "was_listed_at": one.listed_at} for one in sorted(published, key=_place)
    ]
    connection.execute(delete(outbox).where(_each(), outbox.c.seq <= bindparam("published")), keys)
    # What is left is newer: it became dirty after what the website now holds.
    after = bindparam("published", type_=outbox.c.since.type) + 1
    highest = func.max if connection.dialect.name == "sqlite" else func.greatest
    # What a list run put is published and counted, unless one put it again since.
    listed_at = func.nullif(outbox.c.listed_at, bindparam("was_listed_at", type_=outbox.c.listed_at.type))
    left = {"since": highest(outbox.c.since, after), "listed_at": listed_at}
    connection.execute(update(outbox).where(_each()).values(**left, **_SEEN_AGAIN), keys)


def set_aside(connection: Connection, claimed: Claimed, why: str, detail: Mapping[str, Any], now: datetime) -> None:
    """Keep a row for a person, unless the record was seen again meanwhile: then that is tried first."""
    free = update(outbox).where(_is(claimed)).values(_SEEN_AGAIN)
    connection.execute(free)
    kept = free.where(outbox.c.seq <= claimed.seq)
    connection.execute(kept.values(set_aside=why, detail=dict(detail), due_at=now, forced=False))


def postpone(connection: Connection, claimed: Sequence[Claimed], due_at: datetime, why: str) -> None:
    """Try rows again later: the website could not be written, or broke off without a word whether it was.

    The caller holds the rows of their companies.
    """
    for one in sorted(claimed, key=_place):
        connection.execute(
            update(outbox)
            .where(_is(one))
            .values(
                due_at=due_at,
                attempts=outbox.c.attempts + 1,
                claimed_until=None,
                detail={"problem": why[:LONGEST_PROBLEM]},
            )
        )


def note_problem(connection: Connection, why: str) -> None:
    """Say of what waits, where nothing was said yet, why it does; it stays due, and claims stay as they are."""
    untold = and_(outbox.c.set_aside.is_(None), outbox.c.attempts == 0)
    connection.execute(
        update(outbox).where(_free(untold)).values(attempts=1, detail={"problem": why[:LONGEST_PROBLEM]})
    )


def hurry(connection: Connection, now: datetime) -> None:
    """Make everything postponed due at once, but what somebody is changing: the website is back."""
    postponed = and_(outbox.c.set_aside.is_(None), outbox.c.due_at > now)
    connection.execute(update(outbox).where(_free(postponed)).values(due_at=now, attempts=0))


def drop_claims(connection: Connection) -> None:
    """Let go of all claims, but of rows that somebody is changing: whoever had them may be dead.

    One who is alive loses nothing. The website tells the second to come what the
    first one did, and marking the same thing twice changes nothing.
    """
    connection.execute(update(outbox).where(_free(outbox.c.claimed_until.is_not(None))).values(claimed_until=None))


def _free(which: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return what takes those rows that nobody holds, and holds them (SQLite holds the whole database)."""
    keys = [outbox.c[name] for name in _KEY]
    free = select(*keys).where(which).order_by(*keys).with_for_update(skip_locked=True).correlate(None)
    return tuple_(*keys).in_(free)


def dirty_since(connection: Connection, company: str, list_name: str, seq: int) -> tuple[int, int]:
    """Return how many records became dirty up to `seq` and are unpublished, and how many are set aside."""
    base = and_(outbox.c.company == company, outbox.c.list == list_name, outbox.c.since <= seq)
    query = select(func.count(), func.count(outbox.c.set_aside)).where(base)
    count, aside = connection.execute(query).one()
    return count - aside, aside


def lag(connection: Connection) -> Lag:
    """Return how far publishing is behind."""
    open_rows = outbox.c.set_aside.is_(None)
    waiting, oldest = connection.execute(select(func.count(), func.min(outbox.c.due_at)).where(open_rows)).one()
    aside = connection.execute(select(func.count()).where(outbox.c.set_aside.is_not(None))).scalar_one()
    failing = connection.execute(
        select(outbox.c.detail).where(open_rows, outbox.c.attempts > 0).order_by(outbox.c.due_at.desc()).limit(1)
    ).scalar()
    return Lag(waiting, aside, oldest, None if failing is None else str(failing.get("problem")))
