"""An SQLite file: can be opened and written, in WAL mode, with room on a disk of this machine.

It is looked at with SQLite itself and without our engines, which switch a file to WAL as they open it.
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from qbwc_server.checking import mounts
from qbwc_server.checking.finding import Bytes, Finding, fault, good, guarded, reason, skipped

LEAST_ROOM: Final = 500 * 10**6
"""Bytes that must be free: a whole list being read again, its journal, and a backup."""

_SECONDS: Final = 3
_BUSY: Final = (5, 6)
# The file's header: two numbers that are 2 in WAL mode. Source: https://www.sqlite.org/fileformat.html, 1.3.3.
_VERSIONS: Final = slice(18, 20)
_WAL: Final = b"\x02\x02"


def file_findings(prefix: str, path: Path) -> tuple[Finding, ...]:
    """Check an SQLite file.

    Args:
        prefix: "database" or "website", before the names of the checks.
        path: The file.

    Returns:
        Findings named prefix_reachable, _writable, _wal, _disk and _mount; the first alone if it is a fault.
    """
    reachable = guarded(f"{prefix}_reachable", lambda: _opened(f"{prefix}_reachable", path))
    if not reachable.ok:
        return (reachable,)
    return (
        reachable,
        guarded(f"{prefix}_writable", lambda: _writable(f"{prefix}_writable", path)),
        guarded(f"{prefix}_wal", lambda: _wal(f"{prefix}_wal", path)),
        guarded(f"{prefix}_disk", lambda: room(f"{prefix}_disk", path, shutil.disk_usage(path.parent).free)),
        guarded(f"{prefix}_mount", lambda: _mount(f"{prefix}_mount", path)),
    )


def _opened(check: str, path: Path) -> Finding:
    if not path.exists():
        return fault(check, "file.absent", path=path)
    try:
        with closing(_connect(path)) as file:
            file.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as problem:
        if _code(problem) in _BUSY:
            return skipped(check, "file.busy", path=path)
        return fault(check, "file.unreadable", path=path, reason=reason(problem))
    return good(check, "file.opened", path=path)


def _writable(check: str, path: Path) -> Finding:
    try:
        with closing(_connect(path)) as file:
            file.execute("BEGIN IMMEDIATE")
            # To begin is granted on a read-only file too; to write its header as it is, is not.
            (version,) = file.execute("PRAGMA user_version").fetchone()
            file.execute(f"PRAGMA user_version = {int(version)}")
            file.execute("ROLLBACK")
    except sqlite3.Error as problem:
        if _code(problem) in _BUSY:
            return skipped(check, "file.busy", path=path)
        return fault(check, "file.unwritable", path=path, reason=reason(problem))
    return good(check, "file.writable", path=path)


def _wal(check: str, path: Path) -> Finding:
    with path.open("rb") as file:
        found = file.read(_VERSIONS.stop)[_VERSIONS]
    return good(check, "file.wal", path=path) if found == _WAL else fault(check, "file.no_wal", path=path)


def room(check: str, path: Path, free: int) -> Finding:
    """Check the room left on a file's disk.

    Args:
        free: In bytes.
    """
    values = {"path": path, "free": Bytes(free), "least": Bytes(LEAST_ROOM)}
    return good(check, "file.room", **values) if free >= LEAST_ROOM else fault(check, "file.full", **values)


def _mount(check: str, path: Path) -> Finding:
    kind = mounts.kind_of_disk(path.parent)
    if kind is None:
        return skipped(check, "file.mount_unknown", path=path)
    if mounts.is_network(kind):
        return fault(check, "file.network", path=path, kind=kind)
    return good(check, "file.local", path=path)


def _connect(path: Path) -> sqlite3.Connection:
    # In `rw` a file that is not there is not made.
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=_SECONDS, isolation_level=None)


def _code(problem: sqlite3.Error) -> int:
    return int(getattr(problem, "sqlite_errorcode", 0)) & 0xFF
