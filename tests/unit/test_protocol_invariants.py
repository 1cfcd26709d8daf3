"""Whatever happens in whatever order, these hold."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

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
    NothingTaken,
    Number,
    Reason,
    ReleaseWork,
    RequestAsked,
    Session,
    SessionTakenOver,
    SilenceNoticed,
    State,
    Step,
    StrangerArrived,
    Text,
    WorkTaken,
    advance,
    percentage,
)

WHY = Reason("foreign_answer")
_PLAIN: tuple[Event, ...] = (
    RequestAsked(),
    AnswerRepeated(),
    StrangerArrived(WHY),
    ConnectionFailed(Reason("0x80040408")),
    ErrorAsked(),
    ErrorAsked(hold=True),
    CloseArrived(),
    SilenceNoticed(),
)


class Visits(RuleBasedStateMachine):
    """A visit under any order of calls and results."""

    def __init__(self) -> None:
        super().__init__()
        self.session = Session()
        self.sends = 0
        self.releases = 0
        self.was_taken_over = False
        self.last: Step | None = None

    def _move(self, event: Event) -> None:
        before, said = self.session, self.last
        step = advance(before, event)
        self.session, self.last = step.session, step
        self.releases += sum(isinstance(effect, ReleaseWork) for effect in step.effects)
        kept = step.session.outstanding == before.outstanding
        gone = isinstance(event, AnswerAccepted | WorkTaken) or step.session.state is State.TAKEN_OVER
        assert kept or gone, "what is out stays out until it is accepted or taken over"
        if isinstance(event, AnswerAccepted) and event.number == 100:
            assert step.session.state in (State.ENDING, State.CLOSED)
        if step.answer == Text("NoOp"):
            assert event == ErrorAsked(hold=True)
            assert said is not None
            # What came in between (a repeated answer, silence) changes nothing of what QBWC was told last.
            assert said.answer == Text("") or before.state is State.HOLDING
            assert step.session.state is State.READY
            assert step.session.reason is None
        if step.session.state is State.HOLDING and before.state is not State.HOLDING:
            assert step.answer == Text("")
            assert step.session.outstanding is None

    def _legal(self, event: Event) -> bool:
        return event.kind in TRANSITIONS[self.session.state]

    @rule(event=st.sampled_from(_PLAIN))
    def anything(self, event: Event) -> None:
        if self._legal(event):
            self._move(event)

    @precondition(lambda self: self.session.state is State.READY)
    @rule(taken=st.booleans(), hold=st.booleans())
    def ask(self, *, taken: bool, hold: bool) -> None:
        self._move(RequestAsked())
        if taken:
            self.sends += 1
            self.releases = 0
            self._move(WorkTaken(f"1.{self.sends}"))
            assert self.session.outstanding == f"1.{self.sends}"
        else:
            self._move(NothingTaken(Reason("nothing_waiting"), hold=hold))
            assert (self.session.state is State.HOLDING) == hold

    @precondition(lambda self: self.session.outstanding is not None)
    @rule(done=st.integers(0, 500), waiting=st.integers(0, 500), hold=st.booleans())
    def accept(self, done: int, waiting: int, *, hold: bool) -> None:
        self._move(AnswerArrived())
        number = percentage(done, waiting, hold=hold)
        answered = self.session.outstanding
        self._move(AnswerAccepted(number))
        assert self.session.outstanding is None
        assert (self.session.last_answered, self.session.last_number) == (answered, number)
        assert (number == 100) == (waiting == 0 and not hold)
        self.releases = 0

    @precondition(lambda self: self.session.outstanding is not None)
    @rule(release=st.booleans(), counted=st.booleans())
    def refuse(self, *, release: bool, counted: bool) -> None:
        self._move(AnswerArrived())
        self._move(AnswerRefused(WHY, release=release, counted=counted))
        assert self.last is not None
        assert self.last.answer == Number(-1)

    @rule()
    def take_over(self) -> None:
        self._move(SessionTakenOver())
        self.was_taken_over = True

    @invariant()
    def a_send_is_released_at_most_once(self) -> None:
        assert self.releases <= 1

    @invariant()
    def taken_over_is_for_ever(self) -> None:
        if self.was_taken_over:
            assert self.session.state is State.TAKEN_OVER
            assert self.session.outstanding is None

    @invariant()
    def a_number_is_never_above_a_hundred(self) -> None:
        if self.last is not None and isinstance(self.last.answer, Number):
            assert -1 <= self.last.answer.number <= 100

    @invariant()
    def what_is_sent_is_known(self) -> None:
        if self.session.state is State.SENT:
            assert self.session.outstanding is not None


Visits.TestCase.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
TestVisits = Visits.TestCase
