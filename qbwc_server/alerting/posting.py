"""The webhook: an alert posted as JSON, whose `text` chat services show."""

import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from qbwc_server import __version__
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
        seconds: Time limit of each step.

    Raises:
        Undelivered
    """
    parts = urlsplit(address)
    try:
        host, port = parts.hostname or "", parts.port
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            context = tls or ssl.create_default_context()
            connection = http.client.HTTPSConnection(host, port, timeout=seconds, context=context)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=seconds)
        try:
            connection.request("POST", _target(parts.path, parts.query), json.dumps(dict(payload)).encode(), _HEADERS)
            answer = connection.getresponse()
            answer.read(_READ)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise Undelivered(reason_of_connection(problem)) from problem
    if answer.status in _ELSEWHERE:
        raise Undelivered("redirect", str(answer.status))
    if answer.status not in _TAKEN:
        raise Undelivered("not_taken", f"{answer.status} {answer.reason}")


_HEADERS: Final = {"Content-Type": "application/json", "User-Agent": f"qbwc-server/{__version__}"}


def _target(path: str, query: str) -> str:
    return f"{path or '/'}{'?' if query else ''}{query}"
