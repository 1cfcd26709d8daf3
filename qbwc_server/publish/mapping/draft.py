"""A record as a mapped target would have it, as values; `form` makes it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, cast

from qbwc_server.publish.mapping.cells import Cell
from qbwc_server.publish.mapping.model import TargetRule
from qbwc_server.publish.records import Dirty

Standing = Literal["active", "inactive", "other"]
"""A record is active, inactive (or does not match `only`), or of a type that is not the target's."""

_FINGERPRINT = 12
_LIST_ID, _CUSTOM = "ListID", "Custom."
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Stamps:
    """The constants of a rule at one time, by when they are written.

    Attributes:
        always: written and compared.
        changed: written if another column differs.
        insert: written into a new row.
        beats: the time itself, written each time; it is no change.
        inactive: set for an inactive record.
        inactive_once: the same, where nothing stands yet.
        uuids: columns of a rule that hold a UUID, where nothing stands yet.
        new_uuids: those of a new row alone.
    """

    always: Mapping[str, Cell]
    changed: Mapping[str, Cell]
    insert: Mapping[str, Cell]
    beats: Mapping[str, Cell]
    inactive: Mapping[str, Cell]
    inactive_once: Mapping[str, Cell]
    uuids: tuple[str, ...]
    new_uuids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A record as its target would have it.

    Attributes:
        dirty: the record.
        standing: whether it is the target's.
        key: the cells of the key's columns; None where the record lacks one of them.
        stamps: the constants.
        uuid: what "@uuid4" stands for in its row.
        cells: what is always written and compared; a column that keeps its value is not among them.
        changed: what is written only if another column differs.
        fresh: what is written only into a new row, as far as it was looked up.
        once: what is written where the row has nothing yet.
        beats: what is written each time and is no change.
        sought: what is looked up in other tables, by the column that gets the answer.
        refusal: why a column cannot hold its value; None where all can.
    """

    dirty: Dirty
    standing: Standing
    key: tuple[Cell, ...] | None
    stamps: Stamps
    uuid: str
    cells: Mapping[str, Cell] = field(default_factory=lambda: NOTHING)
    changed: Mapping[str, Cell] = field(default_factory=lambda: NOTHING)
    fresh: Mapping[str, Cell] = field(default_factory=lambda: NOTHING)
    once: Mapping[str, Cell] = field(default_factory=lambda: NOTHING)
    beats: Mapping[str, Cell] = field(default_factory=lambda: NOTHING)
    sought: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    refusal: Mapping[str, str] | None = None


def fingerprint(rule: TargetRule) -> str:
    """Return 12 characters that tell a target's rule from any other, also from what it was before."""
    return hashlib.sha256(repr(rule).encode()).hexdigest()[:_FINGERPRINT]


def columns_of(rule: TargetRule) -> tuple[str, ...]:
    """Return every column of its table that a target's rule names, the key first."""
    named = (
        *(part.column for part in rule.key),
        *(one.column for one in rule.columns),
        *(name for name, _ in rule.inactive),
        *(column for pairs in rule.adopt for column, _ in pairs),
    )
    return tuple(dict.fromkeys(named))


def value_of(dirty: Dirty, name: str) -> object:
    """Return a field of a record in JSON form; None where it is absent."""
    if name == _LIST_ID:
        return dirty.list_id
    values = dirty.values or {}
    if name.startswith(_CUSTOM):
        custom = values.get("Custom")
        return cast("dict[str, object]", custom).get(name.removeprefix(_CUSTOM)) if isinstance(custom, dict) else None
    return values.get(name)


def as_text(value: object) -> str:
    """Return a value in JSON form as its transforms and tests see it; an absent one is an empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def bare_type(name: str) -> str:
    """Return an item's type without what all of them have: "ItemNonInventoryRet" and "non_inventory" are the same."""
    bare = "".join(each for each in name.lower() if each.isalnum())
    return bare.removeprefix("item").removesuffix("ret")
