"""QuickBooks as a visit meets it: the simulated company behind the faults of that visit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qbwc_server.rehearsal.company_errors import RequestProcessorError
from qbwc_server.rehearsal.connector_faults import (
    ANSWER_FAULTS,
    WRONG_PATH,
    Fault,
    FaultKind,
    spoil,
    with_other_file_id,
    without_file_id,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from qbwc_server.rehearsal.connector_report import Company

_OTHER_FILE_OPEN = ("0x8004040A", "Another company file than the one asked for is open in QuickBooks.")
# A Web Connector tries twice by itself before it tells the server.
_TRIES = 2


@dataclass(frozen=True, slots=True)
class Habits:
    """What a user set up, or what a test wants shorter.

    Attributes:
        qbxml_version: the level of the request processor.
        noop_wait: seconds after NoOp before the next sendRequestXML.
        slow_after: seconds after which an answer is called slow.
        auto_run: Auto-Run is ticked: elements 2 and 3 of authenticate have effect.
        accept_warnings: the user presses Continue at a ``W:`` dialog.
        probe_after_done: after 100 asks once more, as no Web Connector does, to see whether work was left.
    """

    qbxml_version: tuple[int, int] = (13, 0)
    noop_wait: float = 5.0
    slow_after: float = 60.0
    auto_run: bool = True
    accept_warnings: bool = True
    probe_after_done: bool = False


class QuickBooks:
    """The company of one visit.

    Attributes:
        last_answer: the honest answer given last, in this visit or an earlier one.
    """

    def __init__(
        self,
        company: Company,
        faults: tuple[Fault, ...],
        last_answer: str | None,
        pause: Callable[[float], object],
    ) -> None:
        self.last_answer = last_answer
        self._company = company
        self._faults = faults
        self._pause = pause
        self._begun = False

    def _fault(self, kind: FaultKind, number: int = 1) -> Fault | None:
        return next((fault for fault in self._faults if fault.kind is kind and fault.hits(number)), None)

    @property
    def path(self) -> str:
        """The path of the open file."""
        if (fault := self._fault(FaultKind.WRONG_FILE)) is not None:
            return fault.path or WRONG_PATH
        fault = self._fault(FaultKind.NO_FILE_ID)
        return (fault.path if fault else "") or self._company.path

    @property
    def country(self) -> str:
        """The country of the edition."""
        return self._company.country

    def begin(self, wanted: str, attempt: int) -> tuple[str, str] | None:
        """Opens the company file ``wanted``, "" being the open one; hresult and message when that fails."""
        if (fault := self._fault(FaultKind.CONNECTION_ERROR, attempt)) is not None:
            return fault.hresult, fault.message
        if wanted and wanted.lower() != self.path.lower():
            return _OTHER_FILE_OPEN
        refusal = None
        for _ in range(_TRIES):
            try:
                self._company.begin_session()
            except RequestProcessorError as error:
                refusal = (error.hresult, error.message)
            else:
                self._begun = True
                return None
        return refusal

    def end(self) -> None:
        """Ends the session if one was begun."""
        if self._begun:
            self._begun = False
            self._company.end_session()

    def hcp(self) -> str:
        """The HCP answer; raises RequestProcessorError."""
        hcp = self._company.hcp_response()
        if self._fault(FaultKind.NO_FILE_ID):
            return without_file_id(hcp)
        return with_other_file_id(hcp) if self._fault(FaultKind.WRONG_FILE) else hcp

    def answer(self, request: str, number: int) -> tuple[str, str, str]:
        """Response, hresult and message for request ``number`` of the visit, spoilt by the faults that are due.

        Raises:
            SimulatedCrash: QuickBooks died.
        """
        try:
            honest = self._company.process(request)
        except RequestProcessorError as error:
            return "", error.hresult, error.message
        response, hresult, message = honest, "", ""
        for fault in self._faults:
            if fault.kind not in ANSWER_FAULTS or not fault.hits(number):
                continue
            response = spoil(fault.kind, response, self.last_answer)
            if fault.kind is FaultKind.HRESULT:
                hresult, message = fault.hresult, fault.message
            if fault.kind is FaultKind.LATE_ANSWER:
                self._pause(fault.seconds)
        self.last_answer = honest
        return response, hresult, message
