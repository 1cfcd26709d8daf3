"""A client as bare as can be, so that what is measured is the server: one kept connection, prepared bytes."""

import re
import socket
from types import TracebackType
from typing import Self

_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
# When the Web Connector itself gives up.
_TIMEOUT = 100


class BadStatus(Exception):
    """The server did not answer 200 or 202.

    Attributes:
        status: what it answered instead.
    """

    def __init__(self, head: bytes, body: bytes) -> None:
        line = head.decode("latin-1").splitlines()[0]
        self.status = int(line.split()[1])
        super().__init__(f"{line}: {body[:300].decode('utf-8', 'replace')}")


class Line:
    """A kept-alive HTTP connection to 127.0.0.1."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def call(self, message: bytes) -> bytes:
        """Send a whole HTTP request and return the body of the answer.

        Raises:
            BadStatus: see there.
            OSError: the server hung up, or an answer took longer than 100 s.
        """
        self._socket.sendall(message)
        head, body = b"", b""
        while not head:
            body += self._more()
            before, blank, after = body.partition(b"\r\n\r\n")
            if blank:
                head, body = before, after
        found = _LENGTH.search(head)
        length = int(found[1]) if found else 0
        while len(body) < length:
            body += self._more()
        if head[9:12] not in (b"200", b"202"):
            raise BadStatus(head, body)
        return body

    def _more(self) -> bytes:
        piece = self._socket.recv(65536)
        if not piece:
            raise ConnectionResetError("the server closed the connection")
        return piece


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """Return the bytes of an HTTP request; a header's name is given with "_" for "-"."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
