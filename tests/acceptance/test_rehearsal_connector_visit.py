"""The simulated Web Connector at an honest server: a real visit's calls, heads and envelopes, and no violation."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from reference_server import PASSWORD, names, request_text

from qbwc_server.rehearsal.company import sample_company
from qbwc_server.rehearsal.connector import Call, Habits, Outcome, SimulatedConnector
from qbwc_server.rehearsal.connector_faults import Fault, FaultKind
from qbwc_server.rehearsal.connector_soap import build_envelope
from qbwc_server.rehearsal.scenarios import SCENARIOS, Scenario, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from reference_server import OneCustomer, ReferenceServer


def test_an_honest_visit_has_the_real_order_of_calls_and_no_violation(
    reference: ReferenceServer, connector: SimulatedConnector, one_customer: OneCustomer
) -> None:
    reference.service.work = 2
    report = connector.visit()
    assert names(report.calls) == [
        "serverVersion",
        "clientVersion",
        "authenticate",
        "sendRequestXML",
        "receiveResponseXML",
        "sendRequestXML",
        "receiveResponseXML",
        "closeConnection",
    ]
    assert report.violations == ()
    assert (report.outcome, report.status, report.round_trips, report.percentages) == (Outcome.DONE, "OK", 2, (50, 100))
    assert reference.connections == 1
    assert (one_customer.begun, one_customer.ended) == (1, 1)


def test_the_hcp_answer_comes_in_the_first_send_only(reference: ReferenceServer, connector: SimulatedConnector) -> None:
    reference.service.work = 2
    connector.visit()
    first, second = (params for name, params in reference.service.seen if name == "sendRequestXML")
    assert "FileID" in first.pop("strHCPResponse")
    assert second.pop("strHCPResponse") == ""
    assert first == second
    assert list(first) == ["ticket", "strCompanyFileName", "qbXMLCountry", "qbXMLMajorVers", "qbXMLMinorVers"]
    assert first["qbXMLMajorVers"] == "13"


def test_the_heads_are_those_of_the_dotnet_proxy(reference: ReferenceServer, connector: SimulatedConnector) -> None:
    connector.server_version()
    connector.close_connection("t")
    first, second = reference.service.heads
    assert list(first)[:4] == ["user-agent", "content-type", "soapaction", "host"]
    assert first["content-type"] == "text/xml; charset=utf-8"
    assert first["soapaction"] == '"http://developer.intuit.com/serverVersion"'
    assert second["soapaction"] == '"http://developer.intuit.com/closeConnection"'
    assert first["expect"] == "100-continue"
    assert "Web Services Client Protocol" in first["user-agent"]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("serverVersion", {}),
        ("clientVersion", {"strVersion": "2.1.0.30"}),
        ("authenticate", {"strUserName": "foo", "strPassword": "bar"}),
        ("closeConnection", {"ticket": "934ea5d9-231e-4426-9ae9-720d1020c472"}),
    ],
)
def test_envelopes_equal_the_recorded_ones_byte_for_byte(method: str, params: dict[str, str]) -> None:
    sample = Path(__file__).parents[3] / "shared" / "samples" / "envelopes" / f"{method}.xml"
    if not sample.exists():
        pytest.skip("the recorded envelopes are not here")
    assert build_envelope(method, params) == sample.read_bytes().rstrip()


def test_a_visit_without_work_ends_after_four_calls(reference: ReferenceServer, connector: SimulatedConnector) -> None:
    reference.service.work = 0
    report = connector.visit()
    assert names(report.calls) == ["serverVersion", "clientVersion", "authenticate", "closeConnection"]
    assert (report.outcome, report.status, report.violations) == (Outcome.NOTHING, "No data exchange", ())


def test_events_and_reports_never_hold_the_password_or_the_ticket(
    reference: ReferenceServer, connect: Callable[..., SimulatedConnector]
) -> None:
    events: list[Call] = []
    reference.service.instead = {"serverVersion": f"hello {PASSWORD}", "closeConnection": f"bye {PASSWORD}"}
    report = connect(on_event=events.append).visit()
    assert tuple(events) == report.calls
    said = repr((events, report))
    assert PASSWORD not in said
    assert "ticket-" not in said


@pytest.mark.parametrize("chosen", SCENARIOS, ids=lambda each: each.name)
def test_no_scenario_finds_a_violation_in_an_honest_server(
    reference: ReferenceServer, one_customer: OneCustomer, chosen: Scenario
) -> None:
    reference.service.work = 2 if chosen.honest_first else 1
    report = run(
        Scenario(chosen.name, chosen.what, tuple(_hasten(fault) for fault in chosen.faults), chosen.honest_first),
        url=reference.url,
        user="acme",
        password=PASSWORD,
        company=one_customer,
        sessions=1,
        habits=Habits(noop_wait=0.0),
    )
    assert report.violations == ()
    assert report.calls == len(reference.service.seen)
    assert report.visits[-1].outcome in (Outcome.DONE, Outcome.NOTHING)
    assert reference.service.work == 0
    assert one_customer.begun == one_customer.ended


def _hasten(fault: Fault) -> Fault:
    return Fault(fault.kind, fault.at, fault.hresult, fault.message, min(fault.seconds, 0.01), fault.path)


def test_control_characters_travel_as_references(reference: ReferenceServer, connector: SimulatedConnector) -> None:
    connector.visit(Fault(FaultKind.CONTROL_CHARACTERS))
    (body,) = (raw for raw in reference.service.bodies if b"<receiveResponseXML" in raw)
    assert b"A &amp;amp; B&#x1F;&#x2;&amp;#x1F;&amp;#31;&lt;/Name" in body


def test_a_lost_reply_is_repeated_by_a_proxy_and_nobody_notices(connector: SimulatedConnector) -> None:
    report = connector.visit(Fault(FaultKind.REPEATED_CALL, at=5))
    assert names(report.calls).count("receiveResponseXML") == 2
    assert (report.outcome, report.violations, report.round_trips) == (Outcome.DONE, (), 1)


def test_the_steps_can_be_made_one_by_one_in_any_order(connector: SimulatedConnector) -> None:
    assert connector.close_connection("unknown") == "OK"
    assert connector.authenticate() == ("ticket-1", "")
    assert connector.authenticate(password="wrong") == ("ticket-2", "nvu")
    assert connector.receive_response("ticket-1", "nonsense") == -1
    assert connector.get_last_error("ticket-1") == "That was no answer."
    assert connector.send_request("ticket-1") == request_text(1)
    assert connector.connection_error("ticket-1", "0x80040408", "no") == "done"
    assert connector.violations == []


def test_polling_goes_on_until_it_is_told_to_stop(reference: ReferenceServer, connector: SimulatedConnector) -> None:
    stop = threading.Event()
    outcomes: list[Outcome] = []

    def seen(report: Any) -> None:
        outcomes.append(report.outcome)
        if len(outcomes) == 3:
            stop.set()

    connector.poll_forever(stop, 0.01, seen)
    assert outcomes == [Outcome.DONE, Outcome.NOTHING, Outcome.NOTHING]
    assert reference.service.tickets == 3


def test_a_real_company_answers_through_the_connector(reference: ReferenceServer) -> None:
    connector = SimulatedConnector(reference.url, "acme", PASSWORD, sample_company(customers=3, items=3))
    report = connector.visit()
    assert (report.outcome, report.violations) == (Outcome.DONE, ())
    assert "CustomerRet" in dict(reference.service.seen)["receiveResponseXML"]["response"]
