"""Brings our own database to the schema of this program, and tells when it has another one.

The steps stand in `migrations/`; one run takes every step that is missing in one transaction, so a run that breaks
off has changed nothing, and a second run that is started meanwhile waits and then finds nothing to do.

A step's file is named for its revision, four digits that count up. So who only compares reads one table and a folder's
names, and alembic, which takes longer to load than most commands to run, is imported where steps are taken.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, String, column, insert, inspect, select, table, text

from qbwc_server.store.database import Database
from qbwc_server.store.tables import installation

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS: Final = Path(__file__).resolve().parent / "migrations"
# Any number will do, as long as nobody else locks the same one in this database: "qbwc" in ASCII.
_LOCK: Final = 0x71627763
# Where alembic keeps the revision.
_KEPT: Final = table("alembic_version", column("version_num", String))


class SchemaBehind(Exception):
    """Our own database is not made yet, or has the schema of an older program."""

    def __init__(self, found: str | None) -> None:
        what = "is not set up yet" if found is None else f"has an older schema ({found})"
        super().__init__(f"Our own database {what}. Run 'qbwc init', which makes or upgrades it, and start again.")


class SchemaAhead(Exception):
    """Our own database has the schema of a newer program."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"Our own database has a newer schema ({found}) than this program knows. Install the newer qbwc-server "
            "('pip install --upgrade qbwc-server') and run 'qbwc init'; or restore the backup made before the upgrade."
        )


class BrokenReferences(Exception):
    """A step would leave rows that refer to others that are not there."""

    def __init__(self) -> None:
        super().__init__(
            "Our own database refers to rows that are not there; nothing was changed. Restore the last backup that "
            "'PRAGMA foreign_key_check' finds nothing in, and run 'qbwc init' again."
        )


def upgrade(database: Database) -> str:
    """Take every missing step, under a lock, and name the installation; does nothing if all is there.

    Returns:
        The revision the database has now.

    Raises:
        SchemaAhead: the database is newer than this program.
    """
    from alembic import command  # noqa: PLC0415 - see above

    with _locked(database) as connection:
        found = _current(connection)
        if found is not None and found not in _steps():
            raise SchemaAhead(found)
        configuration = alembic_config()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
        _name(connection, database.now(connection))
    return head()


def open_database(url: str) -> Database:
    """Open our own database, which must have the schema of this program.

    Args:
        url: an SQLAlchemy URL. An SQLite file that is not there is not made.

    Raises:
        DatabaseUnreachable: it cannot be opened.
        SchemaBehind, SchemaAhead: it has another schema, or none.
    """
    database = Database(url)
    file = database.engine.url.database
    if database.is_sqlite and file and file != ":memory:" and not Path(file).exists():
        raise SchemaBehind(None)
    try:
        database.check()
        check_schema(database)
    except Exception:
        database.close()
        raise
    return database


def revision(database: Database) -> str | None:
    """Return the revision that the database has; None if it was never set up."""
    with database.read() as connection:
        return _current(connection)


def check_schema(database: Database) -> None:
    """Make sure that the database has the schema of this program.

    Raises:
        SchemaBehind: it is older, or was never set up.
        SchemaAhead: it is newer.
    """
    found = revision(database)
    if found == head():
        return
    if found is None or found in _steps():
        raise SchemaBehind(found)
    raise SchemaAhead(found)


def stream_id(connection: Connection) -> str:
    """Return the name of this database, under which the website keeps the observation numbers it has seen.

    Raises:
        SchemaBehind: the database was never set up.
    """
    found: str | None = connection.scalar(select(installation.c.stream_id))
    if found is None:
        raise SchemaBehind(None)
    return found


def head() -> str:
    """Return the revision of this program."""
    return max(_steps())


def alembic_config() -> "Config":
    """Return alembic's configuration; who runs it puts a connection under `attributes["connection"]`."""
    from alembic.config import Config  # noqa: PLC0415 - see above

    configuration = Config()
    configuration.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return configuration


@contextmanager
def _locked(database: Database) -> Iterator[Connection]:
    # On SQLite a writing transaction is the lock.
    with database.remake() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        yield connection
        if database.is_sqlite and connection.execute(text("PRAGMA foreign_key_check")).first() is not None:
            raise BrokenReferences


def _name(connection: Connection, now: datetime) -> None:
    if connection.scalar(select(installation.c.id)) is None:
        connection.execute(insert(installation).values(id=1, stream_id=str(uuid.uuid4()), created_at=now))


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_KEPT.name):
        return None
    found: str | None = connection.scalar(select(_KEPT.c.version_num))
    return found


def _steps() -> frozenset[str]:
    return frozenset(file.name[:4] for file in (_MIGRATIONS / "versions").glob("[0-9]*.py"))
