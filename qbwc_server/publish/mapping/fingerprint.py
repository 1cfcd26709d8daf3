"""Telling whether a table still is what the mapping was checked against, and if not, what changed.

Theory of operation
-------------------
A `Reflected` is taken when a target is checked and kept. While the server runs another one is taken now and then and
compared. Only what the mapping leans on counts: a column that it does not use matters no more than whether a new row
must have a value for it, so a developer may add columns of his own without stopping anything. For the same reason how
the database spells a type does not count where we know what it takes: "int(11)" became "int" between two versions.

What counts is listed once, in `_facts`; both the digest and the list of differences come from there.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from qbwc_server.publish.mapping.reflected import OtherTable, Reflected, ReflectedColumn

What = Literal[
    "table",
    "column",
    "type",
    "nullable",
    "default",
    "filled",
    "primary_key",
    "unique",
    "foreign_keys",
    "view",
    "engine",
    "triggers",
    "row_security",
    "rights",
    "elsewhere",
]

_ABSENT: Final = ""
_Key = tuple[str, What]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that changed; its text is `mapping.changed.` and `what`.

    Attributes:
        table: the table; another one's name where it is a lookup's or a parent's.
        column: the column, "" where it is about the whole table.
        what: changed.
        before: as it was, in the database's words; "" where there was none.
        after: as it is now; "" where there is none.
    """

    table: str
    column: str
    what: What
    before: str
    after: str


def fingerprint(reflected: Reflected) -> str:
    """Return the SHA-256 (hex) of everything about a table that the checks look at."""
    facts = [[*key, fact] for key, (fact, _) in sorted(_facts(reflected).items())]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def differences(before: Reflected, after: Reflected | None) -> tuple[Difference, ...]:
    """Name what changed; nothing if and only if both have the same fingerprint.

    Args:
        before: as the table was.
        after: as it is; None where there is no such table any more.
    """
    if after is None:
        return (Difference(before.table, _ABSENT, "table", before.table, _ABSENT),)
    old, new = _facts(before), _facts(after)
    found: list[Difference] = []
    # Of a column that came or went, that alone is told.
    whole = {name for name, what in old.keys() ^ new.keys() if what == "column"}
    for name, what in dict.fromkeys((*old, *new)):
        was, became = old.get((name, what), (None, _ABSENT)), new.get((name, what), (None, _ABSENT))
        if was[0] != became[0] and (what == "column" or name not in whole):
            table, column = (before.table, name) if what != "elsewhere" else _apart(name)
            found.append(Difference(table, column, what, was[1], became[1]))
    return tuple(found)


def _facts(reflected: Reflected) -> dict[_Key, tuple[Any, str]]:
    """Return what counts: column and what -> its JSON form and how it is told."""
    used = {column.name for column in reflected.columns if column.is_used}
    # A rule over columns that are nobody's business here is the developer's own.
    unique = sorted(each for each in reflected.unique if used.intersection(each))
    keys = sorted((each.column, each.table, each.refers) for each in reflected.foreign_keys if each.column in used)
    told = {
        "primary_key": (list(reflected.primary_key), ", ".join(reflected.primary_key)),
        "unique": ([list(each) for each in unique], "; ".join(", ".join(each) for each in unique)),
        "foreign_keys": (keys, "; ".join(f"{column} → {table}.{refers}" for column, table, refers in keys)),
        "view": (reflected.is_view, "view" if reflected.is_view else "table"),
        "engine": (reflected.engine, reflected.engine or _ABSENT),
        "triggers": (sorted(reflected.triggers), ", ".join(sorted(reflected.triggers))),
        "row_security": (reflected.has_row_security, str(reflected.has_row_security).lower()),
        "rights": _rights(reflected),
    }
    facts: dict[_Key, tuple[Any, str]] = {}
    for column in reflected.columns:
        facts.update(_of_column(column))
    facts.update({(_ABSENT, what): fact for what, fact in told.items()})  # type: ignore[misc]
    for other in reflected.others:
        facts.update(_of_other(other))
    return facts


def _of_column(column: ReflectedColumn) -> Iterator[tuple[_Key, tuple[Any, str]]]:
    limit = column.limit
    needs_value = not limit.is_nullable and not column.has_default and not column.filled
    if not column.is_used:
        if needs_value:
            yield (column.name, "column"), ("needs a value", f"{limit.type} NOT NULL")
        return
    yield (column.name, "column"), ("used", limit.type)
    yield (column.name, "type"), _type(column)
    yield (column.name, "nullable"), (limit.is_nullable, "NULL" if limit.is_nullable else "NOT NULL")
    yield (column.name, "default"), (column.has_default, "DEFAULT" if column.has_default else _ABSENT)
    yield (column.name, "filled"), (column.filled, column.filled)


def _type(column: ReflectedColumn) -> tuple[Mapping[str, Any], str]:
    fact = asdict(column.limit)
    del fact["is_nullable"]
    if column.limit.kind != "other":
        del fact["type"]
    charset = column.limit.charset
    return {**fact, "words": list(fact["words"])}, f"{column.limit.type} {charset}" if charset else column.limit.type


def _rights(reflected: Reflected) -> tuple[Any, str]:
    rights = reflected.rights
    if rights is None:
        return None, _ABSENT
    lacks = [each for each in (rights.lacks_schema, rights.lacks_sequence) if each]
    held, powers = sorted(rights.held), sorted(rights.powers)
    return [held, powers, lacks], ", ".join((*held, *powers, *(f"- {each}" for each in lacks)))


def _of_other(other: OtherTable) -> Iterator[tuple[_Key, tuple[Any, str]]]:
    held = [] if other.rights is None else sorted(other.rights.held)
    types = {column.name: _type(column) for column in other.columns}
    facts = [other.is_there, other.is_unique, held, {name: fact for name, (fact, _) in types.items()}]
    parts = [*(f"{name} {told}" for name, (_, told) in types.items()), *(["UNIQUE"] if other.is_unique else []), *held]
    yield (f"{other.table}\0{other.column}", "elsewhere"), (facts, ", ".join(parts) if other.is_there else _ABSENT)


def _apart(name: str) -> tuple[str, str]:
    table, _, column = name.partition("\0")
    return table, column
