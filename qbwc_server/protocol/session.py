"""One visit as a value, and the function that moves it.

`advance` never decides by itself whether work exists or an answer is good: it
asks for that as an effect (`TakeWork`, `AcceptAnswer`), the caller carries it
out in its transaction and feeds the result back as an event (`WorkTaken`,
`NothingTaken`, `AnswerAccepted`, `AnswerRefused`).

Source: QBWC guide ch. 2, 8 and 10.
"""

from dataclasses import dataclass, replace

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
from qbwc_server.protocol.states import TRANSITIONS, EventKind, State

DONE = 100
MOST_WHILE_WAITING = 99
REFUSED = -1
NOOP = "NoOp"
NOTHING_WAITING = Reason("nothing_waiting")


class IllegalEvent(Exception):
    """An event that the table does not know in this state: an error of ours."""

    def __init__(self, state: State, kind: EventKind) -> None:
        super().__init__(f"The event '{kind.value}' has no entry in state '{state.value}'; mend the caller.")


@dataclass(frozen=True, slots=True)
class Session:
    """A visit between two calls.

    Attributes:
        state: where it stands.
        outstanding: id of the message set at QuickBooks, if any; it stays after a
            release, so that a late answer still counts.
        released: the outstanding work has gone back to the queue meanwhile.
        last_answered: id of the message set answered last.
        last_number: the number that answer got.
        reason: what getLastError will say.
    """

    state: State = State.READY
    outstanding: str | None = None
    released: bool = False
    last_answered: str | None = None
    last_number: int = 0
    reason: Reason | None = None


UNKNOWN_TICKET = Session(state=State.UNKNOWN, reason=Reason("unknown_ticket"))


@dataclass(frozen=True, slots=True)
class Step:
    """What an event did: the visit after it, the answer if there is one yet, what must be done."""

    session: Session
    answer: Answer | None = None
    effects: tuple[Effect, ...] = ()


def percentage(done: int, waiting: int, under_way: float = 0.0, *, hold: bool = False, before: int = 0) -> int:
    """Return the progress number: 100 only when nothing waits and the visit is not held, else at most 99.

    What is asked for meanwhile makes the share that is done smaller. The number stays where it was then: a progress
    bar that goes back looks like a fault.

    Args:
        done: requests that are done with.
        waiting: requests that wait.
        under_way: how much of those that wait is done already, each counted from 0 to 1.
        hold: whether the visit is held open.
        before: the number that the visit gave last.

    Source: QBWC guide ch. 10, receiveResponseXML.
    """
    if waiting <= 0:
        return MOST_WHILE_WAITING if hold else DONE
    share = int(DONE * (done + min(under_way, waiting)) / (done + waiting))
    return min(MOST_WHILE_WAITING, max(share, before))


def response_event(session: Session, message_set: str | None, stranger: Reason) -> Event:
    """Classify a receiveResponseXML by the message set it echoes.

    Args:
        session: the visit.
        message_set: id of the message set whose requestIDs the answer echoes; None
            when it echoes none of this visit. A failure without a body (an hresult)
            belongs to the outstanding one.
        stranger: what to say when it belongs to none.
    """
    reachable = session.state not in (State.UNKNOWN, State.TAKEN_OVER)
    if reachable and message_set is not None and message_set == session.outstanding:
        return AnswerArrived()
    if reachable and message_set is not None and message_set == session.last_answered:
        return AnswerRepeated()
    return StrangerArrived(stranger)


def advance(session: Session, event: Event) -> Step:
    """Move a visit by one event.

    Raises:
        IllegalEvent: the table has no entry for this event; the session is unchanged.
    """
    targets = TRANSITIONS[session.state].get(event.kind)
    if targets is None:
        raise IllegalEvent(session.state, event.kind)
    step = _step(session, event)
    if step.session.state not in targets:
        raise IllegalEvent(session.state, event.kind)
    return step


def _step(session: Session, event: Event) -> Step:  # noqa: C901, PLR0911, PLR0912 - one case a kind of event
    match event:
        case RequestAsked():
            return _request_asked(session)
        case WorkTaken(message_set):
            taken = replace(session, state=State.SENT, outstanding=message_set, released=False, reason=None)
            return Step(taken, RepeatRequest())
        case NothingTaken(reason, hold):
            state = State.HOLDING if hold else State.EXPLAINING
            return Step(replace(session, state=state, reason=reason), Text(""))
        case AnswerArrived():
            return Step(session, None, (AcceptAnswer(),))
        case AnswerRepeated():
            return Step(session, Number(session.last_number))
        case AnswerAccepted(number):
            return _accepted(session, number)
        case StrangerArrived(reason):
            return _refused(session, reason)
        case AnswerRefused(reason, release, counted):
            return _refused(session, reason, _release(session, counted=counted) if release else ())
        case ConnectionFailed(reason):
            return _connection_failed(session, reason)
        case ErrorAsked(hold):
            return _error_asked(session, hold=hold)
        case CloseArrived():
            return _closed(session)
        case SilenceNoticed():
            silent = replace(session, released=session.outstanding is not None)
            return Step(silent, None, (*_release(session, counted=True), SettleVisit()))
        case SessionTakenOver():
            return _taken_over(session)


def _error_asked(session: Session, *, hold: bool) -> Step:
    if session.state is State.HOLDING and hold:
        return Step(replace(session, state=State.READY, reason=None), Text(NOOP))
    if session.state in (State.HOLDING, State.EXPLAINING):
        return Step(replace(session, state=State.ENDING), Sentence(session.reason))
    if session.state in (State.READY, State.SENT):
        # QBWC asks only after "" or a negative number, and this visit gave neither: the call before broke off here.
        return Step(session, Sentence(session.reason or Reason("internal")))
    return Step(session, Sentence(session.reason))


def _request_asked(session: Session) -> Step:
    if session.state in (State.READY, State.HOLDING):
        return Step(replace(session, state=State.READY), None, (TakeWork(),))
    if session.state is State.SENT:
        return Step(session, RepeatRequest())
    return Step(session, Text(""))


def _accepted(session: Session, number: int) -> Step:
    state = State.CLOSED if session.state is State.CLOSED else State.ENDING if number >= DONE else State.READY
    done = Session(state=state, last_answered=session.outstanding, last_number=number)
    return Step(done, Number(number))


def _refused(session: Session, reason: Reason, effects: tuple[Effect, ...] = ()) -> Step:
    if session.state in (State.UNKNOWN, State.TAKEN_OVER):
        return Step(session, Number(REFUSED))
    state = State.EXPLAINING if session.state in (State.READY, State.SENT, State.HOLDING) else session.state
    released = session.released or bool(effects)
    return Step(replace(session, state=state, reason=reason, released=released), Number(REFUSED), effects)


def _connection_failed(session: Session, reason: Reason) -> Step:
    if session.state in (State.UNKNOWN, State.TAKEN_OVER):
        return Step(session, Text("done"))
    state = State.CLOSED if session.state is State.CLOSED else State.ENDING
    failed = replace(session, state=state, released=session.outstanding is not None, reason=reason)
    return Step(failed, Text("done"), (*_release(session, counted=False), RecordConnectionError(reason)))


def _closed(session: Session) -> Step:
    if session.state in (State.UNKNOWN, State.TAKEN_OVER):
        return Step(session, Sentence(None))
    first = session.state is not State.CLOSED
    closed = replace(session, state=State.CLOSED, released=session.outstanding is not None)
    effects = (*_release(session, counted=True), *((SettleVisit(),) if first else ()))
    # That nothing is left is no trouble: it was said once, and the visit ended well.
    return Step(closed, Sentence(None if session.reason == NOTHING_WAITING else session.reason), effects)


def _taken_over(session: Session) -> Step:
    if session.state is State.TAKEN_OVER:
        return Step(session)
    over = Session(state=State.TAKEN_OVER, reason=Reason("taken_over"))
    settle = () if session.state is State.CLOSED else (SettleVisit(),)
    return Step(over, None, (*_release(session, counted=True), *settle))


def _release(session: Session, *, counted: bool) -> tuple[Effect, ...]:
    if session.outstanding is None or session.released:
        return ()
    return (ReleaseWork(counted=counted),)
