"""The QBWC session as a pure, table-driven state machine.

Values in, values out: `advance(session, event) -> Step(session, answer, effects)`.
No clock, no network, no file, no SQL and no XML; what must be looked up or
stored is asked for as an effect, and its result comes back as the next event.
"""

from qbwc_server.protocol.effects import (
    AcceptAnswer,
    Answer,
    Effect,
    Number,
    RecordConnectionError,
    ReleaseWork,
    RepeatRequest,
    Sentence,
    SettleVisit,
    TakeWork,
    Text,
)
from qbwc_server.protocol.events import (
    AnswerAccepted,
    AnswerArrived,
    AnswerRefused,
    AnswerRepeated,
    CloseArrived,
    ConnectionFailed,
    ErrorAsked,
    Event,
    NothingTaken,
    Reason,
    RequestAsked,
    SessionTakenOver,
    SilenceNoticed,
    StrangerArrived,
    WorkTaken,
)
from qbwc_server.protocol.session import (
    REFUSED,
    UNKNOWN_TICKET,
    IllegalEvent,
    Session,
    Step,
    advance,
    percentage,
    response_event,
)
from qbwc_server.protocol.states import TRANSITIONS, EventKind, State

__all__ = [
    "REFUSED",
    "TRANSITIONS",
    "UNKNOWN_TICKET",
    "AcceptAnswer",
    "Answer",
    "AnswerAccepted",
    "AnswerArrived",
    "AnswerRefused",
    "AnswerRepeated",
    "CloseArrived",
    "ConnectionFailed",
    "Effect",
    "ErrorAsked",
    "Event",
    "EventKind",
    "IllegalEvent",
    "NothingTaken",
    "Number",
    "Reason",
    "RecordConnectionError",
    "ReleaseWork",
    "RepeatRequest",
    "RequestAsked",
    "Sentence",
    "Session",
    "SessionTakenOver",
    "SettleVisit",
    "SilenceNoticed",
    "State",
    "Step",
    "StrangerArrived",
    "TakeWork",
    "Text",
    "WorkTaken",
    "advance",
    "percentage",
    "response_event",
]
