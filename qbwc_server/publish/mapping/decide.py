"""Deciding, for one record of a mapped target, what is to be written: a pure comparison.

Theory of operation
-------------------
Input are the record's draft, our state row, the rows of the website's table that fit, and what stands in other tables
under the values that were looked up. The order is always the same: was it published already, is it the target's, which
row is it, does something need a person, what differs. The answer is a `Step`.

The state row remembers in its digest under which rule the record was published, the EditSequence that was seen last,
and what the row then held: "RULE:EDITSEQUENCE:ROW". So a record is published again under a changed rule though its
number is the same, an EditSequence that goes back is noticed also where the website has no column for it, and a record
of which nothing is new need not be brought with its values. What the default tables keep there has no colons.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from qbwc_server.publish.mapping.cells import Cell
from qbwc_server.publish.mapping.draft import Draft
from qbwc_server.publish.mapping.form import Form
from qbwc_server.publish.mapping.sameness import same
from qbwc_server.publish.plan import State, older
from qbwc_server.publish.records import Dirty, Outcome, Published

_EDIT_SEQUENCE_MAX = 16
_MAY_BE_OLDER = frozenset(("EditSequence", "TimeModified"))
# Outcomes of which a row of this target may come; after the others none is the record's.
_HAD_A_ROW: tuple[Outcome, ...] = ("inserted", "adopted", "updated", "unchanged", "deleted")
_EMPTY = (None, "")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the website's table.

    Attributes:
        cells: what the columns hold, by name.
        place: the columns and the driver's values by which exactly this row is found again.
    """

    cells: Mapping[str, Cell]
    place: Mapping[str, Any]


class Seen(NamedTuple):
    """What our state row says.

    Attributes:
        seq: number of the observation that was published.
        outcome: of it.
        rule: fingerprint of the rule under which; "" = it was no mapping.
        edit_sequence: the last that was seen; "" = none.
        row: digest of the row as it was left; "" = not known.
        is_ours: the number is of our stream.
    """

    seq: int
    outcome: Outcome
    rule: str
    edit_sequence: str
    row: str
    is_ours: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What the website's database holds for one record.

    Attributes:
        by_key: the rows that have its key; two stand for any more.
        by_adopt: for each adopt rule the rows without a key that fit.
        looked_up: what stands in other tables, by column; None where nothing fits.
        several: the looked up columns for which several rows fit.
        parent: why the row of the target that its key names cannot be told: "missing", "skipped", or "unread" for want
            of the record's values; "" = it can, or none is named.
    """

    by_key: Sequence[Row] = ()
    by_adopt: Sequence[Sequence[Row]] = ()
    looked_up: Mapping[str, Cell] = field(default_factory=dict)
    several: frozenset[str] = frozenset()
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be written for one record.

    Attributes:
        dirty: the record.
        published: what to report once it is written.
        insert: a new row by column; None = no new row.
        row: the row that is there, as it was found.
        changes: its columns that are given another cell.
        digest: for our state row; None = that stays as it is.
        is_new: we have no state row of it yet.
    """

    dirty: Dirty
    published: Published
    insert: Mapping[str, Cell] | None = None
    row: Row | None = None
    changes: Mapping[str, Cell] = field(default_factory=dict)
    digest: str | None = None
    is_new: bool = False


def seen_in(state: State, stream_id: str) -> Seen:
    """Return what a state row says, whoever wrote it."""
    parts = state.digest.split(":")
    rule, edit_sequence, row = parts if len(parts) == len(("rule", "edit_sequence", "row")) else ("", "", "")
    return Seen(state.seq, state.outcome, rule, edit_sequence, row, state.stream_id == stream_id)


def already(form: Form, dirty: Dirty, seen: Seen | None, *, again: bool) -> Step | None:
    """Return the step of a record that was published already, or None.

    Args:
        form: of the target.
        dirty: the record.
        seen: what our state row says, or None.
        again: publish an observation that was published before once more; never an older one.
    """
    if seen is None or not seen.is_ours or seen.seq < dirty.seq:
        return None
    if seen.seq == dirty.seq and (again or seen.rule != form.fingerprint):
        return None
    return Step(dirty, _published(dirty, seen.outcome))


def decide(form: Form, draft: Draft, seen: Seen | None, found: Found) -> Step:
    """Decide what to write for a record that was not published already.

    Args:
        form: of the target.
        draft: the record as the target would have it.
        seen: what our state row says, or None.
        found: what the website's database holds for it.
    """
    dirty = draft.dirty
    if dirty.is_deleted or dirty.erased:
        return _without_values(form, draft, seen, found)
    if dirty.values is None:
        return _untold(form, draft, seen, found)
    if draft.standing == "other":
        if seen is None or seen.outcome not in _HAD_A_ROW or not found.by_key:
            return _skipped(form, draft, seen, "type")
        draft = form.inactive(draft)
    if draft.key is None:
        return _without_key(form, draft, seen, found)
    return _find(form, draft, seen, found)


def _find(form: Form, draft: Draft, seen: Seen | None, found: Found) -> Step:
    """Find the record's row: by its key, else by the adopt rules in their order."""
    fields, rows = [form.key], [found.by_key]
    fields += [tuple(column for column, _ in pairs) for pairs in form.rule.adopt]
    rows += found.by_adopt
    for number, (names, fitting) in enumerate(zip(fields, rows, strict=False)):
        if len(fitting) > 1:
            detail = {"count": str(len(fitting)), "field": ", ".join(names)}
            return Step(draft.dirty, _published(draft.dirty, "ambiguous", detail))
        if fitting:
            return _into(form, draft, seen, found, fitting[0], is_adopted=number > 0)
    if draft.standing == "inactive":
        return _skipped(form, draft, seen, "inactive")
    if form.rule.missing == "skip":
        return _skipped(form, draft, seen, "missing")
    return _into(form, draft, seen, found, None)


def _into(
    form: Form, draft: Draft, seen: Seen | None, found: Found, row: Row | None, *, is_adopted: bool = False
) -> Step:
    """Return the step that writes the record into its row, or into a new one."""
    held = _unanswered(form, draft, found, is_new=row is None)
    if held is not None:
        return Step(draft.dirty, _published(draft.dirty, "held", held))
    draft = form.resolved(draft, found.looked_up)
    if draft.refusal is not None:
        return refused(draft.dirty, draft.refusal)
    is_whole = all(found.looked_up.get(name) is not None for name in draft.sought)
    key = dict(zip(form.key, draft.key or (), strict=True))
    if row is None:
        return _new(form, draft, seen, key, is_whole=is_whole)
    changes = _differences(form, {**draft.cells, **key} if is_adopted else draft.cells, row)
    changes |= {name: cell for name, cell in draft.once.items() if row.cells[name] in _EMPTY}
    back = None if draft.dirty.forced or seen is None else older(seen.edit_sequence, _edit_sequence(draft.dirty))
    if back is not None and any(name not in _older_columns(form) for name in changes):
        return Step(draft.dirty, _published(draft.dirty, "held", back))
    outcome: Outcome = "adopted" if is_adopted else "updated" if changes else "unchanged"
    stamps = _differences(form, draft.changed, row) if changes else {}
    after = {**row.cells, **changes} if is_whole else None
    digest = _digest(form, draft, seen, after)
    changes = {**changes, **stamps, **_differences(form, draft.beats, row)}
    return Step(draft.dirty, _published(draft.dirty, outcome), None, row, changes, digest, seen is None)


def _new(form: Form, draft: Draft, seen: Seen | None, key: Mapping[str, Cell], *, is_whole: bool) -> Step:
    born, refusal = form.born(draft)
    if refusal is not None:
        return refused(draft.dirty, refusal)
    row = {**draft.cells, **draft.changed, **born, **draft.once, **draft.beats, **key}
    digest = _digest(form, draft, seen, row if is_whole else None)
    return Step(draft.dirty, _published(draft.dirty, "inserted"), row, None, {}, digest, seen is None)


def _unanswered(form: Form, draft: Draft, found: Found, *, is_new: bool) -> dict[str, str] | None:
    """Return why a person must look at what was looked up, or None."""
    for name in draft.sought:
        lookup = form.lookups[name]
        if form.only_new(name) and not is_new:
            continue
        if name in found.several or (lookup.missing == "hold" and found.looked_up.get(name) is None):
            return {"reason": "lookup", "column": name, "table": lookup.table}
    return None


def _without_values(form: Form, draft: Draft, seen: Seen | None, found: Found) -> Step:
    """Return the step of a record that QuickBooks has no more, or of which we may hold nothing: no row is made."""
    dirty = draft.dirty
    outcome: Outcome = "deleted" if dirty.is_deleted else "unchanged"
    if draft.key is None and dirty.values is None and not dirty.erased and found.parent in ("", "unread"):
        return Step(dirty, _published(dirty, "unread"))
    if len(found.by_key) > 1 and dirty.is_deleted and form.rule.notfound == "same-as-inactive":
        detail = {"count": str(len(found.by_key)), "field": ", ".join(form.key)}
        return Step(dirty, _published(dirty, "ambiguous", detail))
    row = found.by_key[0] if len(found.by_key) == 1 else None
    changes: dict[str, Cell] = {}
    if row is not None and dirty.is_deleted and form.rule.notfound == "same-as-inactive":
        changes = _differences(form, draft.cells, row)
        changes |= {name: cell for name, cell in draft.once.items() if row.cells[name] in _EMPTY}
        changes |= _differences(form, draft.changed, row) if changes else {}
    # Its row is not what the values make of it: when they come back they are compared anew.
    digest = _digest(form, draft, seen, None)
    return Step(dirty, _published(dirty, outcome), None, row, changes, digest, seen is None)


def _untold(form: Form, draft: Draft, seen: Seen | None, found: Found) -> Step:
    """Return the step of a record whose values did not change: that its row is as we left it, or that it is not."""
    dirty = draft.dirty
    told = seen is not None and seen.is_ours and seen.rule == form.fingerprint and seen.seq >= dirty.values_seq
    if seen is None or not told or not seen.row or len(found.by_key) != 1:
        return Step(dirty, _published(dirty, "unread"))
    if form.digest(found.by_key[0].cells) != seen.row:
        return Step(dirty, _published(dirty, "unread"))
    digest = _digest(form, draft, seen, found.by_key[0].cells)
    return Step(dirty, _published(dirty, "unchanged"), None, found.by_key[0], {}, digest)


def _without_key(form: Form, draft: Draft, seen: Seen | None, found: Found) -> Step:
    if draft.refusal is not None:
        return refused(draft.dirty, draft.refusal)
    if found.parent == "missing":
        target = next((part.of_target for part in form.rule.key if part.of_target), None) or ""
        return Step(draft.dirty, _published(draft.dirty, "held", {"reason": "parent", "target": target}))
    return _skipped(form, draft, seen, "parent" if found.parent else "no_key")


def _skipped(form: Form, draft: Draft, seen: Seen | None, reason: str) -> Step:
    published = _published(draft.dirty, "skipped", {"reason": reason})
    return Step(draft.dirty, published, None, None, {}, _digest(form, draft, seen, None), seen is None)


def refused(dirty: Dirty, detail: Mapping[str, str]) -> Step:
    """Return the step that writes nothing because the table cannot take the record."""
    return Step(dirty, _published(dirty, "refused_value", detail))


def _differences(form: Form, cells: Mapping[str, Cell], row: Row) -> dict[str, Cell]:
    theirs = row.cells
    return {
        name: wanted
        for name, wanted in cells.items()
        if theirs[name] != wanted and not same(form.limits[name], theirs[name], wanted, form.backend)
    }


def _older_columns(form: Form) -> frozenset[str]:
    """Return the columns that a restored backup may set back: they say nothing of the record itself."""
    return frozenset(one.column for one in form.rule.columns if one.field in _MAY_BE_OLDER)


def _edit_sequence(dirty: Dirty) -> str:
    given = (dirty.values or {}).get("EditSequence")
    return given if isinstance(given, str) and len(given) <= _EDIT_SEQUENCE_MAX and given.isdecimal() else ""


def _digest(form: Form, draft: Draft, seen: Seen | None, row: Mapping[str, Cell] | None) -> str:
    edit_sequence = _edit_sequence(draft.dirty) or ("" if seen is None else seen.edit_sequence)
    return f"{form.fingerprint}:{edit_sequence}:{'' if row is None else form.digest(row)}"


def _published(dirty: Dirty, outcome: Outcome, detail: Mapping[str, str] | None = None) -> Published:
    return Published(dirty.company, dirty.list, dirty.list_id, dirty.seq, outcome, detail or {})
