"""One server process at a time on one SQLite file.

Theory of operation
-------------------
Several processes need PostgreSQL: who called last is kept in each process, and a start takes what the others had
claimed. So a server holds a lock on a file beside the database as long as it lives; the system lets go of it however
the process ends.
"""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from sqlalchemy.engine import make_url

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class AnotherServer(Exception):
    """A server works on this SQLite file already."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"Another server works on {path}. Stop that one first; several server processes need PostgreSQL "
            "(QBWC_DATABASE_URL)."
        )


@contextlib.contextmanager
def alone(database_url: str) -> Iterator[None]:
    """Be the only server on an SQLite file until the end; on PostgreSQL there may be several.

    Raises:
        AnotherServer: there is one already.
    """
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        yield
        return
    path = Path(url.database)
    if not path.exists():
        # Nothing is installed there, which opening the database will say better.
        yield
        return
    with path.with_name(f"{path.name}.serving").open("a+b") as file:
        try:
            _lock(file)
        except OSError:
            raise AnotherServer(path) from None
        yield


def _lock(file: IO[bytes]) -> None:
    if sys.platform == "win32":
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
