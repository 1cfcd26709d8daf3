"""What one column of a website's table may be filled with: by its values where they were compared, else by its name.

Everything here is pure; whether the column's type takes it is judged by `suggest`.
"""

from collections.abc import Mapping
from typing import Final

from qbwc_server.publish.engine import Backend
from qbwc_server.publish.mapping import synonyms
from qbwc_server.publish.mapping.evidence import Evidence, Match, rule_of
from qbwc_server.publish.mapping.fits import field_of as field_named
from qbwc_server.publish.mapping.meanings import field_of, rank, squeezed
from qbwc_server.publish.mapping.model import NOW, UUID4, ColumnRule, Constant, Lookup, Transform, When
from qbwc_server.publish.mapping.proposal import Guess, Note
from qbwc_server.publish.mapping.reflected import ForeignKey, Limit, Reflected, ReflectedColumn

_UUID_LENGTH: Final = 36
_CODE_LENGTH: Final = 3
_WIDE: Final = 21
_LAST: Final = 10_000
_DOUBTFUL: Final = 0.5
_ENOUGH: Final = 10
_SURNAME: Final = "nom"
_FIRST_NAME: Final = "prenom"
_DATES: Final = ("datetime", "date")

Guessed = tuple[Guess, int]
"""A guess, and how likely it is among those that would take the same field: the lower the likelier."""


def guess(
    column: ReflectedColumn,
    table: Reflected,
    list_name: str,
    key: str,
    others: Mapping[str, Reflected],
    backend: Backend,
    evidence: Evidence | None,
) -> Guessed:
    """Return what a column may be.

    Args:
        column: not the key.
        table: its table.
        list_name: the list.
        key: the column of the ListID.
        others: the tables that foreign keys refer to.
        backend: the kind of database.
        evidence: what its values say.
    """
    match = evidence.match(column.name) if evidence else None
    if match is not None and match.is_found:
        return _by_values(column, match), 0
    foreign = next((each for each in table.foreign_keys if each.column == column.name), None)
    found = (
        _generated(column, table, list_name, backend)
        or _slug(column, list_name)
        or _shown(column, list_name)
        or (_foreign(column, foreign, table, list_name, key, others) if foreign else _named(column, table, list_name))
    )
    if found is None:
        return _unknown(column, foreign), _LAST
    return _doubted(found[0], match), found[1]


def _by_values(column: ReflectedColumn, match: Match) -> Guess:
    rule = rule_of(column.name, match.field, match.way, is_private=match.is_private)
    if match.way == "slug":
        rule = _cut(rule, column.limit)
    values: dict[str, str | int] = {"field": match.field, "equal": match.equal, "compared": match.compared}
    return Guess(column.name, Note("values", values), rule, is_live=not match.is_private)


def _doubted(found: Guess, match: Match | None) -> Guess:
    """Say how often a guess by name is right; comment it out where it is mostly wrong."""
    if match is None or not found.is_live or not match.compared or found.rule is None or found.rule.field is None:
        return found
    values: dict[str, str | int] = {"field": match.field, "equal": match.equal, "compared": match.compared}
    is_likely = match.equal >= match.compared * _DOUBTFUL or match.compared < _ENOUGH
    return Guess(found.column, Note("name_values" if is_likely else "name_doubted", values), found.rule, is_likely)


def _generated(column: ReflectedColumn, table: Reflected, list_name: str, backend: Backend) -> Guessed | None:
    limit = column.limit
    is_time = limit.kind in _DATES or (backend == "sqlite" and limit.kind in {"text", "any"})
    if is_time and rank(column.name, synonyms.CREATED, list_name) is not None:
        if column.has_default:
            return Guess(column.name, Note("default")), 0
        return Guess(column.name, Note("created"), _now(column, "insert")), 0
    if is_time and rank(column.name, synonyms.UPDATED, list_name) is not None:
        return Guess(column.name, Note("updated"), _now(column, "changed")), 0
    is_uuid = limit.kind == "uuid" or (limit.kind == "text" and limit.length == _UUID_LENGTH)
    is_named = rank(column.name, synonyms.UUID, list_name) is not None or column.name in table.primary_key
    if is_uuid and is_named and not column.has_default:
        return Guess(column.name, Note("uuid"), ColumnRule(column.name, value=UUID4, when="insert")), 0
    return None


def _now(column: ReflectedColumn, when: When) -> ColumnRule:
    return ColumnRule(column.name, value=NOW, when=when, type="date" if column.limit.kind == "date" else None)


def _slug(column: ReflectedColumn, list_name: str) -> Guessed | None:
    if rank(column.name, synonyms.SLUG, list_name) is None:
        return None
    rule = ColumnRule(column.name, "FullName", transforms=(Transform("slug"),), when="insert")
    return Guess(column.name, Note("slug"), _cut(rule, column.limit)), 0


def _cut(rule: ColumnRule, limit: Limit) -> ColumnRule:
    """Cut a slug to the column's length: it is only an address, and none is refused for being long."""
    if limit.length is None:
        return rule
    cut = Transform("truncate", str(limit.length))
    return ColumnRule(rule.column, rule.field, transforms=(*rule.transforms, cut), when=rule.when)


def _shown(column: ReflectedColumn, list_name: str) -> Guessed | None:
    """Return the guess for a column that says whether the record is to be shown."""
    at = rank(column.name, synonyms.ACTIVE, list_name)
    limit = column.limit
    is_flag = limit.kind == "bool" or (limit.kind in {"int", "any"} and squeezed(column.name).startswith(("is", "est")))
    if at is not None and is_flag:
        return Guess(column.name, Note("name"), ColumnRule(column.name, "IsActive")), at
    if at is not None and limit.kind == "enum":
        by_word = {squeezed(word): word for word in reversed(limit.words)}
        yes, no = (
            next((by_word[squeezed(word)] for word in words if squeezed(word) in by_word), None)
            for words in (synonyms.YES, synonyms.NO)
        )
        if yes is not None and no is not None:
            words = Transform("map", words=(("true", yes), ("false", no)))
            return Guess(column.name, Note("words"), ColumnRule(column.name, "IsActive", transforms=(words,))), at
        return None
    at = rank(column.name, synonyms.HIDDEN, list_name)
    if at is not None and limit.kind == "bool":
        return Guess(column.name, Note("opposite"), rule_of(column.name, "IsActive", "not")), at + _LAST // 2
    return None


def _named(column: ReflectedColumn, table: Reflected, list_name: str) -> Guessed | None:
    found = field_of(column.name, list_name)
    if found is None:
        return None
    name, at = found
    names = {squeezed(each.name) for each in table.columns}
    if list_name == "customer" and squeezed(column.name) == _SURNAME and _FIRST_NAME in names:
        name, at = "LastName", 0
    kind = field_named(list_name, name)
    if kind is None:
        return None
    length = column.limit.length
    if length is not None and length <= _CODE_LENGTH and (kind.type.max_length or 0) > _WIDE:
        # A code of two or three letters is not what QuickBooks calls a country or a currency.
        return Guess(column.name, Note("narrow", {"field": name}), ColumnRule(column.name, name), is_live=False), at
    is_money = kind.type.name in {"money", "price"}
    if is_money and column.limit.kind == "int":
        rule = rule_of(column.name, name, "cents", is_private=kind.private)
        return Guess(column.name, Note("private" if kind.private else "cents"), rule, is_live=not kind.private), at
    rule = rule_of(column.name, name, "email" if name == "Email" else "plain", is_private=kind.private)
    return Guess(column.name, Note("private" if kind.private else "name"), rule, is_live=not kind.private), at


def _foreign(
    column: ReflectedColumn,
    foreign: ForeignKey,
    table: Reflected,
    list_name: str,
    key: str,
    others: Mapping[str, Reflected],
) -> Guessed | None:
    missing = "null" if column.limit.is_nullable else "hold"
    if foreign.table == table.table:
        lookup = Lookup(foreign.table, key, foreign.refers, "hold" if missing == "hold" else "null")
        rule = ColumnRule(column.name, "Parent.ListID", lookup=lookup)
        return Guess(column.name, Note("parent"), rule, is_live=table.column(key) is not None), 0
    found = field_of(column.name, list_name, is_foreign=True)
    other = others.get(foreign.table)
    label = _label(other) if other is not None else None
    if found is None or label is None:
        return None
    name, at = found
    kind = field_named(list_name, name)
    is_private = kind is not None and kind.private
    lookup = Lookup(foreign.table, label, foreign.refers, "hold" if missing == "hold" else "null")
    rule = ColumnRule(column.name, name, lookup=lookup, private=is_private)
    return Guess(column.name, Note("private" if is_private else "lookup"), rule, is_live=not is_private), at


def _label(other: Reflected) -> str | None:
    """Return the column by which people, and QuickBooks, call the rows of another table."""
    by_name = {squeezed(column.name): column.name for column in reversed(other.columns) if column.limit.kind == "text"}
    return next((by_name[squeezed(name)] for name in synonyms.LABELS if squeezed(name) in by_name), None)


def _unknown(column: ReflectedColumn, foreign: ForeignKey | None) -> Guess:
    if column.limit.is_nullable or column.has_default:
        return Guess(column.name, Note("unmapped"))
    if foreign is not None:
        return Guess(column.name, Note("needs_row", {"other": foreign.table}))
    return Guess(column.name, Note("needs_value"), _neutral(column), is_live=False)


def _neutral(column: ReflectedColumn) -> ColumnRule:
    """Return a line that would give the column some value; whether it is the right one, its owner knows."""
    limit = column.limit
    if limit.kind in _DATES:
        return _now(column, "insert")
    values: dict[str, Constant] = {"bool": False, "int": 0, "decimal": 0, "float": 0, "uuid": UUID4}
    value = values.get(limit.kind, limit.words[0] if limit.words else "")
    return ColumnRule(column.name, value=value, when="insert")
