"""Named rehearsals of a Web Connector against any server: what goes wrong, and the honest visit after it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qbwc_server.rehearsal import scenarios_company as troubles
from qbwc_server.rehearsal.company import SimulatedCompany
from qbwc_server.rehearsal.connector import Company, Habits, SimulatedConnector, VisitReport
from qbwc_server.rehearsal.connector_faults import Fault, FaultKind

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from qbwc_server.rehearsal.connector_report import Call
    from qbwc_server.rehearsal.scenarios_company import Trouble


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
        trouble: what is wrong in QuickBooks itself during the faulty visit.
    """

    name: str
    what: str
    faults: tuple[Fault, ...] = ()
    honest_first: bool = False
    trouble: Trouble | None = None


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
    Scenario("lost-iterator", "QuickBooks forgets how far a list was read", trouble=troubles.lost_iterator),
    Scenario("lying-iterator", "the same page of a list again and again", trouble=troubles.lying_iterator),
    Scenario("single-user", "one user has the company file to himself", trouble=troubles.single_user),
    Scenario("old-quickbooks", "QuickBooks 2005, which knows no iterators", trouble=troubles.old_quickbooks),
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
        company: a trouble of QuickBooks itself needs a SimulatedCompany; any other is visited as it is.
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
        if wanted.honest_first:
            visits.append(connector.visit())
        if wanted.faults or wanted.trouble:
            with _trouble(wanted, company):
                visits.append(connector.visit(*wanted.faults))
        visits.append(connector.visit())
    return Report(tuple(visits), url_violations)


def _trouble(wanted: Scenario, company: Company) -> contextlib.AbstractContextManager[None]:
    if wanted.trouble is None or not isinstance(company, SimulatedCompany):
        return contextlib.nullcontext()
    return wanted.trouble(company)
