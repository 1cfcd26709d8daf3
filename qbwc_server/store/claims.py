"""Claims: who publishes which rows of the outbox.

Theory of operation
-------------------
A claim has a name of its own, expires, and is dropped when a process starts. Who
had the claim stays on the row until somebody says what became of it: who finds
another's name there must ask the website how far that one came. What was
claimed is done with by that name and up to that number alone, so that nobody
drops a row that another has taken since.

Who changes rows that others may hold either holds their company's row first, as
those do, or passes over what is held: so nobody who has some waits for more, and
no two wait for each other.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    tuple_,
    type_coerce,
    update,
)

from qbwc_server.among import among
from qbwc_server.store.tables import companies, outbox, records

CLAIM = timedelta(minutes=5)
LONGEST_PROBLEM = 500
_KEY = ("target", "company", "list", "list_id")
_PICKED = (*_KEY, "since", "claimed_by", "single", "listed_at", "forced", "attempts")
Key = tuple[str, str, str, str]
# Of a row that was seen again while it was being published: what is left waits since then, when it was due.
_SEEN_AGAIN: Mapping[str, Any] = {"queued_at": outbox.c.due_at, "claimed_by": None, "claimed_until": None}

# Built once, and the ListIDs handed over whole: to build a statement that names each costs more than to run it.
_THESE = and_(
    outbox.c.target == bindparam("its_target"),
    outbox.c.company == bindparam("its_company"),
    outbox.c.list == bindparam("its_list"),
    among(outbox.c.list_id, "its_list_ids"),
)
_MINE = and_(_THESE, outbox.c.claimed_by == bindparam("its_name"))
_TAKE = (
    update(outbox)
    .where(_THESE)
    .values(claimed_by=bindparam("its_name"), claimed_until=bindparam("its_end"), claimed_seq=outbox.c.seq)
)
_DROP = delete(outbox).where(_MINE, outbox.c.seq <= outbox.c.claimed_seq)
_TOLD = ("list_id", "seq", "is_deleted", "erased", "observed_at", "values_seq", "values")
_THEIRS = and_(
    records.c.company == bindparam("its_company"),
    records.c.list == bindparam("its_list"),
    among(records.c.list_id, "its_list_ids"),
)
_WHOLE = select(*(records.c[name] for name in _TOLD)).where(_THEIRS)
# What a list run brought unchanged is only looked at: to load its values would be the most of the work.
_CHANGED = type_coerce(
    case((or_(records.c.values_seq.is_(None), records.c.values_seq >= records.c.seq), records.c["values"])),
    records.c["values"].type,
)
_LEAN = select(*(records.c[name] for name in _TOLD[:-1]), _CHANGED).where(_THEIRS)
_LEFT = select(outbox.c.list_id).where(_MINE)


_DUE = and_(
    outbox.c.set_aside.is_(None),
    outbox.c.due_at <= bindparam("now"),
    or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until < bindparam("now")),
    # Their numbers may mean something else to the website.
    outbox.c.company.not_in(select(companies.c.company).where(companies.c.unchecked_after.is_not(None))),
)
_ANY = select(outbox.c.list_id).where(_DUE).limit(1)


def _pick(*, single: bool) -> Select[Any]:
    # Of the outbox alone: a database that was never analysed would look for the records in the wrong order.
    rows = select(*(outbox.c[name] for name in _PICKED)).where(outbox.c.single.is_(single), _DUE)
    return rows.order_by(outbox.c.since).limit(bindparam("most")).with_for_update(skip_locked=True)


# Two questions, since an index answers each in its order.
_PICK_SINGLE, _PICK_LISTED = _pick(single=True), _pick(single=False)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A record to be published, as it stands now.

    `name` is the claim's own;
    `listed_at` is when a list run last put it, None when none did since it was published;
    `inherited` says that it was claimed before and nobody told what became of it;
    `forced` that a person wants it published though it was held;
    `values_seq` is when its values were last seen to differ, and `values` is None where that was before;
    `erased` that nothing of the record is left here to be told.
    """

    target: str
    company: str
    list: str
    list_id: str
    seq: int
    since: int
    name: str
    inherited: bool
    single: bool
    listed_at: datetime | None
    forced: bool
    attempts: int
    is_deleted: bool
    erased: bool
    observed_at: datetime
    values_seq: int
    values: Mapping[str, Any] | None


def anything_due(connection: Connection, now: datetime) -> bool:
    """Return whether a row could be claimed."""
    return connection.execute(_ANY, {"now": now}).first() is not None


def is_claimed(connection: Connection, company: str, list_name: str, list_id: str, now: datetime) -> bool:
    """Return whether somebody is publishing a record; the caller holds the company's row.

    The record's rows are held from then on: nobody begins to before the transaction ends.
    """
    rows = and_(outbox.c.company == company, outbox.c.list == list_name, outbox.c.list_id == list_id)
    ends = connection.execute(select(outbox.c.claimed_until).where(rows).with_for_update()).scalars()
    return any(end is not None and end >= now for end in ends)


def claim(connection: Connection, now: datetime, limit: int) -> tuple[Claimed, ...]:
    """Take the rows that are due, single refreshes first, for at most `CLAIM`."""
    rows = [*connection.execute(_PICK_SINGLE, {"now": now, "most": limit})]
    if len(rows) < limit:
        rows += connection.execute(_PICK_LISTED, {"now": now, "most": limit - len(rows)})
    name = str(uuid.uuid4())
    keys: list[Key] = [tuple(row)[:4] for row in rows]
    for these in _by_list(keys):
        connection.execute(_TAKE, {**these, "its_name": name, "its_end": now + CLAIM})
    # What is asked for by itself, or was somebody else's, is told whole.
    whole = [key for row, key in zip(rows, keys, strict=True) if row.single or row.forced or row.claimed_by is not None]
    stand = _as_they_stand(connection, keys, _LEAN) | _as_they_stand(connection, whole, _WHOLE)
    return tuple(_claimed(tuple(row), tuple(stand[key]), name) for row, key in zip(rows, keys, strict=True))


def _claimed(row: tuple[Any, ...], stands: tuple[Any, ...], name: str) -> Claimed:
    target, company, list_name, list_id, since, claimed_by, single, listed_at, forced, attempts = row
    _, seq, is_deleted, erased, observed_at, values_seq, values = stands
    return Claimed(
        target,
        company,
        list_name,
        list_id,
        seq=seq,
        since=since,
        name=name,
        inherited=claimed_by is not None,
        single=single,
        listed_at=listed_at,
        forced=forced,
        attempts=attempts,
        is_deleted=is_deleted,
        erased=erased,
        observed_at=observed_at,
        values_seq=values_seq or seq,
        values=values,
    )


def _as_they_stand(connection: Connection, keys: Iterable[Key], query: Select[Any]) -> dict[Key, Row[Any]]:
    """Return what is told of the records of these rows of the outbox."""
    found: dict[Key, Row[Any]] = {}
    for these in _by_list(keys):
        target, company, list_name = these["its_target"], these["its_company"], these["its_list"]
        for row in connection.execute(query, these):
            found[target, company, list_name, row[0]] = row
    return found


def with_values(connection: Connection, claimed: Sequence[Claimed]) -> tuple[Claimed, ...]:
    """Return claimed records as they stand now, with their values."""
    stand = _as_they_stand(connection, map(_place, claimed), _WHOLE)
    return tuple(_standing(one, tuple(stand[_place(one)])) for one in claimed)


def _standing(claimed: Claimed, stands: tuple[Any, ...]) -> Claimed:
    _, seq, is_deleted, erased, observed_at, values_seq, values = stands
    return replace(
        claimed,
        seq=seq,
        is_deleted=is_deleted,
        erased=erased,
        observed_at=observed_at,
        values_seq=values_seq or seq,
        values=values,
    )


def _by_list(keys: Iterable[Key]) -> Iterator[dict[str, Any]]:
    """Yield what `_THESE` is given for the rows of each target and list, in the order of their keys."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for target, company, list_name, list_id in keys:
        groups.setdefault((target, company, list_name), []).append(list_id)
    for (target, company, list_name), list_ids in sorted(groups.items()):
        its = {"its_target": target, "its_company": company, "its_list": list_name}
        yield {**its, "its_list_ids": sorted(list_ids)}


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


def _place(row: Any) -> Key:
    return (row.target, row.company, row.list, row.list_id)


def done(connection: Connection, published: Sequence[Claimed]) -> None:
    """Drop published rows, but for those of records that were seen again meanwhile.

    A row that somebody else has claimed since is left to that one: the website will tell it what was done.
    """
    by_name: dict[str, list[Claimed]] = {}
    for one in published:
        by_name.setdefault(one.name, []).append(one)
    for name, claimed in by_name.items():
        left: set[Key] = set()
        for these in _by_list(map(_place, claimed)):
            mine = {**these, "its_name": name}
            connection.execute(_DROP, mine)
            key = (these["its_target"], these["its_company"], these["its_list"])
            left |= {(*key, list_id) for list_id in connection.execute(_LEFT, mine).scalars()}
        if left:
            _keep_newer(connection, [one for one in claimed if _place(one) in left])


def _keep_newer(connection: Connection, published: Sequence[Claimed]) -> None:
    """What is left is newer: it became dirty after what the website now holds."""
    if not published:
        return
    keys = [
        {**_key(one), "published": one.seq, "was_listed_at": one.listed_at} for one in sorted(published, key=_place)
    ]
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


def anything_postponed(connection: Connection, now: datetime) -> bool:
    """Return whether a row was put off to a later time."""
    postponed = select(outbox.c.list_id).where(outbox.c.set_aside.is_(None), outbox.c.due_at > now)
    return connection.execute(postponed.limit(1)).first() is not None


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
