"""Talking over a socket with one end to all waiting, however slowly the other side drips.

Theory of operation
-------------------
The time limit of a socket is one of each wait: whoever sends a byte before it is over is waited for once more, without
end. Here a whole exchange has a deadline, a moment of `time.monotonic()`, and each wait gets what is left until then.
Looking a name up has the resolver's own limit.
"""

import io
import socket
import ssl
import time
from collections.abc import Callable
from typing import Final

# No longer than a record of TLS: sending more than one waits once for each.
_CHUNK: Final = 16 << 10


class AddressRefused(OSError):
    """A host's name leads only to addresses that must not be called."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"The name {host} leads to a private address only, which is not called. Use a public one, or allow it."
        )


def left(deadline: float) -> float:
    """Return how many seconds are left.

    Raises:
        TimeoutError: None is.
    """
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def connect(
    host: str,
    port: int,
    deadline: float,
    tls: ssl.SSLContext | None = None,
    *,
    may: Callable[[str], bool] | None = None,
) -> socket.socket:
    """Open a connection to the first address of a host that answers, encrypted where `tls` is given.

    Args:
        may: Whether an address, in numbers, may be called; any may when left out. The name is looked up once, and what
            was judged is what is called: a name that leads elsewhere a moment later gains nothing.

    Raises:
        AddressRefused: None of its addresses may be called.
        OSError: None did before the deadline, the host is unknown, or the certificate is not trusted.
    """
    plain = _connected(host, port, deadline, may)
    plain.settimeout(left(deadline))
    if tls is None:
        return plain
    try:
        return tls.wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


def _connected(host: str, port: int, deadline: float, may: Callable[[str], bool] | None) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if may is not None:
        found = [each for each in found if may(str(each[-1][0]))]
        if not found:
            raise AddressRefused(host)
    for others, (*_, address) in zip(range(len(found) - 1, -1, -1), found, strict=True):
        # An address where nobody answers leaves the others their share of the time.
        share = left(deadline) / (others + 1)
        try:
            return socket.create_connection((str(address[0]), port), timeout=share)
        except OSError:
            if not others:
                raise
    raise OSError("the host has no address")


# A kind stands before the kinds that it is one of.
_REASONS: Final = (
    (AddressRefused, "address_refused"),
    (ssl.SSLCertVerificationError, "certificate"),
    (ssl.SSLError, "encryption"),
    (TimeoutError, "slow"),
    (socket.gaierror, "unknown_host"),
    (ConnectionRefusedError, "nobody_there"),
)


def reason_of(problem: BaseException) -> str:
    """Return in a word what kept a connection from being made or held."""
    return next((reason for kind, reason in _REASONS if isinstance(problem, kind)), "broken_off")


def send(sock: socket.socket, data: bytes, deadline: float) -> None:
    """Send everything.

    Raises:
        OSError: It could not be sent before the deadline.
    """
    for start in range(0, len(data), _CHUNK):
        sock.settimeout(left(deadline))
        sock.sendall(data[start : start + _CHUNK])


class Reading:
    """A socket as http.client reads from it: what came early first, and never beyond the deadline."""

    def __init__(self, sock: socket.socket, deadline: float, early: bytes = b"") -> None:
        self._parts = (sock, deadline, early)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return what to read from; closing it leaves the socket open."""
        return io.BufferedReader(_Incoming(*self._parts))


class _Incoming(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: float, early: bytes) -> None:
        super().__init__()
        self._socket = sock
        self._deadline = deadline
        self._early = early

    def readable(self) -> bool:
        return True

    def readinto(self, room: "bytearray | memoryview", /) -> int:  # type: ignore[override]
        if self._early:
            size = min(len(room), len(self._early))
            room[:size], self._early = self._early[:size], self._early[size:]
            return size
        self._socket.settimeout(left(self._deadline))
        return self._socket.recv_into(room)
