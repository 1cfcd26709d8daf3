"""Putting an SQLite file into WAL mode, whoever else opens it for the first time at the same moment."""

import sqlite3
import time
from typing import Any, Final

_SECONDS: Final = 30.0
_PAUSE: Final = 0.1


def use_wal(cursor: Any) -> None:
    """Switch the file to WAL; it stays so.

    SQLite's busy timeout does not cover the switch: while another connection makes it, this one
    is refused at once. So it is tried again, for as long as the busy timeout would be.

    Raises:
        sqlite3.OperationalError: somebody holds the file all the time.
    """
    # By the clock: where the busy timeout does cover the wait, each try takes that long by itself.
    end = time.monotonic() + _SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(_PAUSE)
        else:
            return
