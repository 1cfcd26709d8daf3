"""What a database's own catalogs tell of a table beyond what SQLAlchemy reflects."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from qbwc_server.publish.engine import Backend

_MYSQL_TABLE = "SELECT ENGINE, TABLE_TYPE FROM information_schema.TABLES WHERE {here}"
_MYSQL_COLUMNS = "SELECT COLUMN_NAME, COLUMN_TYPE, CHARACTER_SET_NAME FROM information_schema.COLUMNS WHERE {here}"
_MYSQL_TRIGGERS = (
    "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS "
    "WHERE EVENT_OBJECT_SCHEMA = COALESCE(:schema, DATABASE()) AND EVENT_OBJECT_TABLE = :table"
)
_MYSQL_UNIQUE = (
    "SELECT INDEX_NAME, COLUMN_NAME FROM information_schema.STATISTICS WHERE {here} AND NON_UNIQUE = 0 "
    "AND INDEX_NAME <> 'PRIMARY' ORDER BY INDEX_NAME, SEQ_IN_INDEX"
)
# MariaDB's JSON is a text with this rule, which its catalog of rules does not show to every user.
_MARIADB_JSON = re.compile(r"""CHECK \(json_valid\([`"]((?:[^`"]|``|"")+)[`"]\)\)""", re.IGNORECASE)
_MYSQL_HERE = "TABLE_SCHEMA = COALESCE(:schema, DATABASE()) AND TABLE_NAME = :table"
_PG_TABLE = (
    "SELECT c.oid, c.relkind IN ('v', 'm') AS is_view, row_security_active(c.oid) AS has_row_security "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relname = :table AND CASE WHEN CAST(:schema AS text) IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) "
    "ELSE n.nspname = :schema END AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
)
_PG_TRIGGERS = "SELECT tgname FROM pg_catalog.pg_trigger WHERE tgrelid = :oid AND NOT tgisinternal AND tgenabled <> 'D'"
# What a domain is made of, with its length, in PostgreSQL's spelling: "character varying(20)".
_PG_DOMAINS = (
    "SELECT a.attname, t.typbasetype, pg_catalog.format_type(t.typbasetype, t.typtypmod) AS made_of, t.typtypmod "
    "FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid AND t.typtype = 'd' "
    "WHERE a.attrelid = :oid AND NOT a.attisdropped AND a.attnum > 0"
)
# PostgreSQL keeps a text's length with its four bytes of header, and both numbers of a numeric in one.
_PG_HEADER = 4


@dataclass(frozen=True, slots=True)
class Extras:
    """What SQLAlchemy does not tell, or not everywhere.

    Attributes:
        oid: PostgreSQL's number of the table; 0 elsewhere.
        is_view: no table.
        engine: MySQL's.
        triggers: names.
        has_row_security: PostgreSQL hides rows from us.
        written: column -> its type as the database writes it, where that is not what SQLAlchemy compiles.
        charsets: column -> character set, on MySQL.
        types: column -> its type where SQLAlchemy's is not the whole truth: a domain's, or MariaDB's JSON.
        counted: columns that an SQLite table fills with its row number.
        unique: columns of each unique index over all rows, where SQLAlchemy is not asked.
    """

    oid: int = 0
    is_view: bool = False
    engine: str | None = None
    triggers: tuple[str, ...] = ()
    has_row_security: bool = False
    written: Mapping[str, str] = field(default_factory=dict)
    charsets: Mapping[str, str | None] = field(default_factory=dict)
    types: Mapping[str, sa.types.TypeEngine[Any]] = field(default_factory=dict)
    counted: frozenset[str] = frozenset()
    unique: tuple[tuple[str, ...], ...] | None = None


def extras(connection: sa.Connection, table: str, schema: str | None, backend: Backend) -> Extras:
    """Return what the catalogs tell of a table that is there."""
    if backend == "sqlite":
        return _sqlite(connection, table)
    of = {"schema": schema, "table": table}
    return _mysql(connection, of) if backend == "mysql" else _postgresql(connection, of)


def _mysql(connection: sa.Connection, of: Mapping[str, str | None]) -> Extras:
    engine, kind = connection.execute(sa.text(_MYSQL_TABLE.format(here=_MYSQL_HERE)), of).one()
    columns = connection.execute(sa.text(_MYSQL_COLUMNS.format(here=_MYSQL_HERE)), of).all()
    indexes: dict[str, list[str | None]] = {}
    for name, column in connection.execute(sa.text(_MYSQL_UNIQUE.format(here=_MYSQL_HERE)), of):
        indexes.setdefault(str(name), []).append(column)
    texts_of_json = _texts_of_json(connection, of) if kind == "BASE TABLE" else []
    return Extras(
        is_view=kind != "BASE TABLE",
        engine=engine,
        triggers=tuple(sorted(connection.execute(sa.text(_MYSQL_TRIGGERS), of).scalars())),
        written={name: _text(written) for name, written, _ in columns} | dict.fromkeys(texts_of_json, "json"),
        charsets={name: charset for name, _, charset in columns},
        types={name: sa.JSON() for name in texts_of_json},
        unique=_whole(indexes.values()),
    )


def _texts_of_json(connection: sa.Connection, of: Mapping[str, str | None]) -> list[str]:
    if not getattr(connection.dialect, "is_mariadb", False):
        return []
    name = connection.dialect.identifier_preparer.format_table(
        sa.Table(str(of["table"]), sa.MetaData(schema=of["schema"]))
    )
    made = connection.exec_driver_sql(f"SHOW CREATE TABLE {name}").one()[1]
    return [found.replace("``", "`") for found in _MARIADB_JSON.findall(str(made))]


def _postgresql(connection: sa.Connection, of: Mapping[str, str | None]) -> Extras:
    oid, is_view, has_row_security = connection.execute(sa.text(_PG_TABLE), of).one()
    domains = connection.execute(sa.text(_PG_DOMAINS), {"oid": oid}).all()
    return Extras(
        oid=oid,
        is_view=is_view,
        has_row_security=has_row_security,
        triggers=tuple(sorted(connection.execute(sa.text(_PG_TRIGGERS), {"oid": oid}).scalars())),
        written={name: made_of for name, _, made_of, _ in domains},
        types={name: made for name, _, made_of, bits in domains if (made := _domain(made_of, bits)) is not None},
    )


def _domain(made_of: str, modifier: int) -> sa.types.TypeEngine[Any] | None:
    """Return the type with the length or digits that SQLAlchemy leaves out of a domain's; None where it has none."""
    if modifier < 0:
        return None
    bare = modifier - _PG_HEADER
    if made_of.startswith("character varying"):
        return postgresql.VARCHAR(bare)
    if made_of.startswith("character"):
        return postgresql.CHAR(bare)
    if made_of.startswith("numeric"):
        return postgresql.NUMERIC(bare >> 16, bare & 0x7FF)
    return None


def _sqlite(connection: sa.Connection, table: str) -> Extras:
    name = connection.dialect.identifier_preparer.quote_identifier(table)
    kind, made = connection.execute(
        sa.text("SELECT type, sql FROM sqlite_master WHERE lower(name) = lower(:table) AND type IN ('table', 'view')"),
        {"table": table},
    ).one()
    triggers = connection.execute(
        sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = lower(:table)"),
        {"table": table},
    ).scalars()
    columns = connection.exec_driver_sql(f"PRAGMA table_xinfo({name})").mappings().all()
    key = [column for column in columns if column["pk"]]
    # Only a key of exactly this type is the row's own number.
    has_number = len(key) == 1 and key[0]["type"].upper() == "INTEGER" and "WITHOUT ROWID" not in str(made).upper()
    return Extras(
        is_view=kind == "view",
        triggers=tuple(sorted(triggers)),
        written={column["name"]: column["type"].lower() for column in columns},
        counted=frozenset([key[0]["name"]]) if has_number else frozenset(),
        unique=_sqlite_unique(connection, name),
    )


def _sqlite_unique(connection: sa.Connection, name: str) -> tuple[tuple[str, ...], ...]:
    # SQLAlchemy warns of every index over an expression, which is the developer's good right.
    indexes = connection.exec_driver_sql(f"PRAGMA index_list({name})").mappings().all()
    quote = connection.dialect.identifier_preparer.quote_identifier
    return _whole(
        [
            part["name"]
            for part in connection.exec_driver_sql(f"PRAGMA index_info({quote(index['name'])})").mappings().all()
        ]
        for index in indexes
        if index["unique"] and not index["partial"] and index["origin"] != "pk"
    )


def _whole(indexes: Any) -> tuple[tuple[str, ...], ...]:
    """Return the indexes that are over columns alone; a part without a name is an expression."""
    return tuple(sorted({tuple(sorted(parts)) for parts in map(list, indexes) if all(parts)}))


def _text(written: Any) -> str:
    # MySQL 8 sends this column of its catalog as bytes.
    return written.decode() if isinstance(written, bytes) else str(written)
