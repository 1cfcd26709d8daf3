"""Servers that break the rules of HTTP or SOAP, or say nothing: the simulated Web Connector finds each."""

from __future__ import annotations

import gzip
import threading
from typing import TYPE_CHECKING

import pytest
from reference_server import FAULT, NO_METHOD, PASSWORD, Handler

from qbwc_server.rehearsal.connector import Habits, Outcome, SimulatedConnector
from qbwc_server.rehearsal.connector_rules import HTTPAnswerError
from qbwc_server.rehearsal.connector_soap import SoapFaultError
from qbwc_server.rehearsal.connector_wire import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from reference_server import OneCustomer, ReferenceServer


def test_an_unreachable_server_ends_in_the_report(one_customer: OneCustomer) -> None:
    report = SimulatedConnector("http://127.0.0.1:9/qbwc", "acme", PASSWORD, one_customer, timeout=5).visit()
    assert report.outcome is Outcome.FAILED
    assert report.status.startswith("QBWC1012")
    assert "no answer" in report.violations[0]


def only(method: str, send: Callable[[Handler, bytes], None]) -> Callable[[Handler, str, bytes], bool]:
    def reply(handler: Handler, called: str, body: bytes) -> bool:
        if called != method:
            return False
        send(handler, body)
        return True

    return reply


def chunked(handler: Handler, body: bytes) -> None:
    handler.answer(200, b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body), Content_Length="", Transfer_Encoding="chunked")


def closing(handler: Handler, body: bytes) -> None:
    handler.close_connection = True
    handler.answer(200, body, Connection="close")


def silent_close(handler: Handler, body: bytes) -> None:
    handler.close_connection = True
    handler.answer(200, body)


def cut(handler: Handler, body: bytes) -> None:
    handler.close_connection = True
    handler.answer(200, body[:40], Content_Length=str(len(body)))


def hang_up(handler: Handler, _: bytes) -> None:
    handler.close_connection = True


@pytest.mark.parametrize(
    ("send", "why"),
    [
        (lambda h, b: h.answer(200, b, "text/xml"), "charset"),
        (lambda h, b: h.answer(500, b), "HTTP status 500 instead of 200"),
        (chunked, "no Content-Length"),
        (closing, "does not keep the connection"),
        (silent_close, "closed the connection between two calls"),
    ],
)
def test_what_a_web_connector_puts_up_with_is_found_and_the_visit_goes_on(
    reference: ReferenceServer, connector: SimulatedConnector, send: Callable[[Handler, bytes], None], why: str
) -> None:
    reference.reply = only("authenticate", send)
    report = connector.visit()
    assert len(report.violations) == 1
    assert why in report.violations[0]
    assert report.outcome is Outcome.DONE


@pytest.mark.parametrize(
    ("send", "why"),
    [
        (lambda h, _: h.answer(500, FAULT), "SOAP fault Server: it broke"),
        (lambda h, _: h.answer(200, FAULT), "200 instead of 500"),
        (lambda h, b: h.answer(200, b, "application/soap+xml; charset=utf-8"), "application/soap+xml"),
        (lambda h, _: h.answer(500, b"<html>", "text/html"), "text/html"),
        (lambda h, b: h.answer(200, gzip.compress(b), Content_Encoding="gzip"), "compressed"),
        (lambda h, _: h.answer(302, b"", Location="/elsewhere"), "302 and redirects are not followed"),
        (lambda h, _: h.answer(200, b""), "not well-formed"),
        (lambda h, b: h.answer(200, b.replace(b"sendRequestXMLResponse", b"x")), "instead of"),
        (lambda h, b: h.answer(200, b.replace(b"schemas.xmlsoap.org", b"example.com")), "SOAP 1.1"),
        (lambda h, b: h.answer(200, b.replace(b"?>", b"?><!DOCTYPE a [<!ENTITY b 'c'>]>", 1)), "DOCTYPE"),
        (cut, "no answer"),
        (hang_up, "no answer"),
    ],
)
def test_what_ends_a_visit_is_found_with_the_code_that_users_see(
    reference: ReferenceServer, connector: SimulatedConnector, send: Callable[[Handler, bytes], None], why: str
) -> None:
    reference.reply = only("sendRequestXML", send)
    report = connector.visit()
    assert any(why in sentence for sentence in report.violations), report.violations
    assert report.outcome is Outcome.FAILED
    assert report.status.startswith("QBWC1041")
    assert report.calls[-1].name == "sendRequestXML"
    reference.reply = None
    assert connector.visit().violations == ()


def test_a_redirect_is_not_followed(reference: ReferenceServer, connector: SimulatedConnector) -> None:
    reference.reply = only("serverVersion", lambda h, _: h.answer(307, b"", Location=reference.url))
    with pytest.raises(HTTPAnswerError):
        connector.server_version()
    assert len(reference.service.seen) == 1


def test_old_servers_without_the_version_calls_are_served_all_the_same(
    reference: ReferenceServer, connector: SimulatedConnector
) -> None:
    def reply(handler: Handler, method: str, _: bytes) -> bool:
        if method in ("serverVersion", "clientVersion"):
            handler.answer(500, NO_METHOD)
        return method in ("serverVersion", "clientVersion")

    reference.reply = reply
    report = connector.visit()
    assert report.outcome is Outcome.DONE
    assert len(report.violations) == 2


def test_a_fault_of_a_step_is_raised_to_the_test(reference: ReferenceServer, connector: SimulatedConnector) -> None:
    reference.reply = only("getLastError", lambda h, _: h.answer(500, FAULT))
    with pytest.raises(SoapFaultError, match="it broke"):
        connector.get_last_error("t")
    assert connector.violations == ["getLastError: SOAP fault Server: it broke"]


def test_an_ignored_expect_header_is_found_and_the_body_sent_all_the_same(
    reference: ReferenceServer, connector: SimulatedConnector
) -> None:
    reference.says_continue = False
    assert connector.server_version() == "reference 1"
    assert "100-continue" in connector.violations[0]


def held(seconds: float) -> Callable[[Handler, bytes], None]:
    def send(handler: Handler, body: bytes) -> None:
        threading.Event().wait(seconds)
        handler.answer(200, body)

    return send


def test_a_slow_answer_is_found(reference: ReferenceServer, connect: Callable[..., SimulatedConnector]) -> None:
    reference.reply = only("serverVersion", held(0.2))
    connector = connect(habits=Habits(slow_after=0.1))
    connector.server_version()
    assert "near" in connector.violations[0]


def test_a_server_that_does_not_answer_in_time_is_given_up(
    reference: ReferenceServer, one_customer: OneCustomer
) -> None:
    released = threading.Event()

    def too_late(handler: Handler, _: bytes) -> None:
        released.wait(5.0)
        handler.close_connection = True

    reference.reply = only("serverVersion", too_late)
    connector = SimulatedConnector(reference.url, "acme", PASSWORD, one_customer, timeout=0.6)
    try:
        with pytest.raises(UnreachableError):
            connector.server_version()
    finally:
        released.set()


def test_a_get_that_is_refused_is_found(reference: ReferenceServer, connector: SimulatedConnector) -> None:
    assert connector.check_url() == ()
    reference.get_status = 405
    assert "QBWC1048" in connector.check_url()[0]


def test_cookies_are_kept_for_the_visit_and_no_longer(
    reference: ReferenceServer, connector: SimulatedConnector
) -> None:
    reference.reply = only("serverVersion", lambda h, b: h.answer(200, b, Set_Cookie="ASP.NET_SessionId=abc; path=/"))
    connector.visit()
    connector.forget()
    connector.close_connection("t")
    cookies = [head.get("cookie") for head in reference.service.heads]
    assert cookies == [None, *["ASP.NET_SessionId=abc"] * (len(cookies) - 2), None]
