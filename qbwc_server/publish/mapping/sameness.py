"""Cells of what the database returns, and whether two of them are the same value of a column."""

import json
import math
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from qbwc_server.publish.engine import Backend
from qbwc_server.publish.mapping.cells import Cell, encode, utc
from qbwc_server.publish.mapping.reflected import Family, Limit
from qbwc_server.publish.values import canonical

# What a column of single precision shows of a number.
_SINGLE = 5e-6


def comes_as_it_is(limit: Limit, backend: Backend) -> bool:
    """Tell whether the driver returns the cells of a column, so that `seen` has nothing to do."""
    if limit.kind in ("text", "any"):
        return not limit.is_padded
    return backend != "sqlite" and limit.kind in ("decimal", "int", "float", "date", "enum")


def seen(limit: Limit, value: Any) -> Cell:
    """Return the cell for what the driver returned; what is no value of the column's kind is returned as it is."""
    if value is None:
        return None
    look = _SEEN.get(limit.kind)
    try:
        if look is not None:
            return look(limit, value)
    except (ValueError, ArithmeticError, TypeError):
        return value
    if isinstance(value, bytes) and limit.kind == "text":
        return value.decode("utf-8", "replace")
    if limit.is_padded and isinstance(value, str):
        return value.rstrip(" ")
    return str(value) if isinstance(value, UUID) else value


def same(limit: Limit, theirs: Cell, wanted: Cell, backend: Backend) -> bool:
    """Tell whether two cells are the same value of a column."""
    if theirs is None or wanted is None:
        return theirs is wanted
    if theirs == wanted:
        return True
    if limit.kind == "float" and _is_single(limit, backend):
        return isinstance(theirs, float) and math.isclose(theirs, wanted, rel_tol=_SINGLE)
    if limit.kind == "decimal" and backend == "sqlite" and isinstance(theirs, Decimal):
        # A column that the owner declared a number keeps it as a float, whose last digits may be others.
        return float(theirs) == float(wanted)
    if limit.kind == "any":
        return str(theirs) == str(wanted)
    return limit.kind == "uuid" and str(theirs).replace("-", "").lower() == str(wanted).replace("-", "").lower()


def spelled(value: Cell) -> str:
    """Return a cell as the text that a digest is made of; equal values are spelled the same."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, Decimal):
        return canonical(value)
    if isinstance(value, list | dict):
        return encode(value)
    return str(value)


def _is_single(limit: Limit, backend: Backend) -> bool:
    kind = limit.type.lower()
    return (backend == "mysql" and kind.startswith("float")) or (backend == "postgresql" and kind.startswith("real"))


def _seen_int(_limit: Limit, value: Any) -> Cell:
    if isinstance(value, bytes):
        return int.from_bytes(value, "big")
    return int(value) if isinstance(value, bool) else value


def _seen_bool(_limit: Limit, value: Any) -> Cell:
    if isinstance(value, bytes):
        return bool(int.from_bytes(value, "big"))
    return bool(value) if value in (0, 1) else value


def _seen_decimal(_limit: Limit, value: Any) -> Cell:
    try:
        return value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        return value


def _seen_datetime(_limit: Limit, value: Any) -> Cell:
    return utc(value if isinstance(value, datetime) else datetime.fromisoformat(value))


def _seen_date(_limit: Limit, value: Any) -> Cell:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(value)


def _seen_json(_limit: Limit, value: Any) -> Cell:
    return json.loads(value) if isinstance(value, str | bytes) else value


_SEEN: dict[Family, Callable[[Limit, Any], Cell]] = {
    "int": _seen_int,
    "bool": _seen_bool,
    "decimal": _seen_decimal,
    "float": lambda _limit, value: float(value),
    "datetime": _seen_datetime,
    "date": _seen_date,
    "json": _seen_json,
}
