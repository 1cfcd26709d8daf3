"""A small reference server for the tests of the simulated Web Connector: honest, but for what a test replaces."""

from __future__ import annotations

import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from lxml import etree

from qbwc_server.rehearsal.connector_faults import WRONG_PATH

if TYPE_CHECKING:
    from collections.abc import Callable

    from qbwc_server.rehearsal.connector import Call

INTUIT = "http://developer.intuit.com/"
PASSWORD = "correct-horse-battery"
Params = dict[str, str]


def request_text(number: int) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><?qbxml version="13.0"?><QBXML><QBXMLMsgsRq onError="continueOnError">'
        f'<CustomerQueryRq requestID="{number}"/></QBXMLMsgsRq></QBXML>'
    )


class OneCustomer:
    """A company with one customer, which answers anything."""

    path = r"C:\Books\Acme.QBW"
    country = "US"

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0
        self.openings: list[Exception] = []
        self.processing: list[Exception] = []

    def begin_session(self) -> None:
        if self.openings:
            raise self.openings.pop(0)
        self.begun += 1

    def end_session(self) -> None:
        self.ended += 1

    def hcp_response(self) -> str:
        return "<QBXML><DataExtName>FileID</DataExtName><DataExtValue>{1}</DataExtValue></QBXML>"

    def process(self, qbxml: str, /) -> str:
        if self.processing:
            raise self.processing.pop(0)
        found = re.search('requestID="([^"]*)"', qbxml)
        request_id = found[1] if found else ""
        return (
            f'<?xml version="1.0" ?>\n<QBXML><QBXMLMsgsRs><CustomerQueryRs requestID="{request_id}" statusCode="0">'
            "<CustomerRet><Name>A &amp; B</Name></CustomerRet></CustomerQueryRs></QBXMLMsgsRs></QBXML>"
        )


class Service:
    """The QBWC protocol in its shortest honest form; ``instead`` replaces the result of single methods."""

    def __init__(self) -> None:
        self.work = 1
        self.seen: list[tuple[str, Params]] = []
        self.heads: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.instead: dict[str, str | Callable[[Params], str | None] | None] = {}
        self.tickets = 0
        self.outstanding = 0
        self.requests = 0
        self.last: tuple[str, int] = ("", 0)
        self.error = ""

    def result(self, method: str, params: Params) -> str | None:
        if method in self.instead:
            other = self.instead[method]
            return other(params) if callable(other) else other
        return escape(getattr(self, method)(**params)) if method != "authenticate" else self.authenticate(**params)

    def serverVersion(self) -> str:  # noqa: N802
        return "reference 1"

    def clientVersion(self, strVersion: str) -> str:  # noqa: N802, N803
        return "" if strVersion else "E:no version"

    def authenticate(self, strUserName: str, strPassword: str) -> str:  # noqa: N803
        self.tickets += 1
        self.outstanding = 0
        status = "nvu" if (strUserName, strPassword) != ("acme", PASSWORD) else "" if self.work else "none"
        return f"<string>ticket-{self.tickets}</string><string>{status}</string>"

    def sendRequestXML(self, strCompanyFileName: str, **_: str) -> str:  # noqa: N802, N803
        if strCompanyFileName == WRONG_PATH or not self.work:
            self.error = "Another company file is open."
            return ""
        if not self.outstanding:
            self.requests += 1
            self.outstanding = self.requests
        return request_text(self.outstanding)

    def receiveResponseXML(self, response: str, hresult: str, **_: str) -> str:  # noqa: N802
        if self.last[0] == response and not self.outstanding:
            return str(self.last[1])
        good = f'requestID="{self.outstanding}"' in response and "CustomerQueryRs>" in response and not hresult
        if not good:
            self.error = "That was no answer."
            return "-1"
        self.outstanding = 0
        self.work -= 1
        self.last = (response, 50 if self.work else 100)
        return str(self.last[1])

    def connectionError(self, **_: str) -> str:  # noqa: N802
        return "done"

    def getLastError(self, **_: str) -> str:  # noqa: N802
        return self.error

    def closeConnection(self, **_: str) -> str:  # noqa: N802
        return "OK"

    def getInteractiveURL(self, **_: str) -> str:  # noqa: N802
        return "https://example.com/"

    def interactiveRejected(self, **_: str) -> str:  # noqa: N802
        return "OK"


class ReferenceServer(ThreadingHTTPServer):
    """The service over HTTP; ``reply`` may send something else altogether."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.service = Service()
        self.reply: Callable[[Handler, str, bytes], bool] | None = None
        self.says_continue = True
        self.get_status = 200
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/qbwc"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ReferenceServer
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def log_message(self, *_: object) -> None:
        pass

    def handle_expect_100(self) -> bool:
        return super().handle_expect_100() if self.server.says_continue else True

    def do_GET(self) -> None:
        self.answer(self.server.get_status, b"hello", "text/html")

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        # Where XML forbids a character this server reads a blank, as a server for QBWC has to.
        call = etree.XML(re.sub(rb"&#x[0-9A-F]+;", b" ", raw))[0][0]
        method = etree.QName(call).localname
        params = {etree.QName(child).localname: child.text or "" for child in call}
        self.server.service.heads.append({name.lower(): value for name, value in self.headers.items()})
        self.server.service.bodies.append(raw)
        self.server.service.seen.append((method, params))
        result = self.server.service.result(method, params)
        body = envelope(method, result)
        if self.server.reply is None or not self.server.reply(self, method, body):
            self.answer(200, body)

    def answer(self, status: int, body: bytes, kind: str = "text/xml; charset=utf-8", **headers: str) -> None:
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        for name, value in ({"Content_Length": str(len(body))} | headers).items():
            if value:
                self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


def envelope(method: str, result: str | None) -> bytes:
    inner = "" if result is None else f"<{method}Result>{result}</{method}Result>"
    return soap(f'<{method}Response xmlns="{INTUIT}">{inner}</{method}Response>')


def soap(content: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<s:Body>{content}</s:Body></s:Envelope>"
    ).encode()


FAULT = soap("<s:Fault><faultcode>s:Server</faultcode><faultstring>it broke</faultstring></s:Fault>")
NO_METHOD = soap("<s:Fault><faultcode>s:Client</faultcode><faultstring>no such method</faultstring></s:Fault>")


def names(calls: tuple[Call, ...]) -> list[str]:
    return [call.name for call in calls]
