"""A disk that a test fills up under a running server, in two ways, and gives room again."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

_SIZE = 16 << 20
_PIECE = bytes(4096)
_SECONDS = 10.0


class Disk(Protocol):
    """Where the data folder is."""

    def fill(self, pid: int) -> None:
        """Leave no room for anything that the process writes."""

    def empty(self, pid: int) -> None:
        """Give it room again."""


class SmallDisk:
    """A file system of a few megabytes: a write finds no space (ENOSPC)."""

    def __init__(self, folder: Path) -> None:
        self._filler = folder / "filler"

    def fill(self, pid: int) -> None:
        del pid
        with self._filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(_PIECE)

    def empty(self, pid: int) -> None:
        del pid
        self._filler.unlink(missing_ok=True)


class SmallFiles:
    """A limit on the size of the process's files: a write is refused (EFBIG), as by a quota."""

    def fill(self, pid: int) -> None:
        _limit_files(pid, 1024)

    def empty(self, pid: int) -> None:
        _limit_files(pid, None)


def _limit_files(pid: int, most: int | None) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux limits the files of another process")
    import resource  # noqa: PLC0415 - not on every system

    hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if most is None else most, hard))


@contextlib.contextmanager
def small_disk(kind: str, folder: Path) -> Iterator[Disk]:
    """Give a disk mounted at `folder`, which is made; skips where this user may mount nothing."""
    folder.mkdir()
    if kind == "small files":
        yield SmallFiles()
        return
    mount = shutil.which("mount")
    if mount is None or sys.platform != "linux":
        pytest.skip("there is no mount here")
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"this user may mount nothing: {done.stderr.decode().strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def settle(file: Path) -> None:
    """Bring what stands in an SQLite file's log into the file, so that the log has no room of its own to reuse."""
    end = time.monotonic() + _SECONDS
    with contextlib.closing(sqlite3.connect(file, timeout=_SECONDS)) as connection:
        while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            assert time.monotonic() < end, "somebody reads all the time"
            time.sleep(0.01)
    assert os.stat(f"{file}-wal").st_size == 0  # noqa: PTH116 - the name is SQLite's
