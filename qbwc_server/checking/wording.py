"""Findings in words, at a door that knows its reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from qbwc_server import codes, words
from qbwc_server.checking.finding import Bytes, Finding, Trouble

_MEGA: Final = 10**6
_GIGA: Final = 10**9


@dataclass(frozen=True, slots=True)
class Worded:
    """A finding for people.

    Attributes:
        message: What was found.
        cure: What to do; None unless it is a fault.
    """

    message: str
    cure: str | None


def worded(finding: Finding, language: str, zone: str) -> Worded:
    """Return a finding in words.

    Args:
        language: One of words.LANGUAGES.
        zone: The reader's time zone, an IANA name.
    """
    values = _values(finding.values, language, zone)
    key = f"checking.{finding.told}"
    message = words.text(language, key, **values)
    return Worded(message, None if finding.ok else words.text(language, f"{key}_cure", **values))


def _values(values: Mapping[str, object], language: str, zone: str) -> dict[str, str]:
    said: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, Trouble):
            told = codes.explain(language, value.code, **value.values)
            said[name], said["steps"] = told.message, " ".join(told.steps)
        else:
            said[name] = _said(value, language, zone)
    return said


def _said(value: object, language: str, zone: str) -> str:
    if isinstance(value, datetime):
        return words.moment(language, value, zone)
    if isinstance(value, timedelta):
        return words.duration(language, value)
    if isinstance(value, Bytes):
        unit, size = ("gb", _GIGA) if value.count >= _GIGA else ("mb", _MEGA)
        return words.text(language, f"checking.size.{unit}", n=words.number(language, f"{value.count / size:.1f}"))
    return words.number(language, value) if isinstance(value, int) else str(value)
