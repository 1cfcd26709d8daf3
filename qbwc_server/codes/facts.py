"""The facts of every code: its family, who can cure it, and what becomes of the refresh.

Source: QBWC guide, appendix A; qbXML status ranges of the SDK's on-screen reference; messages seen in the field.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Kind = Literal["hresult", "status", "qbwc", "ours"]
Blame = Literal["office", "quickbooks", "us", "developer", "nobody"]
Policy = Literal["retry", "fail", "wait", "split", "result"]


@dataclass(frozen=True, slots=True)
class Code:
    """One code.

    Attributes:
        code: As it is shown: "0x8004040A", "3260", "QBWC1039", "held".
        kind: Its family.
        blame: Who can cure it: "office" (somebody at the QuickBooks PC), "quickbooks" (the QuickBooks administrator),
            "us" (who looks after this server), "developer" (the makers of this program), "nobody".
        policy: What becomes of the refreshes it concerns. "retry": back to waiting, sent again at the next visit.
            "wait": back to waiting and, until a person has acted, no send counts against it. "split": the message set
            is sent again in halves. "result": an answer like any other, nothing is wrong. "fail": the refresh is over.
        wording: The key of its sentences under `code` in the catalogue, which several codes may share.
    """

    code: str
    kind: Kind
    blame: Blame
    policy: Policy
    wording: str


_Row = tuple[str, Blame, Policy]

_HRESULTS: Final[tuple[_Row, ...]] = (
    ("0x80040308", "office", "wait"),
    ("0x80040400", "developer", "split"),
    ("0x80040401", "office", "retry"),
    ("0x80040402", "office", "retry"),
    ("0x80040403", "office", "wait"),
    ("0x80040406", "office", "wait"),
    ("0x80040408", "office", "wait"),
    ("0x80040409", "office", "wait"),
    ("0x8004040A", "office", "wait"),
    ("0x8004040D", "nobody", "retry"),
    ("0x80040410", "office", "wait"),
    ("0x80040414", "office", "wait"),
    ("0x80040416", "office", "wait"),
    ("0x80040417", "office", "wait"),
    ("0x80040418", "quickbooks", "wait"),
    ("0x8004041A", "quickbooks", "wait"),
    ("0x8004041D", "quickbooks", "wait"),
    ("0x8004041F", "office", "wait"),
    ("0x80040420", "quickbooks", "wait"),
    ("0x80040422", "office", "wait"),
    ("0x80040424", "nobody", "wait"),
    ("0x80040438", "office", "wait"),
)

_STATUSES: Final[tuple[_Row, ...]] = (
    ("0", "nobody", "result"),
    ("1", "nobody", "result"),
    ("500", "office", "result"),
    ("501", "nobody", "result"),
    ("510", "nobody", "result"),
    ("530", "nobody", "result"),
    ("531", "nobody", "result"),
    ("550", "nobody", "result"),
    ("560", "nobody", "result"),
    ("570", "nobody", "result"),
    ("600", "nobody", "result"),
    ("1000", "office", "retry"),
    ("1010", "office", "retry"),
    ("1030", "developer", "fail"),
    ("1060", "developer", "fail"),
    ("3000", "us", "fail"),
    ("3010", "developer", "fail"),
    ("3020", "developer", "fail"),
    ("3030", "developer", "fail"),
    ("3031", "developer", "fail"),
    ("3035", "developer", "fail"),
    ("3100", "developer", "fail"),
    ("3120", "office", "result"),
    ("3130", "developer", "fail"),
    ("3140", "developer", "fail"),
    ("3170", "developer", "fail"),
    ("3171", "developer", "fail"),
    ("3175", "office", "retry"),
    ("3176", "office", "retry"),
    ("3180", "developer", "fail"),
    ("3200", "developer", "fail"),
    ("3210", "developer", "fail"),
    ("3231", "nobody", "retry"),
    ("3250", "nobody", "result"),
    ("3260", "quickbooks", "fail"),
    ("3261", "quickbooks", "fail"),
    ("3263", "quickbooks", "fail"),
    ("3391", "nobody", "retry"),
)

# The Web Connector shows these on the QuickBooks PC and does not send them to a server, so none of them ends a
# refresh. One sentence serves all the codes of a row.
_WEB_CONNECTOR: Final[tuple[tuple[tuple[int, ...], Blame], ...]] = (
    ((1000,), "us"),
    ((1001, 1002), "us"),
    ((1003, 1004), "us"),
    ((1005, 1006, 1033), "office"),
    ((1007, 1008, 1009), "office"),
    ((1010,), "us"),
    ((1011, 1032), "office"),
    ((1012,), "us"),
    ((1013,), "office"),
    ((1014,), "office"),
    ((1015,), "nobody"),
    ((1016, 1018, 1019), "office"),
    ((1017,), "office"),
    ((1020,), "office"),
    ((1021,), "office"),
    ((1022, 1023, 1024, 1025), "quickbooks"),
    ((1026, 1027), "quickbooks"),
    ((1028, 1029, 1038), "office"),
    ((1030, 1040), "office"),
    ((1031,), "office"),
    ((1034,), "office"),
    ((1035,), "us"),
    ((1036, 1046), "us"),
    ((1037,), "office"),
    ((1039,), "quickbooks"),
    ((1041,), "us"),
    ((1042,), "us"),
    ((1043, 1044, 1045), "us"),
    ((1048,), "us"),
    ((1085,), "office"),
)

_OURS: Final[tuple[_Row, ...]] = (
    ("held", "us", "fail"),
    ("ambiguous", "us", "fail"),
    ("refused_value", "office", "fail"),
    ("wrong_file", "office", "wait"),
    ("file_unconfirmed", "us", "wait"),
    ("connection_failed", "office", "wait"),
    ("no_answer", "office", "fail"),
    ("given_up", "office", "fail"),
    ("left_out", "office", "retry"),
    ("list_short", "quickbooks", "result"),
    ("not_found", "office", "result"),
    ("deleted", "nobody", "result"),
    ("cancelled_late", "nobody", "result"),
    ("website_down", "us", "wait"),
    ("website_schema", "us", "wait"),
    ("not_understood", "developer", "retry"),
    ("foreign_answer", "developer", "retry"),
    ("truncated", "developer", "retry"),
    ("empty_answer", "developer", "retry"),
    ("not_xml", "developer", "retry"),
    ("wrong_kind", "developer", "retry"),
    ("version_too_old", "us", "wait"),
    ("paused", "us", "wait"),
    ("taken_over", "office", "retry"),
    ("unknown_ticket", "nobody", "retry"),
    ("nothing_waiting", "nobody", "result"),
    ("older_version", "nobody", "retry"),
    ("wrong_password", "office", "wait"),
    ("permission", "quickbooks", "fail"),
    ("too_many_hits", "nobody", "result"),
    ("set_aside", "us", "result"),
    ("bad_record", "office", "fail"),
    ("internal", "us", "retry"),
)

# An unknown code is repeated to people, so it must not be a novel.
_LONGEST: Final = 40

# The wording of a code that is in no list and of no family.
UNKNOWN: Final = "unknown"
# The wordings for codes that are in no list.
_STRANGERS: Final = (UNKNOWN, "unknown_hresult", "unknown_status", "unknown_qbwc")

# Statuses of this range are all about macros, and share one sentence.
_MACROS: Final = range(9100, 9200)


def _rows(kind: Kind, rows: tuple[_Row, ...]) -> dict[str, Code]:
    return {code.casefold(): Code(code, kind, blame, policy, code) for code, blame, policy in rows}


def _web_connector() -> dict[str, Code]:
    return {
        f"qbwc{number}": Code(f"QBWC{number}", "qbwc", blame, "wait", f"QBWC{numbers[0]}")
        for numbers, blame in _WEB_CONNECTOR
        for number in numbers
    }


_CODES: Final[Mapping[str, Code]] = MappingProxyType(
    _rows("hresult", _HRESULTS) | _rows("status", _STATUSES) | _web_connector() | _rows("ours", _OURS)
)


def known() -> tuple[Code, ...]:
    """Returns every code we have words for: hresults, statuses, the Web Connector's messages, ours."""
    return tuple(_CODES.values())


def find(code: str | int) -> Code:
    """Returns what is known about a code.

    Args:
        code: An hresult, a status, a message number of the Web Connector or one of our names; capitals, blanks around
            it and a missing "0x" before an hresult do not matter. A bare number is always a status.

    Returns:
        The code; for one that is not in the list, an entry of its family that keeps the code and loses no refresh.
    """
    asked = str(code).strip()[:_LONGEST]
    key = asked.casefold()
    if re.fullmatch(r"8004[0-9a-f]{4}", key):
        key = f"0x{key}"
    return _CODES.get(key) or _stranger(asked, key)


def find_all(code: str | int) -> tuple[Code, ...]:
    """Returns each meaning that a code can have when a person writes it, the likeliest first; never nothing.

    A bare number may be a status of QuickBooks or a message of the Web Connector; 1000, 1010 and 1030 are both.
    """
    first = find(code)
    other = _CODES.get(f"qbwc{first.code}") if first.kind == "status" else None
    if other is None:
        return (first,)
    return (first, other) if is_known(first.code) else (other,)


def is_known(code: str | int) -> bool:
    """Tells whether we have words of its own for a code."""
    return find(code).wording not in _STRANGERS


def _stranger(asked: str, key: str) -> Code:
    if re.fullmatch(r"0x[0-9a-f]{1,16}", key):
        return Code(f"0x{key[2:].upper()}", "hresult", "office", "retry", "unknown_hresult")
    if re.fullmatch(r"-?[0-9]{1,9}", key):
        wording = "9100" if int(key) in _MACROS else "unknown_status"
        blame: Blame = "developer" if int(key) in _MACROS else "us"
        return Code(key, "status", blame, "fail", wording)
    if re.fullmatch(r"qbwc[0-9]{1,6}", key):
        return Code(key.upper(), "qbwc", "us", "wait", "unknown_qbwc")
    return Code(asked, "ours", "us", "wait", UNKNOWN)
