"""One publishing transaction of a mapped target: read in bulk, decide in memory, write only what differs.

Theory of operation
-------------------
A single record is a batch of one. Our state rows are locked first, in the order of company and ListID, then the
website's rows: by key, then, for those without, by each adopt rule. What is looked up in other tables is asked once
for a batch and column.

Within a batch one record may depend on another: two that would take the same row, or a child whose parent is only
being made. Such a record waits for the next wave, in which what was written is read again; so the outcomes are those
of the records brought one after another.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from qbwc_server import bulk
from qbwc_server.publish import errors
from qbwc_server.publish.mapping.aim import RowLost
from qbwc_server.publish.mapping.decide import Found, Seen, Step, already, decide, refused
from qbwc_server.publish.mapping.draft import Draft
from qbwc_server.publish.mapping.gather import Key, Site, find_all, key_of, make_drafts, read_states
from qbwc_server.publish.plan import bad_key
from qbwc_server.publish.records import Dirty
from qbwc_server.publish.statements import insert, upsert


def write_batch(
    connection: sa.Connection, site: Site, batch: Sequence[Dirty], now: datetime, *, singly: bool, again: bool
) -> dict[Key, Step]:
    """Bring a batch to a target's table within the transaction that is open.

    Args:
        connection: in a writing transaction.
        site: the target.
        batch: the records; of one record the highest `seq` is written.
        now: the time of the batch, aware.
        singly: write each record in a savepoint of its own and set aside those that the database refuses.
        again: publish what was published before once more.

    Returns:
        What was done, by company and ListID.

    Raises:
        sqlalchemy.exc.DBAPIError: one for which `errors.refuses_a_value` holds (not with `singly`), or any other.
        RowLost: the table let a row not be written (not with `singly`).
    """
    newest: dict[Key, Dirty] = {}
    for dirty in batch:
        key = (dirty.company, dirty.list_id)
        if key not in newest or newest[key].seq < dirty.seq:
            newest[key] = dirty
    steps: list[Step] = []
    pending: list[Dirty] = []
    for key in sorted(newest):
        refusal = bad_key(newest[key], site.aim.backend)
        if refusal is None:
            pending.append(newest[key])
        else:
            steps.append(refused(newest[key], refusal.published.detail))
    states = read_states(connection, site, pending)
    fresh: list[Dirty] = []
    for dirty in pending:
        done = already(site.aim.form, dirty, states.get(key_of(dirty)), again=again)
        if done is None:
            fresh.append(dirty)
        else:
            steps.append(done)
    steps += _waves(connection, site, fresh, states, now, singly=singly)
    return {key_of(step.dirty): step for step in steps}


def _waves(
    connection: sa.Connection,
    site: Site,
    pending: Sequence[Dirty],
    states: Mapping[Key, Seen],
    now: datetime,
    *,
    singly: bool,
) -> Iterator[Step]:
    may_wait = True
    while pending:
        wave, pending = _wave(connection, site, pending, states, now, may_wait=may_wait)
        if singly:
            wave = [_write_alone(connection, site, step, now) for step in wave]
        else:
            _write(connection, site, wave, now)
        # Nothing new that could be found: who waits for it waits in vain.
        may_wait = any(step.insert is not None or step.changes for step in wave)
        yield from wave


def _wave(
    connection: sa.Connection,
    site: Site,
    pending: Sequence[Dirty],
    states: Mapping[Key, Seen],
    now: datetime,
    *,
    may_wait: bool,
) -> tuple[list[Step], list[Dirty]]:
    """Decide for all records that depend on no other of them; returns also those that do."""
    drafts, reasons = make_drafts(connection, site, pending, now)
    found = find_all(connection, site, drafts, reasons)
    steps: list[Step] = []
    later: list[Dirty] = []
    taken: set[object] = set()
    for draft in drafts:
        key = key_of(draft.dirty)
        step = decide(site.aim.form, draft, states.get(key), found[key])
        takes = _takes(draft, step)
        if takes & taken or (may_wait and len(pending) > 1 and _may_be_made(site, draft, found[key])):
            later.append(draft.dirty)
            continue
        taken |= takes
        steps.append(step)
    return steps, later


def _takes(draft: Draft, step: Step) -> set[object]:
    """Return what no other record of the same wave may have: its row, and the key that it is given."""
    if step.row is None and step.insert is None:
        return set()
    takes: set[object] = set() if step.row is None else {("row", *step.row.place.values())}
    return takes if draft.key is None else takes | {("key", *draft.key)}


def _may_be_made(site: Site, draft: Draft, found: Found) -> bool:
    """Tell whether what the record looks up and does not find may be another record's row of the same target."""
    lookups = site.aim.form.lookups
    return any(
        found.looked_up.get(name) is None and lookups[name].table == site.aim.rule.table for name in draft.sought
    )


def _write_alone(connection: sa.Connection, site: Site, step: Step, now: datetime) -> Step:
    try:
        with connection.begin_nested():
            _write(connection, site, [step], now)
    except RowLost:
        return refused(step.dirty, {"column": "", "reason": "row_count"})
    except DBAPIError as error:
        # On our state row it is not the record's fault: another publisher was first.
        if not errors.refuses_a_value(error) or site.state.name in (error.statement or ""):
            raise
        detail = {"column": errors.column(error), "reason": "database", "code": errors.code(error)}
        return refused(step.dirty, detail)
    return step


def _write(connection: sa.Connection, site: Site, steps: Sequence[Step], now: datetime) -> None:
    _write_states(connection, site, [step for step in steps if step.digest is not None], now)
    site.aim.insert(connection, [step.insert for step in steps if step.insert is not None])
    site.aim.update(connection, [(step.row, step.changes) for step in steps if step.row is not None and step.changes])


def _write_states(connection: sa.Connection, site: Site, steps: Sequence[Step], now: datetime) -> None:
    new: list[dict[str, Any]] = []
    known: list[dict[str, Any]] = []
    for step in steps:
        row = {
            "target": site.aim.rule.name,
            "company": step.dirty.company,
            "list": site.aim.rule.list,
            "list_id": step.dirty.list_id,
            "stream_id": site.stream_id,
            "seq": step.dirty.seq,
            "outcome": step.published.outcome,
            "digest": step.digest,
            "published_at": now,
        }
        (new if step.is_new else known).append(row)
    if new:
        # A plain insert: if another publisher was first, this fails, and everything is decided anew from its row.
        bulk.run(connection, insert(site.state), new)
    if known:
        values = tuple(name for name in known[0] if not site.state.c[name].primary_key)
        bulk.run(connection, upsert(site.state, values, site.aim.backend), known)
