"""Reading, for a batch of records of a mapped target, what the website's database holds for each of them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import sqlalchemy as sa

from qbwc_server.publish.mapping.aim import Aim, Peek
from qbwc_server.publish.mapping.cells import Cell, cell
from qbwc_server.publish.mapping.decide import Found, Row, Seen, seen_in
from qbwc_server.publish.mapping.draft import Draft
from qbwc_server.publish.plan import State
from qbwc_server.publish.records import Dirty
from qbwc_server.publish.statements import find
from qbwc_server.publish.values import Refused

Key = tuple[str, str]
"""Company and ListID."""

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


def key_of(dirty: Dirty) -> Key:
    """Return what tells a record from the others of its target's list."""
    return (dirty.company, dirty.list_id)


def make_drafts(
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
            row = rows.get(key_of(dirty))
            if row is None:
                reasons[key_of(dirty)] = missing.get(key_of(dirty), "missing")
            else:
                borrowed[key_of(dirty)][part.column] = row.cells[part.of_column]
    stamps = form.stamps(now)
    drafts = [
        form.draft(dirty, borrowed.get(key_of(dirty), {}), stamps, str(uuid4()) if form.needs_uuid else "")
        for dirty in dirties
    ]
    return drafts, reasons


def _rows(
    connection: sa.Connection, site: Site, dirties: Sequence[Dirty], now: datetime
) -> tuple[dict[Key, Row], dict[Key, str]]:
    """Return the one row that each record has in a target, and why others have none, as `Found.parent`."""
    drafts, reasons = make_drafts(connection, site, dirties, now)
    by_key = _by_cells(site.aim.find(connection, site.aim.form.key, _keys(drafts)), site.aim.form.key)
    rows: dict[Key, Row] = {}
    missing: dict[Key, str] = dict(reasons)
    for draft in drafts:
        fitting = [] if draft.key is None else by_key.get(draft.key, [])
        if len(fitting) == 1:
            rows[key_of(draft.dirty)] = fitting[0]
            continue
        never = draft.key is None or site.aim.rule.missing == "skip" or draft.standing != "active"
        is_expected = bool(fitting) or not (never or draft.dirty.is_deleted)
        is_unread = draft.key is None and draft.dirty.values is None and not draft.dirty.erased
        reason = "unread" if is_unread else "missing" if is_expected else "skipped"
        missing.setdefault(key_of(draft.dirty), reason)
    return rows, missing


def find_all(
    connection: sa.Connection, site: Site, drafts: Sequence[Draft], reasons: Mapping[Key, str]
) -> dict[Key, Found]:
    """Return what the database holds for each record: its rows, locked, and what it looks up."""
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
        found[key_of(draft.dirty)] = Found(
            by_key=[] if draft.key is None else by_key.get(draft.key, []),
            by_adopt=[] if draft.key is None or draft.key in by_key else [rows(draft.dirty) for rows in by_adopt],
            looked_up={name: given[0] if len(given) == 1 else None for name, given in answers.items()},
            several=frozenset(name for name, given in answers.items() if len(given) > 1),
            parent=reasons.get(key_of(draft.dirty), ""),
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
        key_of(draft.dirty): cells
        for draft in drafts
        if not draft.dirty.is_deleted and (cells := site.aim.form.adopted(draft.dirty, number)) is not None
    }
    found: dict[tuple[Cell, ...], list[Row]] = defaultdict(list)
    for row in site.aim.find(connection, names, list(dict.fromkeys(wanted.values())), free=True):
        found[fold(tuple(row.cells[name] for name in names))].append(row)

    def rows(dirty: Dirty) -> Sequence[Row]:
        cells = wanted.get(key_of(dirty))
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


def read_states(connection: sa.Connection, site: Site, dirties: Sequence[Dirty]) -> dict[Key, Seen]:
    """Return what our state rows say, each locked."""
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
