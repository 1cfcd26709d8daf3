"""From a type of the database to what a column of it takes.

PostgreSQL and MySQL enforce what they declare. SQLite does not: there a type is what its owner wrote, and it counts
here as if it were enforced, so that a site that is tried on SQLite behaves like the one on a server.
"""

import re
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.types import TypeEngine

from qbwc_server.publish.engine import Backend
from qbwc_server.publish.mapping.reflected import Family, Limit

_MYSQL_BYTES: Final = {"tinytext": 255, "text": 65_535, "mediumtext": 16_777_215, "longtext": 4_294_967_295}
_BITS: Final[tuple[tuple[type[TypeEngine[Any]], int], ...]] = (
    (mysql.TINYINT, 8),
    (mysql.MEDIUMINT, 24),
    (sa.SmallInteger, 16),
    (sa.BigInteger, 64),
    (sa.Integer, 32),
)
# In this order: an enum is a string, a float a number, to SQLAlchemy.
_FAMILIES: Final[tuple[tuple[tuple[type[TypeEngine[Any]], ...], Family], ...]] = (
    ((mysql.SET, mysql.BIT, mysql.YEAR), "other"),
    ((sa.Enum,), "enum"),
    ((sa.JSON,), "json"),
    ((sa.Uuid,), "uuid"),
    ((sa.Boolean,), "bool"),
    ((sa.String,), "text"),
    ((sa.Float,), "float"),
    ((sa.Numeric,), "decimal"),
    ((sa.Integer,), "int"),
    ((sa.DateTime,), "datetime"),
    ((sa.Date,), "date"),
    ((sa.Time,), "time"),
    ((sa.LargeBinary, sa.types._Binary), "bytes"),  # noqa: SLF001 - BINARY and VARBINARY have no public parent
)
_DECLARED: Final = re.compile(
    r"\s*([a-z0-9_ ]*?)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*(unsigned)?\s*", re.IGNORECASE
)
_SQLITE: Final[tuple[tuple[str, Family], ...]] = (
    ("bool", "bool"),
    ("json", "json"),
    ("uuid", "uuid"),
    ("int", "int"),
    ("char", "text"),
    ("clob", "text"),
    ("text", "text"),
    ("string", "text"),
    ("datetime", "datetime"),
    ("timestamp", "datetime"),
    ("date", "date"),
    ("time", "time"),
    ("blob", "bytes"),
    ("binary", "bytes"),
    ("real", "float"),
    ("floa", "float"),
    ("doub", "float"),
    ("dec", "decimal"),
    ("num", "decimal"),
    ("money", "decimal"),
)
_SQLITE_BITS: Final = {"tinyint": 8, "smallint": 16, "mediumint": 24}


def limit_of(
    kind: TypeEngine[Any], written: str, backend: Backend, *, nullable: bool, charset: str | None = None
) -> Limit:
    """Return what a column of a type takes.

    Args:
        kind: as SQLAlchemy reflects it.
        written: as the database writes it.
        backend: the kind of database.
        nullable: whether it may be NULL.
        charset: of a text on MySQL.
    """
    if backend == "sqlite":
        return _sqlite(written, nullable=nullable)
    family = _family(kind)
    if family in {"text", "enum"}:
        return _text(family, kind, written, backend, nullable=nullable, charset=charset)
    if family == "int":
        return _integer(kind, written, nullable=nullable)
    if family == "decimal":
        digits, scale = getattr(kind, "precision", None), getattr(kind, "scale", None)
        lowest = 0 if getattr(kind, "unsigned", False) else None
        scale = scale or 0 if digits else scale
        return Limit(family, written, digits=digits, scale=scale, lowest=lowest, is_nullable=nullable)
    if family == "datetime":
        parts = getattr(kind, "fsp", None) if backend == "mysql" else getattr(kind, "precision", None)
        scale = 0 if backend == "mysql" and parts is None else parts
        return Limit(
            family, written, scale=scale, is_nullable=nullable, is_zoned=bool(getattr(kind, "timezone", False))
        )
    return Limit(family, written, is_nullable=nullable)


def _family(kind: TypeEngine[Any]) -> Family:
    if isinstance(kind, mysql.TINYINT) and kind.display_width == 1:
        return "bool"
    if isinstance(kind, postgresql.MONEY):
        return "other"
    return next((family for types, family in _FAMILIES if isinstance(kind, types)), "other")


def _text(
    family: Family, kind: TypeEngine[Any], written: str, backend: Backend, *, nullable: bool, charset: str | None
) -> Limit:
    words = tuple(str(word) for word in getattr(kind, "enums", ()))
    return Limit(
        family,
        written,
        length=None if family == "enum" else getattr(kind, "length", None),
        size=_MYSQL_BYTES.get(written.partition("(")[0].lower()) if backend == "mysql" else None,
        is_nullable=nullable,
        charset="utf8mb3" if charset == "utf8" else charset,
        words=words,
        is_padded=family == "text" and isinstance(kind, sa.CHAR),
    )


def _integer(kind: TypeEngine[Any], written: str, *, nullable: bool) -> Limit:
    bits = next(bits for types, bits in _BITS if isinstance(kind, types))
    lowest, highest = _range(bits, is_unsigned=bool(getattr(kind, "unsigned", False)))
    return Limit("int", written, lowest=lowest, highest=highest, is_nullable=nullable)


def _range(bits: int, *, is_unsigned: bool) -> tuple[int, int]:
    return (0, 2**bits - 1) if is_unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def _sqlite(written: str, *, nullable: bool) -> Limit:
    found = _DECLARED.fullmatch(written)
    name, first, second = (found[1].lower(), found[2], found[3]) if found else (written.lower(), None, None)
    family: Family = next((family for part, family in _SQLITE if part in name), "any")
    if family == "int" and name == "tinyint" and first == "1":
        family = "bool"
    if family == "text":
        return Limit(family, written, length=int(first) if first else None, is_nullable=nullable)
    if family == "decimal" and first:
        return Limit(family, written, digits=int(first), scale=int(second or 0), is_nullable=nullable)
    if family == "int":
        # Whoever writes "int" on SQLite has its 64 bits; a narrower name was chosen with a purpose.
        is_unsigned = "unsigned" in written.lower()
        bits = _SQLITE_BITS.get(name.removesuffix("unsigned").strip(), 64)
        lowest, highest = _range(bits, is_unsigned=is_unsigned and bits < 64)  # noqa: PLR2004 - its integers are signed
        return Limit(family, written, lowest=0 if is_unsigned else lowest, highest=highest, is_nullable=nullable)
    return Limit(family, written, is_nullable=nullable)
