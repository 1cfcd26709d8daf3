"""What a server may say, and what the simulated Web Connector then does, as QBWC would."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import pytest
from reference_server import names, request_text

from qbwc_server.rehearsal.company_errors import RequestProcessorError, SimulatedCrash
from qbwc_server.rehearsal.connector import Habits, Outcome, SimulatedConnector

if TYPE_CHECKING:
    from collections.abc import Callable

    from reference_server import OneCustomer, ReferenceServer


REFUSED = RequestProcessorError("0x80040408", "Could not start QuickBooks.")


@pytest.mark.parametrize(
    ("members", "outcome", "status", "next_run_in", "minimum"),
    [
        (("nvu",), Outcome.REFUSED, "Invalid password for username", None, None),
        (("busy",), Outcome.BUSY, "Application busy", None, None),
        (("none", "30"), Outcome.NOTHING, "Update postponed by application", 30, None),
        (("none", "", "90"), Outcome.NOTHING, "No data exchange", None, 90),
        (("", "60"), Outcome.POSTPONED, "Update postponed by application", 60, None),
        (("", "", "60"), Outcome.DONE, "OK", None, 60),
    ],
)
def test_the_words_and_numbers_of_authenticate_steer_the_visit(
    reference: ReferenceServer,
    connector: SimulatedConnector,
    members: tuple[str, ...],
    outcome: Outcome,
    status: str,
    next_run_in: int | None,
    minimum: int | None,
) -> None:
    reference.service.instead["authenticate"] = "".join(f"<string>{text}</string>" for text in ("t", *members))
    report = connector.visit()
    assert (report.outcome, report.status, report.violations) == (outcome, status, ())
    assert (report.next_run_in, report.minimum_interval) == (next_run_in, minimum)
    assert report.calls[-1].name == "closeConnection"


def test_without_auto_run_a_postponement_has_no_effect(
    reference: ReferenceServer, connect: Callable[..., SimulatedConnector]
) -> None:
    reference.service.instead["authenticate"] = "<string>t</string><string></string><string>60</string>"
    assert connect(habits=Habits(auto_run=False)).visit().outcome is Outcome.DONE


@pytest.mark.parametrize(
    ("text", "outcome", "last"),
    [
        ("E:too old", Outcome.STOPPED, "clientVersion"),
        ("O:3.0", Outcome.STOPPED, "clientVersion"),
        (None, Outcome.DONE, "closeConnection"),
    ],
)
def test_client_version_may_stop_the_visit(
    reference: ReferenceServer, connector: SimulatedConnector, text: str | None, outcome: Outcome, last: str
) -> None:
    reference.service.instead["clientVersion"] = text
    report = connector.visit()
    assert (report.outcome, report.calls[-1].name, report.violations) == (outcome, last, ())


def test_a_warning_is_accepted_or_not_as_the_user_is_used_to(
    reference: ReferenceServer, connect: Callable[..., SimulatedConnector]
) -> None:
    reference.service.instead["clientVersion"] = "W:old"
    assert connect(habits=Habits(accept_warnings=False)).visit().outcome is Outcome.STOPPED
    assert connect().visit().outcome is Outcome.DONE


@pytest.mark.parametrize("first", ["", "NoOp"])
def test_noop_waits_and_asks_again(reference: ReferenceServer, connector: SimulatedConnector, first: str) -> None:
    answers = iter([first, request_text(1)])
    reference.service.instead = {"sendRequestXML": lambda _: escape(next(answers)), "getLastError": "NoOp"}
    reference.service.instead["receiveResponseXML"] = "100"
    report = connector.visit()
    assert names(report.calls)[3:] == [
        "sendRequestXML",
        "getLastError",
        "sendRequestXML",
        "receiveResponseXML",
        "closeConnection",
    ]
    assert (report.outcome, report.violations) == (Outcome.DONE, ())


def test_a_test_can_act_in_the_wait_that_noop_asked_for(
    reference: ReferenceServer, connector: SimulatedConnector
) -> None:
    answers = ["NoOp", "NoOp"]
    reference.service.instead = {"sendRequestXML": lambda _: escape(answers.pop(0)), "getLastError": "NoOp"}
    reference.service.instead["receiveResponseXML"] = "100"
    waits: list[str] = []

    def five_seconds_later() -> None:
        waits.append(connector.calls[-1].name)
        if len(waits) == 2:
            answers.append(request_text(1))

    connector.on_noop = five_seconds_later
    report = connector.visit()
    assert waits == ["getLastError", "getLastError"]
    assert (report.outcome, report.round_trips, report.violations) == (Outcome.DONE, 1, ())


def test_interactive_mode_is_refused_politely(reference: ReferenceServer, connector: SimulatedConnector) -> None:
    reference.service.instead = {"sendRequestXML": "", "getLastError": "Interactive mode"}
    report = connector.visit()
    assert names(report.calls)[-3:] == ["getInteractiveURL", "interactiveRejected", "closeConnection"]
    assert "wcTicket" in dict(reference.service.seen)["getInteractiveURL"]
    assert report.violations == ()


def test_a_negative_number_shows_the_last_error_and_closes(
    reference: ReferenceServer, connector: SimulatedConnector
) -> None:
    reference.service.instead = {"receiveResponseXML": "-3", "getLastError": "Out of paper"}
    report = connector.visit()
    assert names(report.calls)[-2:] == ["getLastError", "closeConnection"]
    assert (report.outcome, report.status, report.percentages) == (Outcome.STOPPED, "Out of paper", (-3,))


def test_a_company_that_does_not_open_is_told_and_done_ends_it(
    reference: ReferenceServer, connector: SimulatedConnector, one_customer: OneCustomer
) -> None:
    one_customer.openings = [REFUSED] * 2
    report = connector.visit()
    assert names(report.calls)[3:] == ["connectionError", "closeConnection"]
    assert report.outcome is Outcome.NO_CONNECTION
    assert dict(reference.service.seen)["connectionError"]["hresult"] == "0x80040408"
    assert (one_customer.begun, one_customer.ended) == (0, 0)


def test_a_path_from_connection_error_is_tried_next(
    reference: ReferenceServer, connector: SimulatedConnector, one_customer: OneCustomer
) -> None:
    one_customer.openings = [REFUSED] * 2
    reference.service.instead["connectionError"] = one_customer.path
    assert connector.visit().outcome is Outcome.DONE


def test_another_open_file_than_the_one_asked_for_is_a_connection_error(
    reference: ReferenceServer, connector: SimulatedConnector
) -> None:
    reference.service.instead["authenticate"] = r"<string>t</string><string>D:\Other.qbw</string>"
    assert connector.visit().outcome is Outcome.NO_CONNECTION
    assert dict(reference.service.seen)["connectionError"]["hresult"] == "0x8004040A"


def test_a_refusal_of_the_request_processor_is_delivered_with_an_empty_response(
    reference: ReferenceServer, connector: SimulatedConnector, one_customer: OneCustomer
) -> None:
    one_customer.processing = [RequestProcessorError("0x80040400", "parsing")]
    connector.visit()
    params = dict(reference.service.seen)["receiveResponseXML"]
    assert (params["response"], params["hresult"], params["message"]) == ("", "0x80040400", "parsing")


def test_a_crash_of_quickbooks_ends_the_visit_without_a_word(
    reference: ReferenceServer, connector: SimulatedConnector, one_customer: OneCustomer
) -> None:
    one_customer.processing = [SimulatedCrash()]
    report = connector.visit()
    assert (report.outcome, report.calls[-1].name) == (Outcome.CRASHED, "sendRequestXML")
    assert reference.service.seen[-1][0] == "sendRequestXML"
