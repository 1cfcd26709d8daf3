"""The SOAP door behind a real server, as the Web Connector meets it."""

import contextlib
import http.client
import logging
import os
import random
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import requests
import waitress.server
import waitress.wasyncore
import zeep
from lxml import etree

from qbwc_server.soap import Caller, make_soap_app

SHARED = Path(os.environ.get("QBWC_SHARED", Path(__file__).parents[3] / "shared"))
ENVELOPES = SHARED / "samples" / "envelopes"
SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
DOT_NET = {
    "Content-Type": "text/xml; charset=utf-8",
    "User-Agent": "Mozilla/4.0 (compatible; MSIE 6.0; MS Web Services Client Protocol 4.0.30319.42000)",
}
SECRET = "Xyzzy-secret"
QBXML = '<?xml version="1.0" encoding="utf-8"?><?qbxml version="13.0"?><QBXML><a>é & "x"</a></QBXML>'


@dataclass
class Office:
    """A small conversation that holds one request and counts the bytes of its answer."""

    callers: list[Caller] = field(default_factory=list)
    received: int = 0

    def server_version(self) -> str:
        return "1.2"

    def client_version(self, version: str, caller: Caller) -> str:
        self.callers.append(caller)
        return "" if version else "E:no version"

    def authenticate(self, user_name: str, password: str, caller: Caller) -> tuple[str, ...]:
        self.callers.append(caller)
        return ("ticket-1", "") if (user_name, password) == ("ann", "right") else ("ticket-2", "nvu")

    def send_request(
        self, ticket: str, hcp_response: str, company_file: str, country: str, major: int, minor: int
    ) -> str:
        del hcp_response, company_file, country
        return QBXML if (ticket, major, minor) == ("ticket-1", 13, 0) else ""

    def receive_response(self, ticket: str, response: BinaryIO, hresult: str, message: str) -> int:
        del ticket, message
        while piece := response.read(65536):
            self.received += len(piece)
        return -1 if hresult else 100

    def connection_error(self, ticket: str, hresult: str, message: str) -> str:
        del ticket, hresult, message
        return "done"

    def get_last_error(self, ticket: str) -> str:
        del ticket
        return "NoOp"

    def close_connection(self, ticket: str) -> str:
        raise LookupError(ticket)


@dataclass(frozen=True)
class Served:
    port: int
    office: Office


@pytest.fixture
def served() -> Iterator[Served]:
    office = Office()
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    app = make_soap_app(office, public_url=f"http://127.0.0.1:{port}", max_body=32 << 20)
    channels: dict[int, Any] = {}
    server: Any = waitress.server.create_server(
        app, map=channels, sockets=[listener], threads=2, max_request_body_size=64 << 20
    )
    done = threading.Event()

    def run() -> None:
        while not done.is_set():
            waitress.wasyncore.loop(timeout=1, map=channels, count=1)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield Served(port, office)
    finally:
        done.set()
        server.pull_trigger()
        thread.join(10)
        server.task_dispatcher.shutdown()
        waitress.wasyncore.close_all(channels)


@contextlib.contextmanager
def connection(served: Served) -> Iterator[http.client.HTTPConnection]:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)) as client:
        yield client


def post(client: http.client.HTTPConnection, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    client.request("POST", "/qbwc", body, DOT_NET if headers is None else headers)
    response = client.getresponse()
    answer = response.read()
    assert response.getheader("Content-Length") == str(len(answer))
    return response.status, answer


def envelope(method: str, parameters: str = "") -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?><soap:Envelope'
        ' xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>'
        f'<{method} xmlns="http://developer.intuit.com/">{parameters}</{method}></soap:Body></soap:Envelope>'
    ).encode()


def is_fault(body: bytes) -> bool:
    return etree.XML(body).find(f"{SOAP}Body/{SOAP}Fault/faultcode") is not None


@pytest.mark.skipif(not ENVELOPES.is_dir(), reason="the recorded envelopes are not here; set QBWC_SHARED")
def test_every_recorded_envelope_is_answered(served: Served) -> None:
    recorded = sorted(ENVELOPES.glob("*.xml"))
    assert recorded
    with connection(served) as client:
        for path in recorded:
            status, body = post(client, path.read_bytes())
            method = path.stem.removesuffix("-real")
            assert status == 200, path.name
            (result,) = etree.XML(body).iterfind(f"{SOAP}Body/*/*")
            assert result.tag == f"{{http://developer.intuit.com/}}{method}Result"


def test_a_soap_library_can_call_every_method_through_the_description(served: Served) -> None:
    with requests.Session() as session:
        transport = zeep.Transport(session=session, timeout=10)  # type: ignore[no-untyped-call]
        wsdl = f"http://127.0.0.1:{served.port}/qbwc?wsdl"
        service = zeep.Client(wsdl, transport=transport).service  # type: ignore[no-untyped-call]
        assert service.serverVersion() == "1.2"
        assert not service.clientVersion("34.0.10003.71")
        assert service.authenticate("ann", "wrong") == ["ticket-2", "nvu"]
        assert [text or "" for text in service.authenticate("ann", "right")] == ["ticket-1", ""]
        assert service.sendRequestXML("ticket-1", "", "C:\\a.qbw", "US", 13, 0) == QBXML
        assert service.receiveResponseXML("ticket-1", QBXML, "", "") == 100
        assert service.receiveResponseXML("ticket-1", "", "0x80040400", "bad") == -1
        assert service.connectionError("ticket-1", "0x80040408", "closed") == "done"
        assert service.getLastError("ticket-1") == "NoOp"
        assert service.closeConnection("ticket-1") == "OK"
        assert service.getInteractiveURL("ticket-1", "s") == f"http://127.0.0.1:{served.port}/"
        assert service.interactiveRejected("ticket-1", "no") == "OK"
        assert service.interactiveDone("ticket-1") == service.isInteractiveDone("ticket-1") == "Done"
    assert served.office.received == len(QBXML.encode())


def test_one_connection_serves_a_hundred_calls(served: Served) -> None:
    with connection(served) as client:
        client.connect()
        first = client.sock
        for _ in range(50):
            assert post(client, envelope("serverVersion"))[0] == 200
            assert post(client, envelope("nothing"))[0] == 500
        assert client.sock is first


def test_the_conversation_is_told_who_calls(served: Served) -> None:
    with connection(served) as client:
        post(client, envelope("clientVersion"))
    assert served.office.callers == [Caller("127.0.0.1", DOT_NET["User-Agent"])]


def test_a_client_that_waits_for_100_continue_is_told_to_continue(served: Served) -> None:
    body = envelope("serverVersion")
    head = (
        f"POST /qbwc HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        "Expect: 100-continue\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as client, client.makefile("rb") as answer:
        client.sendall(head.encode())
        assert answer.readline().startswith(b"HTTP/1.1 100")
        assert answer.readline() == b"\r\n"
        client.sendall(body)
        assert answer.readline().startswith(b"HTTP/1.1 200")


def test_a_chunked_body_is_read(served: Served) -> None:
    with connection(served) as client:
        body = envelope("serverVersion")
        client.request("POST", "/qbwc", iter([body[:100], body[100:]]), DOT_NET, encode_chunked=True)
        response = client.getresponse()
        assert (response.status, b"1.2" in response.read()) == (200, True)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b" " * (33 << 20), {}, 413),
        (envelope("serverVersion"), {"Content-Type": "application/soap+xml; charset=utf-8"}, 415),
        (envelope("serverVersion"), {"Content-Type": "text/xml; charset=utf-16"}, 415),
        (envelope("serverVersion"), {"Content-Encoding": "gzip"}, 415),
    ],
)
def test_what_is_no_soap_11_gets_an_http_status(
    served: Served, body: bytes, headers: dict[str, str], status: int
) -> None:
    with connection(served) as client:
        client.request("POST", "/qbwc", body, {**DOT_NET, **headers})
        assert client.getresponse().status == status


def test_the_certificate_check_gets_a_page(served: Served) -> None:
    with connection(served) as client:
        for method in ("GET", "HEAD"):
            client.request(method, "/qbwc")
            response = client.getresponse()
            response.read()
            assert response.status == 200
        client.request("DELETE", "/qbwc")
        assert client.getresponse().getheader("Allow") == "GET, HEAD, POST"


def damaged(dice: random.Random) -> bytes:
    """Returns an authenticate envelope that is no longer one: cut, or with bytes put in that break its markup."""
    good = envelope("authenticate", f"<strUserName>u</strUserName><strPassword>{SECRET}</strPassword>")
    kind = dice.randrange(5)
    at = dice.randrange(40, len(good) - 40)
    if kind == 0:
        return good[:at]
    if kind == 1:
        return good[:at] + bytes(dice.choices((0x80, 0xC0, 0xF5, 0xFF), k=dice.randrange(1, 9))) + good[at:]
    if kind == 2:
        return good[:at] + b"<" + good[at:]
    if kind == 3:
        return good[:-1] + dice.choice([b"", b"</a>", b"<!DOCTYPE a>", b"&#0;"])
    return bytes(dice.randrange(256) for _ in range(dice.randrange(1, 400)))


def test_two_hundred_damaged_bodies_are_refused_in_order_and_leave_no_trace_in_the_log(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    dice = random.Random(20)
    with connection(served) as client:
        for number in range(200):
            body = damaged(dice)
            status, answer = post(client, body)
            assert status == 500, (number, body)
            assert is_fault(answer)
            assert SECRET.encode() not in answer
        assert post(client, envelope("serverVersion"))[0] == 200
    assert SECRET not in caplog.text
    assert served.office.callers == []


def test_passwords_and_tickets_are_not_logged_when_a_call_fails(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with connection(served) as client:
        post(client, envelope("authenticate", f"<strUserName>u</strUserName><strPassword>{SECRET}</strPassword>"))
        status, answer = post(client, envelope("closeConnection", f"<ticket>{SECRET}</ticket>"))
    assert (status, b">OK<" in answer) == (200, True)
    assert "LookupError" in caplog.text
    assert SECRET not in caplog.text
