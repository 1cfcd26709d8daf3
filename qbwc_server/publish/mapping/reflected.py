"""What a table of the website is like, as values: what the checks judge, and what is kept as JSON to be compared."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

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
        lowest: of a number (0 of an unsigned decimal); None where there is none.
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
class ForeignKey:
    """A column that must name a row of another table.

    Attributes:
        column: ours.
        table: the other.
        refers: the other's column.
    """

    column: str
    table: str
    refers: str


@dataclass(frozen=True, slots=True)
class Rights:
    """What the database lets our user do with a table.

    Attributes:
        user: as a GRANT names it, quoted.
        held: of SELECT, INSERT and UPDATE; a right to all columns that the mapping uses counts.
        powers: what it may do beyond: "DELETE", "DROP", "OWNER", "SUPERUSER".
        lacks_schema: the schema that it may not use (PostgreSQL); "" for none.
        lacks_sequence: the sequence, quoted, that it may not use although new rows take their number there; "" = none.
    """

    user: str
    held: tuple[str, ...]
    powers: tuple[str, ...] = ()
    lacks_schema: str = ""
    lacks_sequence: str = ""


@dataclass(frozen=True, slots=True)
class OtherTable:
    """Another table that a column of ours takes a value from: a lookup's, or a parent target's.

    Attributes:
        column: ours.
        table: the other.
        role: which of both.
        is_there: whether there is such a table.
        columns: those of its columns that are named, as far as they are there.
        near: what was probably meant by those that are not: name and name, in pairs; "" where nothing is near.
        is_unique: the column that a lookup compares can have a value only once.
        rights: as for the table itself; None where they are not known or there are none to have.
    """

    column: str
    table: str
    role: Literal["lookup", "parent"]
    is_there: bool = True
    columns: tuple[ReflectedColumn, ...] = ()
    near: tuple[tuple[str, str], ...] = ()
    is_unique: bool = True
    rights: Rights | None = None


@dataclass(frozen=True, slots=True)
class Reflected:
    """A table.

    Attributes:
        table: its name.
        columns: all of them, in the table's order; none where we may not look (`rights` then hold nothing).
        primary_key: its columns.
        unique: the columns of each unique constraint and each unique index over all rows, sorted.
        foreign_keys: those of one column.
        is_view: no table but a view.
        engine: of MySQL: "InnoDB"; None elsewhere.
        triggers: their names, as far as we may see them.
        has_row_security: PostgreSQL hides rows from our user by policies.
        rights: None where they are not known or there are none to have.
        others: further tables that the mapping leans on.
    """

    table: str
    columns: tuple[ReflectedColumn, ...]
    primary_key: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    is_view: bool = False
    engine: str | None = None
    triggers: tuple[str, ...] = ()
    has_row_security: bool = False
    rights: Rights | None = None
    others: tuple[OtherTable, ...] = ()

    def column(self, name: str) -> ReflectedColumn | None:
        """Return the column of that name, or None."""
        return next((each for each in self.columns if each.name == name), None)

    def is_unique(self, names: Iterable[str]) -> bool:
        """Tell whether these columns together can have the same values only once."""
        within = set(names)
        return any(within.issuperset(each) for each in (self.primary_key, *self.unique) if each)


class UnreadableReflection(ValueError):
    """What was stored is no table as this version knows it: take a new one."""

    def __init__(self) -> None:
        super().__init__("The stored description of a table is not one of this version; look at the table anew.")


def limits(reflected: Reflected) -> Mapping[str, Limit]:
    """Return what each column takes, by its name."""
    return {column.name: column.limit for column in reflected.columns}


def to_json(reflected: Reflected) -> dict[str, Any]:
    """Return the JSON form."""
    return asdict(reflected)


def from_json(stored: Mapping[str, Any]) -> Reflected:
    """Give back what `to_json` was given, also after it was JSON text.

    Raises:
        UnreadableReflection: it is of another version.
    """
    try:
        return Reflected(
            **{
                **stored,
                "columns": _columns(stored["columns"]),
                "primary_key": tuple(stored["primary_key"]),
                "unique": tuple(tuple(each) for each in stored["unique"]),
                "foreign_keys": tuple(ForeignKey(**each) for each in stored["foreign_keys"]),
                "triggers": tuple(stored["triggers"]),
                "rights": _rights(stored["rights"]),
                "others": tuple(_other(each) for each in stored["others"]),
            }
        )
    except (KeyError, TypeError):
        raise UnreadableReflection from None


def _columns(stored: Iterable[Mapping[str, Any]]) -> tuple[ReflectedColumn, ...]:
    return tuple(ReflectedColumn(**{**each, "limit": _limit(each["limit"])}) for each in stored)


def _limit(stored: Mapping[str, Any]) -> Limit:
    return Limit(**{**stored, "words": tuple(stored["words"])})


def _rights(stored: Mapping[str, Any] | None) -> Rights | None:
    if stored is None:
        return None
    return Rights(**{**stored, "held": tuple(stored["held"]), "powers": tuple(stored["powers"])})


def _other(stored: Mapping[str, Any]) -> OtherTable:
    return OtherTable(
        **{
            **stored,
            "columns": _columns(stored["columns"]),
            "near": tuple((str(name), str(near)) for name, near in stored["near"]),
            "rights": _rights(stored["rights"]),
        }
    )
