"""Whole conversations, each to its last call; a difference is shown as a diff of the script."""

import difflib
from collections.abc import Sequence

import pytest

from qbwc_server.protocol import (
    UNKNOWN_TICKET,
    AcceptAnswer,
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
    RecordConnectionError,
    ReleaseWork,
    RequestAsked,
    Sentence,
    Session,
    SessionTakenOver,
    SettleVisit,
    SilenceNoticed,
    State,
    StrangerArrived,
    TakeWork,
    WorkTaken,
    advance,
)

FOREIGN = Reason("foreign_answer")
BUSY = Reason("0x80040414")
DEAD = Reason("0x80040408")
NOTHING = Reason("nothing_waiting")
Line = tuple[Event, str]

RELEASE = ReleaseWork(counted=True)
KEEP = ReleaseWork(counted=False)


def _said(session: Session, events: Sequence[Event]) -> list[str]:
    """What each event was answered, with the effects and the state after it."""
    lines = []
    for event in events:
        step = advance(session, event)
        session = step.session
        effects = "".join(f" + {effect}" for effect in step.effects)
        lines.append(f"{event} -> {step.answer}{effects} [{session.state.value}]")
    return lines


def _play(script: Sequence[Line], session: Session | None = None) -> None:
    said = _said(session or Session(), [event for event, _ in script])
    expected = [f"{event} -> {wanted}" for event, wanted in script]
    if said != expected:
        pytest.fail("\n".join(difflib.unified_diff(expected, said, "expected", "said", lineterm="", n=20)))


ANSWERED = (
    (RequestAsked(), f"None + {TakeWork()} [ready]"),
    (WorkTaken("1.1"), "RepeatRequest() [sent]"),
    (AnswerArrived(), f"None + {AcceptAnswer()} [sent]"),
)

SCRIPTS: dict[str, tuple[Line, ...]] = {
    "a visit of two round trips": (
        *ANSWERED,
        (AnswerAccepted(50), "Number(number=50) [ready]"),
        (RequestAsked(), f"None + {TakeWork()} [ready]"),
        (WorkTaken("1.2"), "RepeatRequest() [sent]"),
        (AnswerArrived(), f"None + {AcceptAnswer()} [sent]"),
        (AnswerAccepted(100), "Number(number=100) [ending]"),
        (CloseArrived(), f"Sentence(reason=None) + {SettleVisit()} [closed]"),
    ),
    "nothing to hand out": (
        (RequestAsked(), f"None + {TakeWork()} [ready]"),
        (NothingTaken(NOTHING), "Text(text='') [explaining]"),
        (ErrorAsked(), f"Sentence(reason={NOTHING}) [ending]"),
        (CloseArrived(), f"Sentence(reason=None) + {SettleVisit()} [closed]"),
    ),
    "a visit is held twice, given work in between, and ends well when its time is over": (
        *ANSWERED,
        (AnswerAccepted(99), "Number(number=99) [ready]"),
        (RequestAsked(), f"None + {TakeWork()} [ready]"),
        (NothingTaken(NOTHING, hold=True), "Text(text='') [holding]"),
        (ErrorAsked(hold=True), "Text(text='NoOp') [ready]"),
        (RequestAsked(), f"None + {TakeWork()} [ready]"),
        (WorkTaken("1.2"), "RepeatRequest() [sent]"),
        (AnswerArrived(), f"None + {AcceptAnswer()} [sent]"),
        (AnswerAccepted(99), "Number(number=99) [ready]"),
        (RequestAsked(), f"None + {TakeWork()} [ready]"),
        (NothingTaken(NOTHING, hold=True), "Text(text='') [holding]"),
        (ErrorAsked(hold=True), "Text(text='NoOp') [ready]"),
        (RequestAsked(), f"None + {TakeWork()} [ready]"),
        (NothingTaken(NOTHING), "Text(text='') [explaining]"),
        (ErrorAsked(), f"Sentence(reason={NOTHING}) [ending]"),
        (CloseArrived(), f"Sentence(reason=None) + {SettleVisit()} [closed]"),
    ),
    "a hold that is over between two calls ends at the second": (
        (RequestAsked(), f"None + {TakeWork()} [ready]"),
        (NothingTaken(NOTHING, hold=True), "Text(text='') [holding]"),
        (ErrorAsked(), f"Sentence(reason={NOTHING}) [ending]"),
        (CloseArrived(), f"Sentence(reason=None) + {SettleVisit()} [closed]"),
    ),
    "a held visit that skips getLastError is asked for work again": (
        (RequestAsked(), f"None + {TakeWork()} [ready]"),
        (NothingTaken(NOTHING, hold=True), "Text(text='') [holding]"),
        (RequestAsked(), f"None + {TakeWork()} [ready]"),
        (NothingTaken(NOTHING, hold=True), "Text(text='') [holding]"),
        (StrangerArrived(FOREIGN), "Number(number=-1) [explaining]"),
        (ErrorAsked(hold=True), f"Sentence(reason={FOREIGN}) [ending]"),
        (CloseArrived(), f"Sentence(reason={FOREIGN}) + {SettleVisit()} [closed]"),
    ),
    "a held visit whose QuickBooks is closed ends": (
        (RequestAsked(), f"None + {TakeWork()} [ready]"),
        (NothingTaken(NOTHING, hold=True), "Text(text='') [holding]"),
        (SilenceNoticed(), f"None + {SettleVisit()} [holding]"),
        (ConnectionFailed(DEAD), f"Text(text='done') + {RecordConnectionError(DEAD)} [ending]"),
        (CloseArrived(), f"Sentence(reason={DEAD}) + {SettleVisit()} [closed]"),
    ),
    "a held visit is stopped by hand or taken over": (
        (RequestAsked(), f"None + {TakeWork()} [ready]"),
        (NothingTaken(NOTHING, hold=True), "Text(text='') [holding]"),
        (CloseArrived(), f"Sentence(reason=None) + {SettleVisit()} [closed]"),
        (ErrorAsked(hold=True), f"Sentence(reason={NOTHING}) [closed]"),
        (SessionTakenOver(), "None [taken_over]"),
        (ErrorAsked(hold=True), f"Sentence(reason={Reason('taken_over')}) [taken_over]"),
    ),
    "sendRequestXML repeated gets the same request": (
        *ANSWERED[:2],
        (RequestAsked(), "RepeatRequest() [sent]"),
        (RequestAsked(), "RepeatRequest() [sent]"),
        (AnswerArrived(), f"None + {AcceptAnswer()} [sent]"),
        (AnswerAccepted(100), "Number(number=100) [ending]"),
        (CloseArrived(), f"Sentence(reason=None) + {SettleVisit()} [closed]"),
    ),
    "receiveResponseXML repeated gets the same number": (
        *ANSWERED,
        (AnswerAccepted(40), "Number(number=40) [ready]"),
        (AnswerRepeated(), "Number(number=40) [ready]"),
        (RequestAsked(), f"None + {TakeWork()} [ready]"),
        (WorkTaken("1.2"), "RepeatRequest() [sent]"),
        (AnswerRepeated(), "Number(number=40) [sent]"),
        (AnswerArrived(), f"None + {AcceptAnswer()} [sent]"),
        (AnswerAccepted(100), "Number(number=100) [ending]"),
        (CloseArrived(), f"Sentence(reason=None) + {SettleVisit()} [closed]"),
        (AnswerRepeated(), "Number(number=100) [closed]"),
    ),
    "a foreign answer leaves the request out, and the right one still counts": (
        *ANSWERED[:2],
        (StrangerArrived(FOREIGN), "Number(number=-1) [explaining]"),
        (AnswerArrived(), f"None + {AcceptAnswer()} [explaining]"),
        (AnswerAccepted(100), "Number(number=100) [ending]"),
        (CloseArrived(), f"Sentence(reason=None) + {SettleVisit()} [closed]"),
    ),
    "a truncated answer ends the visit, the request goes back counted": (
        *ANSWERED,
        (AnswerRefused(Reason("truncated")), "Number(number=-1) [explaining]"),
        (ErrorAsked(), f"Sentence(reason={Reason('truncated')}) [ending]"),
        (CloseArrived(), f"Sentence(reason={Reason('truncated')}) + {RELEASE} + {SettleVisit()} [closed]"),
        (CloseArrived(), f"Sentence(reason={Reason('truncated')}) [closed]"),
    ),
    "an hresult gives the work back at once, uncounted": (
        *ANSWERED,
        (AnswerRefused(BUSY, release=True), f"Number(number=-1) + {KEEP} [explaining]"),
        (ErrorAsked(), f"Sentence(reason={BUSY}) [ending]"),
        (CloseArrived(), f"Sentence(reason={BUSY}) + {SettleVisit()} [closed]"),
    ),
    "connectionError keeps everything": (
        (ConnectionFailed(DEAD), f"Text(text='done') + {RecordConnectionError(DEAD)} [ending]"),
        (ErrorAsked(), f"Sentence(reason={DEAD}) [ending]"),
        (CloseArrived(), f"Sentence(reason={DEAD}) + {SettleVisit()} [closed]"),
    ),
    "connectionError in the middle gives back what is out, uncounted": (
        *ANSWERED[:2],
        (ConnectionFailed(DEAD), f"Text(text='done') + {KEEP} + {RecordConnectionError(DEAD)} [ending]"),
        (CloseArrived(), f"Sentence(reason={DEAD}) + {SettleVisit()} [closed]"),
    ),
    "silence gives back once, and an answer still counts": (
        *ANSWERED[:2],
        (SilenceNoticed(), f"None + {RELEASE} + {SettleVisit()} [sent]"),
        (SilenceNoticed(), f"None + {SettleVisit()} [sent]"),
        (AnswerArrived(), f"None + {AcceptAnswer()} [sent]"),
        (AnswerAccepted(100), "Number(number=100) [ending]"),
        (CloseArrived(), f"Sentence(reason=None) + {SettleVisit()} [closed]"),
    ),
    "an answer after closeConnection counts": (
        *ANSWERED[:2],
        (CloseArrived(), f"Sentence(reason=None) + {RELEASE} + {SettleVisit()} [closed]"),
        (AnswerArrived(), f"None + {AcceptAnswer()} [closed]"),
        (AnswerAccepted(100), "Number(number=100) [closed]"),
        (RequestAsked(), "Text(text='') [closed]"),
    ),
    "a second connector takes over, and the first hears so for ever": (
        *ANSWERED[:2],
        (SessionTakenOver(), f"None + {RELEASE} + {SettleVisit()} [taken_over]"),
        (RequestAsked(), "Text(text='') [taken_over]"),
        (StrangerArrived(FOREIGN), "Number(number=-1) [taken_over]"),
        (ConnectionFailed(DEAD), "Text(text='done') [taken_over]"),
        (ErrorAsked(), f"Sentence(reason={Reason('taken_over')}) [taken_over]"),
        (SessionTakenOver(), "None [taken_over]"),
        (CloseArrived(), "Sentence(reason=None) [taken_over]"),
    ),
    "calls after a hundred are answered politely": (
        *ANSWERED,
        (AnswerAccepted(100), "Number(number=100) [ending]"),
        (RequestAsked(), "Text(text='') [ending]"),
        (ErrorAsked(), "Sentence(reason=None) [ending]"),
        (StrangerArrived(FOREIGN), "Number(number=-1) [ending]"),
        (CloseArrived(), f"Sentence(reason={FOREIGN}) + {SettleVisit()} [closed]"),
        (StrangerArrived(FOREIGN), "Number(number=-1) [closed]"),
        (ErrorAsked(), f"Sentence(reason={FOREIGN}) [closed]"),
    ),
    "closeConnection as the first call": (
        (CloseArrived(), f"Sentence(reason=None) + {SettleVisit()} [closed]"),
        (RequestAsked(), "Text(text='') [closed]"),
    ),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_conversation_to_its_last_call(name: str) -> None:
    _play(SCRIPTS[name])


def test_an_unknown_ticket_is_answered_politely_and_does_nothing() -> None:
    reason = Reason("unknown_ticket")
    script: tuple[Line, ...] = (
        (RequestAsked(), "Text(text='') [unknown]"),
        (StrangerArrived(FOREIGN), "Number(number=-1) [unknown]"),
        (ConnectionFailed(DEAD), "Text(text='done') [unknown]"),
        (ErrorAsked(), f"Sentence(reason={reason}) [unknown]"),
        (CloseArrived(), "Sentence(reason=None) [unknown]"),
    )
    _play(script, UNKNOWN_TICKET)


@pytest.mark.parametrize("session", [Session(), Session(state=State.SENT, outstanding="m1")], ids=["ready", "sent"])
def test_who_asks_why_though_nothing_was_refused_hears_that_something_went_wrong_here(session: Session) -> None:
    # A call broke off before it could change the visit, and the Web Connector was told so in the protocol's way.
    step = advance(session, ErrorAsked())
    assert (step.answer, step.effects, step.session) == (Sentence(Reason("internal")), (), session)
