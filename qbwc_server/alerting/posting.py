"""The webhook: an alert posted as JSON, whose `text` chat services show."""

import contextlib
import http.client
import json
import socket
import ssl
import time
from collections.abc import Mapping
from typing import Any, Final, cast
from urllib.parse import urlsplit

from qbwc_server import __version__, deadlines
from qbwc_server.alerting.channels import Undelivered
from qbwc_server.alerting.mailing import reason_of_connection

SECONDS: Final = 20.0
_TAKEN: Final = range(200, 300)
_ELSEWHERE: Final = range(300, 400)
_READ: Final = 4096


def post(
    address: str, payload: Mapping[str, Any], *, tls: ssl.SSLContext | None = None, seconds: float = SECONDS
) -> None:
    """Post JSON to an address; it is taken when this returns. A redirect is not followed: it could lead anywhere.

    Args:
        tls: How certificates are checked; the system's way when left out.
        seconds: Time limit of the whole.

    Raises:
        Undelivered
    """
    parts = urlsplit(address)
    deadline = time.monotonic() + seconds
    context = (tls or ssl.create_default_context()) if parts.scheme == "https" else None
    made = http.client.HTTPConnection if context is None else http.client.HTTPSConnection
    try:
        connection = made(parts.hostname or "", parts.port)
        with contextlib.closing(connection):
            connection.sock = deadlines.connect(connection.host, connection.port, deadline, context)
            connection.request("POST", _target(parts.path, parts.query), json.dumps(dict(payload)).encode(), _HEADERS)
            answer = _answer(connection.sock, deadline)
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise Undelivered(reason_of_connection(problem)) from problem
    if answer.status in _ELSEWHERE:
        raise Undelivered("redirect", str(answer.status))
    if answer.status not in _TAKEN:
        raise Undelivered("not_taken", f"{answer.status} {answer.reason}")


_HEADERS: Final = {"Content-Type": "application/json", "User-Agent": f"qbwc-server/{__version__}"}


def _answer(sock: socket.socket, deadline: float) -> http.client.HTTPResponse:
    answer = http.client.HTTPResponse(cast("socket.socket", deadlines.Reading(sock, deadline)), method="POST")
    answer.begin()
    # Whether it was taken is said by then.
    with contextlib.suppress(OSError, http.client.HTTPException), answer:
        answer.read(_READ)
    return answer


def _target(path: str, query: str) -> str:
    return f"{path or '/'}{'?' if query else ''}{query}"
