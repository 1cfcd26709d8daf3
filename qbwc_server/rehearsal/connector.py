"""A simulated Web Connector: a SOAP client over HTTP that behaves as Intuit's does.

It shares no code with the server, so that a mistake of one does not hide behind the same mistake of the other.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from qbwc_server.rehearsal.connector_quickbooks import Habits, QuickBooks
from qbwc_server.rehearsal.connector_report import Call, Company, Outcome, VisitReport
from qbwc_server.rehearsal.connector_steps import CLIENT_VERSION, TIMEOUT, Steps
from qbwc_server.rehearsal.connector_visit import Visit

if TYPE_CHECKING:
    import ssl
    import threading
    from collections.abc import Callable

    from qbwc_server.rehearsal.connector_faults import Fault

__all__ = ["Call", "Company", "Habits", "Outcome", "SimulatedConnector", "VisitReport"]


class SimulatedConnector(Steps):
    """A Web Connector with one account and one company; whole visits, or single calls (see Steps).

    Args:
        url: the AppURL.
        user: strUserName.
        password: strPassword; it appears in no report and no event.
        company: the simulated QuickBooks.
        client_version: what clientVersion is told.
        on_event: called after each SOAP call.
        timeout: seconds for one call, as a whole.
        habits: what the user set up.
        ssl_context: for https with a certificate of one's own.

    Attributes:
        on_noop: called at the end of every wait that the server asked for with NoOp, on the thread of the visit; with
            a `noop_wait` of 0 a test does there what happens in an office in those five seconds.
    """

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        company: Company,
        *,
        client_version: str = CLIENT_VERSION,
        on_event: Callable[[Call], None] | None = None,
        timeout: float = TIMEOUT,
        habits: Habits | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._habits = habits or Habits()
        super().__init__(
            url,
            user,
            password,
            client_version=client_version,
            on_event=on_event,
            timeout=timeout,
            slow_after=self._habits.slow_after,
            ssl_context=ssl_context,
        )
        self.on_noop: Callable[[], object] | None = None
        self._company = company
        self._last_answer: str | None = None
        self._pause: Callable[[float], object] = time.sleep

    def visit(self, *faults: Fault) -> VisitReport:
        """Makes one whole visit over a connection of its own, with the faults in force.

        Whatever the server does ends in the report, an unreachable server included.
        """
        self.forget()
        self.faults = faults
        quickbooks = QuickBooks(self._company, faults, self._last_answer, self._pause)
        try:
            return Visit(self, quickbooks, self._habits, faults, self._pause, self.on_noop).run()
        finally:
            self._last_answer = quickbooks.last_answer
            self.faults = ()

    def visits(self, count: int) -> tuple[VisitReport, ...]:
        """Makes so many honest visits, one right after the other."""
        return tuple(self.visit() for _ in range(count))

    def poll_forever(
        self, stop: threading.Event, interval: float, on_visit: Callable[[VisitReport], None] | None = None
    ) -> None:
        """Visits every ``interval`` seconds, as Auto-Run does, until ``stop`` is set.

        A server may postpone the next run or raise the interval (elements 2 and 3 of authenticate).
        """
        self._pause = stop.wait
        try:
            while not stop.is_set():
                report = self.visit()
                if on_visit is not None:
                    on_visit(report)
                interval = max(interval, report.minimum_interval or 0)
                stop.wait(interval if report.next_run_in is None else report.next_run_in)
        finally:
            self._pause = time.sleep
