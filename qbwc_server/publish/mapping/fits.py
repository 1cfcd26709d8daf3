"""Judging whether what a mapping makes for a column can stand in it.

Theory of operation
-------------------
`given` works out what a rule makes: a sort of value with its greatest size, from the QuickBooks field, the transforms
and `type`; or one constant. `misfits` compares that with what the column takes. An error is what can never work; a
warning is what fails for some records, which are then set aside: nothing is ever cut or rounded.

Everything here is pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, Literal

from qbwc_server.publish.engine import Backend
from qbwc_server.publish.mapping.finding import Level
from qbwc_server.publish.mapping.model import NOW, UUID4, ColumnRule, Constant, Transform
from qbwc_server.publish.mapping.reflected import Family, Limit
from qbwc_server.qbxml.fields import Field, text
from qbwc_server.qbxml.lists import list_type

Kind = Literal["text", "decimal", "int", "bool", "date", "datetime", "json", "uuid"]
Misfit = tuple[Level, str, dict[str, str | int]]

_TAKES: Final[dict[Kind, tuple[Family, ...]]] = {
    "text": ("text", "enum"),
    "decimal": ("decimal", "float", "int"),
    "int": ("int", "decimal", "float"),
    # As 1 and 0, the way sites keep flags.
    "bool": ("bool", "int"),
    # As the midnight that it begins with.
    "date": ("date", "text", "datetime"),
    "datetime": ("datetime",),
    "json": ("json", "text"),
    "uuid": ("uuid", "text"),
}
# What a column would have to be given, for the cure: `type = "…"`.
_ASKS: Final[dict[Family, str]] = {
    "text": "text",
    "decimal": "decimal",
    "float": "decimal",
    "int": "int",
    "bool": "bool",
    "date": "date",
    "datetime": "datetime",
    "json": "json",
}
_UUID_LENGTH: Final = 36
_INT_DIGITS: Final = 9
_MONEY: Final = ("money", "price")
_BEYOND_UTF8MB3: Final = ("utf8mb3", "latin1", "ascii", "ucs2", "latin2", "cp1252", "cp1250")


@dataclass(frozen=True, slots=True)
class Given:
    """What a rule makes for its column.

    Attributes:
        kind: the sort of value.
        name: how it is called in messages: the field, or the constant.
        length: most characters of a text; None where QuickBooks sets no limit.
        whole: digits before the point of a number; 0 where that is not known.
        scale: decimals of a number.
        words: the only texts that can come; None where others can.
        mapped: texts that `map` makes, among others that pass through it.
        constant: the very value, if it is one.
        is_money: an amount: without its decimals it is worth nothing.
    """

    kind: Kind
    name: str
    length: int | None = None
    whole: int = 0
    scale: int = 0
    words: tuple[str, ...] | None = None
    mapped: tuple[str, ...] = ()
    constant: Constant | None = None
    is_money: bool = False


def given(list_name: str, rule: ColumnRule) -> Given | None:
    """Return what a rule makes; None for a field that the list does not have, which reading the mapping refuses.

    Args:
        list_name: the list whose records are published.
        rule: of one column.
    """
    if rule.field is None:
        return None if rule.value is None else _typed(constant(rule.value), rule)
    field = field_of(list_name, rule.field)
    return None if field is None else _typed(_transformed(field, rule.transforms), rule)


def given_field(list_name: str, name: str) -> Given | None:
    """Return what a bare field gives, as in a key."""
    field = field_of(list_name, name)
    return None if field is None else _plain(field)


def constant(value: Constant) -> Given:
    """Return what a constant is."""
    if value == NOW:
        return Given("datetime", NOW)
    if value == UUID4:
        return Given("uuid", UUID4, length=_UUID_LENGTH)
    # bool first: it is an int to Python.
    if isinstance(value, bool):
        return Given("bool", str(value).lower(), constant=value)
    if isinstance(value, int):
        return Given("int", str(value), whole=len(str(abs(value))), constant=value)
    if isinstance(value, Decimal):
        scale = max(0, -int(value.as_tuple().exponent))
        return Given("decimal", str(value), whole=max(1, value.adjusted() + 1), scale=scale, constant=value)
    return Given("text", f'"{value}"', length=len(value), words=(value,), constant=value)


def field_of(list_name: str, name: str) -> Field | None:
    """Return a field of a list, also one of the owner's own ("Custom.Colour"); None where it has none of that name."""
    kind = list_type(list_name)
    if name in kind.field_names:
        return kind.field(name)
    container, _, own = name.partition(".")
    return Field(name, (), text(None)) if container == "Custom" and own and container in kind.field_names else None


def misfits(made: Given, limit: Limit, backend: Backend) -> Iterator[Misfit]:
    """Yield what does not fit: level, code and the values of its text.

    Args:
        made: from `given`.
        limit: of the column.
        backend: the kind of database.
    """
    if limit.kind == "any":
        return
    if not _takes(made, limit, backend):
        values: dict[str, str | int] = {"given": made.name, "kind": made.kind, "type": limit.type}
        yield "error", *_wrong_kind(made, limit, values)
    elif limit.kind == "enum":
        yield from _enum(made, limit)
    elif limit.kind == "text":
        yield from _text(made, limit)
    elif limit.kind in {"decimal", "int", "float"} and made.kind in {"decimal", "int"}:
        yield from _number(made, limit)


def is_narrow(limit: Limit) -> bool:
    """Tell whether a text column's character set lacks some characters: emoji, or more."""
    return limit.kind in {"text", "enum"} and (limit.charset or "").startswith(_BEYOND_UTF8MB3)


def _plain(field: Field) -> Given:
    kind = field.type
    if kind.name == "date":
        return Given("date", field.name, length=kind.max_length)
    return Given(
        kind.kind,
        field.name,
        length=kind.max_length,
        whole=_INT_DIGITS if kind.kind == "int" else kind.whole,
        scale=kind.scale,
        is_money=kind.name in _MONEY,
    )


def _transformed(field: Field, transforms: tuple[Transform, ...]) -> Given:
    made = _plain(field)
    for transform in transforms:
        made = _after(made, transform)
    return made


def _after(made: Given, transform: Transform) -> Given:
    """Return what a transform makes of a value; each makes text."""
    words = ("true", "false") if made.kind == "bool" else made.words
    length = made.length
    if length is None and made.whole:
        # Sign and point.
        length = made.whole + made.scale + 2
    written = Given("text", made.name, length=length, words=words, mapped=made.mapped)
    if transform.name == "cents":
        return Given("int", made.name, whole=made.whole + 2)
    if transform.name == "date":
        return Given("date", made.name, length=10)
    if transform.name == "truncate":
        most = int(transform.argument)
        return replace(written, length=most if length is None else min(most, length), words=None)
    if transform.name in {"prefix", "suffix"}:
        return replace(
            written, length=None if length is None else length + len(transform.argument), words=None, mapped=()
        )
    if transform.name == "map":
        return _mapped(written, dict(transform.words))
    # Another spelling of the same words; what the mapped ones become is not worked out here.
    return replace(written, words=None, mapped=())


def _mapped(written: Given, table: dict[str, str]) -> Given:
    made = tuple(dict.fromkeys(table.values()))
    if written.words is not None:
        words = tuple(dict.fromkeys(table.get(word, word) for word in written.words))
        return replace(written, words=words, length=max(map(len, words)))
    length = None if written.length is None else max(written.length, *map(len, made))
    return replace(written, mapped=made, length=length)


def _typed(made: Given, rule: ColumnRule) -> Given:
    if rule.scale is not None:
        made = replace(made, scale=min(made.scale, rule.scale))
    if rule.type is None or rule.type == made.kind:
        return made
    if rule.type == "text" and made.kind == "bool":
        return replace(made, kind="text", words=("true", "false"), length=5)
    if rule.type == "text" and made.length is None and made.whole:
        return replace(made, kind="text", length=made.whole + made.scale + 2)
    return replace(made, kind=rule.type)


def _takes(made: Given, limit: Limit, backend: Backend) -> bool:
    if limit.kind in _TAKES[made.kind]:
        return not (made.is_money and made.kind == "decimal" and limit.kind == "int" and made.scale)
    return made.kind == "datetime" and limit.kind == "text" and backend == "sqlite"


def _wrong_kind(made: Given, limit: Limit, values: dict[str, str | int]) -> tuple[str, dict[str, str | int]]:
    if made.is_money and limit.kind == "int":
        return "money_int", values
    wanted = _ASKS.get(limit.kind, "")
    if limit.kind == "enum":
        return "bool_enum", {**values, "words": ", ".join(limit.words)}
    is_askable = made.kind not in {"json", "uuid"} and (made.name != NOW or wanted in {"text", "date"})
    if not wanted or not is_askable:
        return "wrong_kind", values
    return "wrong_type", {**values, "wanted": wanted}


def _enum(made: Given, limit: Limit) -> Iterator[Misfit]:
    sure = made.words if made.words is not None else made.mapped
    outside = [word for word in sure if word not in limit.words]
    allowed = ", ".join(limit.words)
    if outside:
        yield "error", "enum_outside", {"given": ", ".join(outside), "words": allowed}
    elif made.words is None:
        yield "warning", "enum_open", {"given": made.name, "words": allowed}


def _text(made: Given, limit: Limit) -> Iterator[Misfit]:
    most = limit.length if limit.length is not None else limit.size
    if most is not None and made.length is not None and made.length > most:
        values: dict[str, str | int] = {"given": made.name, "length": made.length, "limit": most}
        if made.constant is not None or made.kind == "uuid":
            yield "error", "constant_long", values
        else:
            yield "warning", "shorter", {**values, "transform": f"truncate:{most}"}
    if limit.is_padded and made.kind == "text" and made.constant is None:
        yield "note", "padded", {"type": limit.type}


def _number(made: Given, limit: Limit) -> Iterator[Misfit]:
    values: dict[str, str | int] = {"given": made.name, "type": limit.type}
    if limit.kind == "float":
        if made.kind == "decimal":
            yield "warning", "float", values
        return
    scale = 0 if limit.kind == "int" else limit.scale
    if scale is not None and made.scale > scale:
        yield "warning", "fewer_decimals", {**values, "decimals": made.scale, "limit": scale}
    whole = None if limit.digits is None else limit.digits - (limit.scale or 0)
    if isinstance(made.constant, int) and limit.lowest is not None and limit.highest is not None:
        if not limit.lowest <= made.constant <= limit.highest:
            yield "error", "constant_range", {**values, "lowest": limit.lowest, "highest": limit.highest}
    elif limit.kind == "int" and limit.highest is not None and made.whole:
        # What most columns hold is far below what QuickBooks could hold: only the narrow ones are worth a word.
        if limit.highest < 10 ** min(made.whole, 6):
            yield "note", "narrow_int", {**values, "highest": limit.highest}
    elif whole is not None and made.whole > whole:
        yield "error" if made.constant is not None else "note", "fewer_digits", {**values, "limit": whole}
