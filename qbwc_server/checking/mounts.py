"""Whether a folder is on another machine's disk, where SQLite's locks and its shared memory do not hold.

Source: https://www.sqlite.org/wal.html ("All processes using a database must be on the same host computer; WAL does
not work over a network filesystem"); proc_pid_mountinfo(5).
"""

import re
import sys
from pathlib import Path
from typing import Final

if sys.platform == "win32":
    import ctypes

_TABLE: Final = Path("/proc/self/mountinfo")
_NETWORK: Final = frozenset(
    (
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "lustre", "9p"),
        *("fuse.sshfs", "fuse.glusterfs", "fuse.davfs", "fuse.rclone", "fuse.s3fs"),
    )
)
_ESCAPED: Final = re.compile(r"\\([0-7]{3})")
_REMOTE_DRIVE: Final = 4
_MOUNT_POINT: Final = 4


def kind_of_disk(folder: Path) -> str | None:
    """Return the kind of file system under a folder; None where this system does not tell."""
    if sys.platform == "win32":
        root = folder.resolve().anchor
        remote = root.startswith("\\\\") or ctypes.windll.kernel32.GetDriveTypeW(root) == _REMOTE_DRIVE
        return "cifs" if remote else "local"
    if not _TABLE.exists():
        return None
    return kind_in(_TABLE.read_text("utf-8", "surrogateescape"), folder.resolve())


def is_network(kind: str) -> bool:
    """Tell whether a kind of file system lies on another machine."""
    return kind in _NETWORK


def kind_in(table: str, folder: Path) -> str | None:
    """Return the kind of the file system that holds a folder, from Linux's table of mounts; None if none does."""
    found: tuple[int, str] | None = None
    for line in table.splitlines():
        before, _, after = line.partition(" - ")
        point = Path(_ESCAPED.sub(lambda code: chr(int(code[1], 8)), before.split(" ")[_MOUNT_POINT]))
        # The later of two at the same place lies on top.
        if folder.is_relative_to(point) and (found is None or len(point.parts) >= found[0]):
            found = len(point.parts), after.split(" ")[0]
    return None if found is None else found[1]
