"""Opening the website's database, and trying again what a lock undid.

Theory of operation
-------------------
All three databases get the same promises: a writing transaction sees what others committed (READ COMMITTED; on
SQLite BEGIN IMMEDIATE, so that writers queue instead of failing half-way), a value that does not fit is refused
instead of cut (strict mode on MySQL), and no wait is endless. A deadlock or a lock that took too long rolls the
whole transaction back, and it is run again: all of it is repeatable.
"""

import importlib.util
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import SystemRandom
from typing import Any, Literal, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DBAPIError

from qbwc_server.publish import errors, sqlite_file
from qbwc_server.sqlite import use_wal

Backend = Literal["sqlite", "postgresql", "mysql"]

CONNECT_SECONDS = 10
LOCK_SECONDS = 10
BUSY_SECONDS = 30
LOOKING_SECONDS = 3
TRIES = 8
TRYING_SECONDS = 40
_DUPLICATE_TRIES = 3

_DRIVERS: dict[str, tuple[str, str]] = {
    "sqlite": ("pysqlite", ""),
    "postgresql": ("psycopg", "postgresql"),
    "mysql": ("pymysql", "mysql"),
    "mariadb": ("pymysql", "mysql"),
}
_DUPLICATE = ("23505", "42P07", "42701", "42710", "1062", "1050", "1060")
# A server that vanished without a word is noticed within about a minute.
_KEEPALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000}
_random = SystemRandom()
_T = TypeVar("_T")


def make_engine(url: str) -> sa.Engine:
    """Return an engine for the website's database; nothing is connected yet.

    Args:
        url: an SQLAlchemy URL; the driver may be left out.

    Raises:
        UnsupportedDatabase: not SQLite, PostgreSQL, MySQL or MariaDB, or its driver is not installed.
    """
    parsed = _with_driver(url)
    name = parsed.get_backend_name()
    if name == "sqlite":
        # The pool's pre-ping is for connections that a network can break.
        engine = sa.create_engine(parsed, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        sqlite_file.watch(engine)
        return engine
    options: dict[str, Any]
    if name == "postgresql":
        options = {"connect_timeout": CONNECT_SECONDS, "client_encoding": "utf8", **_KEEPALIVE}
    else:
        options = {"connect_timeout": CONNECT_SECONDS, "read_timeout": 60, "write_timeout": 60, "charset": "utf8mb4"}
    engine = sa.create_engine(
        parsed, hide_parameters=True, pool_pre_ping=True, isolation_level="READ COMMITTED", connect_args=options
    )
    if name != "postgresql":
        event.listen(engine, "connect", _prepare_mysql)
    return engine


def backend(engine: sa.Engine) -> Backend:
    """Return which of the three kinds of database this is; MariaDB counts as MySQL."""
    name = engine.dialect.name
    if name == "sqlite":
        return "sqlite"
    return "postgresql" if name == "postgresql" else "mysql"


def transact(engine: sa.Engine, url: str, work: Callable[[sa.Connection], _T]) -> _T:
    """Run `work` in one writing transaction; run it again when others' locks undid it.

    Args:
        engine: from `make_engine`.
        url: for messages.
        work: what to do; must be safe to run several times from the start.

    Raises:
        WebsiteBusy: locks of others outlasted every try.
        sqlalchemy.exc.SQLAlchemyError: anything else the database refuses.
    """
    end = time.monotonic() + TRYING_SECONDS
    for attempt in range(1, TRIES + 1):
        try:
            with engine.connect().execution_options(qbwc_write=True) as connection, connection.begin():
                if engine.dialect.name == "postgresql":
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
                return work(connection)
        except DBAPIError as error:
            number = errors.code(error)
            # A duplicate: somebody made the same row or table between our look and our step; it is seen next time.
            if number not in errors.LOCKED and (number not in _DUPLICATE or attempt >= _DUPLICATE_TRIES):
                raise
            if attempt == TRIES or time.monotonic() > end:
                raise errors.busy(error, url) from error
        time.sleep(_random.uniform(0, 0.01 * 2**attempt))
    raise AssertionError  # pragma: no cover - the last try returns or raises


@contextmanager
def looking(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Give a connection for looking, whose wait for others' locks is short: somebody waits for the answer.

    On MySQL the session's own limit holds.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOOKING_SECONDS}s'")
        yield connection


def _with_driver(url: str) -> sa.URL:
    known = "Use sqlite:///FILE, postgresql://… or mysql://…"
    try:
        parsed = sa.make_url(url)
    except ArgumentError:
        # The text may hold a password, so it is not repeated.
        raise errors.UnsupportedDatabase("this is not a database URL", known) from None
    name, _, driver = parsed.drivername.partition("+")
    if name not in _DRIVERS:
        raise errors.UnsupportedDatabase(f"{name} is not supported", known)
    wanted, extra = _DRIVERS[name]
    if driver not in ("", wanted):
        raise errors.UnsupportedDatabase(f"the driver {driver} is not supported", f"Write {name}+{wanted}://…")
    if extra and importlib.util.find_spec(wanted) is None:
        raise errors.UnsupportedDatabase(
            f"the driver {wanted} is not installed", f'Run `pip install "qbwc-server[{extra}]"`.'
        )
    if parsed.database in (None, "", ":memory:"):
        raise errors.UnsupportedDatabase(
            "no database is named", "Write its name, or the file's, at the end of the URL."
        )
    return parsed.set(drivername=f"{name}+{wanted}")


def _prepare_sqlite(driver_connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself: _begin_sqlite does.
    driver_connection.isolation_level = None
    cursor = driver_connection.cursor()
    use_wal(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("qbwc_write", False)
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {(BUSY_SECONDS if writes else LOOKING_SECONDS) * 1000}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare_mysql(driver_connection: Any, _record: Any) -> None:
    cursor = driver_connection.cursor()
    # The server's own modes stay: the dialect has already read whether ANSI_QUOTES is among them.
    cursor.execute("SET SESSION sql_mode = CONCAT_WS(',', NULLIF(@@sql_mode, ''), 'STRICT_ALL_TABLES')")
    cursor.execute(f"SET SESSION innodb_lock_wait_timeout = {LOCK_SECONDS}, SESSION lock_wait_timeout = {LOCK_SECONDS}")
    cursor.close()
