"""Leaf types and the declaration of one field.

Source: qbXML SDK facts, "Data types": real answers depart from the schema (``18.0%``, unknown enum values), so a type
here accepts what QuickBooks is seen to send, and says how long or how precise the schema lets it be.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, cast

from qbwc_server.qbxml.characters import tidy
from qbwc_server.qbxml.errors import BadValue

# Structures are made of JSON's own types; decimals inside them are text in QuickBooks's digits.
Structure = list[dict[str, str | bool]] | dict[str, str]
Value = str | bool | int | Decimal | list[dict[str, str | bool]] | dict[str, str]
Kind = Literal["text", "decimal", "bool", "int", "json"]

_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,10})?|\.[0-9]{1,10})")
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,9}")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}")


@dataclass(frozen=True, slots=True)
class FieldType:
    """What a leaf holds.

    Attributes:
        name: text, money, price, quantity, percent, bool, int, date, time, enum, addresses, lines or custom.
        kind: which Python and JSON shape a value has.
        parse: text of the element -> value; raises BadValue.
        max_length: characters, for text; None where the schema sets no limit.
        whole: digits before the decimal point, for decimals.
        scale: digits after it, for decimals.
    """

    name: str
    kind: Kind
    parse: Callable[[str], Value]
    max_length: int | None = None
    whole: int = 0
    scale: int = 0

    def to_json(self, value: Value) -> object:
        """Give the JSON form: decimals as text in QuickBooks's digits, the rest as it is."""
        return format(value, "f") if isinstance(value, Decimal) else value

    def from_json(self, value: object) -> Value:
        """Give back what to_json was given.

        Raises:
            BadValue: not the JSON form of this type.
        """
        if self.kind == "decimal" and isinstance(value, str):
            return parse_decimal(value)
        if isinstance(value, _JSON_SHAPES[self.kind]) and (self.kind == "bool" or not isinstance(value, bool)):
            return cast("Value", value)
        raise BadValue(f"the stored value is no {self.name}")


_JSON_SHAPES: Final[dict[str, tuple[type, ...]]] = {
    "text": (str,),
    "decimal": (),
    "bool": (bool,),
    "int": (int,),
    "json": (list, dict),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a list, declared once for asking, reading, storing, publishing and documenting.

    Attributes:
        name: the qbXML path with dots, without ``Ref`` and ``FullName``: ``BillAddress.City``, ``CustomerType``.
        paths: where it stands below the Ret element, in order of preference; none for a computed one.
        type: what the leaf holds.
        private: neither asked for nor read unless the owner publishes it.
        column: its column in the default table of the website, or None.
        since: the qbXML version in which it appeared.
        only: the Ret elements that have it; none named = all of the list.
        absent_in: countries whose QuickBooks does not have it (US, CA, UK, AU).
        volatile: whether it moves without the record's TimeModified: through transactions, or with a parent's name.
    """

    name: str
    paths: tuple[str, ...]
    type: FieldType
    private: bool = False
    column: str | None = None
    since: str = "1.0"
    only: tuple[str, ...] = ()
    absent_in: tuple[str, ...] = ()
    volatile: bool = False

    @property
    def elements(self) -> tuple[str, ...]:
        """The elements directly below the Ret that hold it: what IncludeRetElement names."""
        return tuple(dict.fromkeys(path.partition("/")[0] for path in self.paths))


def parse_decimal(text: str) -> Decimal:
    """Read a number exactly; a percent sign after it is passed over.

    Raises:
        BadValue: not a number.
    """
    bare = text.strip().removesuffix("%").rstrip()
    if _DECIMAL.fullmatch(bare) is None:
        msg = "is not a number"
        raise BadValue(msg)
    return Decimal(bare)


def _parse_bool(text: str) -> bool:
    bare = text.strip()
    if bare in ("true", "1"):
        return True
    if bare in ("false", "0"):
        return False
    msg = "is neither true nor false"
    raise BadValue(msg)


def _parse_int(text: str) -> int:
    bare = text.strip()
    if _INTEGER.fullmatch(bare) is None:
        msg = "is not a whole number"
        raise BadValue(msg)
    return int(bare)


def _parse_date(text: str) -> str:
    bare = text.strip()
    if _DATE.fullmatch(bare) is None:
        msg = "is not a date"
        raise BadValue(msg)
    return bare


def _no_leaf(_text: str) -> str:
    msg = "is text where elements were expected"
    raise BadValue(msg)


def text(max_length: int | None) -> FieldType:
    """Text of at most ``max_length`` characters by the schema; longer text is read whole all the same."""
    return FieldType("text", "text", tidy, max_length)


# Names and texts come as QuickBooks has them, blanks at both ends included.
ID: Final = text(36)
MONEY: Final = FieldType("money", "decimal", parse_decimal, whole=13, scale=2)
PRICE: Final = FieldType("price", "decimal", parse_decimal, whole=10, scale=5)
QUANTITY: Final = FieldType("quantity", "decimal", parse_decimal, whole=10, scale=5)
PERCENT: Final = FieldType("percent", "decimal", parse_decimal, whole=10, scale=5)
BOOL: Final = FieldType("bool", "bool", _parse_bool)
INT: Final = FieldType("int", "int", _parse_int)
DATE: Final = FieldType("date", "text", _parse_date, 10)
# QuickBooks's own text: its offset cannot be trusted, so nothing is computed from it here.
TIME: Final = FieldType("time", "text", tidy, 40)
ENUM: Final = FieldType("enum", "text", tidy)
# A reference is shown by the FullName of what it refers to; 159 is the longest the schema has for these lists.
REF: Final = text(159)
ADDRESSES: Final = FieldType("addresses", "json", _no_leaf)
LINES: Final = FieldType("lines", "json", _no_leaf)
CUSTOM: Final = FieldType("custom", "json", _no_leaf)


def ref(name: str, column: str | None = None, *, since: str = "1.0", private: bool = False) -> Field:
    """Declare a field that is the FullName of the list entry that ``nameRef`` refers to."""
    return Field(name, (f"{name}Ref/FullName",), REF, private=private, column=column, since=since)


def address(name: str, column: str) -> tuple[Field, ...]:
    """Declare the nine fields of an address element."""
    parts = (
        ("Addr1", "addr1", 41, "1.0"),
        ("Addr2", "addr2", 41, "1.0"),
        ("Addr3", "addr3", 41, "1.0"),
        ("Addr4", "addr4", 41, "2.0"),
        ("Addr5", "addr5", 41, "6.0"),
        ("City", "city", 31, "1.0"),
        ("State", "state", 21, "1.0"),
        ("PostalCode", "postal_code", 13, "1.0"),
        ("Country", "country", 31, "1.0"),
    )
    return tuple(
        Field(f"{name}.{part}", (f"{name}/{part}",), text(length), column=f"{column}_{end}", since=since)
        for part, end, length, since in parts
    )
