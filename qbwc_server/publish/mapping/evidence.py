"""What comparing values brought to light: which rows and records belong together, and where they agree."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from qbwc_server.publish.mapping.model import ColumnRule, Transform

Way = Literal["plain", "number", "bool", "not", "cents", "phone", "email", "slug"]
"""How a field stands in a column: as it is (capitals and blanks apart), as a number of the same value, as yes or no, as
its opposite, in whole cents, as a phone number of the same digits, as the first of several addresses, as a slug."""

MOST_EXAMPLES: Final = 10


@dataclass(frozen=True, slots=True)
class Examples:
    """So many of something, and some of them.

    Attributes:
        count: how many there are.
        keys: at most `MOST_EXAMPLES`: rows by their primary key ("id 12"), records by their ListID; never a private
            value.
    """

    count: int = 0
    keys: tuple[str, ...] = ()


NONE: Final = Examples()


@dataclass(frozen=True, slots=True)
class Link:
    """A column that tells which record a row is.

    Attributes:
        column: of the table.
        field: whose value it holds.
        rows: how many rows it joined to a record.
        is_private: the field is private.
    """

    column: str
    field: str
    rows: int
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A column, and the field that it holds most often.

    Attributes:
        column: of the table.
        field: of QuickBooks.
        way: how the one stands in the other.
        equal: in how many rows they agree.
        compared: rows that belong to a record and have a value on either side.
        different: the rows in which they do not agree.
        is_found: the values say so; otherwise only the column's name does.
        is_private: the field is private.
    """

    column: str
    field: str
    way: Way
    equal: int
    compared: int
    different: Examples = NONE
    is_found: bool = True
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one table and one list have in common.

    Attributes:
        list: the list.
        table: the website's table.
        rows: how many it has.
        records: how many the list has, those not deleted.
        joined: rows that belong to a record.
        links: the columns by which they were found, the best first.
        matches: columns with a field, in the table's order.
        gone: rows whose record was deleted in QuickBooks, or whose ListID no record has.
        unknown: other rows that no record fits.
        missing: active records of the types that the table has, without a row.
        doubled: rows whose record has another row already.
        types: the types of items that rows belong to, those that are rare left out; () for a list without types.
        has_jobs: rows belong to jobs as well; None where the list has none.
    """

    list: str
    table: str
    rows: int
    records: int
    joined: int
    links: tuple[Link, ...] = ()
    matches: tuple[Match, ...] = ()
    gone: Examples = NONE
    unknown: Examples = NONE
    missing: Examples = NONE
    doubled: Examples = NONE
    types: tuple[str, ...] = ()
    has_jobs: bool | None = None

    def match(self, column: str) -> Match | None:
        """Return what is known of a column, or None."""
        return next((each for each in self.matches if each.column == column), None)

    @property
    def wrong(self) -> Iterator[Match]:
        """The columns that differ from QuickBooks in some rows, the most rows first."""
        yield from sorted((each for each in self.matches if each.different.count), key=lambda it: -it.different.count)

    def as_json(self) -> Mapping[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)


def rule_of(column: str, name: str, way: Way, *, is_private: bool = False) -> ColumnRule:
    """Return the line that fills a column from a field in that way."""
    rules: dict[Way, ColumnRule] = {
        "cents": ColumnRule(column, name, transforms=(Transform("cents"),), type="int", private=is_private),
        "email": ColumnRule(column, name, transforms=(Transform("first_email"), Transform("lower"))),
        "slug": ColumnRule(column, name, transforms=(Transform("slug"),), when="insert"),
        "not": ColumnRule(
            column,
            name,
            transforms=(Transform("map", words=(("true", "false"), ("false", "true"))),),
            type="bool",
        ),
    }
    return rules.get(way, ColumnRule(column, name, private=is_private))
