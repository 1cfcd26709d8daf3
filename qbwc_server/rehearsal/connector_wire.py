"""The HTTP of the simulated Web Connector: one keep-alive connection, the headers of a .NET web-service proxy.

Source: QBWC guide ch. 5; behaviour of the .NET client class that the Web Connector is built on.
"""

from __future__ import annotations

import http.client
import io
import ssl
import time
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from qbwc_server.rehearsal.connector_soap import INTUIT, CallFailedError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

USER_AGENT = "Mozilla/4.0 (compatible; MSIE 6.0; MS Web Services Client Protocol 4.0.30319.42000)"
CONTINUE_WAIT = 0.35
_MAX_HEAD = 65536
_FINAL = 200


class UnreachableError(CallFailedError):
    """No answer came: the server cannot be reached, broke the connection or took too long."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer.

    Attributes:
        status: the HTTP status.
        headers: name in lower case → value.
        body: the bytes of the body, dechunked.
        seconds: from the first byte sent to the last byte read.
        closing: the server does not keep the connection.
        continued: the server answered ``Expect: 100-continue`` with 100.
        reconnected: the server had closed the connection between two calls of a visit.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float
    closing: bool
    continued: bool
    reconnected: bool


class _Stream(io.RawIOBase):
    """What http.client reads an answer from: the head that was read already, then the socket until the deadline."""

    def __init__(self, head: bytes, receive: Callable[[int], bytes]) -> None:
        self._head = head
        self._receive = receive

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))
        chunk = self._head[: len(view)] or self._receive(len(view))
        self._head = self._head[len(chunk) :] if self._head else b""
        view[: len(chunk)] = chunk
        return len(chunk)

    def makefile(self, _mode: str = "rb") -> io.BufferedReader:
        return io.BufferedReader(self)


class Wire:
    """One HTTP/1.1 connection to the server at a time, kept until ``disconnect``."""

    def __init__(self, url: str, *, timeout: float, ssl_context: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no http or https address")
        self._tls = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port or (443 if self._tls else 80)
        self._netloc = parts.netloc.rpartition("@")[2]
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._timeout = timeout
        self._context = ssl_context
        self._connection: http.client.HTTPConnection | None = None
        self._fresh = True
        self._deadline = 0.0
        self._cookies: dict[str, str] = {}

    def disconnect(self) -> None:
        """Drops the connection without a word, and the cookies with it."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._cookies.clear()

    def post(self, method: str, body: bytes) -> Reply:
        """Posts one envelope and reads the whole answer; follows no redirect, repeats nothing that was sent.

        Raises:
            UnreachableError: no connection, a connection broken in mid-call, or no answer in time.
        """
        started = time.monotonic()
        self._deadline = started + self._timeout
        try:
            reconnected = self._open()
            head, continued, refused = self._exchange(method, body)
            answer = http.client.HTTPResponse(cast("socket.socket", _Stream(head, self._receive)), method="POST")
            answer.begin()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._drop_socket()
            raise UnreachableError(f"no answer: {_reason(error)}") from error
        self._keep_cookies(answer)
        closing = answer.will_close or refused
        if closing:
            self._drop_socket()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(
            answer.status, headers, content, time.monotonic() - started, closing, continued or refused, reconnected
        )

    def _exchange(self, method: str, body: bytes) -> tuple[bytes, bool, bool]:
        """Sends a call up to the head of its answer.

        Returns:
            that head; whether 100 came, in time or late; whether the server answered without wanting the body.
        """
        self._send(self._head(method, len(body)))
        self._fresh = False
        head = self._head_within(CONTINUE_WAIT)
        if head and _status_of(head) >= _FINAL:
            return head, False, True
        continued = bool(head)
        self._send(body)
        head = self._read_head()
        while _status_of(head) < _FINAL:
            continued = True
            head = self._read_head()
        return head, continued, False

    def get(self) -> int:
        """The status of a GET without sign-in, as the Web Connector's certificate check makes it."""
        connection = self._connect()
        try:
            connection.request("GET", self._target, headers={"Host": self._netloc})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            raise UnreachableError(f"no answer: {_reason(error)}") from error
        finally:
            connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        if self._tls:
            context = self._context or ssl.create_default_context()
            return http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout, context=context)
        return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)

    def _open(self) -> bool:
        """Makes sure of a live connection; true when the server had dropped the one of this visit."""
        dropped = self._connection is not None and self._is_dead()
        if dropped:
            self._drop_socket()
        if self._connection is None:
            self._connection = self._connect()
            self._connection.connect()
            self._fresh = True
        return dropped

    def _drop_socket(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _is_dead(self) -> bool:
        try:
            self._socket.settimeout(0)
            self._socket.recv(1)  # The end of the connection, or bytes that belong to no answer.
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            pass
        return True

    @property
    def _socket(self) -> socket.socket:
        if self._connection is None or self._connection.sock is None:
            raise ConnectionError("the connection is closed")
        return cast("socket.socket", self._connection.sock)

    def _arm(self) -> socket.socket:
        """The socket, with the time that is left to this call."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"nothing within {self._timeout:g} s")
        sock = self._socket
        sock.settimeout(left)
        return sock

    def _send(self, data: bytes) -> None:
        self._arm().sendall(data)

    def _receive(self, size: int) -> bytes:
        return self._arm().recv(size)

    def _head_within(self, seconds: float) -> bytes:
        """A whole head when one begins within so many seconds, else nothing."""
        sock = self._socket
        sock.settimeout(seconds)
        try:
            first = sock.recv(1)
        except TimeoutError:
            return b""
        if not first:
            raise ConnectionError("the server closed the connection before it had the body")
        return self._read_head(first)

    def _read_head(self, head: bytes = b"") -> bytes:
        # Byte by byte, so that nothing of what follows the head is taken along.
        while not head.endswith(b"\r\n\r\n"):
            byte = self._receive(1)
            if not byte:
                raise ConnectionError("the server closed the connection without an answer")
            head += byte
            if len(head) > _MAX_HEAD:
                raise http.client.LineTooLong("head of the answer")
        return head

    def _keep_cookies(self, answer: http.client.HTTPResponse) -> None:
        # Intuit's own samples keep their state in an ASP.NET cookie, so the client seems to return cookies.
        for line in answer.headers.get_all("Set-Cookie") or ():
            try:
                self._cookies.update({name: item.value for name, item in SimpleCookie(line).items()})
            except CookieError:
                continue

    def _head(self, method: str, length: int) -> bytes:
        lines = [
            f"POST {self._target} HTTP/1.1",
            f"User-Agent: {USER_AGENT}",
            "Content-Type: text/xml; charset=utf-8",
            f'SOAPAction: "{INTUIT}{method}"',
            f"Host: {self._netloc}",
        ]
        if self._cookies:
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self._cookies.items()))
        lines += [f"Content-Length: {length}", "Expect: 100-continue"]
        if self._fresh:
            lines.append("Connection: Keep-Alive")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _status_of(head: bytes) -> int:
    parts = head.split(b" ", 2)
    if len(parts) < 2 or not parts[0].startswith(b"HTTP/1.") or not parts[1][:3].isdigit():  # noqa: PLR2004
        raise http.client.BadStatusLine(repr(head[:40]))
    return int(parts[1][:3])


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return str(error) or "time-out"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text or type(error).__name__
