"""The closed list of transforms: small, total rules from text to text; a mapping holds no code of its own.

Theory of operation: each transform is one row of `_KINDS`: what may stand behind its colon, and what it does. An
absent field is never transformed, and blank text stays blank through those that would make something of nothing
(`prefix`, `date`, `cents`, …): it counts as absent afterwards, and the column's `empty` decides.
What cannot be transformed exactly is refused, with a reason and never the text.

Source: docs/mapping.md, "Transforms".
"""

import difflib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from qbwc_server.publish.mapping.model import Transform

Fault = Literal["unknown", "form", "argument_missing", "argument_unwanted", "argument_bad", "map_table", "map_words"]
Reason = Literal["not_a_date", "not_a_number", "too_many_decimals", "no_slug"]

PHONE_COUNTRIES: Final = ("US", "CA")
MOST_CHARACTERS: Final = 100_000

_CENTS_DECIMALS: Final = 2
_MAP: Final = "map"
_LENGTH: Final = re.compile(r"[1-9][0-9]{0,5}")
_NUMBER: Final = re.compile(r"([+-]?)([0-9]{0,30})(?:\.([0-9]{0,30}))?")
_DAY: Final = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ].*)?")
# Anything else, such as the "x" of an extension, and the digits are not those of one number.
_PHONE: Final = re.compile(r"\+?[0-9\s().\-/\u2010-\u2013]+")
_NORTH_AMERICAN: Final = re.compile(r"1?([2-9][0-9]{9})")
_WORD: Final = re.compile(r"\w+(?:['\u2019]\w+)*")
_AFTER_ONE_LETTER: Final = re.compile(r"(?<!\w)\w['\u2019]\w")
_ADDRESS: Final = re.compile(r"[^@]+@[^@]+")
_NOT_SLUG: Final = re.compile(r"[^a-z0-9]+")
_UNDECOMPOSED: Final = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "\u0131": "i", "ħ": "h"}
)


class TextRefused(Exception):
    """A transform cannot take a text.

    Attributes:
        transform: its name.
        reason: why: "not_a_date", "not_a_number", "too_many_decimals" or "no_slug"; never the text.
    """

    def __init__(self, transform: str, reason: Reason) -> None:
        super().__init__(f"The transform {transform} cannot take the text: {reason}.")
        self.transform = transform
        self.reason: Reason = reason


class BadTransform(Exception):
    """What stands in the file is no transform.

    Attributes:
        fault: what is wrong; the catalogue has a sentence for each, `mapping_file.transform_FAULT`.
        given: as it stands in the file.
        near: what was probably meant, or how it is written; "" where nothing is near.
    """

    def __init__(self, fault: Fault, given: str, near: str = "") -> None:
        super().__init__(f"{given}: {fault}")
        self.fault: Fault = fault
        self.given = given
        self.near = near


def read(given: object) -> Transform:
    """Read a transform as the file has it: "trim", "truncate:40", or the table {map = {a = "b"}}.

    Raises:
        BadTransform: there is no such transform, or what stands behind its colon does not fit it.
    """
    if isinstance(given, dict):
        return _map(given)
    if not isinstance(given, str):
        raise BadTransform("form", str(given))
    name, colon, argument = given.partition(":")
    if name == _MAP:
        raise BadTransform("map_table", given)
    kind = _KINDS.get(name)
    if kind is None:
        near = difflib.get_close_matches(name.strip().lower(), NAMES, n=1)
        raise BadTransform("unknown", given, near[0] if near else "")
    if kind.fits is None:
        if colon:
            raise BadTransform("argument_unwanted", given, name)
    elif not argument:
        raise BadTransform("argument_missing", given, kind.example)
    elif not kind.fits(argument):
        raise BadTransform("argument_bad", given, kind.example)
    return Transform(name, argument)


def apply(transform: Transform, text: str) -> str:
    """Return what a transform makes of a text.

    Args:
        transform: as `read` gives it.
        text: of a present field; booleans are "true" and "false", numbers in QuickBooks's digits.

    Raises:
        TextRefused: it cannot take the text.
    """
    if transform.name == _MAP:
        return dict(transform.words).get(text, text)
    return _KINDS[transform.name].work(text, transform.argument)


def _map(given: dict[object, object]) -> Transform:
    if tuple(given) != (_MAP,):
        raise BadTransform("form", ", ".join(str(each) for each in given))
    table = given[_MAP]
    if not isinstance(table, dict) or not table or not all(isinstance(word, str) for word in table.values()):
        raise BadTransform("map_words", _MAP)
    return Transform(_MAP, words=tuple((str(word), str(becomes)) for word, becomes in table.items()))


def _title(text: str, _argument: str) -> str:
    """Capitalise words; behind an apostrophe only after a single letter: O'Brien and L'Oréal, but Bob's."""
    capital = _WORD.sub(lambda found: found[0][0].title() + found[0][1:].lower(), text)
    return _AFTER_ONE_LETTER.sub(lambda found: found[0][:-1] + found[0][-1].title(), capital)


def _phone(text: str, _country: str) -> str:
    bare = text.strip()
    digits = _digits(bare, "")
    found = _NORTH_AMERICAN.fullmatch(digits) if _PHONE.fullmatch(bare) else None
    if found is None or (bare.startswith("+") and not digits.startswith("1")):
        return text
    return f"+1{found[1]}"


def _digits(text: str, _argument: str) -> str:
    return "".join(each for each in text if each in "0123456789")


def _date(text: str, _argument: str) -> str:
    bare = text.strip()
    found = _DAY.fullmatch(bare)
    if not bare:
        return ""
    if found is None:
        raise TextRefused("date", "not_a_date")
    try:
        return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except ValueError:
        raise TextRefused("date", "not_a_date") from None


def _truncate(text: str, argument: str) -> str:
    end = int(argument)
    if len(text) <= end:
        return text
    # An accent that stands for itself goes with its letter.
    while end and unicodedata.combining(text[end]):
        end -= 1
    return text[:end].rstrip()


def _cents(text: str, _argument: str) -> str:
    bare = text.strip()
    if not bare:
        return ""
    found = _NUMBER.fullmatch(bare)
    sign, whole, decimals = (found[1], found[2], found[3] or "") if found else ("", "", "")
    if not whole and not decimals:
        raise TextRefused("cents", "not_a_number")
    if decimals[_CENTS_DECIMALS:].strip("0"):
        raise TextRefused("cents", "too_many_decimals")
    # By the digits themselves: arithmetic with decimals rounds long ones.
    number = int(whole + decimals[:_CENTS_DECIMALS].ljust(_CENTS_DECIMALS, "0"))
    return str(-number if sign == "-" else number)


def _slug(text: str, _argument: str) -> str:
    parts = unicodedata.normalize("NFKD", text)
    plain = "".join(each for each in parts if not unicodedata.combining(each) and unicodedata.category(each) != "Cf")
    slug = _NOT_SLUG.sub("-", plain.lower().translate(_UNDECOMPOSED)).strip("-")
    if not slug and text.strip():
        raise TextRefused("slug", "no_slug")
    return slug


def _first_email(text: str, _argument: str) -> str:
    parts = (part.strip("<>\"'()") for part in re.split(r"[,;\s]+", text))
    return next((part for part in parts if _ADDRESS.fullmatch(part)), "")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A transform.

    Attributes:
        work: text and argument -> text.
        fits: whether an argument can be used; None where there is none.
        example: how it is written.
    """

    work: Callable[[str, str], str]
    fits: Callable[[str], bool] | None = None
    example: str = ""


def _is_length(argument: str) -> bool:
    return _LENGTH.fullmatch(argument) is not None and int(argument) <= MOST_CHARACTERS


_KINDS: Final[dict[str, _Kind]] = {
    "trim": _Kind(lambda text, _: text.strip()),
    "collapse": _Kind(lambda text, _: " ".join(text.split())),
    "lower": _Kind(lambda text, _: text.lower()),
    "upper": _Kind(lambda text, _: text.upper()),
    "title": _Kind(_title),
    "digits": _Kind(_digits),
    "phone": _Kind(_phone, PHONE_COUNTRIES.__contains__, " / ".join(f"phone:{each}" for each in PHONE_COUNTRIES)),
    "date": _Kind(_date),
    "truncate": _Kind(_truncate, _is_length, "truncate:40"),
    "prefix": _Kind(lambda text, prefix: prefix + text if text.strip() else text, bool, "prefix:QB-"),
    "suffix": _Kind(lambda text, suffix: text + suffix if text.strip() else text, bool, "suffix: (QB)"),
    "cents": _Kind(_cents),
    "slug": _Kind(_slug),
    "first_email": _Kind(_first_email),
}

NAMES: Final = (*_KINDS, _MAP)
"""All transforms, by name."""
