"""One publishing transaction: read in bulk, decide in memory, write only what differs.

Locks are taken in the same order by everybody: state rows by list, company and ListID, then the website's rows, then
`qbwc_checked`, then `qbwc_freshness`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from qbwc_server import bulk
from qbwc_server.publish import errors
from qbwc_server.publish.engine import backend
from qbwc_server.publish.filling import Form, Values, names_of
from qbwc_server.publish.plan import Rules, State, Step, bad_key, plan, refused
from qbwc_server.publish.records import SET_ASIDE, Dirty, Freshness, Published
from qbwc_server.publish.room import Room, rooms
from qbwc_server.publish.statements import find, insert, update, upsert
from qbwc_server.publish.tables import CHECKED, FRESHNESS, STATE, Target, target

Key = tuple[str, str, str]

_IDS_PER_QUERY = 500


def write_batch(
    connection: sa.Connection,
    rules: Rules,
    batch: Sequence[Dirty],
    freshness: Sequence[Freshness],
    now: datetime,
    *,
    singly: bool,
) -> list[Published]:
    """Bring a batch to the website within the transaction that is open.

    Args:
        connection: in a writing transaction.
        rules: what holds for every record.
        batch: the records; of one record the highest `seq` is written, and all get its outcome.
        freshness: what to say about the lists.
        now: the time for `published_at`, aware.
        singly: write each record in a savepoint of its own and set aside those that the database refuses.

    Returns:
        One `Published` for each `Dirty`, in the same order.

    Raises:
        sqlalchemy.exc.DBAPIError: one for which `errors.refuses_a_value` holds (not with `singly`), or any other.
    """
    newest: dict[Key, Dirty] = {}
    for dirty in batch:
        key = (dirty.list, dirty.company, dirty.list_id)
        if key not in newest or newest[key].seq < dirty.seq:
            newest[key] = dirty
    steps = _plan(connection, rules, [newest[key] for key in sorted(newest)])
    if singly:
        steps = [_write_alone(connection, rules, step, now) for step in steps]
    else:
        _write(connection, rules, steps, now)
    _write_checked(connection, steps)
    _write_freshness(connection, freshness)
    outcomes = {(step.dirty.list, step.dirty.company, step.dirty.list_id): step.published for step in steps}
    found = ((dirty.seq, outcomes[dirty.list, dirty.company, dirty.list_id]) for dirty in batch)
    return [published if published.seq == seq else replace(published, seq=seq) for seq, published in found]


def _plan(connection: sa.Connection, rules: Rules, records: Sequence[Dirty]) -> list[Step]:
    steps: list[Step] = []
    groups: dict[tuple[str, str], list[Dirty]] = defaultdict(list)
    for dirty in records:
        refusal = bad_key(dirty, rules.backend)
        if refusal is None:
            groups[dirty.list, dirty.company].append(dirty)
        else:
            steps.append(refusal)
    ids = {group: [dirty.list_id for dirty in dirties] for group, dirties in groups.items()}
    states = {group: _states(connection, rules, group, list_ids) for group, list_ids in ids.items()}
    for (list_name, company), dirties in groups.items():
        aim = target(list_name)
        form, rows = _rows(connection, rules, aim, company, ids[list_name, company])
        found = states[list_name, company]
        steps += [plan(form, dirty, found.get(dirty.list_id), rows.get(dirty.list_id), rules) for dirty in dirties]
    return steps


def _states(
    connection: sa.Connection, rules: Rules, group: tuple[str, str], list_ids: Sequence[str]
) -> dict[str, State]:
    list_name, company = group
    where = {"target": target(list_name).table.name, "company": company, "list": list_name}
    query = find(STATE, tuple(where), ("stream_id", "seq", "outcome", "digest"), rules.backend)
    found: dict[str, State] = {}
    for part in _parts(list_ids):
        for list_id, *state in connection.execute(query, {**where, "list_ids": part}).all():
            found[list_id] = State(*state)
    return found


def _rows(
    connection: sa.Connection, rules: Rules, aim: Target, company: str, list_ids: Sequence[str]
) -> tuple[Form, dict[str, Values]]:
    """Return how records become rows, as the columns stand now, and the website's rows by ListID."""
    query = find(aim.table, ("company",), names_of(aim), rules.backend)
    found: dict[str, Values] = {}
    room: Mapping[str, Room] = {}
    for part in _parts(list_ids):
        answer = connection.execute(query, {"company": company, "list_ids": part})
        room = rooms(None if answer.cursor is None else answer.cursor.description, rules.backend)
        for row in answer.all():
            found[row[0]] = row[1:]
    return Form(aim, rules.backend, rules.private, room), found


def _parts(list_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(list_ids), _IDS_PER_QUERY):
        yield list_ids[start : start + _IDS_PER_QUERY]


def _write_alone(connection: sa.Connection, rules: Rules, step: Step, now: datetime) -> Step:
    try:
        with connection.begin_nested():
            _write(connection, rules, [step], now)
    except DBAPIError as error:
        # On our state row it is not the record's fault: another publisher was first.
        if not errors.refuses_a_value(error) or STATE.name in (error.statement or ""):
            raise
        return refused(step.dirty, _refusal(error))
    return step


def _refusal(error: DBAPIError) -> dict[str, str]:
    return {"column": errors.column(error), "reason": "database", "code": errors.code(error)}


def _write(connection: sa.Connection, rules: Rules, steps: Sequence[Step], now: datetime) -> None:
    written = [step for step in steps if step.digest is not None]
    _write_states(connection, rules, written, now)
    inserts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    updates: dict[tuple[str, tuple[str, ...]], list[dict[str, Any]]] = defaultdict(list)
    for step in written:
        dirty = step.dirty
        if step.insert is not None:
            values = (dirty.company, dirty.list_id, now, *step.insert)
            inserts[dirty.list].append(dict(zip(_columns(dirty.list), values, strict=True)))
        elif step.changes:
            names = tuple(sorted(step.changes))
            changes = {f"new_{name}": step.changes[name] for name in names}
            updates[dirty.list, names].append(
                {"key_company": dirty.company, "key_list_id": dirty.list_id, "new_published_at": now, **changes}
            )
    for list_name, rows in inserts.items():
        bulk.run(connection, insert(target(list_name).table), rows)
    for (list_name, names), rows in updates.items():
        bulk.run(connection, update(target(list_name).table, names), rows)


@cache
def _columns(list_name: str) -> tuple[str, ...]:
    return ("company", "list_id", "published_at", *names_of(target(list_name)))


def _write_states(connection: sa.Connection, rules: Rules, steps: Sequence[Step], now: datetime) -> None:
    fresh: list[dict[str, Any]] = []
    known: list[dict[str, Any]] = []
    for step in steps:
        dirty = step.dirty
        row = {
            "target": target(dirty.list).table.name,
            "company": dirty.company,
            "list": dirty.list,
            "list_id": dirty.list_id,
            "stream_id": rules.stream_id,
            "seq": dirty.seq,
            "outcome": step.published.outcome,
            "digest": step.digest,
            "published_at": now,
        }
        (fresh if step.fresh else known).append(row)
    if fresh:
        # A plain insert: if another publisher was first, this fails, and everything is decided anew from its row.
        bulk.run(connection, insert(STATE), fresh)
    _upsert(connection, STATE, known)


def _write_checked(connection: sa.Connection, steps: Sequence[Step]) -> None:
    times = {
        (step.dirty.company, step.dirty.list, step.dirty.list_id): step.dirty.observed_at
        for step in steps
        if step.dirty.single and step.published.outcome not in SET_ASIDE
    }
    known: dict[tuple[str, str, str], datetime] = {}
    for company, list_name in sorted({key[:2] for key in times}):
        query = sa.select(CHECKED.c.list_id, CHECKED.c.checked_at).where(
            CHECKED.c.company == company, CHECKED.c.list == list_name
        )
        for part in _parts([key[2] for key in times if key[:2] == (company, list_name)]):
            for row in connection.execute(query.where(CHECKED.c.list_id.in_(part))):
                known[company, list_name, row.list_id] = row.checked_at
    # A late delivery of an older answer must not make the record look less recently checked.
    newer = [key for key in sorted(times) if key not in known or known[key] < times[key]]
    names = ("company", "list", "list_id")
    _upsert(connection, CHECKED, [{**dict(zip(names, key, strict=True)), "checked_at": times[key]} for key in newer])


def _write_freshness(connection: sa.Connection, freshness: Sequence[Freshness]) -> None:
    names = ("last_contact_at", "last_changed_read_at", "last_full_read_at", "complete")
    for fresh in sorted(freshness, key=lambda each: (each.company, each.list)):
        values = {name: getattr(fresh, name) for name in names if getattr(fresh, name) is not None}
        if values:
            _upsert(connection, FRESHNESS, [{"company": fresh.company, "list": fresh.list, **values}])


def _upsert(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        values = tuple(name for name in rows[0] if not table.c[name].primary_key)
        bulk.run(connection, upsert(table, values, backend(connection.engine)), rows)
