"""Making a website's value and a field's value comparable: each way has one form for both sides.

Theory of operation
-------------------
A form is what two equal values share: text without capitals and needless blanks, a number by its value, the digits of a
phone number. Of each form only its hash is kept, a number of 64 bits, so that whole tables fit into arrays: two
different forms of the same hash are not to be expected among the values of one shop, and would at worst be counted as
equal once.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from qbwc_server.publish.mapping import transforms
from qbwc_server.publish.mapping.evidence import Way
from qbwc_server.publish.mapping.model import Transform
from qbwc_server.publish.mapping.reflected import Family
from qbwc_server.qbxml.fields import Field

Form = str | bool | Decimal

BLANK: Final = 0
"""The code of a column's value that is NULL or blank."""
ABSENT: Final = -1
"""The code of a field's value that is not there; never that of a column, so that two blanks are not an agreement."""

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,10})?")
_DIGITS: Final = re.compile(r"[0-9]")
_YES: Final = ("1", "true", "t", "yes", "y", "oui", "o")
_NO: Final = ("0", "false", "f", "no", "n", "non")
_PHONE_DIGITS: Final = 10
_LEAST_DIGITS: Final = 7
_CENTS: Final = 100
_PHONES: Final = ("Phone", "AltPhone", "Fax")
_EMAILS: Final = ("Email", "Cc")
_SLUGS: Final = ("FullName", "Name")
_BY_TEXT: Final[tuple[Way, ...]] = ("plain", "phone", "email", "slug", "number", "bool", "not")
_WAYS: Final[dict[Family, tuple[Way, ...]]] = {
    "text": _BY_TEXT,
    "enum": _BY_TEXT,
    "any": (*_BY_TEXT, "cents"),
    "decimal": ("number",),
    "float": ("number",),
    "int": ("number", "cents", "bool", "not", "plain"),
    "bool": ("bool", "not"),
    "uuid": ("plain",),
}


@dataclass(frozen=True, slots=True)
class Feature:
    """A field, seen in one way.

    Attributes:
        field: its name; "Custom.Colour" for one of the owner's own.
        way: how it is compared.
    """

    field: str
    way: Way


def ways_of(family: Family) -> tuple[Way, ...]:
    """Return the ways in which a column of a family can hold a field; none for times, bytes and JSON."""
    return _WAYS.get(family, ())


def features_of(field: Field) -> tuple[Feature, ...]:
    """Return the ways in which a field can stand in a column; none for a field that holds several values."""
    ways: tuple[Way, ...] = ()
    if field.type.kind == "bool":
        ways = ("bool", "not")
    elif field.type.kind == "int":
        ways = ("number",)
    elif field.type.kind == "decimal":
        ways = ("number", "cents") if field.type.name in {"money", "price"} else ("number",)
    elif field.name in _EMAILS:
        ways = ("email",)
    elif field.name in _PHONES:
        ways = ("phone",)
    elif field.type.kind == "text":
        ways = ("plain", "slug") if field.name in _SLUGS else ("plain",)
    return tuple(Feature(field.name, way) for way in ways)


def column_code(value: object, way: Way) -> int:
    """Return the code of what stands in a column; `BLANK` for nothing."""
    text = _text(value)
    return BLANK if text is None else _code(_OF_COLUMN[way](value, text))


def field_code(value: object, way: Way) -> int:
    """Return the code of a field's value in JSON form; `ABSENT` for nothing."""
    text = _text(value)
    if text is None:
        return ABSENT
    form = _OF_FIELD.get(way, _OF_COLUMN["number" if way == "cents" else "bool" if way == "not" else way])(value, text)
    return ABSENT if form == "" else _code(form)


def _code(form: Form) -> int:
    code = hash((form,))
    return code if code not in (BLANK, ABSENT) else 1


def _text(value: object) -> str | None:
    """Return a value as text without capitals and needless blanks; None for nothing."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or not isinstance(value, str | int | float | Decimal | UUID):
        return None
    return " ".join(str(value).split()).casefold() or None


def _number(value: object, text: str) -> Form:
    if isinstance(value, bool):
        return text
    if isinstance(value, int | Decimal):
        number = Decimal(value)
        return number if number.is_finite() else text
    bare = text.removesuffix("%").rstrip()
    return Decimal(bare) if _NUMBER.fullmatch(bare) else text


def _bool(_value: object, text: str) -> Form:
    # A plain True would be equal to the number 1.
    return "yes" if text in _YES else "no" if text in _NO else f"?{text}"


def _opposite(value: object, text: str) -> Form:
    form = _bool(value, text)
    return {"yes": "no", "no": "yes"}.get(str(form), form)


def _cents(value: object, text: str) -> Form:
    number = _number(value, text)
    return number / _CENTS if isinstance(number, Decimal) else number


def _phone(_value: object, text: str) -> Form:
    digits = "".join(_DIGITS.findall(text))
    return digits[-_PHONE_DIGITS:] if len(digits) >= _LEAST_DIGITS else text


def _plain(_value: object, text: str) -> Form:
    return text


def _first_email(_value: object, text: str) -> Form:
    return transforms.apply(Transform("first_email"), text)


def _slug(value: object, _text: str) -> Form:
    try:
        return transforms.apply(Transform("slug"), str(value))
    except transforms.TextRefused:
        return ""


_OF_COLUMN: Final[dict[Way, Callable[[object, str], Form]]] = {
    "plain": _plain,
    "number": _number,
    "bool": _bool,
    "not": _opposite,
    "cents": _cents,
    "phone": _phone,
    "email": _plain,
    "slug": _plain,
}
_OF_FIELD: Final[dict[Way, Callable[[object, str], Form]]] = {"email": _first_email, "slug": _slug}
