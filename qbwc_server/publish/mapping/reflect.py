"""Looking at the tables of the website's database that a target leans on; nothing is written.

SQLAlchemy's inspector tells the columns, keys and indexes, `catalogs` and `rights` what it does not. All of it is read
through the caller's connection, so it belongs to one moment where that connection is in a transaction.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from qbwc_server.publish import errors
from qbwc_server.publish.engine import Backend, backend
from qbwc_server.publish.mapping.catalogs import Extras, extras
from qbwc_server.publish.mapping.families import limit_of
from qbwc_server.publish.mapping.fingerprint import Difference, differences, fingerprint
from qbwc_server.publish.mapping.model import TargetRule
from qbwc_server.publish.mapping.names import nearest
from qbwc_server.publish.mapping.reflected import (
    ForeignKey,
    Limit,
    OtherTable,
    Reflected,
    ReflectedColumn,
    from_json,
    limits,
    to_json,
)
from qbwc_server.publish.mapping.rights import rights

__all__ = [
    "Difference",
    "Limit",
    "Reflected",
    "ReflectedColumn",
    "differences",
    "fingerprint",
    "from_json",
    "limits",
    "reflect",
    "table_names",
    "to_json",
]

_MYSQL_DENIED = ("1142", "1143")


def reflect(
    connection: sa.Connection, rule: TargetRule, targets: Mapping[str, TargetRule] = MappingProxyType({})
) -> Reflected | None:
    """Return what a target's table and those it takes values from are like; None where there is no such table.

    Args:
        connection: to the website's database.
        rule: the target.
        targets: all targets by their names: those whose rows are named in the key are looked at as well.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database cannot be asked.
    """
    used = tuple(dict.fromkeys(_used(rule)))
    found = _table(connection, rule.table, rule.schema, used)
    if found is None or not found.columns:
        return found
    others = tuple(_others(connection, rule, targets))
    return replace(found, others=others)


def table_names(connection: sa.Connection, schema: str | None = None) -> tuple[str, ...]:
    """Return the names of all tables and views that we can see, sorted."""
    inspector = sa.inspect(connection)
    return tuple(sorted({*inspector.get_table_names(schema), *inspector.get_view_names(schema)}))


def _used(rule: TargetRule) -> Iterator[str]:
    yield from (part.column for part in rule.key)
    yield from (column.column for column in rule.columns)
    yield from (column for way in rule.adopt for column, _ in way)
    yield from (column for column, _ in rule.inactive)


def _table(connection: sa.Connection, table: str, schema: str | None, used: Sequence[str]) -> Reflected | None:
    kind = backend(connection.engine)
    try:
        inspector = sa.inspect(connection)
        if not inspector.has_table(table, schema=schema):
            return None
        more = extras(connection, table, schema, kind)
        key = tuple(inspector.get_pk_constraint(table, schema).get("constrained_columns") or ())
        columns = tuple(_columns(inspector.get_columns(table, schema), more, {*used, *key}, connection, kind))
        unique = more.unique if more.unique is not None else _unique(inspector, table, schema)
        foreign = tuple(_foreign_keys(inspector, table, schema))
    except DBAPIError as error:
        # MySQL shows a table only to those who have some right to it.
        if kind != "mysql" or errors.code(error) not in _MYSQL_DENIED:
            raise
        return Reflected(table, (), rights=rights(connection, table, schema, used, 0))
    there = [column.name for column in columns if column.is_used]
    return Reflected(
        table=table,
        columns=columns,
        primary_key=key,
        unique=unique,
        foreign_keys=foreign,
        is_view=more.is_view,
        engine=more.engine,
        triggers=more.triggers,
        has_row_security=more.has_row_security,
        rights=rights(connection, table, schema, there, more.oid),
    )


def _columns(
    described: Iterable[Any], more: Extras, used: set[str], connection: sa.Connection, kind: Backend
) -> Iterator[ReflectedColumn]:
    for each in described:
        name = str(each["name"])
        of = more.types.get(name, getattr(each["type"], "data_type", each["type"]))
        written = more.written.get(name) or _written(each["type"], connection)
        limit = limit_of(of, written, kind, nullable=bool(each["nullable"]), charset=more.charsets.get(name))
        default = each.get("default")
        counted = (
            each.get("identity") is not None
            or (kind == "mysql" and each.get("autoincrement") is True)
            or (kind == "postgresql" and str(default or "").startswith("nextval("))
        )
        yield ReflectedColumn(
            name=name,
            limit=limit,
            has_default=default is not None or counted or name in more.counted,
            filled="computed" if each.get("computed") else "identity" if counted else "",
            is_used=name in used,
        )


def _written(kind: sa.types.TypeEngine[Any], connection: sa.Connection) -> str:
    try:
        return str(kind.compile(dialect=connection.dialect)).lower()
    except sa.exc.CompileError:
        # A type of an extension that SQLAlchemy does not know.
        return "?"


def _unique(inspector: sa.Inspector, table: str, schema: str | None) -> tuple[tuple[str, ...], ...]:
    found = {tuple(sorted(each["column_names"])) for each in inspector.get_unique_constraints(table, schema)}
    for index in inspector.get_indexes(table, schema):
        names = index["column_names"]
        options = index.get("dialect_options", {})
        if index["unique"] and None not in names and not options.get("postgresql_where"):
            found.add(tuple(sorted(str(name) for name in names)))
    return tuple(sorted(found))


def _foreign_keys(inspector: sa.Inspector, table: str, schema: str | None) -> Iterator[ForeignKey]:
    for each in inspector.get_foreign_keys(table, schema):
        if len(each["constrained_columns"]) == 1:
            yield ForeignKey(each["constrained_columns"][0], each["referred_table"], each["referred_columns"][0])


def _others(connection: sa.Connection, rule: TargetRule, targets: Mapping[str, TargetRule]) -> Iterator[OtherTable]:
    for column in rule.columns:
        if (lookup := column.lookup) is not None:
            names = (lookup.match, lookup.give)
            found = _table(connection, lookup.table, rule.schema, names)
            is_unique = found is not None and found.is_unique([lookup.match])
            yield replace(_other(column.column, lookup.table, found, names), role="lookup", is_unique=is_unique)
    for part in rule.key:
        target = targets.get(part.of_target or "")
        if target is not None and part.of_column is not None:
            found = _table(connection, target.table, target.schema, (part.of_column,))
            yield _other(part.column, target.table, found, (part.of_column,))


def _other(column: str, table: str, found: Reflected | None, names: Sequence[str]) -> OtherTable:
    if found is None:
        return OtherTable(column, table, "parent", is_there=False)
    every = [each.name for each in found.columns]
    return OtherTable(
        column=column,
        table=table,
        role="parent",
        columns=tuple(each for each in found.columns if each.name in names),
        # Where we may not look, nothing is missing yet.
        near=tuple((name, nearest(name, every)) for name in dict.fromkeys(names) if every and name not in every),
        rights=found.rights,
    )
