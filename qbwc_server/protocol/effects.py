"""What goes out: the answer that QBWC gets, and what we want done."""

from dataclasses import dataclass

from qbwc_server.protocol.events import Reason


@dataclass(frozen=True, slots=True)
class Text:
    """A literal string."""

    text: str


@dataclass(frozen=True, slots=True)
class RepeatRequest:
    """The stored text of the outstanding message set."""


@dataclass(frozen=True, slots=True)
class Number:
    """The number that receiveResponseXML returns."""

    number: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """The words for a reason, or for 'no error' when it is None."""

    reason: Reason | None


Answer = Text | RepeatRequest | Number | Sentence


@dataclass(frozen=True, slots=True)
class TakeWork:
    """Claim what waits; answer with WorkTaken or NothingTaken."""


@dataclass(frozen=True, slots=True)
class AcceptAnswer:
    """Read and store the answer; answer with AnswerAccepted or AnswerRefused."""


@dataclass(frozen=True, slots=True)
class ReleaseWork:
    """Put what is out back into the queue.

    `counted`: the send went without an answer, and counts towards the limit.
    """

    counted: bool


@dataclass(frozen=True, slots=True)
class RecordConnectionError:
    """Remember for the company why QuickBooks could not be opened."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class SettleVisit:
    """Draw the visit's conclusions: the requests that QuickBooks refused alone."""


Effect = TakeWork | AcceptAnswer | ReleaseWork | RecordConnectionError | SettleVisit
