"""Faults that a simulated visit can commit on order: on the wire, in the answers, in what the user set up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class FaultKind(Enum):
    """What goes wrong. ``at`` of a Fault counts calls for the first two, answers or requests for the others."""

    LOST_REPLY = auto()  # the reply to call ``at`` is lost and the visit ends there
    REPEATED_CALL = auto()  # the reply to call ``at`` is lost and a proxy on the way repeats the call
    VANISH_AFTER_SEND = auto()  # nothing comes after request ``at``
    VANISH_BEFORE_CLOSE = auto()  # everything but closeConnection
    CRASH = auto()  # QuickBooks dies of request ``at`` and takes the connector along
    REPLAYED_ANSWER = auto()  # answer ``at`` is the one given before it, in this visit or an earlier one
    TRUNCATED_ANSWER = auto()
    FOREIGN_ANSWER = auto()  # the requestIDs are of somebody else
    WRONG_KIND = auto()  # the right requestIDs, the response elements of another query
    EMPTY_ANSWER = auto()  # neither a response nor an hresult
    NOT_XML = auto()
    CONTROL_CHARACTERS = auto()  # raw, as a reference, and doubly escaped
    HRESULT = auto()  # the request processor refuses: ``hresult`` and ``message``, an empty response
    LATE_ANSWER = auto()  # QuickBooks takes ``seconds``
    WRONG_PASSWORD = auto()
    WRONG_FILE = auto()  # another company file is open: ``path`` and another FileID
    NO_FILE_ID = auto()  # the file at ``path`` (the right one when empty) carries no FileID
    CONNECTION_ERROR = auto()  # BeginSession fails with ``hresult`` and ``message``


ANSWER_FAULTS = (
    FaultKind.REPLAYED_ANSWER,
    FaultKind.TRUNCATED_ANSWER,
    FaultKind.FOREIGN_ANSWER,
    FaultKind.WRONG_KIND,
    FaultKind.EMPTY_ANSWER,
    FaultKind.NOT_XML,
    FaultKind.CONTROL_CHARACTERS,
    FaultKind.HRESULT,
    FaultKind.LATE_ANSWER,
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a visit.

    Attributes:
        kind: what goes wrong.
        at: which call, request or answer of the visit, counted from 1; 0 means each of them.
        hresult: for HRESULT and CONNECTION_ERROR.
        message: the same.
        seconds: for LATE_ANSWER.
        path: the company file that is open, for WRONG_FILE and NO_FILE_ID.
    """

    kind: FaultKind
    at: int = 1
    hresult: str = "0x80040400"
    message: str = "QuickBooks found an error when parsing the provided XML text stream."
    seconds: float = 0.0
    path: str = ""

    def hits(self, number: int) -> bool:
        """Whether the fault is due at this call, request or answer."""
        return self.at in (0, number)


WRONG_PATH = r"C:\Users\Public\Documents\Intuit\QuickBooks\Company Files\Other Company.QBW"
WRONG_FILE_ID = "{0badf11e-0000-4000-8000-00000badf11e}"

_REQUEST_ID = re.compile(r'requestID="[^"]*"')
_RESPONSE_ELEMENT = re.compile(r"(</?)\w+QueryRs\b")
_FIRST_LEAF = re.compile(r"<(Name|FullName|CompanyName)>([^<]*)</")
_DATA_EXT = re.compile(r"<DataExtRet>.*?</DataExtRet>\s*", re.DOTALL)
_FILE_ID = re.compile(r"(<DataExtName>FileID</DataExtName>.*?<DataExtValue>)[^<]*(</DataExtValue>)", re.DOTALL)


def spoil(kind: FaultKind, answer: str, previous: str | None) -> str:
    """The answer as the fault leaves it; what a fault does not touch stays byte for byte.

    Args:
        kind: one of ANSWER_FAULTS; those that change no text give it back as it is.
        answer: the honest answer of QuickBooks.
        previous: the answer that this connector delivered before, if any.
    """
    return _SPOILERS[kind](answer, previous) if kind in _SPOILERS else answer


_SPOILERS: dict[FaultKind, Callable[[str, str | None], str]] = {
    FaultKind.REPLAYED_ANSWER: lambda answer, previous: answer if previous is None else previous,
    FaultKind.TRUNCATED_ANSWER: lambda answer, _: answer[: len(answer) * 2 // 3],
    FaultKind.FOREIGN_ANSWER: lambda answer, _: _REQUEST_ID.sub('requestID="somebody-elses-1"', answer),
    FaultKind.WRONG_KIND: lambda answer, _: _RESPONSE_ELEMENT.sub(r"\1VendorQueryRs", answer),
    FaultKind.EMPTY_ANSWER: lambda _answer, _: "",
    FaultKind.HRESULT: lambda _answer, _: "",
    FaultKind.NOT_XML: lambda _answer, _: "QuickBooks is not responding. Press OK to continue.",
    FaultKind.CONTROL_CHARACTERS: lambda answer, _: _FIRST_LEAF.sub("<\\1>\\2\x1f\x02&#x1F;&#31;</", answer, count=1),
}


def without_file_id(hcp: str) -> str:
    """The HCP answer of a company in which our application was never registered."""
    return _DATA_EXT.sub("", hcp)


def with_other_file_id(hcp: str) -> str:
    """The HCP answer of a company registered with another FileID; unchanged when it carries none."""
    return _FILE_ID.sub(rf"\g<1>{WRONG_FILE_ID}\2", hcp)
