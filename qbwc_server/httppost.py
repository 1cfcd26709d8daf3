"""Posting over http and https: one exchange with one end to it, to an address that may be called.

A redirect is not followed: it could lead anywhere.
"""

import contextlib
import http.client
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import urlsplit

from qbwc_server import __version__, deadlines

_READ: Final = 4096
_AGENT: Final = {"User-Agent": f"qbwc-server/{__version__}"}
PROBLEMS: Final = (OSError, http.client.HTTPException, ValueError)
"""What `post` raises; `deadlines.reason_of` has a word for each."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The first line of an answer."""

    status: int
    reason: str

    @property
    def taken(self) -> bool:
        """Whether what was posted is taken."""
        return 200 <= self.status < 300  # noqa: PLR2004 - as HTTP counts

    @property
    def elsewhere(self) -> bool:
        """Whether the answer is a redirect."""
        return 300 <= self.status < 400  # noqa: PLR2004 - as HTTP counts

    def __str__(self) -> str:
        return f"{self.status} {self.reason}".strip()


def post(
    address: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    seconds: float,
    tls: ssl.SSLContext | None = None,
    may: Callable[[str], bool] | None = None,
) -> Reply:
    """Post to an address; what is answered beyond the first line is of no matter.

    Args:
        address: http or https.
        seconds: Time limit of the whole.
        tls: How certificates are checked; the system's way when left out.
        may: Whether an address, in numbers, may be called; any may when left out.

    Raises:
        OSError, http.client.HTTPException, ValueError: Nothing was answered, or nothing that is HTTP.
    """
    parts = urlsplit(address)
    deadline = time.monotonic() + seconds
    context = (tls or ssl.create_default_context()) if parts.scheme == "https" else None
    made = http.client.HTTPConnection if context is None else http.client.HTTPSConnection
    connection = made(parts.hostname or "", parts.port)
    with contextlib.closing(connection):
        connection.sock = deadlines.connect(connection.host, connection.port, deadline, context, may=may)
        connection.request("POST", _target(parts.path, parts.query), body, {**_AGENT, **headers})
        return _answer(connection.sock, deadline)


def _answer(sock: socket.socket, deadline: float) -> Reply:
    answer = http.client.HTTPResponse(cast("socket.socket", deadlines.Reading(sock, deadline)), method="POST")
    answer.begin()
    # Whether it was taken is said by then.
    with contextlib.suppress(OSError, http.client.HTTPException), answer:
        answer.read(_READ)
    return Reply(answer.status, answer.reason)


def _target(path: str, query: str) -> str:
    return f"{path or '/'}{'?' if query else ''}{query}"
