from dataclasses import replace
from typing import assert_never

import pytest

from qbwc_server.protocol import (
    TRANSITIONS,
    AnswerAccepted,
    AnswerArrived,
    AnswerRefused,
    AnswerRepeated,
    CloseArrived,
    ConnectionFailed,
    ErrorAsked,
    Event,
    EventKind,
    IllegalEvent,
    NothingTaken,
    Number,
    Reason,
    RepeatRequest,
    RequestAsked,
    Sentence,
    Session,
    SessionTakenOver,
    SilenceNoticed,
    State,
    StrangerArrived,
    Text,
    WorkTaken,
    advance,
    percentage,
    response_event,
)
from qbwc_server.protocol.states import QBWC_CALLS

WHY = Reason("foreign_answer")

EVENTS: dict[EventKind, Event] = {
    EventKind.REQUEST_ASKED: RequestAsked(),
    EventKind.WORK_TAKEN: WorkTaken("7.2"),
    EventKind.NOTHING_TAKEN: NothingTaken(Reason("nothing_waiting")),
    EventKind.ANSWER_ARRIVED: AnswerArrived(),
    EventKind.ANSWER_ACCEPTED: AnswerAccepted(50),
    EventKind.ANSWER_REFUSED: AnswerRefused(WHY),
    EventKind.ANSWER_REPEATED: AnswerRepeated(),
    EventKind.STRANGER_ARRIVED: StrangerArrived(WHY),
    EventKind.CONNECTION_FAILED: ConnectionFailed(Reason("0x80040408")),
    EventKind.ERROR_ASKED: ErrorAsked(),
    EventKind.CLOSE_ARRIVED: CloseArrived(),
    EventKind.SILENCE_NOTICED: SilenceNoticed(),
    EventKind.SESSION_TAKEN_OVER: SessionTakenOver(),
}


def a_session(state: State) -> Session:
    out = "7.1" if state in (State.SENT, State.EXPLAINING, State.ENDING, State.CLOSED) else None
    return Session(state=state, outstanding=out, last_answered="7.0", last_number=40)


def test_every_kind_of_event_has_a_value_here() -> None:
    assert set(EVENTS) == set(EventKind)


def test_every_state_has_a_row() -> None:
    assert set(TRANSITIONS) == set(State)


@pytest.mark.parametrize("state", State, ids=lambda state: state.value)
@pytest.mark.parametrize("kind", QBWC_CALLS, ids=lambda kind: kind.value)
def test_every_call_of_qbwc_is_answered_in_every_state(state: State, kind: EventKind) -> None:
    step = advance(a_session(state), EVENTS[kind])
    if step.answer is None:
        # Only an effect's result can tell: work is taken, or there is none.
        assert state in (State.READY, State.HOLDING)
        assert kind is EventKind.REQUEST_ASKED
        assert step.effects
        return
    match step.answer:
        case Text() | RepeatRequest():
            assert kind in (EventKind.REQUEST_ASKED, EventKind.CONNECTION_FAILED)
        case Number(number):
            assert kind is EventKind.STRANGER_ARRIVED
            assert number == -1
        case Sentence():
            assert kind in (EventKind.ERROR_ASKED, EventKind.CLOSE_ARRIVED)
        case _ as never:
            assert_never(never)


@pytest.mark.parametrize("state", State, ids=lambda state: state.value)
@pytest.mark.parametrize("kind", EventKind, ids=lambda kind: kind.value)
def test_an_event_leads_where_the_table_says_or_is_illegal(state: State, kind: EventKind) -> None:
    session = a_session(state)
    before = replace(session)
    targets = TRANSITIONS[state].get(kind)
    if targets is None:
        with pytest.raises(IllegalEvent, match=kind.value):
            advance(session, EVENTS[kind])
    else:
        assert advance(session, EVENTS[kind]).session.state in targets
    assert session == before


def test_an_answer_of_a_hundred_ends_and_a_lower_one_goes_on() -> None:
    sent = a_session(State.SENT)
    assert advance(sent, AnswerAccepted(100)).session.state is State.ENDING
    assert advance(sent, AnswerAccepted(99)).session.state is State.READY


@pytest.mark.parametrize(("done", "waiting", "number"), [(0, 0, 100), (5, 0, 100), (0, 5, 0), (1, 1, 50), (999, 1, 99)])
def test_a_hundred_is_returned_only_when_nothing_waits(done: int, waiting: int, number: int) -> None:
    assert percentage(done, waiting) == number


@pytest.mark.parametrize(("done", "waiting", "number"), [(0, 0, 99), (5, 0, 99), (1, 1, 50), (999, 1, 99)])
def test_a_visit_that_is_held_never_hears_a_hundred(done: int, waiting: int, number: int) -> None:
    assert percentage(done, waiting, hold=True) == number


@pytest.mark.parametrize("state", [one for one in State if one is not State.HOLDING], ids=lambda state: state.value)
def test_only_a_visit_that_was_just_given_nothing_hears_noop(state: State) -> None:
    session = a_session(state)
    assert advance(session, ErrorAsked(hold=True)) == advance(session, ErrorAsked())
    assert advance(a_session(State.HOLDING), ErrorAsked(hold=True)).answer == Text("NoOp")


@pytest.mark.parametrize("state", [State.UNKNOWN, State.TAKEN_OVER])
def test_no_answer_counts_on_a_ticket_that_is_unknown_or_taken_over(state: State) -> None:
    session = Session(state=state, outstanding="7.1", last_answered="7.0")
    assert response_event(session, "7.1", WHY) == StrangerArrived(WHY)
    assert response_event(session, "7.0", WHY) == StrangerArrived(WHY)


def test_an_answer_is_told_from_a_replay_and_from_a_stranger() -> None:
    session = a_session(State.SENT)
    assert response_event(session, "7.1", WHY) == AnswerArrived()
    assert response_event(session, "7.0", WHY) == AnswerRepeated()
    assert response_event(session, "6.9", WHY) == StrangerArrived(WHY)
    assert response_event(session, None, WHY) == StrangerArrived(WHY)
