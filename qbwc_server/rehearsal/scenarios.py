"""Named rehearsals of a Web Connector against any server: what goes wrong, and the honest visit after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qbwc_server.rehearsal.connector import Company, Habits, SimulatedConnector, VisitReport
from qbwc_server.rehearsal.connector_faults import Fault, FaultKind

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from qbwc_server.rehearsal.connector_report import Call


class UnknownScenarioError(Exception):
    """No scenario has this name."""

    def __init__(self, name: str) -> None:
        names = ", ".join(scenario.name for scenario in SCENARIOS)
        super().__init__(f"There is no scenario {name!r}. Take one of: {names}.")


@dataclass(frozen=True, slots=True)
class Scenario:
    """One rehearsal.

    Attributes:
        name: for ``qbwc rehearse --scenario``.
        what: what happens, in a few words.
        faults: those of the faulty visit; without any, every visit is honest.
        honest_first: an honest visit goes before it, so that there is an answer to replay.
    """

    name: str
    what: str
    faults: tuple[Fault, ...] = ()
    honest_first: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What a rehearsal saw.

    Attributes:
        visits: the report of each visit, in order.
        url_violations: what the GET on the AppURL showed.
    """

    visits: tuple[VisitReport, ...]
    url_violations: tuple[str, ...] = ()

    @property
    def sessions(self) -> int:
        """How many visits were made."""
        return len(self.visits)

    @property
    def calls(self) -> int:
        """How many SOAP calls were made."""
        return sum(len(visit.calls) for visit in self.visits)

    @property
    def violations(self) -> tuple[str, ...]:
        """Every departure from the protocol, in order."""
        return self.url_violations + tuple(sentence for visit in self.visits for sentence in visit.violations)


_BUSY = "0x80040414", "A modal dialog box is showing in the QuickBooks user interface."
_NOT_STARTED = "0x80040408", "Could not start QuickBooks."

SCENARIOS: tuple[Scenario, ...] = (
    Scenario("ordinary", "every visit as it should be"),
    Scenario("wrong-password", "the user typed another password", (Fault(FaultKind.WRONG_PASSWORD),)),
    Scenario("vanish-after-send", "the connector is gone with a request", (Fault(FaultKind.VANISH_AFTER_SEND),)),
    Scenario("vanish-before-close", "closeConnection never comes", (Fault(FaultKind.VANISH_BEFORE_CLOSE),)),
    Scenario("crash", "QuickBooks dies of a request", (Fault(FaultKind.CRASH),)),
    Scenario("lost-reply", "the reply to the first sendRequestXML is lost", (Fault(FaultKind.LOST_REPLY, at=4),)),
    Scenario("lost-percentage", "the reply to receiveResponseXML is lost", (Fault(FaultKind.LOST_REPLY, at=5),)),
    Scenario("repeated-calls", "a proxy repeats each call", (Fault(FaultKind.REPEATED_CALL, at=0),)),
    Scenario(
        "replayed-answer", "the answer of the visit before comes again", (Fault(FaultKind.REPLAYED_ANSWER),), True
    ),
    Scenario("truncated-answer", "an answer ends in its middle", (Fault(FaultKind.TRUNCATED_ANSWER),)),
    Scenario("foreign-answer", "an answer to somebody else's request", (Fault(FaultKind.FOREIGN_ANSWER),)),
    Scenario("wrong-kind", "an answer about vendors", (Fault(FaultKind.WRONG_KIND),)),
    Scenario("empty-answer", "no response and no hresult", (Fault(FaultKind.EMPTY_ANSWER),)),
    Scenario("not-xml", "a sentence in place of qbXML", (Fault(FaultKind.NOT_XML),)),
    Scenario("control-characters", "characters that XML forbids", (Fault(FaultKind.CONTROL_CHARACTERS),)),
    Scenario("hresult", "QuickBooks cannot read the request", (Fault(FaultKind.HRESULT),)),
    Scenario("dialog-open", "a dialog is open in QuickBooks", (Fault(FaultKind.HRESULT, 1, *_BUSY),)),
    Scenario("connection-error", "QuickBooks does not start", (Fault(FaultKind.CONNECTION_ERROR, 0, *_NOT_STARTED),)),
    Scenario("wrong-file", "another company file is open", (Fault(FaultKind.WRONG_FILE),)),
    Scenario("no-file-id", "the company file carries no FileID", (Fault(FaultKind.NO_FILE_ID),)),
    Scenario("late-answer", "QuickBooks takes five seconds", (Fault(FaultKind.LATE_ANSWER, seconds=5.0),)),
)


def scenario(name: str) -> Scenario:
    """The scenario of that name; raises UnknownScenarioError."""
    for candidate in SCENARIOS:
        if candidate.name == name:
            return candidate
    raise UnknownScenarioError(name)


def run(
    chosen: Scenario | str,
    *,
    url: str,
    user: str,
    password: str,
    company: Company,
    sessions: int = 1,
    on_event: Callable[[Call], None] | None = None,
    timeout: float = 100.0,
    habits: Habits | None = None,
    ssl_context: ssl.SSLContext | None = None,
) -> Report:
    """Rehearses one scenario against a server; the rest of the arguments are those of SimulatedConnector.

    Args:
        chosen: a scenario or its name.
        sessions: how many times; each is one visit, in a scenario with a fault the faulty visit and an honest one.

    Raises:
        UnknownScenarioError: there is no such scenario.
    """
    wanted = scenario(chosen) if isinstance(chosen, str) else chosen
    connector = SimulatedConnector(
        url, user, password, company, on_event=on_event, timeout=timeout, habits=habits, ssl_context=ssl_context
    )
    url_violations = connector.check_url()
    visits: list[VisitReport] = []
    for _ in range(sessions):
        visits += [connector.visit(*faults) for faults in _visits_of(wanted)]
    return Report(tuple(visits), url_violations)


def _visits_of(wanted: Scenario) -> Sequence[tuple[Fault, ...]]:
    if not wanted.faults:
        return ((),)
    return ((), wanted.faults, ()) if wanted.honest_first else (wanted.faults, ())
