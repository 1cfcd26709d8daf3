"""Servers whose answers break the protocol: the simulated Web Connector finds each."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import pytest
from reference_server import request_text

from qbwc_server.rehearsal.connector import Habits, Outcome, SimulatedConnector
from qbwc_server.rehearsal.connector_faults import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from reference_server import ReferenceServer


@pytest.mark.parametrize(
    ("instead", "why", "outcome"),
    [
        ({"clientVersion": "fine"}, "QBWC1046", Outcome.FAILED),
        ({"authenticate": "<string>t</string>"}, "Index Out Of Range", Outcome.FAILED),
        ({"authenticate": '<string xmlns="urn:x">t</string>'}, "it is not seen", Outcome.FAILED),
        ({"authenticate": None}, "null", Outcome.FAILED),
        ({"authenticate": "<string/><string>none</string>"}, "no ticket", Outcome.NOTHING),
        ({"authenticate": "<string>t</string><string>NONE</string>"}, "lower case", Outcome.NOTHING),
        ({"authenticate": "<string>t</string><string>no</string>"}, "no known word", Outcome.NO_CONNECTION),
        ({"sendRequestXML": None, "getLastError": "bye"}, "null", Outcome.STOPPED),
        ({"sendRequestXML": "noop", "getLastError": "bye"}, "written NoOp", Outcome.STOPPED),
        ({"sendRequestXML": escape(" " + request_text(1)), "receiveResponseXML": "100"}, "start with", Outcome.DONE),
        ({"sendRequestXML": escape(request_text(1).replace("Query", "Add"))}, "more than reading", Outcome.STOPPED),
        ({"sendRequestXML": "<QBXML/>"}, "not escaped", Outcome.FAILED),
        ({"receiveResponseXML": "101"}, "above 100", Outcome.DONE),
        ({"receiveResponseXML": "done"}, "xs:int", Outcome.FAILED),
        ({"receiveResponseXML": None}, "xs:int", Outcome.FAILED),
        ({"receiveResponseXML": "-1", "getLastError": "NoOp"}, "no meaning", Outcome.STOPPED),
        ({"receiveResponseXML": "-1", "getLastError": None}, "null", Outcome.STOPPED),
        ({"closeConnection": None}, "null", Outcome.DONE),
    ],
)
def test_a_wrong_result_is_found(
    reference: ReferenceServer,
    connector: SimulatedConnector,
    instead: dict[str, str | None],
    why: str,
    outcome: Outcome,
) -> None:
    reference.service.instead.update(instead)
    report = connector.visit()
    assert any(why in sentence for sentence in report.violations), report.violations
    assert report.outcome is outcome


def test_a_null_from_connection_error_is_found_and_does_not_retry_for_ever(
    reference: ReferenceServer, connector: SimulatedConnector
) -> None:
    reference.service.instead["connectionError"] = None
    report = connector.visit(Fault(FaultKind.CONNECTION_ERROR, at=0))
    assert "connectionError: the result is null" in report.violations
    assert "still wants another try" in report.violations[-1]
    assert report.outcome is Outcome.NO_CONNECTION


def test_done_in_capitals_is_found(reference: ReferenceServer, connector: SimulatedConnector) -> None:
    reference.service.instead["connectionError"] = "DONE"
    report = connector.visit(Fault(FaultKind.CONNECTION_ERROR))
    assert report.violations == ("connectionError: the word 'DONE' is not in lower case",)


def test_an_accepted_wrong_password_is_found(reference: ReferenceServer, connector: SimulatedConnector) -> None:
    reference.service.instead["authenticate"] = "<string>t</string><string>none</string>"
    report = connector.visit(Fault(FaultKind.WRONG_PASSWORD))
    assert report.violations == ("authenticate: a wrong password was accepted",)


def test_100_with_work_left_is_found_by_a_probe(
    reference: ReferenceServer, connect: Callable[..., SimulatedConnector]
) -> None:
    reference.service.work = 2
    reference.service.instead["receiveResponseXML"] = "100"
    report = connect(habits=Habits(probe_after_done=True)).visit()
    assert report.violations == ("receiveResponseXML: 100 was returned while more work waited",)


def test_another_answer_to_a_repeated_call_is_found(reference: ReferenceServer, connector: SimulatedConnector) -> None:
    numbers = iter(["100", "-1"])
    reference.service.instead["receiveResponseXML"] = lambda _: next(numbers)
    report = connector.visit(Fault(FaultKind.REPEATED_CALL, at=5))
    assert "receiveResponseXML: the same call, repeated, was answered differently" in report.violations


def test_endless_noop_is_found(reference: ReferenceServer, connector: SimulatedConnector) -> None:
    reference.service.instead = {"sendRequestXML": "", "getLastError": "NoOp"}
    report = connector.visit()
    assert "no end" in report.violations[-1]
