"""What came in: the calls of QBWC and the results of the effects that the core asked for."""

from dataclasses import dataclass

from qbwc_server.protocol.states import EventKind


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a visit is refused something: a catalogue code and what fills its sentence."""

    code: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class RequestAsked:
    """sendRequestXML arrived."""

    kind = EventKind.REQUEST_ASKED


@dataclass(frozen=True, slots=True)
class WorkTaken:
    """A message set was claimed and stored."""

    message_set: str
    kind = EventKind.WORK_TAKEN


@dataclass(frozen=True, slots=True)
class NothingTaken:
    """There was nothing to hand out, or it is held back.

    `hold`: QBWC is to wait and ask again, should getLastError find it so, too.
    """

    reason: Reason
    hold: bool = False
    kind = EventKind.NOTHING_TAKEN


@dataclass(frozen=True, slots=True)
class AnswerArrived:
    """receiveResponseXML arrived for the outstanding message set."""

    kind = EventKind.ANSWER_ARRIVED


@dataclass(frozen=True, slots=True)
class AnswerRepeated:
    """receiveResponseXML arrived again for the message set answered last."""

    kind = EventKind.ANSWER_REPEATED


@dataclass(frozen=True, slots=True)
class StrangerArrived:
    """receiveResponseXML arrived with something that answers no request of this visit."""

    reason: Reason
    kind = EventKind.STRANGER_ARRIVED


@dataclass(frozen=True, slots=True)
class AnswerAccepted:
    """The answer was stored; number is the percentage to return (0 to 100)."""

    number: int
    kind = EventKind.ANSWER_ACCEPTED


@dataclass(frozen=True, slots=True)
class AnswerRefused:
    """What arrived is no answer, or QuickBooks failed; the work is kept.

    `release`: QuickBooks was done with the request, so the work goes back at once,
    `counted` as a send without an answer or not. Otherwise it stays out: the right
    answer may still come.
    """

    reason: Reason
    release: bool = False
    counted: bool = False
    kind = EventKind.ANSWER_REFUSED


@dataclass(frozen=True, slots=True)
class ConnectionFailed:
    """connectionError arrived: QuickBooks could not be opened."""

    reason: Reason
    kind = EventKind.CONNECTION_FAILED


@dataclass(frozen=True, slots=True)
class ErrorAsked:
    """getLastError arrived.

    `hold`: whether a visit that is held still may be.
    """

    hold: bool = False
    kind = EventKind.ERROR_ASKED


@dataclass(frozen=True, slots=True)
class CloseArrived:
    """closeConnection arrived."""

    kind = EventKind.CLOSE_ARRIVED


@dataclass(frozen=True, slots=True)
class SilenceNoticed:
    """No call came for so long that the visit is given up; a late answer still counts."""

    kind = EventKind.SILENCE_NOTICED


@dataclass(frozen=True, slots=True)
class SessionTakenOver:
    """A newer visit of the same company began."""

    kind = EventKind.SESSION_TAKEN_OVER


Event = (
    RequestAsked
    | WorkTaken
    | NothingTaken
    | AnswerArrived
    | AnswerRepeated
    | StrangerArrived
    | AnswerAccepted
    | AnswerRefused
    | ConnectionFailed
    | ErrorAsked
    | CloseArrived
    | SilenceNoticed
    | SessionTakenOver
)
