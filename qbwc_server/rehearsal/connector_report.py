"""What a visit of the simulated Web Connector leaves behind, and what it needs of a company."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol


class Company(Protocol):
    """The QuickBooks behind the connector.

    ``begin_session`` and ``process`` raise RequestProcessorError (attributes ``hresult`` and ``message``) when
    the request processor refuses, SimulatedCrash when QuickBooks dies.
    """

    @property
    def path(self) -> str:
        """Full path of the open company file."""

    @property
    def country(self) -> str:
        """US, CA, UK or AU."""

    def begin_session(self) -> object:
        """Opens the company."""

    def end_session(self) -> object:
        """Leaves the company; its iterators die."""

    def process(self, qbxml: str, /) -> str:
        """Answers a qbXML request document."""

    def hcp_response(self) -> str:
        """The answer to the connector's own Host, Company and Preferences queries."""


class Call(NamedTuple):
    """One SOAP call: its method, how long it took, and its result in a few words (never a ticket or password)."""

    name: str
    seconds: float
    result: str


class Outcome(StrEnum):
    """How a visit ended."""

    DONE = "done"
    NOTHING = "nothing"
    REFUSED = "refused"
    BUSY = "busy"
    POSTPONED = "postponed"
    STOPPED = "stopped"
    NO_CONNECTION = "no-connection"
    FAILED = "failed"
    VANISHED = "vanished"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class VisitReport:
    """A whole visit.

    Attributes:
        calls: every SOAP call in order.
        round_trips: requests that were handed to QuickBooks and whose answer was delivered.
        status: the text in the user's Status column.
        percentages: what receiveResponseXML returned, in order.
        violations: a sentence for each departure of the server from the protocol.
        outcome: how it ended; STOPPED means that the server gave an error text, FAILED that a call failed.
        next_run_in: seconds until the next run, when the server postponed it (only with Auto-Run).
        minimum_interval: seconds, when the server set a lower bound for the polling interval.
    """

    calls: tuple[Call, ...]
    round_trips: int
    status: str
    percentages: tuple[int, ...]
    violations: tuple[str, ...]
    outcome: Outcome
    next_run_in: int | None = None
    minimum_interval: int | None = None
