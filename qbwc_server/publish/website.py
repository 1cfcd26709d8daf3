"""The website's database as the rest of the program sees it."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from qbwc_server.publish import errors, schema, sqlite_file, write
from qbwc_server.publish.engine import backend, looking, make_engine, transact
from qbwc_server.publish.plan import Rules
from qbwc_server.publish.records import Dirty, Freshness, Published
from qbwc_server.publish.tables import CHECKED, FRESHNESS, STATE, target

_T = TypeVar("_T")
# A website that does not answer must not keep every thread of the doors waiting for it.
_LOOKERS = 2
_TURN_SECONDS = 1.0


class Website:
    """The website's database with our tables in it.

    Attributes:
        engine: for those who look at the tables by themselves.

    Args:
        url: SQLAlchemy URL of an SQLite, PostgreSQL, MySQL or MariaDB database. Nothing is connected yet.
        stream_id: names our own database; `seq` is comparable only within it. At most 64 characters.
        private: the private fields to be published, such as "customer.Balance", "item.Custom.Colour".

    Raises:
        UnsupportedDatabase: another kind of database, or its driver is not installed.
    """

    def __init__(self, url: str, stream_id: str, private: frozenset[str]) -> None:
        self._url = url
        self.engine = make_engine(url)
        self._rules = Rules(backend(self.engine), stream_id, private)
        self._turns = threading.BoundedSemaphore(_LOOKERS)

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()

    def install(self) -> None:
        """Make or complete our tables; only adds, safe to repeat, heals what a crash left half-made.

        Raises:
            ForeignTable: a table of a name that we need is not ours; nothing was made or altered.
            WebsiteUnreachable, WebsiteDenied: no connection, or a right is missing.
        """
        with self._translating():
            try:
                sqlite_file.make(self.engine.url)
            except OSError as problem:
                raise errors.WebsiteUnreachable(self._url, problem.strerror or str(problem)) from problem
            schema.install(self.engine, self._url, datetime.now(UTC))

    def check(self) -> None:
        """See that all tables are there, ours and complete.

        Raises:
            NotInstalled: a table or column is missing.
            ForeignTable: a table is not ours.
            WebsiteUnreachable, WebsiteDenied: no connection, or a right is missing.
            WebsiteBusy: others wait for its answer already.
        """
        with self._turn(), self._translating():
            schema.check(self.engine)

    def publish(self, batch: Sequence[Dirty], freshness: Sequence[Freshness], now: datetime) -> list[Published]:
        """Bring records and freshness to the website, all in one transaction.

        Repeating a delivery changes nothing and returns the first outcome. A record that is held or whose value a
        column cannot take does not keep the others back; nothing is written for it.

        Args:
            batch: the records, in any order. A few hundred are a good size.
            freshness: what to say about the lists.
            now: the time for `published_at`, aware.

        Returns:
            One `Published` for each `Dirty`, in the same order.

        Raises:
            WebsiteUnreachable: no connection or it was lost; nothing was written, try again later.
            WebsiteBusy: the same, after eight tries against locks of others.
            NotInstalled, WebsiteDenied: a table or a right is missing; nothing was written.
        """
        if not batch and not freshness:
            return []

        def work(connection: sa.Connection, *, singly: bool = False) -> list[Published]:
            return write.write_batch(connection, self._rules, batch, freshness, now, singly=singly)

        with self._translating():
            try:
                return transact(self.engine, self._url, work)
            except DBAPIError as error:
                if not errors.refuses_a_value(error):
                    raise
                # The database knows a limit that we do not: find whose value it is.
                return transact(self.engine, self._url, lambda connection: work(connection, singly=True))

    def highest_seq(self) -> Mapping[str, int]:
        """Return, per company, the highest `seq` of our stream that the website has seen.

        Raises:
            WebsiteUnreachable, WebsiteDenied, NotInstalled: the website cannot be asked.
        """
        query = (
            sa.select(STATE.c.company, sa.func.max(STATE.c.seq))
            .where(STATE.c.stream_id == self._rules.stream_id)
            .group_by(STATE.c.company)
        )
        return self._reading(lambda connection: {row[0]: row[1] for row in connection.execute(query)})

    def row(self, company: str, list_name: str, list_id: str) -> Mapping[str, Any] | None:
        """Return the website's row of a record by column name, or None.

        Money and quantities are Decimal, on SQLite text; JSON columns are text; `published_at` is aware.

        Raises:
            WebsiteUnreachable, WebsiteDenied, NotInstalled: the website cannot be asked.
            WebsiteBusy: the table is locked, or others wait for an answer already.
        """
        table = target(list_name).table
        with self._turn():
            return self._first(sa.select(table).where(table.c.company == company, table.c.list_id == list_id))

    def rows(self, company: str, list_name: str) -> list[Mapping[str, Any]]:
        """Return all rows of a company's list in the order of ListID, as `row` does."""
        table = target(list_name).table
        query = sa.select(table).where(table.c.company == company).order_by(table.c.list_id)
        return self._reading(lambda connection: [dict(row) for row in connection.execute(query).mappings()])

    def state(self, company: str, list_name: str, list_id: str) -> Mapping[str, Any] | None:
        """Return our state row of a record (`stream_id`, `seq`, `outcome`, `digest`, `published_at`), or None."""
        return self._first(
            sa.select(STATE).where(
                STATE.c.target == target(list_name).table.name,
                STATE.c.company == company,
                STATE.c.list == list_name,
                STATE.c.list_id == list_id,
            )
        )

    def held(self, company: str, list_name: str, list_id: str) -> list[Mapping[str, Any]]:
        """Return what the website's tables hold of a record: each `table`, and its `columns` that are not empty.

        Only the names of columns, no value.

        Raises:
            WebsiteUnreachable, WebsiteDenied, NotInstalled: the website cannot be asked.
        """
        found: list[Mapping[str, Any]] = []
        for table in (target(list_name).table, STATE, CHECKED):
            query = sa.select(table).where(table.c.company == company, table.c.list_id == list_id)
            row = self._first(query if "list" not in table.c else query.where(table.c.list == list_name))
            if row is not None:
                columns = [name for name, value in row.items() if value is not None and value != ""]
                found.append({"table": table.name, "columns": columns})
        return found

    def freshness(self, company: str, list_name: str) -> Mapping[str, Any] | None:
        """Return the `qbwc_freshness` row of a company's list, or None."""
        return self._first(sa.select(FRESHNESS).where(FRESHNESS.c.company == company, FRESHNESS.c.list == list_name))

    def checked_at(self, company: str, list_name: str, list_id: str) -> datetime | None:
        """Return when the record was last asked for by itself, aware, or None."""
        found = self._first(
            sa.select(CHECKED).where(
                CHECKED.c.company == company, CHECKED.c.list == list_name, CHECKED.c.list_id == list_id
            )
        )
        return None if found is None else found["checked_at"]

    def _first(self, query: sa.Select[Any]) -> Mapping[str, Any] | None:
        def look(connection: sa.Connection) -> Mapping[str, Any] | None:
            found = connection.execute(query).mappings().first()
            return None if found is None else dict(found)

        return self._reading(look)

    def _reading(self, look: Callable[[sa.Connection], _T]) -> _T:
        with self._translating(), looking(self.engine) as connection:
            return look(connection)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=_TURN_SECONDS):
            raise errors.WebsiteBusy(self._url, "others wait for its answer already")
        try:
            yield
        finally:
            self._turns.release()

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            told = errors.translated(error, self._url)
            if type(told) is errors.WebsiteUnreachable:
                # A pooled connection may lead to a server that lost its rank meanwhile and only lets us read.
                self.engine.dispose()
            raise told from error
