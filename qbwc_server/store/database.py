"""Opening our own database, and its two kinds of transaction.

Theory of operation
-------------------
`read()` gives a connection that only looks; `write()` one that changes. On
SQLite a writing transaction is BEGIN IMMEDIATE from its first statement, so that
two writers queue instead of failing half-way, with WAL and synchronous=FULL:
what was committed is on disk when the caller is told. On PostgreSQL it is READ
COMMITTED and the caller locks the company's row first.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from qbwc_server.sqlite import use_wal

BUSY_SECONDS = 30
_NAMED_AT_ONCE = 1000
_T = TypeVar("_T")
# As many as there are threads by default, and the publisher's: beyond them each use opens and closes one.
_KEPT_OPEN = 10


def batched(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Cut a list of values into parts that one statement can name."""
    for start in range(0, len(values), _NAMED_AT_ONCE):
        yield values[start : start + _NAMED_AT_ONCE]


class DatabaseUnreachable(Exception):
    """Our own database cannot be opened."""

    def __init__(self, url: str, cause: Exception) -> None:
        shown = make_url(url).render_as_string(hide_password=True)
        first = str(cause.__cause__ or cause).strip().splitlines()[0] if str(cause) else type(cause).__name__
        cure = (
            "that its folder is there, and that this user may read and write there."
            if url.startswith("sqlite")
            else "that the database server is running."
        )
        super().__init__(f"Our database {shown} cannot be opened ({first}). Check QBWC_DATABASE_URL, {cure}")


class Database:
    """Our own database, SQLite or PostgreSQL.

    Args:
        url: an SQLAlchemy URL.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _make_engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"

    def check(self) -> None:
        """Open a connection once.

        Raises:
            DatabaseUnreachable: it cannot be opened.
        """
        try:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError as problem:
            raise DatabaseUnreachable(self.url, problem) from problem

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection for looking; what it changes is rolled back."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection whose changes are committed together at the end."""
        with self.engine.connect().execution_options(qbwc_write=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def remake(self) -> Iterator[Connection]:
        """Give a connection for making tables anew, whose changes are committed together at the end.

        SQLite would drop what refers to the rows of a table together with the old one: there references are not
        looked after on this connection.
        """
        if not self.is_sqlite:
            with self.write() as connection:
                yield connection
            return
        engine = _make_engine(self.url, foreign_keys="OFF")
        try:
            with engine.connect().execution_options(qbwc_write=True) as connection, connection.begin():
                yield connection
        finally:
            engine.dispose()

    def now(self, connection: Connection) -> datetime:
        """Return the time that decisions use: the database server's, or this process's on SQLite."""
        if self.is_sqlite:
            return datetime.now(UTC)
        moment: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return moment.astimezone(UTC)

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _to_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _make_engine(url: str, foreign_keys: str = "ON") -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(
            url,
            # Values of records must reach no log, not even with an error.
            hide_parameters=True,
            json_serializer=_to_json,
            json_deserializer=orjson.loads,
            pool_pre_ping=True,
            pool_size=_KEPT_OPEN,
            connect_args={"connect_timeout": 10},
        )
    engine = create_engine(
        url,
        hide_parameters=True,
        json_serializer=_to_json,
        json_deserializer=orjson.loads,
        pool_size=_KEPT_OPEN,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _settings(driver_connection: Any, _record: Any) -> None:
        # The driver must not begin transactions by itself: _begin does.
        driver_connection.isolation_level = None
        cursor = driver_connection.cursor()
        use_wal(cursor)
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute(f"PRAGMA foreign_keys={foreign_keys}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("qbwc_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
