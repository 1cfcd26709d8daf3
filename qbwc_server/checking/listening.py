"""The port on this machine: free, or answered by this installation's own server."""

import errno
import http.client
import socket
import sys
from contextlib import closing
from typing import Final

from qbwc_server.checking.address import installation
from qbwc_server.checking.finding import Finding, fault, good, guarded, reason, skipped
from qbwc_server.checking.line import Address, Line
from qbwc_server.settings import Settings

_SECONDS: Final = 3
# Where somebody calls who listens everywhere.
_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not listened on


def local_port(settings: Settings) -> tuple[Finding, ...]:
    """Check the port that the server listens on."""
    return (guarded("port", lambda: _port(settings)),)


def _port(settings: Settings) -> Finding:
    where = {"host": settings.host, "port": str(settings.port)}
    if settings.port == 0:
        return skipped("port", "port.any")
    host = _EVERYWHERE.get(settings.host, settings.host)
    try:
        socket.create_connection((host, settings.port), timeout=_SECONDS).close()
    except OSError:
        return _free(settings, where)
    address = Address(f"http://{host}:{settings.port}", "http", "localhost", settings.port, settings.path_prefix)
    with closing(Line(address, connect_to=host)) as line:
        try:
            found = installation(settings, line, address.url)
        except (OSError, http.client.HTTPException):
            return fault("port", "port.busy", **where)
    if found.state == "skipped":
        return skipped("port", "port.unproven", **where)
    return good("port", "port.ours", **where) if found.ok else fault("port", "port.busy", **where)


def _free(settings: Settings, where: dict[str, str]) -> Finding:
    try:
        family, kind, _, _, place = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as one:
            if sys.platform != "win32":
                # As the server does: a port that was left a moment ago is free.
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(place)
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            return fault("port", "port.busy", **where)
        denied = problem.errno in (errno.EACCES, errno.EPERM)
        return fault("port", "port.denied" if denied else "port.elsewhere", **where, reason=reason(problem))
    return good("port", "port.free", **where)
