"""Deciding, for one record, what is to be written: a pure comparison of three values.

Input are the record as we hold it, our state row in the website's database, and the website's row. The answer is a
`Step`. Order comes from `seq` alone; EditSequence only ever holds a record back, until a person decides otherwise;
TimeModified never.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from qbwc_server.publish.engine import Backend
from qbwc_server.publish.filling import Form, Values
from qbwc_server.publish.records import Dirty, Outcome, Published
from qbwc_server.publish.tables import COMPANY_MAX, LIST_ID_MAX
from qbwc_server.publish.values import ColumnValue, Refused, Shape, check_text, plain_length

_MAY_BE_OLDER = frozenset(("edit_sequence", "time_modified", "is_deleted"))
_KEY = (Shape("company", "text", COMPANY_MAX), Shape("list_id", "text", LIST_ID_MAX))


class State(NamedTuple):
    """Our state row for one record in the website's database."""

    stream_id: str
    seq: int
    outcome: Outcome
    digest: str


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be written for one record.

    Attributes:
        dirty: the record.
        published: what to report once it is written.
        insert: a new row, in the order of its form's names; None = no new row.
        changes: the differing columns of the row that is there.
        digest: of the row as it will stand; None = the state row stays as it is.
        fresh: no state row was there.
    """

    dirty: Dirty
    published: Published
    insert: Values | None = None
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
        if len(text) <= plain_length(shape, backend) and text.isprintable() and not text.endswith(" "):
            continue
        try:
            check_text(shape, text, backend)
        except Refused as refusal:
            return refused(dirty, refusal.detail)
        if backend == "mysql" and text.endswith(" "):
            # MySQL's binary collations pass over blanks at the end: two keys would be one.
            return refused(dirty, {"column": shape.column, "reason": "trailing_space"})
    return None


def plan(form: Form, dirty: Dirty, state: State | None, row: Values | None, rules: Rules) -> Step:
    """Decide what to write for a record.

    Args:
        form: how records of this list become rows.
        dirty: the record.
        state: our state row, or None.
        row: the website's row in the order of `form.names`, or None.
        rules: what holds for every record.
    """
    # A state row of another stream is no guard: its numbers count something else. Ours takes its place.
    if state is not None and state.stream_id == rules.stream_id and state.seq >= dirty.seq:
        return Step(dirty, _published(dirty, state.outcome))
    if dirty.erased:
        return _without_values(form, dirty, row, fresh=state is None)
    if dirty.is_deleted and row is not None:
        changes: dict[str, ColumnValue] = {} if row[-1] else {"is_deleted": True}
        digest = form.digest((*row[:-1], True))
        return Step(dirty, _published(dirty, "deleted"), None, changes, digest, state is None)
    if dirty.values is not None:
        return _write(form, dirty, dirty.values, row, fresh=state is None)
    # The row was written with these values, and is as it was written: that they are the same need not be compared.
    told = state is not None and state.stream_id == rules.stream_id and state.seq >= dirty.values_seq
    if state is not None and told and row is not None and not row[-1] and form.digest(row) == state.digest:
        return Step(dirty, _published(dirty, "unchanged"), None, {}, state.digest)
    return Step(dirty, _published(dirty, "unread"))


def _without_values(form: Form, dirty: Dirty, row: Values | None, *, fresh: bool) -> Step:
    """Return the step that tells at most that the record is deleted; a row that is not there is not made."""
    outcome: Outcome = "deleted" if dirty.is_deleted else "unchanged"
    stands = (None,) * len(form.names) if row is None else row
    if row is None or row[-1] or not dirty.is_deleted:
        return Step(dirty, _published(dirty, outcome), None, {}, form.digest(stands), fresh)
    return Step(dirty, _published(dirty, outcome), None, {"is_deleted": True}, form.digest((*row[:-1], True)), fresh)


def _write(form: Form, dirty: Dirty, values: Mapping[str, object], row: Values | None, *, fresh: bool) -> Step:
    try:
        wanted = form.fill(values, is_deleted=dirty.is_deleted)
    except Refused as refusal:
        return refused(dirty, refusal.detail)
    if row is None:
        outcome: Outcome = "deleted" if dirty.is_deleted else "inserted"
        return Step(dirty, _published(dirty, outcome), wanted, None, form.digest(wanted), fresh)
    # Texts exactly, numbers by value.
    if row == wanted:
        return Step(dirty, _published(dirty, "unchanged"), None, {}, form.digest(wanted), fresh)
    changes = {name: value for name, theirs, value in zip(form.names, row, wanted, strict=True) if theirs != value}
    held = None if dirty.forced else older(row[form.edit_sequence], wanted[form.edit_sequence])
    if held is not None and not changes.keys() <= _MAY_BE_OLDER:
        return Step(dirty, _published(dirty, "held", held))
    return Step(dirty, _published(dirty, "updated"), None, changes, form.digest(wanted), fresh)


def _published(dirty: Dirty, outcome: Outcome, detail: Mapping[str, str] | None = None) -> Published:
    return Published(dirty.company, dirty.list, dirty.list_id, dirty.seq, outcome, detail or {})


def older(website: ColumnValue, quickbooks: ColumnValue) -> dict[str, str] | None:
    """Return both EditSequences where QuickBooks's is the lower number, which tells of a restored backup, or None."""
    if not (
        isinstance(website, str) and isinstance(quickbooks, str) and website.isdecimal() and quickbooks.isdecimal()
    ):
        return None
    # By length and then by digits: the number may be too long for a number.
    ours, theirs = website.lstrip("0"), quickbooks.lstrip("0")
    lower = (len(theirs), theirs) < (len(ours), ours)
    return {"website": website, "quickbooks": quickbooks} if lower else None
