"""Deciding, for one record, what is to be written: a pure comparison of three values.

Input are the record as we hold it, our state row in the website's database, and the website's row. The answer is a
`Step`. Order comes from `seq` alone; EditSequence only ever holds a record back, until a person decides otherwise;
TimeModified never.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

from qbwc_server.publish.engine import Backend
from qbwc_server.publish.records import Dirty, Outcome, Published
from qbwc_server.publish.room import Room
from qbwc_server.publish.tables import COMPANY_MAX, LIST_ID_MAX, Column, Target
from qbwc_server.publish.values import ColumnValue, Refused, Shape, canonical, check_text, column_value, same

_NOT_THE_RECORD = ("edit_sequence", "time_modified")
_KEY = (Shape("company", "text", COMPANY_MAX), Shape("list_id", "text", LIST_ID_MAX))


@dataclass(frozen=True, slots=True)
class State:
    """Our state row for one record in the website's database."""

    stream_id: str
    seq: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be written for one record.

    Attributes:
        dirty: the record.
        published: what to report once it is written.
        insert: a new row's values, without key and `published_at`; None = no new row.
        changes: the differing columns of the row that is there.
        digest: of the row as it will stand; None = the state row stays as it is.
        fresh: no state row was there.
    """

    dirty: Dirty
    published: Published
    insert: Mapping[str, ColumnValue] | None = None
    changes: Mapping[str, ColumnValue] | None = None
    digest: str | None = None
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for every record of one publisher.

    Attributes:
        backend: the kind of database.
        stream_id: names our database; `seq` means something only within it.
        private: published private fields, such as "customer.Balance" or "item.Custom.Colour".
    """

    backend: Backend
    stream_id: str
    private: frozenset[str]


def refused(dirty: Dirty, detail: Mapping[str, str]) -> Step:
    """Return the step that writes nothing because a column cannot take a value."""
    return Step(dirty, _published(dirty, "refused_value", detail))


def bad_key(dirty: Dirty, backend: Backend) -> Step | None:
    """Return the refusal of a key that the database cannot hold exactly, or None if it can."""
    for shape, text in zip(_KEY, (dirty.company, dirty.list_id), strict=True):
        try:
            check_text(shape, text, backend)
        except Refused as refusal:
            return refused(dirty, refusal.detail)
        if backend == "mysql" and text.endswith(" "):
            # MySQL's binary collations pass over blanks at the end: two keys would be one.
            return refused(dirty, {"column": shape.column, "reason": "trailing_space"})
    return None


def plan(
    target: Target,
    dirty: Dirty,
    state: State | None,
    row: Mapping[str, ColumnValue] | None,
    rules: Rules,
    rooms: Mapping[str, Room] = MappingProxyType({}),
) -> Step:
    """Decide what to write for a record.

    Args:
        target: the table of the record's list.
        dirty: the record.
        state: our state row, or None.
        row: the website's row, or None.
        rules: what holds for every record.
        rooms: what the columns have room for, as far as that is known.
    """
    # A state row of another stream is no guard: its numbers count something else. Ours takes its place.
    if state is not None and state.stream_id == rules.stream_id and state.seq >= dirty.seq:
        return Step(dirty, _published(dirty, state.outcome))
    if dirty.erased or (dirty.is_deleted and row is not None):
        return _without_values(dirty, state, row)
    try:
        wanted = _wanted(target, dirty, rules, rooms)
    except Refused as refusal:
        return refused(dirty, refusal.detail)
    if row is None:
        outcome: Outcome = "deleted" if dirty.is_deleted else "inserted"
        return Step(dirty, _published(dirty, outcome), insert=wanted, digest=digest(wanted), fresh=state is None)
    changes = {name: value for name, value in wanted.items() if not same(row[name], value)}
    older = _older(row["edit_sequence"], wanted["edit_sequence"])
    if (
        older is not None
        and not dirty.forced
        and any(name not in _NOT_THE_RECORD and name != "is_deleted" for name in changes)
    ):
        return Step(dirty, _published(dirty, "held", older))
    return _step(dirty, "updated" if changes else "unchanged", state, row, changes)


def _without_values(dirty: Dirty, state: State | None, row: Mapping[str, ColumnValue] | None) -> Step:
    """Return the step that tells at most that the record is deleted; a row that is not there is not made."""
    changes: dict[str, ColumnValue] = {}
    if dirty.is_deleted and row is not None and not row["is_deleted"]:
        changes = {"is_deleted": True}
    return _step(dirty, "deleted" if dirty.is_deleted else "unchanged", state, row or {}, changes)


def digest(row: Mapping[str, ColumnValue]) -> str:
    """Return the SHA-256 (hex) of a row's values; equal numbers count as equal however they are written."""
    text = "\n".join(f"{name}={canonical(row[name])}" for name in sorted(row) if row[name] is not None)
    return hashlib.sha256(text.encode()).hexdigest()


def _step(
    dirty: Dirty,
    outcome: Outcome,
    state: State | None,
    row: Mapping[str, ColumnValue],
    changes: Mapping[str, ColumnValue],
) -> Step:
    return Step(
        dirty, _published(dirty, outcome), changes=changes, digest=digest({**row, **changes}), fresh=state is None
    )


def _published(dirty: Dirty, outcome: Outcome, detail: Mapping[str, str] | None = None) -> Published:
    return Published(dirty.company, dirty.list, dirty.list_id, dirty.seq, outcome, detail or {})


def _wanted(target: Target, dirty: Dirty, rules: Rules, rooms: Mapping[str, Room]) -> dict[str, ColumnValue]:
    wanted: dict[str, ColumnValue] = {}
    for column in target.columns:
        shape = column.shape.with_room(rooms.get(column.shape.column))
        wanted[shape.column] = column_value(shape, _shown(target, column, dirty.values, rules), rules.backend)
    wanted["is_deleted"] = dirty.is_deleted
    return wanted


def _shown(target: Target, column: Column, values: Mapping[str, object], rules: Rules) -> object:
    value = values.get(column.field)
    name = f"{target.list}.{column.field}"
    if not column.private or name in rules.private:
        return value
    if isinstance(value, dict):
        # The owner may publish single names out of a private object: "item.Custom.Colour".
        named = cast("dict[str, object]", value)
        return {key: part for key, part in named.items() if f"{name}.{key}" in rules.private}
    return None


def _older(website: ColumnValue, quickbooks: ColumnValue) -> dict[str, str] | None:
    if not (
        isinstance(website, str) and isinstance(quickbooks, str) and website.isdecimal() and quickbooks.isdecimal()
    ):
        return None
    # By length and then by digits: the number may be too long for a number.
    ours, theirs = website.lstrip("0"), quickbooks.lstrip("0")
    lower = (len(theirs), theirs) < (len(ours), ours)
    return {"website": website, "quickbooks": quickbooks} if lower else None
