"""The tables in the website's database: one per list, built from the field tables, and four of our own.

Column types are chosen so that nothing is lost: money and quantities are exact decimals, or QuickBooks's digits as
text on SQLite, which has no exact decimals; texts of more than 255 characters and JSON are unlimited texts, JSON as
plain text on every database, so that each keeps it letter for letter. Times are `timestamptz` on PostgreSQL, UTC
`DATETIME(6)` on MySQL, ISO 8601 text in UTC on SQLite. Key columns compare exactly.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.types import TypeEngine

from qbwc_server.publish.values import DECIMAL_DIGITS, DECIMAL_SCALE, LONGEST_VARCHAR, Shape
from qbwc_server.qbxml.fields import ID, Field
from qbwc_server.qbxml.lists import LISTS, ListType

COMPANY_MAX = 40
ENUM_MAX = 60
LIST_ID_MAX = ID.max_length or 36
_MYSQL = ("mysql", "mariadb")
_OPTIONS: dict[str, Any] = {
    f"{dialect}_{option}": value
    for dialect in _MYSQL
    for option, value in (
        ("engine", "InnoDB"),
        ("row_format", "DYNAMIC"),
        ("charset", "utf8mb4"),
        ("collate", "utf8mb4_unicode_ci"),
    )
}


class Moment(sa.TypeDecorator[datetime]):
    """A time, aware and in UTC on the Python side."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        """Return the database's own type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        if dialect.name in _MYSQL:
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        """Return what the driver is given."""
        if value is None:
            return None
        utc = value.astimezone(UTC)
        if dialect.name == "postgresql":
            return utc
        plain = utc.replace(tzinfo=None)
        return plain if dialect.name in _MYSQL else plain.isoformat(timespec="microseconds") + "Z"

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        """Return what the driver gave, aware and in UTC."""
        if value is None:
            return None
        if dialect.name in _MYSQL:
            return cast("datetime", value).replace(tzinfo=UTC)
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return found.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list's table and the field it shows.

    Attributes:
        field: name of the field.
        shape: what the column holds.
        private: stays NULL unless the owner published it.
    """

    field: str
    shape: Shape
    private: bool


@dataclass(frozen=True, slots=True)
class Target:
    """The website's table for one list.

    Attributes:
        list: name of the list.
        table: its table; its name is the target's name.
        columns: what a record fills; the key, `is_deleted` and `published_at` are not among them.
    """

    list: str
    table: sa.Table
    columns: tuple[Column, ...]


_PLAIN_TYPES: dict[str, TypeEngine[Any]] = {
    "bool": sa.Boolean(),
    "int": sa.Integer(),
    "decimal": sa.Numeric(DECIMAL_DIGITS, DECIMAL_SCALE).with_variant(sa.Text(), "sqlite"),
    "json": sa.Text().with_variant(mysql.MEDIUMTEXT(), *_MYSQL),
}

metadata = sa.MetaData()


def _key(length: int) -> TypeEngine[str]:
    exact = mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin")
    return sa.String(length).with_variant(exact, *_MYSQL)


def _type(shape: Shape) -> TypeEngine[Any]:
    if shape.kind in _PLAIN_TYPES:
        return _PLAIN_TYPES[shape.kind]
    if shape.limit is None:
        return sa.Text()
    if shape.column.endswith("list_id"):
        return _key(shape.limit)
    return sa.String(shape.limit)


def _target(list_type: ListType) -> Target:
    columns = tuple(
        Column(field.name, _shape(field), field.private)
        for field in list_type.columns
        if field.column not in ("company", "list_id", "is_deleted", "published_at")
    )
    table = sa.Table(
        list_type.table,
        metadata,
        sa.Column("company", _key(COMPANY_MAX), primary_key=True),
        sa.Column("list_id", _key(LIST_ID_MAX), primary_key=True),
        *(sa.Column(column.shape.column, _type(column.shape)) for column in columns),
        sa.Column("is_deleted", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("published_at", Moment()),
        **_OPTIONS,
    )
    return Target(list_type.name, table, columns)


def _shape(field: Field) -> Shape:
    limit = ENUM_MAX if field.type.name == "enum" else field.type.max_length
    fits = limit is not None and limit <= LONGEST_VARCHAR
    return Shape(field.column or "", field.type.kind, limit if fits else None)


TARGETS = tuple(_target(list_type) for list_type in LISTS)

STATE = sa.Table(
    "qbwc_publish_state",
    metadata,
    sa.Column("target", _key(64), primary_key=True),
    sa.Column("company", _key(COMPANY_MAX), primary_key=True),
    sa.Column("list", _key(32), primary_key=True),
    sa.Column("list_id", _key(LIST_ID_MAX), primary_key=True),
    sa.Column("stream_id", sa.String(64), nullable=False),
    sa.Column("seq", sa.BigInteger(), nullable=False),
    sa.Column("outcome", sa.String(20), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("published_at", Moment(), nullable=False),
    **_OPTIONS,
)
FRESHNESS = sa.Table(
    "qbwc_freshness",
    metadata,
    sa.Column("company", _key(COMPANY_MAX), primary_key=True),
    sa.Column("list", _key(32), primary_key=True),
    sa.Column("last_contact_at", Moment()),
    sa.Column("last_changed_read_at", Moment()),
    sa.Column("last_full_read_at", Moment()),
    sa.Column("complete", sa.Boolean(), nullable=False, server_default=sa.false()),
    **_OPTIONS,
)
CHECKED = sa.Table(
    "qbwc_checked",
    metadata,
    sa.Column("company", _key(COMPANY_MAX), primary_key=True),
    sa.Column("list", _key(32), primary_key=True),
    sa.Column("list_id", _key(LIST_ID_MAX), primary_key=True),
    sa.Column("checked_at", Moment(), nullable=False),
    **_OPTIONS,
)
MARKS = sa.Table(
    "qbwc_tables",
    metadata,
    sa.Column("name", _key(64), primary_key=True),
    sa.Column("marked_at", Moment(), nullable=False),
    **_OPTIONS,
)
OWN = (MARKS, STATE, FRESHNESS, CHECKED)
"""Our own tables beside the lists'; all are named qbwc_…"""


def target(list_name: str) -> Target:
    """Return the target of a list.

    Raises:
        KeyError: there is no such list.
    """
    for found in TARGETS:
        if found.list == list_name:
            return found
    raise KeyError(list_name)
