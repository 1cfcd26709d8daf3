"""waitress's keeping of what is being received, on a disk without room.

Theory of operation
-------------------
waitress keeps the first half megabyte of a request's body in memory and the rest in a temporary file. Where that finds
no room, it would drop the connection, and QBWC would show its user a code for which the server has no sentence. Here
the rest is read and thrown away, and the application gets what was kept, and then the error: the Web Connector's
door knows by then which call it is, and has an answer for trouble.
"""

import contextlib
import io
from typing import Any

from waitress.buffers import BytesIOBasedBuffer, OverflowableBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser


class _Remains:
    """The kept beginning of a body as a stream, at whose end the error is raised."""

    def __init__(self, kept: Any, trouble: OSError) -> None:
        self._kept = kept
        self._trouble = trouble

    def read(self, size: int = -1, /) -> bytes:
        piece: bytes = self._kept.read(size) if size >= 0 else b""
        if not piece:
            raise self._trouble
        return piece


class _Body(OverflowableBuffer):
    """A body of which nothing more is kept once there is no room for it."""

    trouble: OSError | None = None

    def append(self, s: bytes) -> None:
        if self.trouble is not None:
            return
        try:
            super().append(s)
        except OSError as trouble:
            self.trouble = trouble

    def getfile(self) -> Any:
        if self.trouble is None:
            return super().getfile()
        # A file that broke off in the middle cannot be trusted; what is in memory can.
        kept = self.buf.getfile() if isinstance(self.buf, BytesIOBasedBuffer) else io.BytesIO()
        kept.seek(0)
        return _Remains(kept, self.trouble)

    def close(self) -> None:
        # Closing writes what is still buffered; nobody wants it any more.
        with contextlib.suppress(OSError):
            super().close()


class _Parser(HTTPRequestParser):
    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if self.body_rcv is not None:
            self.body_rcv.buf = _Body(self.adj.inbuf_overflow)


class Channel(HTTPChannel):
    """A connection whose requests outlive a disk without room."""

    parser_class = _Parser
