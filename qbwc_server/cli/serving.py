"""The HTTP server: waitress behind sockets of our own, with a stop that answers the calls in hand.

Theory of operation
-------------------
waitress stops by abandoning whatever its loop has not yet sent. Here a stop first closes the listening sockets, then
keeps the loop running until no connection has a request half received, in work or half answered, or until the time
is up; only then the threads end.
"""

import errno
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import create_server

from qbwc_server.cli.bodies import Channel

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

DRAIN_SECONDS: Final = 7.0
_LOOP_SECONDS: Final = 1.0
_BACKLOG: Final = 1024
_CONNECTIONS: Final = 2000
_BODY: Final = 256 << 20
# QBWC keeps its connection while QuickBooks works, which may take minutes.
_IDLE_SECONDS: Final = 300


class PortBusy(Exception):
    """Another program listens there."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"Port {port} on {host} is in use by another program. Stop that one, or choose another with --port or "
            "QBWC_PORT."
        )


class CannotListen(Exception):
    """The address is not one of this machine, or this user may not use the port."""

    def __init__(self, host: str, port: int, cause: OSError) -> None:
        super().__init__(
            f"Cannot listen on {host}, port {port} ({cause.strerror or cause}). Give an address of this machine with "
            "--host or QBWC_HOST, and a port above 1023 with --port or QBWC_PORT."
        )


def listen(host: str, port: int) -> tuple[socket.socket, ...]:
    """Open the listening sockets; once this returns the port is ours.

    Args:
        host: a name or address of this machine; a name with several addresses gives several sockets.
        port: 0 lets the system choose one, the same for every address.

    Raises:
        PortBusy, CannotListen: see there.
    """
    opened: list[socket.socket] = []
    missing: OSError | None = None
    try:
        for family, address in _addresses(host, port):
            chosen = opened[0].getsockname()[1] if opened and port == 0 else port
            try:
                opened.append(_open(family, (address[0], chosen, *address[2:])))
            except OSError as problem:
                # "localhost" may stand for ::1 on a machine without IPv6.
                if problem.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                    raise
                missing = problem
    except OSError as problem:
        for one in opened:
            one.close()
        if problem.errno == errno.EADDRINUSE:
            raise PortBusy(host, port) from problem
        raise CannotListen(host, port, problem) from problem
    if not opened:
        raise CannotListen(host, port, missing or OSError(f"{host} has no address")) from missing
    return tuple(opened)


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[Any, ...]]]:
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


def _open(family: socket.AddressFamily, address: tuple[Any, ...]) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":
            # There SO_REUSEADDR would share the port with a stranger.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind(address)
        one.listen(_BACKLOG)
    except OSError:
        one.close()
        raise
    return one


class Server:
    """waitress with our settings, on sockets that already listen.

    Args:
        application: the WSGI application; it decides itself which forwarded headers to believe.
        sockets: from `listen`; closed by `run`.
        threads: how many calls are worked on at once.
    """

    def __init__(self, application: "WSGIApplication", sockets: Sequence[socket.socket], *, threads: int) -> None:
        self.port: int = sockets[0].getsockname()[1]
        self._map: dict[int, Any] = {}
        self._stop = threading.Event()
        # A signal may come while this thread itself holds it.
        self._ending = threading.RLock()
        self._ended = False
        self._server = create_server(
            application,
            map=self._map,
            sockets=list(sockets),
            threads=threads,
            connection_limit=_CONNECTIONS,
            asyncore_use_poll=True,
            max_request_body_size=_BODY,
            channel_timeout=_IDLE_SECONDS,
            backlog=_BACKLOG,
            ident=None,
            expose_tracebacks=False,
            clear_untrusted_proxy_headers=False,
        )
        self._listeners = [one for one in self._map.values() if getattr(one, "accepting", False)]
        for one in self._listeners:
            one.channel_class = Channel

    def stop(self) -> None:
        """Make `run` return soon; from a signal handler, from any thread, and also once it has returned."""
        self._stop.set()
        with self._ending:
            # What a trigger wrote to is closed then, and its number may be another file's.
            for one in () if self._ended else self._listeners:
                one.pull_trigger()

    def stop_on_signals(self, *, within: float) -> None:
        """Let SIGTERM and Ctrl+C stop the server; a second one ends the program at once.

        Args:
            within: seconds after which the program ends even if something hangs; by then every call was answered.
        """

        def handle(number: int, _frame: FrameType | None) -> None:
            signal.signal(number, signal.SIG_DFL)
            timer = threading.Timer(within, os._exit, (0,))
            timer.daemon = True
            timer.start()
            self.stop()

        for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), handle)

    def run(self) -> None:
        """Serve until `stop`, then answer the calls in hand and return."""
        while not self._stop.is_set():
            wasyncore.loop(timeout=_LOOP_SECONDS, use_poll=True, map=self._map, count=1)
        for one in self._listeners:
            # Its trigger stays, for the threads that still work.
            one.del_channel(self._map)
            one.socket.close()
        end = time.monotonic() + DRAIN_SECONDS
        while self._busy() and time.monotonic() < end:
            wasyncore.loop(timeout=0.05, use_poll=True, map=self._map, count=1)
        self._server.task_dispatcher.shutdown(cancel_pending=True, timeout=1)
        with self._ending:
            self._ended = True
            wasyncore.close_all(self._map)

    def _busy(self) -> bool:
        return any(
            one.requests or one.request is not None or one.total_outbufs_len
            for one in list(self._map.values())
            if isinstance(one, HTTPChannel)
        )
