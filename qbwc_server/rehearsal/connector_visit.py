"""One visit of the simulated Web Connector, from serverVersion to closeConnection.

Source: QBWC guide ch. 2, 5, 8 and 10, appendix A.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qbwc_server.rehearsal import connector_rules as rules
from qbwc_server.rehearsal.company_errors import RequestProcessorError, SimulatedCrash
from qbwc_server.rehearsal.connector_faults import Fault, FaultKind
from qbwc_server.rehearsal.connector_report import Outcome, VisitReport
from qbwc_server.rehearsal.connector_soap import CallFailedError, SoapFaultError
from qbwc_server.rehearsal.connector_steps import Steps, VanishedError
from qbwc_server.rehearsal.connector_wire import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from qbwc_server.rehearsal.connector_quickbooks import Habits, QuickBooks

_STATUS = {
    "none": (Outcome.NOTHING, "No data exchange"),
    "nvu": (Outcome.REFUSED, "Invalid password for username"),
    "busy": (Outcome.BUSY, "Application busy"),
}
_CODES = {
    "serverVersion": "QBWC1012",
    "clientVersion": "QBWC1036",
    "authenticate": "QBWC1012",
    "sendRequestXML": "QBWC1041",
    "receiveResponseXML": "QBWC1042",
    "getLastError": "QBWC1043",
    "closeConnection": "QBWC1044",
    "connectionError": "QBWC1045",
}
# Intuit asks servers for no more than a couple of further tries.
_MAX_OPENINGS = 5
_MAX_NOOPS = 50
_MAX_EXCHANGES = 20_000


class Visit:
    """A visit being made; ``run`` makes it."""

    def __init__(
        self,
        steps: Steps,
        quickbooks: QuickBooks,
        habits: Habits,
        faults: tuple[Fault, ...],
        pause: Callable[[float], object],
        on_noop: Callable[[], object] | None = None,
    ) -> None:
        self._steps = steps
        self._quickbooks = quickbooks
        self._habits = habits
        self._faults = faults
        self._pause = pause
        self._on_noop = on_noop
        self._ticket = ""
        self._wanted_path = ""
        self._status = ""
        self._sent = 0
        self._round_trips = 0
        self._percentages: list[int] = []
        self._next_run_in: int | None = None
        self._minimum_interval: int | None = None

    def run(self) -> VisitReport:
        """Makes the visit; never raises for what a server, a company or a fault does."""
        try:
            outcome = self._talk()
        except VanishedError:
            outcome = Outcome.VANISHED
        except SimulatedCrash:
            outcome = Outcome.CRASHED
        except CallFailedError as error:
            outcome = Outcome.FAILED
            method = self._steps.calls[-1].name if self._steps.calls else "authenticate"
            self._status = f"{_CODES.get(method, 'QBWC1041')}: {error}"
        finally:
            self._steps.disconnect()
            self._quickbooks.end()
        return VisitReport(
            calls=tuple(self._steps.calls),
            round_trips=self._round_trips,
            status=self._steps.blank(self._status),
            percentages=tuple(self._percentages),
            violations=tuple(self._steps.violations),
            outcome=outcome,
            next_run_in=self._next_run_in,
            minimum_interval=self._minimum_interval,
        )

    def _talk(self) -> Outcome:
        for step in (self._greet, self._sign_in, self._open_company):
            outcome = step()
            if outcome is not None:
                return outcome
        return self._exchange()

    def _fault(self, kind: FaultKind, number: int = 1) -> Fault | None:
        return next((fault for fault in self._faults if fault.kind is kind and fault.hits(number)), None)

    def _greet(self) -> Outcome | None:
        try:
            self._steps.server_version()
        except UnreachableError:
            raise
        except CallFailedError:
            pass  # Old servers lack the method; a Web Connector notes it and goes on.
        try:
            text = self._steps.client_version()
        except SoapFaultError as error:
            if error.code != "Client":
                raise
            return None  # The method is missing: straight on to authenticate.
        if text == "" or (text.startswith("W:") and self._habits.accept_warnings):
            return None
        if text.startswith(("W:", "E:")):
            self._status = f"QBWC1037: {text[2:]}"
            return Outcome.STOPPED
        if text.startswith("O:"):
            self._status = f"The server asks for Web Connector {text[2:]}"
            return Outcome.STOPPED
        self._status = "QBWC1046: bad syntax in the answer to clientVersion"
        return Outcome.FAILED

    def _sign_in(self) -> Outcome | None:
        wrong = self._fault(FaultKind.WRONG_PASSWORD) is not None
        members = self._steps.authenticate(password="not the password" if wrong else None)
        if len(members) < 2:  # noqa: PLR2004
            self._status = "QBWC1012: Index Out Of Range"
            return Outcome.FAILED
        self._ticket, status = members[:2]
        word = status.strip().lower()
        if wrong and word != "nvu":
            self._steps.note("authenticate: a wrong password was accepted")
        if self._habits.auto_run:
            self._next_run_in, self._minimum_interval = _seconds(members, 2), _seconds(members, 3)
        if word in _STATUS:
            outcome, self._status = _STATUS[word]
        elif self._next_run_in is not None:
            outcome = Outcome.POSTPONED
        else:
            self._wanted_path = status
            return None
        if self._next_run_in is not None:
            self._status = "Update postponed by application"
        self._close()
        return outcome

    def _close(self) -> str:
        if self._fault(FaultKind.VANISH_BEFORE_CLOSE):
            raise VanishedError
        return self._steps.close_connection(self._ticket)

    def _open_company(self) -> Outcome | None:
        path = self._wanted_path
        for attempt in range(1, _MAX_OPENINGS + 1):
            refusal = self._quickbooks.begin(path, attempt)
            if refusal is None:
                return None
            self._status = f"QBWC1013: {refusal[1]}"
            path = self._steps.connection_error(self._ticket, *refusal)
            if path.strip().lower() == "done":
                break
        else:
            self._steps.note(f"connectionError: after {_MAX_OPENINGS} failures the server still wants another try")
        self._close()
        return Outcome.NO_CONNECTION

    def _exchange(self) -> Outcome:
        try:
            hcp = self._quickbooks.hcp()
        except RequestProcessorError as error:
            self._status = f"QBWC1014: {error.message}"
            self._close()
            return Outcome.FAILED
        noops = 0
        while self._sent < _MAX_EXCHANGES and noops < _MAX_NOOPS:
            text = self._steps.send_request(
                self._ticket, hcp, self._quickbooks.path, self._quickbooks.country, *self._habits.qbxml_version
            )
            hcp = ""
            asks = text in ("", rules.NOOP)
            outcome = self._ask_why() if asks else self._serve(text)
            if outcome is not None:
                return outcome
            noops = noops + 1 if asks else 0
        self._steps.note(f"sendRequestXML: the visit has no end ({self._sent} requests, {noops} times NoOp at last)")
        self._close()
        return Outcome.STOPPED

    def _ask_why(self) -> Outcome | None:
        """After "" or NoOp: what getLastError says decides; None means that NoOp was waited for."""
        text = self._steps.get_last_error(self._ticket)
        if text == rules.NOOP:
            self._pause(self._habits.noop_wait)
            if self._on_noop is not None:
                self._on_noop()
            return None
        self._status = text
        if text == rules.INTERACTIVE:
            self._refuse_interactive()
        self._close()
        return Outcome.STOPPED

    def _refuse_interactive(self) -> None:
        self._steps.raw("getInteractiveURL", {"wcTicket": self._ticket, "sessionID": "1"})
        self._steps.raw("interactiveRejected", {"wcTicket": self._ticket, "reason": "The user said no."})

    def _serve(self, text: str) -> Outcome | None:
        """Hands one request to QuickBooks and delivers the answer; None means that the visit goes on."""
        self._sent += 1
        if self._fault(FaultKind.VANISH_AFTER_SEND, self._sent):
            raise VanishedError
        if self._fault(FaultKind.CRASH, self._sent):
            raise SimulatedCrash
        number = self._steps.receive_response(self._ticket, *self._quickbooks.answer(text, self._sent))
        self._round_trips += 1
        self._percentages.append(number)
        if number < 0:
            self._status = self._steps.get_last_error(self._ticket)
            if self._status == rules.NOOP:
                self._steps.note("getLastError: NoOp after a negative receiveResponseXML has no meaning")
            self._close()
            return Outcome.STOPPED
        if number < rules.DONE:
            return None
        if self._habits.probe_after_done and self._steps.send_request(self._ticket) not in ("", rules.NOOP):
            self._steps.note("receiveResponseXML: 100 was returned while more work waited")
        self._status = self._close()
        return Outcome.DONE


def _seconds(members: tuple[str, ...], position: int) -> int | None:
    text = members[position] if len(members) > position else ""
    return int(text) if text.isdecimal() else None
