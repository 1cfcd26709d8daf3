"""The webhook: an alert posted as JSON, whose `text` chat services show."""

import json
import ssl
from collections.abc import Mapping
from typing import Any, Final

from qbwc_server import deadlines, httppost
from qbwc_server.alerting.channels import Undelivered

SECONDS: Final = 20.0
_HEADERS: Final = {"Content-Type": "application/json"}


def post(
    address: str, payload: Mapping[str, Any], *, tls: ssl.SSLContext | None = None, seconds: float = SECONDS
) -> None:
    """Post JSON to an address; it is taken when this returns.

    Args:
        tls: How certificates are checked; the system's way when left out.
        seconds: Time limit of the whole.

    Raises:
        Undelivered
    """
    try:
        reply = httppost.post(address, json.dumps(dict(payload)).encode(), _HEADERS, seconds=seconds, tls=tls)
    except httppost.PROBLEMS as problem:
        raise Undelivered(deadlines.reason_of(problem)) from problem
    if reply.elsewhere:
        raise Undelivered("redirect", str(reply.status))
    if not reply.taken:
        raise Undelivered("not_taken", str(reply))
