"""What stands before a server on the open internet, for the tests: a proxy with faults to be planted."""

import http.client
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

_HOP = ("connection", "keep-alive", "transfer-encoding", "date", "server", "content-length")


@dataclass(frozen=True, slots=True)
class Faults:
    """What the proxy does wrong; as it is made, nothing."""

    redirects: Mapping[str, str] = field(default_factory=dict)  # by path
    statuses: Mapping[str, int] = field(default_factory=dict)  # by path
    # What the page, the WSDL and so on are instead, by path and query; "*" stands for every one.
    replaced: Mapping[str, bytes] = field(default_factory=dict)
    limit: int | None = None  # bytes of a body
    says_so: bool = True  # whether a body that is too long is answered with 413
    keeps: bool = True  # the connection between calls
    clock: timedelta = timedelta(0)
    waits: float = 0.0  # seconds before each answer
    host: str | None = None  # instead of the name that was called


class Front:
    """The proxy; https if it is given a certificate.

    Attributes:
        calls: The calls it got: method, path, headers.
        unasked: Bytes that came although they had been refused.
    """

    def __init__(self, port: int, behind: int, faults: Faults, tls: ssl.SSLContext | None = None) -> None:
        self.calls: list[tuple[str, str, Mapping[str, str]]] = []
        self.unasked = 0
        front = self

        class Handler(_Handler):
            pass

        Handler.front, Handler.faults, Handler.behind = front, faults, behind
        self._server = _Server(("localhost", port), Handler, tls)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, place: tuple[str, int], handler: type["_Handler"], tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        super().__init__(place, handler)

    def finish_request(self, request: object, client_address: object) -> None:
        if self._tls is None:
            super().finish_request(request, client_address)  # type: ignore[arg-type]
            return
        try:
            # Here, in the connection's own thread, a caller that turns away holds up nobody.
            secure = self._tls.wrap_socket(request, server_side=True)  # type: ignore[arg-type]
        except OSError:
            return
        with secure:
            super().finish_request(secure, client_address)

    def handle_error(self, request: object, client_address: object) -> None:
        """Callers hang up; that is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    front: Front
    faults: Faults
    behind: int

    def handle_expect_100(self) -> bool:
        self.front.calls.append((self.command, self.path, dict(self.headers)))
        limit = self.faults.limit
        if limit is not None and int(self.headers["Content-Length"]) > limit:
            self.close_connection = True
            if self.faults.says_so:
                self._answer(413, {}, b"too long")
                self.connection.settimeout(2)
                self.front.unasked += len(self.rfile.read(1))
            return False
        return super().handle_expect_100()

    def do_GET(self) -> None:
        self.front.calls.append((self.command, self.path, dict(self.headers)))
        self._pass(b"")

    def do_POST(self) -> None:
        self._pass(self.rfile.read(int(self.headers["Content-Length"])))

    def _pass(self, body: bytes) -> None:
        time.sleep(self.faults.waits)
        path = self.path.partition("?")[0]
        if path in self.faults.redirects:
            self._answer(301, {"Location": self.faults.redirects[path]}, b"")
        elif path in self.faults.statuses:
            self._answer(self.faults.statuses[path], {}, b"")
        elif (whole := self.faults.replaced.get(self.path, self.faults.replaced.get("*"))) is not None:
            self._answer(200, {"Content-Type": "text/html"}, whole)
        else:
            self._forward(body)

    def _forward(self, body: bytes) -> None:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in (*_HOP, "expect")}
        if self.faults.host is not None:
            headers["Host"] = self.faults.host
        line = http.client.HTTPConnection("127.0.0.1", self.behind, timeout=30)
        try:
            line.request(self.command, self.path, body or None, headers)
            answer = line.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP}
            self._answer(answer.status, kept, answer.read())
        except OSError:
            self._answer(502, {}, b"")
        finally:
            line.close()

    def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        if not self.faults.keeps:
            self.close_connection = True
        self.send_response_only(status)
        self.send_header("Date", format_datetime(datetime.now(UTC) + self.faults.clock, usegmt=True))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
