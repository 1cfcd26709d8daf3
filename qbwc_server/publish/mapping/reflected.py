"""What a table of the website is like, as values: what the checks judge, what is stored, and what must not change.

Theory of operation
-------------------
A `Reflected` is taken when a target is checked and kept as JSON. While the server runs another one is taken now and
then and compared. Only what the mapping leans on counts: a column that it does not fill matters no more than whether
a new row must have a value for it, so that a developer may add columns of his own without stopping anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Family = Literal[
    "text",
    "enum",
    "decimal",
    "float",
    "int",
    "bool",
    "date",
    "datetime",
    "time",
    "json",
    "uuid",
    "bytes",
    "any",
    "other",
]
"""What sort of values a column takes; "any" is an SQLite column without a type, "other" what we know nothing of."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What one column takes. On SQLite, which enforces none of it, what its owner declared.

    Attributes:
        kind: what sort of values.
        type: as the database writes it, for messages: "varchar(50)".
        length: most characters of a text; None where there is no limit in characters.
        size: most bytes of a text in the column's character set (MySQL's TEXT); None where there is no such limit.
        digits: most digits of a decimal, those after the point included; None for any number.
        scale: most decimals of a decimal, or of a datetime's seconds; None for any number.
        lowest: of an integer; None where there is none.
        highest: of an integer; None where there is none.
        is_nullable: it may be NULL.
        charset: of a text on MySQL: "utf8mb4", "utf8mb3" (no character beyond U+FFFF), "latin1"; None elsewhere.
        words: of an enum, in its order.
        is_padded: a fixed length: blanks at the end come back as more or fewer.
        is_zoned: a datetime with a time zone.
    """

    kind: Family
    type: str = ""
    length: int | None = None
    size: int | None = None
    digits: int | None = None
    scale: int | None = None
    lowest: int | None = None
    highest: int | None = None
    is_nullable: bool = True
    charset: str | None = None
    words: tuple[str, ...] = ()
    is_padded: bool = False
    is_zoned: bool = False


@dataclass(frozen=True, slots=True)
class ReflectedColumn:
    """One column.

    Attributes:
        name: of the column.
        limit: what it takes.
        has_default: a new row may leave it out although it may not be NULL: the database fills it.
        filled: who else fills it: "computed" from other columns, "identity" counted by the database.
        is_used: the mapping writes, compares or searches it.
    """

    name: str
    limit: Limit
    has_default: bool = False
    filled: Literal["", "computed", "identity"] = ""
    is_used: bool = True


@dataclass(frozen=True, slots=True)
class Reflected:
    """A table.

    Attributes:
        columns: all of them, in the table's order.
    """

    columns: tuple[ReflectedColumn, ...]


def limits(reflected: Reflected) -> Mapping[str, Limit]:
    """Return what each column takes, by its name."""
    return {column.name: column.limit for column in reflected.columns}
