"""Calls over HTTP as the Web Connector makes them, with a limit on the whole of each.

Theory of operation
-------------------
QBWC is a .NET program: it keeps its connection between calls, verifies the certificate, follows no redirect, and sends
a body only after it has asked leave with `Expect: 100-continue`, or has waited a moment in vain for it. A server that
refuses a long body may say so before it has read it, and then hang up; whoever sends first would see a broken
connection and never the answer. So the answer is looked for before the body goes out, and again if sending fails.

Every wait ends when the time of the call is up, however slowly the other side drips.

Source: QBWC guide ch. 5 and 10; RFC 9110, 10.1.1.
"""

import contextlib
import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final, cast
from urllib.parse import urlsplit

from qbwc_server.deadlines import Reading, left, send

CALL_SECONDS: Final = 10.0
# .NET waits this long for the leave to send a body.
_LEAVE_SECONDS: Final = 0.35
_MOST_BODY: Final = 256 << 10
_MOST_EARLY: Final = 16 << 10
_AGENT: Final = "Mozilla/4.0 (compatible; MSIE 6.0; MS Web Services Client Protocol 4.0.30319.42000)"
_BROKEN: Final = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is called.

    Attributes:
        url: Without a slash at its end.
        scheme: "http" or "https".
        host: As it goes over the wire.
        port: Also where the URL names none.
        path: What stands before every path, "" or for example "/books".
    """

    url: str
    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str) -> "Address":
        """Take a public URL apart."""
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        return cls(url, parts.scheme, host, parts.port or _PORTS[parts.scheme], parts.path)

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes:
        status: The HTTP status.
        headers: By name in small letters; of several of a name the last.
        body: Its first quarter of a megabyte.
        received_at: When it came, by this machine's clock; aware.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime

    @property
    def redirects(self) -> bool:
        """Whether it sends the caller elsewhere, where QBWC does not go."""
        return HTTPStatus.MULTIPLE_CHOICES <= self.status < HTTPStatus.BAD_REQUEST


class Line:
    """A connection to a server, opened when it is needed and kept as long as the server keeps it.

    Attributes:
        openings: How many connections were opened.
    """

    def __init__(self, address: Address, *, connect_to: str | None = None) -> None:
        self._address = address
        self._host = connect_to or address.host
        self._socket: socket.socket | None = None
        self.openings = 0

    def get(self, path: str) -> Answer:
        """Ask for a path below the address.

        Raises:
            OSError, http.client.HTTPException: No answer came, or none of HTTP.
        """
        return self._call("GET", path, b"", {}, CALL_SECONDS)

    def post(self, path: str, body: bytes, headers: Mapping[str, str], *, seconds: float = CALL_SECONDS) -> Answer:
        """Send a body to a path below the address; the errors are those of `get`."""
        extra = {"Expect": "100-continue", "Content-Length": str(len(body)), **headers}
        return self._call("POST", path, body, extra, seconds)

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _call(self, method: str, path: str, body: bytes, headers: Mapping[str, str], seconds: float) -> Answer:
        was_open = self._socket is not None
        try:
            return self._exchange(method, path, body, headers, time.monotonic() + seconds)
        except BaseException as problem:
            # What is half said on a connection ends its use.
            self.close()
            if not (was_open and isinstance(problem, _BROKEN)):
                raise
        # The server had hung up since the last call.
        return self._call(method, path, body, headers, seconds)

    def _exchange(self, method: str, path: str, body: bytes, headers: Mapping[str, str], deadline: float) -> Answer:
        sock = self._opened(deadline)
        lines = [f"{method} {self._address.path}{path} HTTP/1.1", f"Host: {self._address.authority}"]
        lines += [f"User-Agent: {_AGENT}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        send(sock, "\r\n".join(lines).encode("ascii"), deadline)
        early = _wait_for_leave(sock) if body else b""
        if body and not early:
            # Why a server hangs up over a body, its answer tells, if there is one.
            with contextlib.suppress(*_BROKEN):
                send(sock, body, deadline)
        response = http.client.HTTPResponse(cast("socket.socket", Reading(sock, deadline, early)), method=method)
        try:
            response.begin()
            found = response.read(_MOST_BODY)
            named = {name.lower(): value for name, value in response.getheaders()}
            answer = Answer(response.status, named, found, datetime.now(UTC))
            # A body that was not sent leaves the connection where no other call can begin.
            if response.will_close or not response.isclosed() or early:
                self.close()
        finally:
            response.close()
        return answer

    def _opened(self, deadline: float) -> socket.socket:
        if self._socket is None:
            self._socket = opened(self._address, self._host, left(deadline))
            self.openings += 1
        return self._socket


def opened(address: Address, host: str, seconds: float, context: ssl.SSLContext | None = None) -> socket.socket:
    """Open a connection; on https with the certificate verified.

    Raises:
        OSError: It cannot be opened, or the certificate is not trusted.
    """
    plain = socket.create_connection((host, address.port), timeout=seconds)
    if address.scheme != "https":
        return plain
    try:
        return (context or trusting()).wrap_socket(plain, server_hostname=address.host)
    except BaseException:
        plain.close()
        raise


def trusting() -> ssl.SSLContext:
    """Return what verifies a certificate as the Web Connector does: this machine's authorities, and SSL_CERT_FILE."""
    context = ssl.create_default_context()
    # Python 3.13 began to refuse what Windows takes.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _wait_for_leave(sock: socket.socket) -> bytes:
    """Wait for the leave to send a body; return the beginning of the answer if there is one instead."""
    sock.settimeout(_LEAVE_SECONDS)
    try:
        early = sock.recv(_MOST_EARLY)
    except TimeoutError:
        return b""
    if not early:
        raise http.client.RemoteDisconnected("the connection was closed")
    head, end, rest = early.partition(b"\r\n\r\n")
    leave = end and head.split(b" ")[1:2] == [b"100"]
    return rest if leave else early
