"""Guessing a mapping for a table that a website has already.

Theory of operation
-------------------
Each column is asked, one after the other, what it may be: what its values say (`by_values`), a time, a slug, whether
the record is shown, a field by its name. Where two columns would take the same field, the likelier one does and the
other stays a comment; so does whatever the column's type cannot take, every private field, and what must have a value
and was not recognised.

Everything here is pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from qbwc_server.publish.engine import Backend
from qbwc_server.publish.mapping import fits, guessing, synonyms
from qbwc_server.publish.mapping.evidence import Evidence
from qbwc_server.publish.mapping.file_fields import types_of
from qbwc_server.publish.mapping.meanings import rank
from qbwc_server.publish.mapping.model import NOW, Constant
from qbwc_server.publish.mapping.names import quoted, written_table
from qbwc_server.publish.mapping.proposal import Adoption, Guess, Note, Proposal
from qbwc_server.publish.mapping.reflected import Reflected, ReflectedColumn
from qbwc_server.qbxml.lists import ITEM

_NAMES: Final = {"customer": "customers", "item": "products"}
_SOLD: Final = ("inventory", "inventory_assembly", "non_inventory", "service")
_ADOPTED: Final = {"customer": ("Email", "AccountNumber"), "item": ("ManufacturerPartNumber", "BarCodeValue")}
_NEW_KEYS: Final = ("qb_list_id", "quickbooks_list_id")
_LIST_ID_LENGTH: Final = 20
_ALWAYS_THERE: Final = ("ListID", "Name", "FullName", "IsActive", "TimeModified", "EditSequence", "Type", "Sublevel")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a guess may need to know beside the table.

    Attributes:
        backend: the kind of database.
        others: the tables that foreign keys refer to, by name.
        evidence: what comparing values brought to light; None where nothing was compared.
        schema: of the table, to be written into the mapping; None for the connection's own.
    """

    backend: Backend
    others: Mapping[str, Reflected] = field(default_factory=dict)
    evidence: Evidence | None = None
    schema: str | None = None


def suggest(table: Reflected, list_name: str, around: Surroundings) -> Proposal:
    """Return a mapping for a table to begin with.

    Args:
        table: as it is.
        list_name: the list whose records it shows.
        around: what else is known.
    """
    key, key_note = _key(table, list_name, around)
    writable = [column for column in table.columns if column.name != key and _is_ours(column, table)]
    guesses = _without_rivals(
        [
            (column, *guessing.guess(column, table, list_name, key, around.others, around.backend, around.evidence))
            for column in writable
        ]
    )
    columns = tuple(_fitting(guess, column, table, list_name, around.backend) for column, guess in guesses)
    inactive, inactive_note, is_live = _inactive(table, columns, list_name)
    evidence = around.evidence
    return Proposal(
        name=_NAMES.get(list_name, list_name),
        list=list_name,
        table=table.table,
        key=key,
        key_note=key_note,
        columns=columns,
        schema=around.schema,
        adopt=tuple(_adopt(table, key, columns, list_name, evidence)),
        types=_types(evidence) if list_name == ITEM.name else (),
        types_note=Note("types_values" if evidence and evidence.types else "types"),
        only=_only(list_name, evidence),
        inactive=inactive,
        inactive_note=inactive_note,
        inactive_is_live=is_live,
    )


def _is_ours(column: ReflectedColumn, table: Reflected) -> bool:
    is_counted = column.name in table.primary_key and (column.has_default or column.limit.kind == "int")
    return not column.filled and not is_counted and column.name.isprintable() and bool(column.name.strip())


def _key(table: Reflected, list_name: str, around: Surroundings) -> tuple[str, Note]:
    for link in around.evidence.links if around.evidence else ():
        if link.field == "ListID":
            return link.column, Note("key_values", {"n": link.rows})
    named = [
        (at, column.name)
        for column in table.columns
        if (at := rank(column.name, synonyms.KEYS, list_name)) is not None and _holds_list_id(column)
    ]
    if named:
        return min(named)[1], Note("key")
    name = next(each for each in (*_NEW_KEYS, "qbwc_list_id") if table.column(each) is None)
    written = written_table(table.table, around.schema, around.backend)
    sql = f"ALTER TABLE {written} ADD COLUMN {quoted(name, around.backend)} varchar(36)"
    if around.backend == "sqlite":
        # SQLite adds no column that is UNIQUE at once.
        return name, Note("key_new_sqlite", {"sql": sql})
    return name, Note("key_new", {"sql": f"{sql} UNIQUE;"})


def _holds_list_id(column: ReflectedColumn) -> bool:
    limit = column.limit
    return limit.kind == "any" or (limit.kind == "text" and (limit.length or _LIST_ID_LENGTH) >= _LIST_ID_LENGTH)


def _without_rivals(guesses: list[tuple[ReflectedColumn, Guess, int]]) -> list[tuple[ReflectedColumn, Guess]]:
    """Let each field go to the likeliest of the columns that would take it."""
    best: dict[str, tuple[int, str]] = {}
    for _, guess, at in guesses:
        if guess.is_live and (field := _claimed(guess)) is not None:
            best[field] = min(best.get(field, (at, guess.column)), (at, guess.column))
    return [
        (column, guess)
        if not guess.is_live or (field := _claimed(guess)) is None or best[field][1] == guess.column
        else (column, replace(guess, is_live=False, note=Note("rival", {"field": field, "column": best[field][1]})))
        for column, guess, _ in guesses
    ]


def _claimed(guess: Guess) -> str | None:
    """Return the field that a column alone should have; a slug may be made of a name besides."""
    rule = guess.rule
    if rule is None or rule.field is None or guess.note.code == "values":
        return None
    return None if any(each.name == "slug" for each in rule.transforms) else rule.field


def _fitting(guess: Guess, column: ReflectedColumn, table: Reflected, list_name: str, backend: Backend) -> Guess:
    """Turn a guess that the column cannot take into a comment, and say what an absent field does where it must."""
    rule = guess.rule
    if rule is None or not guess.is_live:
        return guess
    made = None if rule.lookup else fits.given(list_name, rule)
    if made is not None and any(level == "error" for level, _, _ in fits.misfits(made, column.limit, backend)):
        return replace(guess, is_live=False, note=Note("misfit", {"type": column.limit.type, "field": made.name}))
    if rule.field is None or column.limit.is_nullable or rule.field in _ALWAYS_THERE or rule.lookup:
        return guess
    if column.limit.kind == "text" and not table.is_unique([column.name]):
        return replace(guess, rule=replace(rule, empty="text"))
    return replace(guess, rule=replace(rule, empty="keep")) if column.has_default else guess


def _adopt(
    table: Reflected, key: str, columns: tuple[Guess, ...], list_name: str, evidence: Evidence | None
) -> Iterator[Adoption]:
    column = table.column(key)
    can_be_empty = column is None or column.limit.is_nullable
    links = [link for link in evidence.links if link.field != "ListID"] if evidence else []
    for link in links:
        note = Note("adopt_values", {"n": link.rows})
        if link.is_private:
            yield Adoption(link.column, link.field, Note("adopt_private"), is_live=False)
        else:
            yield Adoption(link.column, link.field, note, is_live=can_be_empty)
    if evidence is not None and evidence.joined:
        return
    for name in _ADOPTED.get(list_name, ()):
        for guess in columns:
            if guess.rule is not None and guess.rule.field == name and guess.note.code not in {"misfit", "rival"}:
                code = "adopt_private" if guess.rule.private else "adopt" if can_be_empty else "adopt_full"
                yield Adoption(guess.column, name, Note(code), is_live=code == "adopt" and guess.is_live)


def _types(evidence: Evidence | None) -> tuple[str, ...]:
    if evidence is None or not evidence.types:
        return _SOLD
    return tuple(word for word, value in types_of(ITEM.name).items() if value in evidence.types)


def _only(list_name: str, evidence: Evidence | None) -> bool | None:
    if list_name == ITEM.name or (evidence is not None and evidence.has_jobs):
        return None
    return evidence is not None and evidence.has_jobs is False


def _inactive(
    table: Reflected, columns: tuple[Guess, ...], list_name: str
) -> tuple[tuple[tuple[str, Constant], ...], Note | None, bool]:
    for guess in columns:
        rule = guess.rule
        if rule is None or rule.field != "IsActive" or not guess.is_live:
            continue
        given: Constant = False
        for transform in rule.transforms:
            word = dict(transform.words).get("false", "false")
            given = word == "true" if rule.type == "bool" else word
        return ((rule.column, given),), Note("inactive"), True
    for column in table.columns:
        if rank(column.name, synonyms.HIDDEN_AT, list_name) is not None and column.limit.kind == "datetime":
            return ((column.name, NOW),), Note("inactive_at", {"column": column.name}), False
    return (), None, True
