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

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from qbwc_server import bulk
from qbwc_server.publish import errors
from qbwc_server.publish.mapping.aim import Aim, Peek, RowLost
from qbwc_server.publish.mapping.cells import Cell, cell
from qbwc_server.publish.mapping.decide import Found, Row, Seen, Step, already, decide, refused, seen_in
from qbwc_server.publish.mapping.form import Draft
from qbwc_server.publish.plan import State, bad_key
from qbwc_server.publish.records import Dirty
from qbwc_server.publish.statements import find, insert, upsert
from qbwc_server.publish.values import Refused

Key = tuple[str, str]

_IDS_PER_QUERY = 500


@dataclass(frozen=True, slots=True)
class Site:
    """What holds for every record of one target.

    Attributes:
        aim: its table.
        parents: the tables of the targets that its key names, by name.
        peeks: where its looked up columns are looked up, by column.
        state: our state table.
        stream_id: names our database; `seq` means something only within it.
    """

    aim: Aim
    parents: Mapping[str, "Site"]
    peeks: Mapping[str, Peek]
    state: sa.Table
    stream_id: str


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
    states = _states(connection, site, pending)
    fresh: list[Dirty] = []
    for dirty in pending:
        done = already(site.aim.form, dirty, states.get(_key(dirty)), again=again)
        if done is None:
            fresh.append(dirty)
        else:
            steps.append(done)
    steps += _waves(connection, site, fresh, states, now, singly=singly)
    return {_key(step.dirty): step for step in steps}


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
    drafts, reasons = _drafts(connection, site, pending, now)
    found = _found(connection, site, drafts, reasons)
    steps: list[Step] = []
    later: list[Dirty] = []
    taken: set[object] = set()
    for draft in drafts:
        key = _key(draft.dirty)
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


def _drafts(
    connection: sa.Connection, site: Site, dirties: Sequence[Dirty], now: datetime
) -> tuple[list[Draft], Mapping[Key, str]]:
    """Return what each record becomes, and why some have no row of the target that the key names."""
    form = site.aim.form
    borrowed: dict[Key, dict[str, Cell]] = defaultdict(dict)
    reasons: dict[Key, str] = {}
    for part in form.rule.key:
        if part.of_target is None or part.of_column is None:
            continue
        parent = site.parents[part.of_target]
        rows, missing = _rows(connection, parent, dirties, now)
        for dirty in dirties:
            row = rows.get(_key(dirty))
            if row is None:
                reasons[_key(dirty)] = missing.get(_key(dirty), "missing")
            else:
                borrowed[_key(dirty)][part.column] = row.cells[part.of_column]
    stamps = form.stamps(now)
    drafts = [
        form.draft(dirty, borrowed.get(_key(dirty), {}), stamps, str(uuid4()) if form.needs_uuid else "")
        for dirty in dirties
    ]
    return drafts, reasons


def _rows(
    connection: sa.Connection, site: Site, dirties: Sequence[Dirty], now: datetime
) -> tuple[dict[Key, Row], dict[Key, str]]:
    """Return the one row that each record has in a target, and why others have none, as `Found.parent`."""
    drafts, reasons = _drafts(connection, site, dirties, now)
    by_key = _by_cells(site.aim.find(connection, site.aim.form.key, _keys(drafts)), site.aim.form.key)
    rows: dict[Key, Row] = {}
    missing: dict[Key, str] = dict(reasons)
    for draft in drafts:
        fitting = [] if draft.key is None else by_key.get(draft.key, [])
        if len(fitting) == 1:
            rows[_key(draft.dirty)] = fitting[0]
            continue
        never = draft.key is None or site.aim.rule.missing == "skip" or draft.standing != "active"
        is_expected = bool(fitting) or not (never or draft.dirty.is_deleted)
        is_unread = draft.key is None and draft.dirty.values is None and not draft.dirty.erased
        reason = "unread" if is_unread else "missing" if is_expected else "skipped"
        missing.setdefault(_key(draft.dirty), reason)
    return rows, missing


def _found(
    connection: sa.Connection, site: Site, drafts: Sequence[Draft], reasons: Mapping[Key, str]
) -> dict[Key, Found]:
    form = site.aim.form
    by_key = _by_cells(site.aim.find(connection, form.key, _keys(drafts)), form.key)
    without = [draft for draft in drafts if draft.key is not None and draft.key not in by_key]
    by_adopt = [
        _adoptable(connection, site, tuple(column for column, _ in pairs), number, without)
        for number, pairs in enumerate(form.rule.adopt)
    ]
    looked_up = {name: _looked_up(connection, peek, name, drafts) for name, peek in site.peeks.items()}
    found: dict[Key, Found] = {}
    for draft in drafts:
        answers = {name: looked_up[name](text) for name, text in draft.sought.items()}
        found[_key(draft.dirty)] = Found(
            by_key=[] if draft.key is None else by_key.get(draft.key, []),
            by_adopt=[] if draft.key is None or draft.key in by_key else [rows(draft.dirty) for rows in by_adopt],
            looked_up={name: given[0] if len(given) == 1 else None for name, given in answers.items()},
            several=frozenset(name for name, given in answers.items() if len(given) > 1),
            parent=reasons.get(_key(draft.dirty), ""),
        )
    return found


def _keys(drafts: Iterable[Draft]) -> list[tuple[Cell, ...]]:
    return list(dict.fromkeys(draft.key for draft in drafts if draft.key is not None))


def _by_cells(rows: Iterable[Row], names: Sequence[str]) -> dict[tuple[Cell, ...], list[Row]]:
    """Return rows by the cells of some columns: exactly, whatever the collation of the website's column finds equal."""
    found: dict[tuple[Cell, ...], list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(row.cells[name] for name in names)].append(row)
    return dict(found)


def _adoptable(
    connection: sa.Connection, site: Site, names: tuple[str, ...], number: int, drafts: Sequence[Draft]
) -> Callable[[Dirty], Sequence[Row]]:
    """Return what finds the rows without a key that fit an adopt rule."""
    fold = _fold if site.aim.backend == "mysql" else tuple
    wanted = {
        _key(draft.dirty): cells
        for draft in drafts
        if not draft.dirty.is_deleted and (cells := site.aim.form.adopted(draft.dirty, number)) is not None
    }
    found: dict[tuple[Cell, ...], list[Row]] = defaultdict(list)
    for row in site.aim.find(connection, names, list(dict.fromkeys(wanted.values())), free=True):
        found[fold(tuple(row.cells[name] for name in names))].append(row)

    def rows(dirty: Dirty) -> Sequence[Row]:
        cells = wanted.get(_key(dirty))
        return [] if cells is None else found.get(fold(cells), [])

    return rows


def _fold(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """Return cells without capitals, as MySQL's collations compare what it found: an address is the same in both."""
    return tuple(each.casefold() if isinstance(each, str) else each for each in cells)


def _looked_up(
    connection: sa.Connection, peek: Peek, name: str, drafts: Sequence[Draft]
) -> Callable[[str], Sequence[Cell]]:
    """Return what finds the values beside a text in another table; two different ones stand for any more."""
    matches: dict[str, Cell] = {}
    for text in dict.fromkeys(draft.sought[name] for draft in drafts if name in draft.sought):
        try:
            matches[text] = cell(name, peek.match, text)
        except Refused:
            # What the column cannot hold is not there.
            continue
    fold = _fold if peek.backend == "mysql" else tuple
    found: dict[tuple[Cell, ...], dict[Cell, None]] = defaultdict(dict)
    for match, give in peek.find(connection, list(dict.fromkeys(matches.values()))):
        found[fold((match,))][give] = None
    return lambda text: list(found.get(fold((matches[text],)), ())) if text in matches else []


def _states(connection: sa.Connection, site: Site, dirties: Sequence[Dirty]) -> dict[Key, Seen]:
    found: dict[Key, Seen] = {}
    groups: dict[str, list[str]] = defaultdict(list)
    for dirty in dirties:
        groups[dirty.company].append(dirty.list_id)
    for company, ids in groups.items():
        where = {"target": site.aim.rule.name, "company": company, "list": site.aim.rule.list}
        query = find(site.state, tuple(where), ("stream_id", "seq", "outcome", "digest"), site.aim.backend)
        for start in range(0, len(ids), _IDS_PER_QUERY):
            part = ids[start : start + _IDS_PER_QUERY]
            for list_id, *state in connection.execute(query, {**where, "list_ids": part}).all():
                found[company, list_id] = seen_in(State(*state), site.stream_id)
    return found


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


def _key(dirty: Dirty) -> Key:
    return (dirty.company, dirty.list_id)
