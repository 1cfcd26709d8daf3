"""The measure: a WSGI application that does nothing, behind waitress as `qbwc serve` sets it up."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from qbwc_server.cli import logs
from qbwc_server.cli.serving import Server, listen

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

# As long as an answer of the Web Connector's door.
_BODY = b"." * 320
_HEADERS = [("Content-Type", "text/xml; charset=utf-8"), ("Content-Length", str(len(_BODY)))]


def nothing(_environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer anything with the same bytes."""
    start_response("200 OK", list(_HEADERS))
    return (_BODY,)


if __name__ == "__main__":
    # Or waitress would tell of each call that waits.
    logs.configure("text")
    server = Server(nothing, listen("127.0.0.1", int(sys.argv[1])), threads=int(sys.argv[2]))
    server.stop_on_signals(within=5)
    server.run()
