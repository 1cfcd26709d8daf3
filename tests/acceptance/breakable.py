"""Databases that a test can take away from a running server and give back."""

import contextlib
import select
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
import sqlalchemy as sa

_PIECE = 1 << 16
_SECONDS = 10.0


class Breakable(Protocol):
    """A database on a way that can be cut.

    Attributes:
        url: by which the server reaches it.
    """

    url: str

    def cut(self) -> None:
        """Take it away; what was under way breaks off."""

    def restore(self) -> None:
        """Give it back."""


class Proxy:
    """A database server behind a TCP proxy of the test's own.

    Args:
        url: of the real database.
    """

    def __init__(self, url: str) -> None:
        parsed = sa.make_url(url)
        assert parsed.host is not None
        assert parsed.port is not None
        self._aim = (parsed.host, parsed.port)
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._listening: socket.socket | None = None
        self._port = 0
        self.restore()
        self.url = parsed.set(host="127.0.0.1", port=self._port).render_as_string(hide_password=False)

    def cut(self) -> None:
        with self._lock:
            listening, self._listening = self._listening, None
        if listening is None:
            return
        # Closing alone would not wake who waits in accept.
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for pair in self._pairs:
            _hang_up(pair)
        for thread in self._threads:
            thread.join(_SECONDS)
        for one in (end for pair in self._pairs for end in pair):
            one.close()
        self._pairs, self._threads = [], []

    def restore(self) -> None:
        listening = socket.create_server(("127.0.0.1", self._port))
        self._listening, self._port = listening, listening.getsockname()[1]
        self._run(self._accept, listening)

    def _run(self, what: object, *arguments: object) -> None:
        thread = threading.Thread(target=what, args=arguments, name="proxy", daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                here = listening.accept()[0]
            except OSError:
                return
            try:
                there = socket.create_connection(self._aim, timeout=_SECONDS)
            except OSError:
                here.close()
                continue
            with self._lock:
                if self._listening is listening:
                    self._pairs.append((here, there))
                    self._run(_pass_on, (here, there))
                    continue
            here.close()
            there.close()


def _pass_on(pair: tuple[socket.socket, socket.socket]) -> None:
    other = {pair[0]: pair[1], pair[1]: pair[0]}
    with contextlib.suppress(OSError):
        while True:
            for one in select.select(pair, (), ())[0]:
                piece = one.recv(_PIECE)
                if not piece:
                    return _hang_up(pair)
                other[one].sendall(piece)
    return _hang_up(pair)


def _hang_up(pair: tuple[socket.socket, socket.socket]) -> None:
    for one in pair:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


class Folder:
    """An SQLite file in a folder of its own, which can be moved away as if its disk were taken off.

    Args:
        folder: is made.
        name: of the file.
    """

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir()
        self._folder = folder
        self._elsewhere = folder.with_name(f"{folder.name}-elsewhere")
        self.url = f"sqlite:///{folder / name}"

    def cut(self) -> None:
        if sys.platform == "win32":
            pytest.skip("Windows moves no folder whose files are open")
        if self._folder.exists():
            self._folder.rename(self._elsewhere)

    def restore(self) -> None:
        if self._elsewhere.exists():
            self._elsewhere.rename(self._folder)


@contextlib.contextmanager
def breakable(url: str, folder: Path) -> Iterator[Breakable]:
    """Give a way to a fresh database that can be cut; for SQLite the file stands in `folder`, which is made."""
    if url.startswith("sqlite"):
        yield Folder(folder, Path(sa.make_url(url).database or "").name)
        return
    proxy = Proxy(url)
    try:
        yield proxy
    finally:
        proxy.cut()
