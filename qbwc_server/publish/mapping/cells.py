"""One value on its way into a column of somebody else's table, and back: judged beforehand, compared by value.

Theory of operation
-------------------
A cell has one form in Python whatever the database: numbers are int, Decimal or float, times aware and in UTC, JSON
its own objects. `cell` makes it of a record's value and refuses what the column cannot hold exactly, also on SQLite,
which would take anything: what is longer than its owner declared is no value of his. `bound` is what the driver is
given. The way back is in `sameness`.

Times without a zone are UTC, as the frameworks write them.
"""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast

from qbwc_server.publish.engine import Backend
from qbwc_server.publish.mapping.model import ColumnType
from qbwc_server.publish.mapping.reflected import Family, Limit
from qbwc_server.publish.values import Refused, Shape, column_value

Cell = Any
"""None, str, int, bool, float, Decimal, date, aware datetime in UTC, or JSON's objects."""

_MICROSECONDS = 6
_MOST_BYTES = 4
_BEYOND_MB3 = 0xFFFF
# MySQL's latin1 is what everybody else calls cp1252.
_CODECS = {"latin1": "cp1252", "ascii": "ascii"}
_TRUE, _FALSE = ("true", "1"), ("false", "0")
encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode
"""JSON's objects as text; sorted, so that the order in which QuickBooks happens to list names is no change."""


def cell(
    column: str, limit: Limit, value: object, *, type_: ColumnType | None = None, scale: int | None = None
) -> Cell:
    """Return what a value becomes in a column.

    Args:
        column: its name, for the refusal.
        limit: what it takes.
        value: in JSON form, a constant or a time; None is NULL.
        type_: what the value is taken for, where it does not say it itself.
        scale: most decimals that the owner wants, if fewer than the column takes.

    Raises:
        Refused: the column cannot hold it; reasons as in `Published`, and "null", "not_a_date", "not_a_truth",
            "not_listed".
    """
    if value is None:
        if not limit.is_nullable:
            raise Refused(column, "null")
        return None
    if type_ is not None:
        value = _MAKERS[_KINDS[type_]](column, Limit(_KINDS[type_]), value)
    if scale is not None:
        value = _decimal(column, Limit("decimal", scale=scale), value)
    return _MAKERS.get(limit.kind, _plain)(column, limit, value)


def empty(column: str, limit: Limit) -> Cell:
    """Return what stands for an empty text: itself, or NULL in a column that takes no texts.

    Raises:
        Refused: the column takes neither.
    """
    return cell(column, limit, "" if limit.kind in ("text", "any") else None)


def plain_length(limit: Limit, most: int) -> int:
    """Return up to how many characters a text always fits its column if all of them can be printed; -1 = no text.

    Args:
        limit: what the column takes.
        most: what is returned where there is no limit.
    """
    if limit.kind not in ("text", "any") or limit.is_padded or limit.charset not in (None, "utf8mb4"):
        return -1
    fits = most if limit.length is None else limit.length
    return fits if limit.size is None else min(fits, limit.size // _MOST_BYTES)


def goes_as_it_is(limit: Limit, backend: Backend) -> bool:
    """Tell whether the driver takes the cells of a column, so that `bound` has nothing to do."""
    if limit.kind in ("text", "enum", "int", "bool", "float"):
        return True
    return backend != "sqlite" and limit.kind in ("decimal", "date")


def bound(limit: Limit, value: Cell, backend: Backend) -> Any:
    """Return what the driver is given for a cell."""
    if value is None or value.__class__ is str:
        return value
    if limit.kind == "json":
        return encode(value)
    if isinstance(value, datetime):
        if not (limit.is_zoned and backend == "postgresql"):
            value = value.replace(tzinfo=None)
        return value.isoformat(" ") if backend == "sqlite" else value
    if backend == "sqlite" and isinstance(value, Decimal | date):
        return format(value, "f") if isinstance(value, Decimal) else value.isoformat()
    return value


def _text_of(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat()
    return encode(value) if isinstance(value, list | dict) else str(value)


def _plain(column: str, limit: Limit, value: object) -> Cell:
    if limit.kind == "bytes":
        raise Refused(column, "wrong_kind")
    return _text(column, limit, value)


def _text(column: str, limit: Limit, value: object) -> str:
    text = _text_of(value)
    if limit.is_padded:
        # Its blanks at the end come and go.
        text = text.rstrip(" ")
    if limit.length is not None and len(text) > limit.length:
        raise Refused(column, "too_long", length=len(text), limit=limit.length)
    if not text.isprintable():
        _check_characters(column, text)
    codec = _CODECS.get(limit.charset or "", "utf-8")
    if not text.isascii() and (codec != "utf-8" or limit.charset in ("utf8", "utf8mb3")):
        _check_charset(column, text, codec)
    if limit.size is not None:
        size = len(text.encode(codec, "replace"))
        if size > limit.size:
            raise Refused(column, "too_long", length=size, limit=limit.size)
    return text


def _check_characters(column: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Refused(column, "bad_character") from None
    if "\0" in text:
        raise Refused(column, "bad_character")


def _check_charset(column: str, text: str, codec: str) -> None:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        raise Refused(column, "bad_character") from None
    if codec == "utf-8" and max(map(ord, text)) > _BEYOND_MB3:
        raise Refused(column, "bad_character")


def _any(column: str, limit: Limit, value: object) -> Cell:
    return int(value) if isinstance(value, bool) else _text(column, limit, value)


def _enum(column: str, limit: Limit, value: object) -> str:
    text = _text(column, limit, value)
    if limit.words and text not in limit.words:
        raise Refused(column, "not_listed")
    return text


def _decimal(column: str, limit: Limit, value: object) -> Decimal:
    if isinstance(value, Decimal | float):
        value = _text_of(value)
    elif isinstance(value, bool):
        raise Refused(column, "wrong_kind")
    shape = Shape(column, "decimal", None, limit.digits, limit.scale)
    return cast("Decimal", column_value(shape, value.strip() if isinstance(value, str) else value, "postgresql"))


def _float(column: str, _limit: Limit, value: object) -> float:
    return float(_decimal(column, Limit("decimal"), value))


def _int(column: str, limit: Limit, value: object) -> int:
    number = int(value) if isinstance(value, int) else _truth_or_none(value)
    if number is None:
        number = int(_decimal(column, Limit("decimal", scale=0), value))
    if limit.highest is not None and number > limit.highest:
        raise Refused(column, "out_of_range", limit=limit.highest)
    if limit.lowest is not None and number < limit.lowest:
        raise Refused(column, "out_of_range", limit=limit.lowest)
    return number


def _truth_or_none(value: object) -> int | None:
    """Return 1 or 0 for the texts of booleans, which a column of numbers takes as such."""
    return {"true": 1, "false": 0}.get(value) if isinstance(value, str) else None


def _bool(column: str, _limit: Limit, value: object) -> bool:
    if isinstance(value, bool):
        return value
    text = _text_of(value)
    if text in _TRUE:
        return True
    if text not in _FALSE:
        raise Refused(column, "not_a_truth")
    return False


def _date(column: str, _limit: Limit, value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return datetime.fromisoformat(_text_of(value).strip()).date()
    except ValueError:
        raise Refused(column, "not_a_date") from None


def _datetime(column: str, limit: Limit, value: object) -> datetime:
    if isinstance(value, date) and not isinstance(value, datetime):
        value = value.isoformat()
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(_text_of(value).strip())
    except ValueError:
        raise Refused(column, "not_a_date") from None
    return _cut(limit, utc(found))


def _json(_column: str, _limit: Limit, value: object) -> object:
    if isinstance(value, list | dict | bool | int):
        return value
    return _text_of(value)


def utc(moment: datetime) -> datetime:
    """Return a time aware and in UTC; one without a zone is taken for that."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _cut(limit: Limit, moment: datetime) -> datetime:
    """Return a time without the fractions that the column has no place for; the database would round them up."""
    if limit.scale is None or limit.scale >= _MICROSECONDS:
        return moment
    step = 10 ** (_MICROSECONDS - limit.scale)
    return moment.replace(microsecond=moment.microsecond // step * step)


_KINDS: dict[ColumnType, Family] = {
    "text": "text",
    "decimal": "decimal",
    "int": "int",
    "bool": "bool",
    "date": "date",
    "datetime": "datetime",
    "json": "json",
}
_MAKERS: dict[Family, Callable[[str, Limit, object], Cell]] = {
    "text": _text,
    "any": _any,
    "enum": _enum,
    "decimal": _decimal,
    "float": _float,
    "int": _int,
    "bool": _bool,
    "date": _date,
    "datetime": _datetime,
    "json": _json,
}
