"""The website's SQLite file: only opened where it is, and opened anew when another one stands in its place.

Theory of operation
-------------------
An open connection keeps to the file it opened. If that one is moved away, deleted or replaced (a backup put back, a
new release of the site), SQLite goes on writing where nobody looks, and says nothing. So whoever takes a connection
out of the pool first sees that its file is still the one under the name. And a file that is not there is not made by
the way: an empty database in its place would hide that the right one is missing. `make` makes it, for `install`.
"""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError

_KEPT = "qbwc_file"


def path_of(url: sa.URL) -> Path | None:
    """Return the file of an SQLite URL; None where the URL itself is SQLite's `file:` form, or names no SQLite."""
    name = url.database
    if url.get_backend_name() != "sqlite" or not name or name.startswith("file:"):
        return None
    return Path(name).absolute()


def watch(engine: sa.Engine) -> None:
    """Make the engine of an SQLite file open only a file that is there, and see when it is replaced."""
    path = path_of(engine.url)
    if path is None:
        return

    @event.listens_for(engine, "do_connect")
    def _only_what_is_there(_dialect: Any, _record: Any, arguments: list[Any], options: dict[str, Any]) -> None:
        arguments[0] = f"{path.as_uri()}?mode=rw"
        options["uri"] = True

    @event.listens_for(engine, "connect")
    def _remember(_connection: Any, record: Any) -> None:
        record.info[_KEPT] = _identity(path)

    @event.listens_for(engine, "checkout")
    def _compare(_connection: Any, record: Any, _proxy: Any) -> None:
        if record.info.get(_KEPT) != _identity(path):
            raise InvalidatePoolError


def make(url: sa.URL) -> None:
    """Make the file of an SQLite URL, empty, unless it is there; does nothing for other databases.

    Raises:
        OSError: it cannot be made.
    """
    path = path_of(url)
    if path is not None:
        path.touch()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
