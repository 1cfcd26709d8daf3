"""Judging a target's mapping against the tables of the website as they are.

Everything here is pure: what `reflect` saw goes in, findings come out. Those about one value in one column come from
`fits`; here is what concerns the table, its key, what must not be empty, the rights, and other tables.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from qbwc_server.publish.engine import Backend
from qbwc_server.publish.mapping import fits
from qbwc_server.publish.mapping.finding import Finding, Level
from qbwc_server.publish.mapping.model import ColumnRule, KeyPart, TargetRule
from qbwc_server.publish.mapping.names import nearest, quoted, written_table
from qbwc_server.publish.mapping.reflected import Reflected, ReflectedColumn
from qbwc_server.publish.mapping.tables_around import of_others, of_rights

__all__ = ["Finding", "Level", "judge"]

_SAFE_ENGINES: Final = ("innodb", "rocksdb", "ndbcluster", "ndb")
_ALWAYS_THERE: Final = ("ListID", "Name", "FullName", "IsActive", "TimeCreated", "TimeModified", "EditSequence", "Type")
_UUID_LENGTH: Final = 36
_CREATED: Final = re.compile(r"creat|insert|added|joined|registered", re.IGNORECASE)


def judge(
    rule: TargetRule, reflected: Reflected | None, backend: Backend, tables: Iterable[str] = ()
) -> tuple[Finding, ...]:
    """Return what is wrong with a target, or worth knowing; the errors first.

    Args:
        rule: the target.
        reflected: its table; None where there is none.
        backend: the kind of database.
        tables: the names of all tables, to guess which was meant.
    """
    if rule.schema is not None and backend != "postgresql":
        return (Finding("error", "schema", rule.table, values={"schema": rule.schema}),)
    if reflected is None:
        return (Finding("error", "table_missing", rule.table, values={"near": nearest(rule.table, tables)}),)
    if not reflected.columns:
        return tuple(of_rights(rule, reflected, backend))
    found = (
        *_of_table(rule, reflected, backend),
        *_missing_columns(rule, reflected),
        *_of_key(rule, reflected, backend),
        *_needing_values(rule, reflected),
        *_of_columns(rule, reflected, backend),
        *of_others(rule, reflected, backend),
        *of_rights(rule, reflected, backend),
    )
    order: tuple[Level, ...] = ("error", "warning", "note")
    return tuple(sorted(found, key=lambda each: order.index(each.level)))


def _of_table(rule: TargetRule, reflected: Reflected, backend: Backend) -> Iterator[Finding]:
    table = written_table(rule.table, rule.schema, backend)
    if reflected.is_view:
        yield Finding("error", "view", rule.table)
        return
    if not reflected.primary_key:
        yield Finding("error", "no_primary_key", rule.table, values={"sql": _new_key(table, backend)})
    engine = reflected.engine
    if engine is not None and engine.lower() not in _SAFE_ENGINES and not rule.allow_no_transactions:
        yield Finding(
            "error", "engine", rule.table, values={"engine": engine, "sql": f"ALTER TABLE {table} ENGINE=InnoDB;"}
        )
    if reflected.triggers:
        yield Finding("note", "triggers", rule.table, values={"names": ", ".join(reflected.triggers)})
    if reflected.has_row_security:
        yield Finding("warning", "row_security", rule.table)
    narrow: dict[str, list[str]] = {}
    for column in reflected.columns:
        if column.is_used and fits.is_narrow(column.limit):
            narrow.setdefault(column.limit.charset or "", []).append(column.name)
    for charset, names in narrow.items():
        sql = f"ALTER TABLE {table} CONVERT TO CHARACTER SET utf8mb4;"
        yield Finding(
            "warning", "charset", rule.table, values={"charset": charset, "names": ", ".join(names), "sql": sql}
        )


def _new_key(table: str, backend: Backend) -> str:
    of: dict[Backend, str] = {
        "postgresql": f"ALTER TABLE {table} ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;",
        "mysql": f"ALTER TABLE {table} ADD COLUMN id BIGINT AUTO_INCREMENT PRIMARY KEY FIRST;",
        "sqlite": "id INTEGER PRIMARY KEY",
    }
    return of[backend]


def _missing_columns(rule: TargetRule, reflected: Reflected) -> Iterator[Finding]:
    names = [column.name for column in reflected.columns]
    for name in dict.fromkeys(_named(rule)):
        if name not in names:
            yield Finding("error", "column_missing", rule.table, name, {"near": nearest(name, names)})


def _named(rule: TargetRule) -> Iterator[str]:
    yield from (part.column for part in rule.key)
    yield from (column.column for column in rule.columns)
    yield from (column for way in rule.adopt for column, _ in way)
    yield from (column for column, _ in rule.inactive)


def _of_key(rule: TargetRule, reflected: Reflected, backend: Backend) -> Iterator[Finding]:
    names = [part.column for part in rule.key]
    columns = [column for name in names if (column := reflected.column(name)) is not None]
    if len(columns) < len(names):
        return
    if not reflected.is_unique(names) and not reflected.is_view:
        sql = _unique_index(rule, names, backend)
        yield Finding("warning", "key_not_unique", rule.table, names[0], {"names": ", ".join(names), "sql": sql})
    for column in columns:
        # An existing row that is to be adopted has no key yet.
        if rule.adopt and not column.limit.is_nullable:
            sql = _nullable(rule, column, backend)
            yield Finding("warning", "adopt_not_null", rule.table, column.name, {"sql": sql})


def _unique_index(rule: TargetRule, names: list[str], backend: Backend) -> str:
    index = quoted("_".join((rule.table, *names, "key"))[:60], backend)
    columns = ", ".join(quoted(name, backend) for name in names)
    return f"CREATE UNIQUE INDEX {index} ON {written_table(rule.table, rule.schema, backend)} ({columns});"


def _nullable(rule: TargetRule, column: ReflectedColumn, backend: Backend) -> str:
    table, name = written_table(rule.table, rule.schema, backend), quoted(column.name, backend)
    if backend == "mysql":
        return f"ALTER TABLE {table} MODIFY {name} {column.limit.type} NULL;"
    # SQLite cannot alter a column: its table is made anew.
    return f"ALTER TABLE {table} ALTER COLUMN {name} DROP NOT NULL;" if backend == "postgresql" else f"{name} NULL"


def _needing_values(rule: TargetRule, reflected: Reflected) -> Iterator[Finding]:
    if rule.missing != "insert":
        return
    filled = {part.column for part in rule.key} | {column.column for column in rule.columns}
    foreign = {each.column: each for each in reflected.foreign_keys}
    for column in reflected.columns:
        if column.limit.is_nullable or column.has_default or column.filled or column.name in filled:
            continue
        key = foreign.get(column.name)
        is_own = reflected.is_unique([column.name])
        line = _line(column, is_own=is_own) if key is None else _lookup_line(column.name, key.table, key.refers)
        yield Finding("error", "needs_value", rule.table, column.name, {"type": column.limit.type, "line": line})


def _line(column: ReflectedColumn, *, is_own: bool) -> str:
    """Return the line of the mapping that would give a column its value; `is_own`: each row wants one of its own."""
    limit = column.limit
    when = "insert"
    if limit.kind in {"datetime", "date"}:
        value = '"@now"'
        # What does not tell of the row's birth tells of its last change.
        when = "insert" if limit.kind == "date" or _CREATED.search(column.name) else "changed"
    elif limit.kind == "uuid" or (limit.kind == "text" and limit.length == _UUID_LENGTH):
        value = '"@uuid4"'
    elif is_own:
        return f'{column.name} = {{ from = "…" }}'
    else:
        word = f'"{limit.words[0]}"' if limit.words else '""'
        value = {"bool": "false", "int": "0", "decimal": "0", "float": "0"}.get(limit.kind, word)
    return f'{column.name} = {{ value = {value}, when = "{when}" }}'


def _lookup_line(name: str, table: str, refers: str) -> str:
    lookup = f'{{ table = "{table}", match = "…", give = "{refers}", missing = "hold" }}'
    return f'{name} = {{ from = "…", lookup = {lookup} }}'


def _of_columns(rule: TargetRule, reflected: Reflected, backend: Backend) -> Iterator[Finding]:
    for part in rule.key:
        column = reflected.column(part.column)
        if column is not None:
            yield from _filled(rule, column)
            yield from _key_fit(rule, part, column, backend)
    for each in rule.columns:
        column = reflected.column(each.column)
        if column is not None:
            yield from _filled(rule, column)
            yield from _fit(rule, each, column, backend)
            yield from _empties(rule, each, column)
            yield from _other_rows(rule, each, column, reflected)
    for name, value in rule.inactive:
        column = reflected.column(name)
        if column is not None:
            for level, code, values in fits.misfits(fits.constant(value), column.limit, backend):
                # Such a constant has no line of its own that could ask for a type.
                yield Finding(level, "wrong_kind" if code == "wrong_type" else code, rule.table, name, values)


def _filled(rule: TargetRule, column: ReflectedColumn) -> Iterator[Finding]:
    if column.filled:
        yield Finding("error", column.filled, rule.table, column.name)


def _key_fit(rule: TargetRule, part: KeyPart, column: ReflectedColumn, backend: Backend) -> Iterator[Finding]:
    made = None if part.field is None else fits.given_field(rule.list, part.field)
    if made is not None:
        for level, code, values in fits.misfits(made, column.limit, backend):
            # A key has neither a `type` to ask for nor transforms.
            told = {"wrong_type": "wrong_kind", "shorter": "key_shorter"}.get(code, code)
            yield Finding(level, told, rule.table, part.column, values)


def _fit(rule: TargetRule, each: ColumnRule, column: ReflectedColumn, backend: Backend) -> Iterator[Finding]:
    # What a lookup gives comes from the other table, of whose column `of_others` judges.
    made = None if each.lookup is not None else fits.given(rule.list, each)
    if made is not None:
        for level, code, values in fits.misfits(made, column.limit, backend):
            yield Finding(level, code, rule.table, each.column, values)


def _empties(rule: TargetRule, each: ColumnRule, column: ReflectedColumn) -> Iterator[Finding]:
    if column.limit.is_nullable or column.filled or each.field is None:
        return
    can_be_text = column.limit.kind == "text"
    empty = each.empty or rule.empty
    # A new row has nothing to keep but a default.
    is_bare = rule.missing == "insert" and not column.has_default
    if each.lookup is not None:
        if each.lookup.missing == "null":
            yield Finding("warning", "lookup_null", rule.table, each.column, {"other": each.lookup.table})
    elif each.field not in _ALWAYS_THERE and (empty == "null" or (empty == "keep" and is_bare)):
        code = "empty_text" if can_be_text else "empty_null"
        yield Finding("warning", code, rule.table, each.column, {"given": each.field})


def _other_rows(rule: TargetRule, each: ColumnRule, column: ReflectedColumn, reflected: Reflected) -> Iterator[Finding]:
    key = next((key for key in reflected.foreign_keys if key.column == each.column), None)
    if key is not None and each.lookup is None and each.field is not None:
        line = _lookup_line(each.column, key.table, key.refers).replace('"…"', f'"{each.field}"', 1)
        yield Finding("warning", "foreign_key", rule.table, column.name, {"other": key.table, "line": line})
    is_key = any(part.column == each.column for part in rule.key)
    if not is_key and (each.column,) in reflected.unique and each.field is not None:
        yield Finding("note", "unique", rule.table, column.name, {"given": each.field})
