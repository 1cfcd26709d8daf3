"""What a record becomes in the columns of one of the website's tables: pure.

Theory of operation
-------------------
A rule is worked out once for a table: each of its columns with what it takes. A record then becomes a `Draft`: the
cells of its key, what existing rows are looked for by, and the cells of the other columns, by when they are written.
A value that its column cannot hold does not stop the draft: it is its `refusal`, which counts only if the record is
to be written at all.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Literal, cast

from qbwc_server.publish.engine import Backend
from qbwc_server.publish.mapping.cells import Cell, cell, empty, seen, spelled
from qbwc_server.publish.mapping.model import NOW, UUID4, ColumnRule, Constant, TargetRule
from qbwc_server.publish.mapping.reflected import Limit
from qbwc_server.publish.mapping.transforms import TextRefused, apply
from qbwc_server.publish.records import Dirty
from qbwc_server.publish.values import Refused

Standing = Literal["active", "inactive", "other"]
"""A record is active, inactive (or does not match `only`), or of a type that is not the target's."""

_FINGERPRINT = 12
_LIST_ID, _CUSTOM, _IS_ACTIVE, _TYPE = "ListID", "Custom.", "IsActive", "Type"
_NOTHING: Mapping[str, Cell] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Draft:
    """A record as its target would have it.

    Attributes:
        dirty: the record.
        standing: whether it is the target's.
        key: the cells of the key's columns; None where the record lacks one of them.
        adopt: for each adopt rule the cells of its columns; None where the record lacks one of them.
        cells: what is always written and compared; a column that keeps its value is not among them.
        changed: what is written only if another column differs.
        fresh: what is written only into a new row.
        once: what is written where the row has nothing yet.
        beats: what is written each time and is no change.
        sought: what is looked up in other tables, by the column that gets the answer.
        refusal: why a column cannot hold its value; None where all can.
    """

    dirty: Dirty
    standing: Standing
    key: tuple[Cell, ...] | None
    adopt: tuple[tuple[Cell, ...] | None, ...] = ()
    cells: Mapping[str, Cell] = field(default_factory=lambda: _NOTHING)
    changed: Mapping[str, Cell] = field(default_factory=lambda: _NOTHING)
    fresh: Mapping[str, Cell] = field(default_factory=lambda: _NOTHING)
    once: Mapping[str, Cell] = field(default_factory=lambda: _NOTHING)
    beats: Mapping[str, Cell] = field(default_factory=lambda: _NOTHING)
    sought: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    refusal: Mapping[str, str] | None = None


class Form:
    """How the records of one target become rows.

    Attributes:
        rule: the target's.
        limits: what each of the table's columns takes.
        backend: the kind of database.
        fingerprint: of the rule, 12 characters; another rule has another.
        key: the key's columns.
        compared: the columns that say whether a row is as we left it: the key, and what is always written.
        lookups: the columns that are looked up.

    Args:
        rule: the target's.
        limits: what each of the table's columns takes.
        backend: the kind of database.

    Raises:
        KeyError: the table lacks a column of the rule; the argument is its name.
        Refused: a column cannot hold a constant of the rule.
    """

    def __init__(self, rule: TargetRule, limits: Mapping[str, Limit], backend: Backend) -> None:
        self.rule = rule
        self.limits = {name: limits[name] for name in columns_of(rule)}
        self.backend = backend
        self.fingerprint = fingerprint(rule)
        self.key = tuple(part.column for part in rule.key)
        self.lookups = {one.column: one.lookup for one in rule.columns if one.lookup is not None}
        of_fields = {one.column: one for one in rule.columns if one.field is not None and one.lookup is None}
        self._adopt = [[(of_fields.get(c), c, name) for c, name in pairs] for pairs in rule.adopt]
        self._types = frozenset(map(_bare_type, rule.types))
        always = [one.column for one in rule.columns if one.when == "always" and not _is_made_anew(one.value)]
        inactive = [name for name, value in rule.inactive if not _is_made_anew(value)]
        self.compared = tuple(dict.fromkeys((*self.key, *always, *inactive)))
        for name, value in rule.inactive:
            self._constant(name, value, datetime.now(UTC), "")

    def key_of(self, dirty: Dirty, borrowed: Mapping[str, Cell]) -> tuple[Cell, ...] | None:
        """Return the cells of a record's key, or None where it lacks one of them.

        Args:
            dirty: the record; without values only its ListID is known.
            borrowed: the cells that come from another target's row, by column.

        Raises:
            Refused: a column cannot hold its part.
        """
        cells: list[Cell] = []
        for part in self.rule.key:
            given = borrowed.get(part.column) if part.field is None else value_of(dirty, part.field)
            if given is None or given == "":
                return None
            limit = self.limits[part.column]
            cells.append(seen(limit, given) if part.field is None else cell(part.column, limit, given))
        return tuple(cells)

    def draft(self, dirty: Dirty, borrowed: Mapping[str, Cell], now: datetime, uuid: str) -> Draft:
        """Return what a record becomes.

        Args:
            dirty: the record.
            borrowed: the cells of the key that come from another target's row, by column.
            now: what "@now" stands for, aware.
            uuid: what "@uuid4" stands for in this record's row.
        """
        standing = self._standing(dirty)
        try:
            key = self.key_of(dirty, borrowed)
        except Refused as refused:
            return Draft(dirty, standing, None, refusal=refused.detail)
        if dirty.is_deleted or dirty.erased or dirty.values is None:
            cells, once = self._inactive(now, uuid) if dirty.is_deleted else ({}, {})
            return Draft(dirty, standing, key, cells=cells, once=once, changed=self._stamps(now, uuid))
        return self._whole(dirty, standing, key, now, uuid)

    def resolved(self, draft: Draft, found: Mapping[str, Cell]) -> Draft:
        """Return the draft with what was looked up.

        Args:
            draft: the record.
            found: what stands in the other tables, by column; None where nothing fits.
        """
        parts: dict[str, dict[str, Cell]] = {
            "always": dict(draft.cells),
            "changed": dict(draft.changed),
            "insert": dict(draft.fresh),
        }
        refusal = draft.refusal
        for one in self.rule.columns:
            if one.column not in draft.sought:
                continue
            answer = found.get(one.column)
            if answer is None and not self.limits[one.column].is_nullable:
                refusal = refusal or Refused(one.column, "null").detail
            parts[one.when][one.column] = answer
        return replace(draft, cells=parts["always"], changed=parts["changed"], fresh=parts["insert"], refusal=refusal)

    def digest(self, row: Mapping[str, Cell]) -> str:
        """Return 31 characters that tell the compared columns of a row; equal values give the same."""
        text = "\0".join(f"{name}={spelled(row[name])}" for name in self.compared if row.get(name) is not None)
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:31]

    def _whole(self, dirty: Dirty, standing: Standing, key: tuple[Cell, ...] | None, now: datetime, uuid: str) -> Draft:
        parts: dict[str, dict[str, Cell]] = {"always": {}, "changed": {}, "insert": {}, "once": {}, "beats": {}}
        sought: dict[str, str] = {}
        refusal: Mapping[str, str] | None = None
        adopt: tuple[tuple[Cell, ...] | None, ...] = ()
        overlay, once = self._inactive(now, uuid) if standing == "inactive" else ({}, {})
        for one in self.rule.columns:
            if one.column in overlay or one.column in once:
                continue
            try:
                self._fill(one, dirty, parts, sought, now, uuid)
            except Refused as refused:
                refusal = refusal or refused.detail
        try:
            adopt = tuple(self._adopted(pairs, dirty) for pairs in self._adopt)
        except Refused as refused:
            refusal = refusal or refused.detail
        return Draft(
            dirty,
            standing,
            key,
            adopt,
            cells={**parts["always"], **overlay},
            changed=parts["changed"],
            fresh=parts["insert"],
            once={**parts["once"], **once},
            beats=parts["beats"],
            sought=sought,
            refusal=refusal,
        )

    def _fill(
        self,
        one: ColumnRule,
        dirty: Dirty,
        parts: Mapping[str, dict[str, Cell]],
        sought: dict[str, str],
        now: datetime,
        uuid: str,
    ) -> None:
        if one.field is None:
            part = "insert" if one.when == "insert" else _part_of(one)
            parts[part][one.column] = self._constant(one.column, one.value, now, uuid)
            return
        text = _transformed(one, value_of(dirty, one.field))
        if text is None and (one.empty or self.rule.empty) == "keep":
            return
        if text is not None and one.lookup is not None:
            sought[one.column] = str(text)
            return
        parts[one.when][one.column] = self._cell(one, text)

    def _cell(self, one: ColumnRule, value: object) -> Cell:
        limit = self.limits[one.column]
        if value is None:
            wants_text = (one.empty or self.rule.empty) == "text" and one.lookup is None
            return empty(one.column, limit) if wants_text else cell(one.column, limit, None)
        return cell(one.column, limit, value, type_=one.type, scale=one.scale)

    def _adopted(self, pairs: Iterable[tuple[ColumnRule | None, str, str]], dirty: Dirty) -> tuple[Cell, ...] | None:
        """Return what rows are looked for by: as it would be written there, where the field is also written."""
        cells: list[Cell] = []
        for rule, column, name in pairs:
            value = value_of(dirty, name)
            if rule is not None and rule.field == name:
                value = _transformed(rule, value)
            if value is None or value == "":
                return None
            cells.append(cell(column, self.limits[column], value))
        return tuple(cells)

    def _standing(self, dirty: Dirty) -> Standing:
        if dirty.values is None:
            return "active"
        if self._types and _bare_type(_as_text(dirty.values.get(_TYPE))) not in self._types:
            return "other"
        if dirty.values.get(_IS_ACTIVE) is False:
            return "inactive"
        matches = all(_as_text(value_of(dirty, test.field)) in test.among for test in self.rule.only)
        return "active" if matches else "inactive"

    def _inactive(self, now: datetime, uuid: str) -> tuple[dict[str, Cell], dict[str, Cell]]:
        """Return what is set for an inactive record: what stands there always, and what is made anew and stays."""
        made = {name: (value, self._constant(name, value, now, uuid)) for name, value in self.rule.inactive}
        always = {name: found for name, (value, found) in made.items() if not _is_made_anew(value)}
        return always, {name: found for name, (_, found) in made.items() if name not in always}

    def _stamps(self, now: datetime, uuid: str) -> dict[str, Cell]:
        return {
            one.column: self._constant(one.column, one.value, now, uuid)
            for one in self.rule.columns
            if one.field is None and one.when == "changed"
        }

    def _constant(self, name: str, value: Constant | None, now: datetime, uuid: str) -> Cell:
        given: object = now if value == NOW else uuid if value == UUID4 else value
        return cell(name, self.limits[name], given)


def fingerprint(rule: TargetRule) -> str:
    """Return 12 characters that tell a target's rule from any other, also from what it was before."""
    return hashlib.sha256(repr(rule).encode()).hexdigest()[:_FINGERPRINT]


def columns_of(rule: TargetRule) -> tuple[str, ...]:
    """Return every column of its table that a target's rule names, the key first."""
    adopted = (column for pairs in rule.adopt for column, _ in pairs)
    named = (
        *(part.column for part in rule.key),
        *(one.column for one in rule.columns),
        *(name for name, _ in rule.inactive),
        *adopted,
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


def _transformed(one: ColumnRule, value: object) -> object:
    """Return a field's value after its transforms; None where nothing is left of it."""
    if value is None or not one.transforms:
        return None if value == "" else value
    text = _as_text(value)
    for transform in one.transforms:
        try:
            text = apply(transform, text)
        except TextRefused as refused:
            raise Refused(one.column, refused.reason) from None
    return text or None


def _part_of(one: ColumnRule) -> str:
    """Return when a constant is written: what is made anew each time would differ each time."""
    if one.value == UUID4:
        return "once"
    return "beats" if one.value == NOW and one.when == "always" else one.when


def _is_made_anew(value: Constant | None) -> bool:
    return isinstance(value, str) and value in (NOW, UUID4)


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def _bare_type(name: str) -> str:
    """Return an item's type without what all of them have: "ItemNonInventoryRet" and "non_inventory" are the same."""
    bare = "".join(each for each in name.lower() if each.isalnum())
    return bare.removeprefix("item").removesuffix("ret")
