"""What a record becomes in the columns of one of the website's tables: pure.

Theory of operation
-------------------
A rule is worked out once for a table: each of its columns with what it takes, and up to which length a common text
needs no judging. A record then becomes a `Draft`: the cells of its key and those of the other columns, by when they
are written. What only a new row or an adoption needs is made when it comes to that (`born`, `adopted`): most records
have their row already.

A value that its column cannot hold does not stop the draft: it is its `refusal`, which counts only if the record is
to be written at all.
"""

import hashlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from qbwc_server.publish.engine import Backend
from qbwc_server.publish.mapping.cells import Cell, cell, empty, plain_length
from qbwc_server.publish.mapping.draft import (
    NOTHING,
    Draft,
    Stamps,
    Standing,
    as_text,
    bare_type,
    columns_of,
    fingerprint,
    value_of,
)
from qbwc_server.publish.mapping.model import NOW, UUID4, ColumnRule, Constant, TargetRule, Transform
from qbwc_server.publish.mapping.reflected import Limit
from qbwc_server.publish.mapping.sameness import seen, spelled
from qbwc_server.publish.mapping.transforms import TextRefused, apply
from qbwc_server.publish.records import Dirty
from qbwc_server.publish.values import Refused

_DIGEST = 31
_IS_ACTIVE, _TYPE = "IsActive", "Type"


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a column's value comes from, and how.

    Attributes:
        column: its name.
        field: of QuickBooks.
        transforms: in their order.
        keeps: an absent field leaves the column as it is.
        is_sought: the value is looked up in another table.
        plain: up to how many characters a text that can be printed needs no judging; -1 = any text needs it.
        convert: what is made of any other value; raises Refused.
        absent: what is made of an absent one; raises Refused.
    """

    column: str
    field: str
    transforms: tuple[Transform, ...]
    keeps: bool
    is_sought: bool
    plain: int
    convert: Callable[[object], Cell]
    absent: Callable[[], Cell]


class Form:
    """How the records of one target become rows.

    Attributes:
        rule: the target's.
        limits: what each of the rule's columns takes.
        backend: the kind of database.
        fingerprint: of the rule.
        key: the key's columns.
        compared: the columns that say whether a row is as we left it: the key, and what is always written.
        lookups: the columns that are looked up.
        needs_uuid: whether a row has a UUID of ours.

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
        self.needs_uuid = UUID4 in (*(one.value for one in rule.columns), *(value for _, value in rule.inactive))
        self._when = {one.column: one.when for one in rule.columns}
        self._types = frozenset(map(bare_type, rule.types))
        self._always = self._sources("always")
        self._changed = self._sources("changed")
        self._insert = self._sources("insert")
        of_fields = {one.column: one for one in rule.columns if one.field is not None and one.lookup is None}
        self._adopt = [
            [self._source(_searching(of_fields.get(column), column, name)) for column, name in pairs]
            for pairs in rule.adopt
        ]
        now = datetime.now(UTC)
        stamps = self.stamps(now)
        always = [one.column for one in rule.columns if one.when == "always"]
        made_anew = {*stamps.beats, *stamps.uuids}
        names = (*self.key, *(name for name in always if name not in made_anew), *stamps.inactive)
        self.compared = tuple(dict.fromkeys(names))

    def stamps(self, now: datetime) -> Stamps:
        """Return the constants of the rule at a time, aware."""
        parts: dict[str, dict[str, Cell]] = {"always": {}, "changed": {}, "insert": {}, "beats": {}}
        for one in self.rule.columns:
            if one.field is None and one.value != UUID4:
                beats = one.value == NOW and one.when == "always"
                parts["beats" if beats else one.when][one.column] = self._constant(one.column, one.value, now)
        inactive = {name: self._constant(name, value, now) for name, value in self.rule.inactive if value != UUID4}
        once = {name: value for name, value in inactive.items() if (name, NOW) in self.rule.inactive}
        uuids = [one for one in self.rule.columns if one.field is None and one.value == UUID4]
        return Stamps(
            always=parts["always"],
            changed=parts["changed"],
            insert=parts["insert"],
            beats=parts["beats"],
            inactive={name: value for name, value in inactive.items() if name not in once},
            inactive_once=once,
            uuids=tuple(one.column for one in uuids if one.when != "insert"),
            new_uuids=tuple(one.column for one in uuids if one.when == "insert"),
        )

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

    def draft(self, dirty: Dirty, borrowed: Mapping[str, Cell], stamps: Stamps, uuid: str) -> Draft:
        """Return what a record becomes.

        Args:
            dirty: the record.
            borrowed: the cells of the key that come from another target's row, by column.
            stamps: the rule's constants now.
            uuid: what "@uuid4" stands for in this record's row.
        """
        standing = self.standing(dirty)
        try:
            key = self.key_of(dirty, borrowed)
        except Refused as refused:
            return Draft(dirty, standing, None, stamps, uuid, refusal=refused.detail)
        if dirty.is_deleted:
            return Draft(
                dirty, "inactive", key, stamps, uuid, stamps.inactive, stamps.changed, once=stamps.inactive_once
            )
        if dirty.erased or dirty.values is None:
            return Draft(dirty, standing, key, stamps, uuid)
        cells, changed, sought = dict(stamps.always), dict(stamps.changed), dict[str, str]()
        refusal = self._fill(self._always, dirty, cells, sought)
        refusal = refusal or self._fill(self._changed, dirty, changed, sought)
        for source in self._insert:
            if source.is_sought:
                self._fill((source,), dirty, {}, sought)
        once: Mapping[str, Cell] = dict.fromkeys(stamps.uuids, uuid) if stamps.uuids else NOTHING
        draft = Draft(dirty, standing, key, stamps, uuid, cells, changed, NOTHING, once, stamps.beats, sought, refusal)
        return self.inactive(draft) if standing == "inactive" else draft

    def inactive(self, draft: Draft) -> Draft:
        """Return the draft of a record that is to be put out of sight: what the rule sets then goes before all else."""
        stamps = draft.stamps
        set_now = {**stamps.inactive, **stamps.inactive_once}
        refused = draft.refusal is not None and draft.refusal.get("column") not in set_now
        return replace(
            draft,
            standing="inactive",
            cells={**{name: value for name, value in draft.cells.items() if name not in set_now}, **stamps.inactive},
            once={**draft.once, **stamps.inactive_once},
            sought={name: text for name, text in draft.sought.items() if name not in set_now},
            refusal=draft.refusal if refused else None,
        )

    def born(self, draft: Draft) -> tuple[Mapping[str, Cell], Mapping[str, str] | None]:
        """Return what only a new row is given, and why a column cannot hold it, or None."""
        stamps = draft.stamps
        cells = {**stamps.insert, **dict.fromkeys(stamps.new_uuids, draft.uuid)}
        refusal = self._fill(self._insert, draft.dirty, cells, {})
        return {**cells, **draft.fresh}, refusal

    def adopted(self, dirty: Dirty, number: int) -> tuple[Cell, ...] | None:
        """Return what a row that was there would hold by an adopt rule; None where the record lacks one of its fields.

        A field that is written into the same column is compared as it would be written.

        Args:
            dirty: the record.
            number: of the adopt rule.
        """
        cells: dict[str, Cell] = {}
        refusal = self._fill(self._adopt[number], dirty, cells, {})
        # What the column cannot hold is in no row.
        return None if refusal is not None or None in cells.values() else tuple(cells.values())

    def resolved(self, draft: Draft, found: Mapping[str, Cell]) -> Draft:
        """Return the draft with what was looked up.

        Args:
            draft: the record.
            found: what stands in the other tables, by column; None where nothing fits.
        """
        if not draft.sought:
            return draft
        parts = {"always": dict(draft.cells), "changed": dict(draft.changed), "insert": dict(draft.fresh)}
        refusal = draft.refusal
        for name in draft.sought:
            answer = found.get(name)
            if answer is None and not self.limits[name].is_nullable and self._when[name] != "insert":
                refusal = refusal or Refused(name, "null").detail
            parts[self._when[name]][name] = answer
        return replace(draft, cells=parts["always"], changed=parts["changed"], fresh=parts["insert"], refusal=refusal)

    def only_new(self, name: str) -> bool:
        """Tell whether a column is written into new rows alone."""
        return self._when.get(name) == "insert"

    def digest(self, row: Mapping[str, Cell]) -> str:
        """Return 31 characters that tell the compared columns of a row; equal values give the same."""
        parts = [
            f"{name}={value if value.__class__ is str else spelled(value)}"
            for name in self.compared
            if (value := row.get(name)) is not None
        ]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:_DIGEST]

    def standing(self, dirty: Dirty) -> Standing:
        """Return whether a record is the target's; one whose values are not known counts as active."""
        if dirty.values is None:
            return "active"
        if self._types and bare_type(as_text(dirty.values.get(_TYPE))) not in self._types:
            return "other"
        if dirty.values.get(_IS_ACTIVE) is False:
            return "inactive"
        matches = all(as_text(value_of(dirty, test.field)) in test.among for test in self.rule.only)
        return "active" if matches else "inactive"

    def _fill(
        self,
        sources: "tuple[_Source, ...] | list[_Source]",
        dirty: Dirty,
        cells: dict[str, Cell],
        sought: dict[str, str],
    ) -> Mapping[str, str] | None:
        """Put a record's values into cells or among what is sought; returns the first refusal, or None."""
        refusal: Mapping[str, str] | None = None
        values = dirty.values or {}
        for source in sources:
            value = values.get(source.field)
            try:
                if value is None:
                    # It may be within another field, or stand beside the values.
                    value = value_of(dirty, source.field)
                if value is not None and source.transforms:
                    value = _transformed(source, value)
                if value is None or value == "":
                    if not source.keeps:
                        cells[source.column] = source.absent()
                elif source.is_sought:
                    sought[source.column] = as_text(value)
                elif value.__class__ is str and len(value) <= source.plain and value.isprintable():
                    cells[source.column] = value
                else:
                    cells[source.column] = source.convert(value)
            except Refused as refused:
                refusal = refusal or refused.detail
        return refusal

    def _sources(self, when: str) -> tuple[_Source, ...]:
        return tuple(self._source(one) for one in self.rule.columns if one.field is not None and one.when == when)

    def _source(self, one: ColumnRule) -> _Source:
        limit = self.limits[one.column]
        empties = one.empty or self.rule.empty
        wants_text = empties == "text" and one.lookup is None
        is_plain = one.type in (None, "text") and one.scale is None
        return _Source(
            column=one.column,
            field=one.field or "",
            transforms=one.transforms,
            keeps=empties == "keep",
            is_sought=one.lookup is not None,
            plain=plain_length(limit, sys.maxsize) if is_plain else -1,
            convert=partial(cell, one.column, limit, type_=one.type, scale=one.scale),
            absent=partial(empty, one.column, limit) if wants_text else partial(cell, one.column, limit, None),
        )

    def _constant(self, name: str, value: Constant | None, now: datetime) -> Cell:
        return cell(name, self.limits[name], now if value == NOW else value)


def _searching(written: ColumnRule | None, column: str, name: str) -> ColumnRule:
    """Return how a field is made what a column is searched for: as it is written there, where it is."""
    if written is not None and written.field == name:
        return replace(written, empty="null")
    return ColumnRule(column, name, empty="null")


def _transformed(source: _Source, value: object) -> str:
    text = as_text(value)
    for transform in source.transforms:
        try:
            text = apply(transform, text)
        except TextRefused as refused:
            raise Refused(source.column, refused.reason) from None
    return text
