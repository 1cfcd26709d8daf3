"""Turning a record's values into what a column takes, and judging beforehand whether it can take them.

Everything here is pure. What a column cannot hold exactly is refused, never cut or rounded.
"""

import json
import sys
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from qbwc_server.publish.engine import Backend
from qbwc_server.publish.room import Room
from qbwc_server.qbxml.fields import Kind

ColumnValue = str | int | bool | Decimal | None

DECIMAL_DIGITS = 18
DECIMAL_SCALE = 5
LONGEST_VARCHAR = 255
_MYSQL_TEXT_BYTES = 65_535
_MYSQL_MEDIUMTEXT_BYTES = 16_777_215
_MOST_BYTES = 4
# Sorted, so that the order in which QuickBooks happens to list names is no change.
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode
_INTEGER_BITS: dict[Backend, int] = {"sqlite": 63, "postgresql": 31, "mysql": 31}


class Refused(Exception):
    """A column cannot take a value.

    Attributes:
        detail: "column", "reason" and, where they apply, "length" and "limit"; never the value.
    """

    def __init__(self, column: str, reason: str, **numbers: int) -> None:
        super().__init__(f"{column}: {reason}")
        self.detail: dict[str, str] = {
            "column": column,
            "reason": reason,
            **{name: str(number) for name, number in numbers.items()},
        }


@dataclass(frozen=True, slots=True)
class Shape:
    """What one column holds.

    Attributes:
        column: its name.
        kind: what sort of value.
        limit: most characters of a text, None where the database's own limit holds.
        digits: most digits of a decimal, None where there is no limit.
        scale: most decimals among them, None where there is no limit.
    """

    column: str
    kind: Kind
    limit: int | None = None
    digits: int | None = DECIMAL_DIGITS
    scale: int | None = DECIMAL_SCALE

    def with_room(self, room: Room | None) -> "Shape":
        """Return the shape of a column that has this room, whatever it was made with; None is not known."""
        return self if room is None else replace(self, limit=room.length, digits=room.digits, scale=room.scale)


def column_value(shape: Shape, value: object, backend: Backend) -> ColumnValue:
    """Return the value to be written into a column, as the driver gives it back when read.

    Args:
        shape: the column.
        value: in JSON form; None, an empty list and an empty object become NULL.
        backend: the kind of database.

    Raises:
        Refused: the column cannot take it.
    """
    if value is None:
        return None
    if shape.kind == "bool":
        if not isinstance(value, bool):
            raise Refused(shape.column, "wrong_kind")
        return value
    if shape.kind == "int":
        return _integer(shape, value, backend)
    if shape.kind == "decimal":
        return _decimal(shape, value, backend)
    if shape.kind == "json":
        return _json(shape, value, backend)
    if not isinstance(value, str):
        raise Refused(shape.column, "wrong_kind")
    return check_text(shape, value, backend)


def plain_length(shape: Shape, backend: Backend) -> int:
    """Return up to how many characters a text always fits its column if all of them can be printed; -1 = no text."""
    if shape.kind != "text":
        return -1
    if backend == "sqlite":
        return sys.maxsize
    if shape.limit is not None:
        return shape.limit
    return _MYSQL_TEXT_BYTES // _MOST_BYTES if backend == "mysql" else sys.maxsize


def check_text(shape: Shape, text: str, backend: Backend) -> str:
    """Return the text when the column can hold it.

    Raises:
        Refused: too long, or characters that the database has no place for.
    """
    if backend == "sqlite":
        limit, length = None, len(text)
    elif shape.limit is not None:
        limit, length = shape.limit, len(text)
    elif backend == "mysql":
        limit = _MYSQL_MEDIUMTEXT_BYTES if shape.kind == "json" else _MYSQL_TEXT_BYTES
        length = len(text.encode("utf-8", "replace"))
    else:
        limit, length = None, len(text)
    if limit is not None and length > limit:
        raise Refused(shape.column, "too_long", length=length, limit=limit)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise Refused(shape.column, "bad_character") from None
    if "\0" in text:
        raise Refused(shape.column, "bad_character")
    return text


def canonical(number: Decimal) -> str:
    """Return a number in the one spelling that the digest uses."""
    return format(number.normalize(), "f") if number else "0"


def _integer(shape: Shape, value: object, backend: Backend) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused(shape.column, "wrong_kind")
    limit = 2 ** _INTEGER_BITS[backend]
    if not -limit <= value < limit:
        raise Refused(shape.column, "out_of_range", limit=limit - 1)
    return value


def _decimal(shape: Shape, value: object, backend: Backend) -> ColumnValue:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Refused(shape.column, "wrong_kind")
    text = str(value)
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise Refused(shape.column, "not_a_number") from None
    if not number.is_finite():
        raise Refused(shape.column, "not_a_number")
    if backend == "sqlite":
        return text
    decimals = -int(number.as_tuple().exponent)
    if shape.scale is not None and decimals > shape.scale:
        decimals = _decimals(number)
    if shape.scale is not None and decimals > shape.scale:
        raise Refused(shape.column, "too_many_decimals", length=decimals, limit=shape.scale)
    whole = number.adjusted() + 1 if number else 0
    most = None if shape.digits is None else shape.digits - (shape.scale or 0)
    if most is not None and whole > most:
        raise Refused(shape.column, "too_many_digits", length=whole, limit=most)
    return number


def _decimals(number: Decimal) -> int:
    # Not normalize(): it rounds to 28 digits, and rounding is what must not happen unseen.
    if not number:
        return 0
    parts = number.as_tuple()
    digits = "".join(str(digit) for digit in parts.digits)
    return max(0, -int(parts.exponent) - (len(digits) - len(digits.rstrip("0"))))


def _json(shape: Shape, value: object, backend: Backend) -> str | None:
    if not isinstance(value, list | dict):
        raise Refused(shape.column, "wrong_kind")
    if not value:
        return None
    return check_text(shape, _encode(value), backend)
