"""The law of a visit: which call may follow which, and where it leads.

Theory of operation
-------------------
A visit is one QBWC session, from authenticate to closeConnection. QBWC makes
the calls; we answer. Every call that can arrive, and every result of an effect
that the core asked for, is an event. `TRANSITIONS` gives for each state and
kind of event the states it may lead to. There is no other place where an order
of calls is allowed or forbidden: an event with no entry is an error of ours
(`IllegalEvent`), never of QBWC, because every call of QBWC has an entry in
every state. The diagram in docs/architecture.md is drawn from this table.

A ticket that we do not know (also the ticket of an authenticate answered with
none, nvu or busy) is a visit in state UNKNOWN: it has polite answers and no
effects. A visit whose company has been taken over by a newer visit is in state
TAKEN_OVER for ever. In every other state an answer that echoes the outstanding
request counts, however late it comes.

A visit with nothing to hand out may be held: "" from sendRequestXML leads to
HOLDING, getLastError then says NoOp, and QBWC asks again after five seconds.
Whether it is held comes in with the event; the core knows no clock.

Source: QBWC guide ch. 2, 5, 8 and 10.
"""

from enum import Enum


class State(Enum):
    """Where a visit stands between two calls."""

    UNKNOWN = "unknown"
    READY = "ready"
    SENT = "sent"
    HOLDING = "holding"
    EXPLAINING = "explaining"
    ENDING = "ending"
    CLOSED = "closed"
    TAKEN_OVER = "taken_over"


class EventKind(Enum):
    """What can happen to a visit, in the past tense."""

    REQUEST_ASKED = "sendRequestXML"
    WORK_TAKEN = "work taken"
    NOTHING_TAKEN = "nothing taken"
    ANSWER_ARRIVED = "receiveResponseXML: the outstanding request"
    ANSWER_REPEATED = "receiveResponseXML: the last answered request"
    STRANGER_ARRIVED = "receiveResponseXML: anything else"
    ANSWER_ACCEPTED = "answer accepted"
    ANSWER_REFUSED = "answer refused"
    CONNECTION_FAILED = "connectionError"
    ERROR_ASKED = "getLastError"
    CLOSE_ARRIVED = "closeConnection"
    SILENCE_NOTICED = "silence noticed"
    SESSION_TAKEN_OVER = "another visit began"


_K = EventKind
_S = State

TRANSITIONS: dict[State, dict[EventKind, tuple[State, ...]]] = {
    _S.UNKNOWN: {
        _K.REQUEST_ASKED: (_S.UNKNOWN,),
        _K.STRANGER_ARRIVED: (_S.UNKNOWN,),
        _K.CONNECTION_FAILED: (_S.UNKNOWN,),
        _K.ERROR_ASKED: (_S.UNKNOWN,),
        _K.CLOSE_ARRIVED: (_S.UNKNOWN,),
    },
    _S.READY: {
        _K.REQUEST_ASKED: (_S.READY,),
        _K.WORK_TAKEN: (_S.SENT,),
        _K.NOTHING_TAKEN: (_S.HOLDING, _S.EXPLAINING),
        _K.ANSWER_REPEATED: (_S.READY,),
        _K.STRANGER_ARRIVED: (_S.EXPLAINING,),
        _K.CONNECTION_FAILED: (_S.ENDING,),
        _K.ERROR_ASKED: (_S.READY,),
        _K.CLOSE_ARRIVED: (_S.CLOSED,),
        _K.SILENCE_NOTICED: (_S.READY,),
        _K.SESSION_TAKEN_OVER: (_S.TAKEN_OVER,),
    },
    _S.SENT: {
        _K.REQUEST_ASKED: (_S.SENT,),
        _K.ANSWER_ARRIVED: (_S.SENT,),
        _K.ANSWER_ACCEPTED: (_S.READY, _S.ENDING),
        _K.ANSWER_REFUSED: (_S.EXPLAINING,),
        _K.ANSWER_REPEATED: (_S.SENT,),
        _K.STRANGER_ARRIVED: (_S.EXPLAINING,),
        _K.CONNECTION_FAILED: (_S.ENDING,),
        _K.ERROR_ASKED: (_S.SENT,),
        _K.CLOSE_ARRIVED: (_S.CLOSED,),
        _K.SILENCE_NOTICED: (_S.SENT,),
        _K.SESSION_TAKEN_OVER: (_S.TAKEN_OVER,),
    },
    _S.HOLDING: {
        _K.REQUEST_ASKED: (_S.READY,),
        _K.ANSWER_REPEATED: (_S.HOLDING,),
        _K.STRANGER_ARRIVED: (_S.EXPLAINING,),
        _K.CONNECTION_FAILED: (_S.ENDING,),
        _K.ERROR_ASKED: (_S.READY, _S.ENDING),
        _K.CLOSE_ARRIVED: (_S.CLOSED,),
        _K.SILENCE_NOTICED: (_S.HOLDING,),
        _K.SESSION_TAKEN_OVER: (_S.TAKEN_OVER,),
    },
    _S.EXPLAINING: {
        _K.REQUEST_ASKED: (_S.EXPLAINING,),
        _K.ANSWER_ARRIVED: (_S.EXPLAINING,),
        _K.ANSWER_ACCEPTED: (_S.READY, _S.ENDING),
        _K.ANSWER_REFUSED: (_S.EXPLAINING,),
        _K.ANSWER_REPEATED: (_S.EXPLAINING,),
        _K.STRANGER_ARRIVED: (_S.EXPLAINING,),
        _K.CONNECTION_FAILED: (_S.ENDING,),
        _K.ERROR_ASKED: (_S.ENDING,),
        _K.CLOSE_ARRIVED: (_S.CLOSED,),
        _K.SILENCE_NOTICED: (_S.EXPLAINING,),
        _K.SESSION_TAKEN_OVER: (_S.TAKEN_OVER,),
    },
    _S.ENDING: {
        _K.REQUEST_ASKED: (_S.ENDING,),
        _K.ANSWER_ARRIVED: (_S.ENDING,),
        _K.ANSWER_ACCEPTED: (_S.READY, _S.ENDING),
        _K.ANSWER_REFUSED: (_S.ENDING,),
        _K.ANSWER_REPEATED: (_S.ENDING,),
        _K.STRANGER_ARRIVED: (_S.ENDING,),
        _K.CONNECTION_FAILED: (_S.ENDING,),
        _K.ERROR_ASKED: (_S.ENDING,),
        _K.CLOSE_ARRIVED: (_S.CLOSED,),
        _K.SILENCE_NOTICED: (_S.ENDING,),
        _K.SESSION_TAKEN_OVER: (_S.TAKEN_OVER,),
    },
    _S.CLOSED: {
        _K.REQUEST_ASKED: (_S.CLOSED,),
        _K.ANSWER_ARRIVED: (_S.CLOSED,),
        _K.ANSWER_ACCEPTED: (_S.CLOSED,),
        _K.ANSWER_REFUSED: (_S.CLOSED,),
        _K.ANSWER_REPEATED: (_S.CLOSED,),
        _K.STRANGER_ARRIVED: (_S.CLOSED,),
        _K.CONNECTION_FAILED: (_S.CLOSED,),
        _K.ERROR_ASKED: (_S.CLOSED,),
        _K.CLOSE_ARRIVED: (_S.CLOSED,),
        _K.SESSION_TAKEN_OVER: (_S.TAKEN_OVER,),
    },
    _S.TAKEN_OVER: {
        _K.REQUEST_ASKED: (_S.TAKEN_OVER,),
        _K.STRANGER_ARRIVED: (_S.TAKEN_OVER,),
        _K.CONNECTION_FAILED: (_S.TAKEN_OVER,),
        _K.ERROR_ASKED: (_S.TAKEN_OVER,),
        _K.CLOSE_ARRIVED: (_S.TAKEN_OVER,),
        _K.SESSION_TAKEN_OVER: (_S.TAKEN_OVER,),
    },
}

QBWC_CALLS: tuple[EventKind, ...] = (
    _K.REQUEST_ASKED,
    _K.STRANGER_ARRIVED,
    _K.CONNECTION_FAILED,
    _K.ERROR_ASKED,
    _K.CLOSE_ARRIVED,
)
"""The calls that QBWC can make in any state; each state answers every one of them."""
