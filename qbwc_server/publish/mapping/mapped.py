"""The website's own tables, filled by a mapping, as the rest of the program sees them."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as Map
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from qbwc_server.publish import errors
from qbwc_server.publish.engine import backend, looking, make_engine, transact
from qbwc_server.publish.mapping.aim import Aim, Peek, RowLost
from qbwc_server.publish.mapping.cells import Cell
from qbwc_server.publish.mapping.decide import Step
from qbwc_server.publish.mapping.gather import Key, Site
from qbwc_server.publish.mapping.model import Mapping, TargetRule
from qbwc_server.publish.mapping.reflect import Reflected, reflect
from qbwc_server.publish.mapping.writer import write_batch
from qbwc_server.publish.records import Dirty, Published
from qbwc_server.publish.tables import STATE
from qbwc_server.publish.values import Refused

_T = TypeVar("_T")
# So long a column that its owner narrowed may still be taken for what it was: what is too long is refused by the
# database meanwhile, but a number may be rounded.
SHAPE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Difference:
    """What publishing a record would do.

    Attributes:
        published: as publishing would report it.
        columns: what each column that would be written holds now, and what it would hold; a new row holds nothing.
    """

    published: Published
    columns: Map[str, tuple[Cell, Cell]]


class _RolledBack(Exception):
    """Everything was tried, and nothing is to stay."""

    def __init__(self, steps: Map[Key, Step]) -> None:
        super().__init__()
        self.steps = steps


class Mapped:
    """The tables of a mapping's targets.

    Attributes:
        engine: for those who look at the tables by themselves.
        mapping: the owner's.
        state_table: ours, in the website's database.

    Args:
        url: SQLAlchemy URL of the website's database. Nothing is connected yet.
        stream_id: names our own database; `seq` is comparable only within it. At most 64 characters.
        mapping: the owner's.

    Raises:
        UnsupportedDatabase: another kind of database, or its driver is not installed.
    """

    def __init__(self, url: str, stream_id: str, mapping: Mapping) -> None:
        self._url = url
        self.engine = make_engine(url)
        self.mapping = mapping
        self.state_table = _state_table(mapping.state_table)
        self._stream_id = stream_id
        self._rules = {rule.name: rule for rule in mapping.targets}
        self._sites: dict[str, tuple[float, Site]] = {}
        self._lock = threading.Lock()
        if backend(self.engine) == "mysql":
            event.listen(self.engine, "connect", _in_utc)

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()

    def publish(
        self, target_name: str, batch: Sequence[Dirty], now: datetime, *, again: bool = False
    ) -> list[Published]:
        """Bring records to a target's table, all in one transaction.

        Repeating a delivery changes nothing and returns the first outcome, unless the target's rule has changed
        since. A record that needs a person, or whose value a column cannot take, does not keep the others back;
        nothing is written for it.

        Args:
            target_name: of the mapping.
            batch: records of the target's list, in any order. A few hundred are a good size.
            now: what "@now" stands for, aware.
            again: publish also what was published before under the same rule; never an older observation.

        Returns:
            One `Published` for each `Dirty`, in the same order.

        Raises:
            KeyError: the mapping has no such target.
            TableChanged: the table no longer is what the mapping needs; nothing was written.
            WebsiteUnreachable: no connection or it was lost; nothing was written, try again later.
            WebsiteBusy: the same, after eight tries against locks of others.
            NotInstalled, WebsiteDenied: our state table or a right is missing; nothing was written.
        """
        rule = self._rules[target_name]
        steps = self._run(rule, _of(rule, batch), now, again=again, stays=True)
        return [_reported(rule, dirty, steps) for dirty in batch]

    def diff(self, target_name: str, batch: Sequence[Dirty], now: datetime, *, again: bool = False) -> list[Difference]:
        """Tell what `publish` would do: it is done, and rolled back.

        Numbers that the database gives to new rows are used up by it.

        Args, Raises:
            As for `publish`.

        Returns:
            One `Difference` for each `Dirty`, in the same order.
        """
        rule = self._rules[target_name]
        steps = self._run(rule, _of(rule, batch), now, again=again, stays=False)
        return [
            Difference(_reported(rule, dirty, steps), _columns(steps.get((dirty.company, dirty.list_id))))
            for dirty in batch
        ]

    def state(self, target_name: str, company: str, list_id: str) -> Map[str, Any] | None:
        """Return our state row of a record (`stream_id`, `seq`, `outcome`, `digest`, `published_at`), or None.

        Raises:
            WebsiteUnreachable, WebsiteDenied, NotInstalled: the website cannot be asked.
        """
        columns = self.state_table.c
        query = sa.select(self.state_table).where(
            columns.target == target_name,
            columns.company == company,
            columns.list == self._rules[target_name].list,
            columns.list_id == list_id,
        )

        def look(connection: sa.Connection) -> Map[str, Any] | None:
            found = connection.execute(query).mappings().first()
            return None if found is None else dict(found)

        return self._reading(look)

    def highest_seq(self) -> Map[str, int]:
        """Return, per company, the highest `seq` of our stream that the website has seen.

        Raises:
            WebsiteUnreachable, WebsiteDenied, NotInstalled: the website cannot be asked.
        """
        columns = self.state_table.c
        query = (
            sa.select(columns.company, sa.func.max(columns.seq))
            .where(columns.stream_id == self._stream_id)
            .group_by(columns.company)
        )
        return self._reading(lambda connection: {row[0]: row[1] for row in connection.execute(query)})

    def forget(self) -> None:
        """Look at the tables anew before the next batch."""
        with self._lock:
            self._sites.clear()

    def _run(
        self, rule: TargetRule, batch: Sequence[Dirty], now: datetime, *, again: bool, stays: bool
    ) -> Map[Key, Step]:
        if not batch:
            return {}

        def work(connection: sa.Connection, *, singly: bool = False) -> Map[Key, Step]:
            site = self._site(connection, rule)
            steps = write_batch(connection, site, batch, now, singly=singly, again=again)
            if not stays:
                raise _RolledBack(steps)
            return steps

        with self._translating(rule):
            try:
                return transact(self.engine, self._url, work)
            except _RolledBack as done:
                return done.steps
            except RowLost:
                pass
            except DBAPIError as error:
                if not errors.refuses_a_value(error):
                    raise
            # The database knows a limit that we do not: find whose value it is.
            try:
                return transact(self.engine, self._url, lambda connection: work(connection, singly=True))
            except _RolledBack as done:
                return done.steps

    def _site(self, connection: sa.Connection, rule: TargetRule) -> Site:
        with self._lock:
            known = self._sites.get(rule.name)
        if known is not None and time.monotonic() - known[0] < SHAPE_SECONDS:
            return known[1]
        site = self._look(connection, rule)
        with self._lock:
            self._sites[rule.name] = (time.monotonic(), site)
        return site

    def _look(self, connection: sa.Connection, rule: TargetRule) -> Site:
        found = reflect(connection, rule, self._rules)
        if found is None:
            raise errors.TableChanged(rule.name, rule.table, "is not there")
        if not found.columns:
            raise errors.WebsiteDenied(self._url, f"to look at the table {rule.table}")
        parents = {part.of_target: self._rules[part.of_target] for part in rule.key if part.of_target is not None}
        aim, peeks = self._aim(rule, found)
        return Site(
            aim,
            {name: self._look(connection, parent) for name, parent in parents.items()},
            peeks,
            self.state_table,
            self._stream_id,
        )

    def _aim(self, rule: TargetRule, found: Reflected) -> tuple[Aim, Map[str, Peek]]:
        kind = backend(self.engine)
        borrowed = [
            part.of_column
            for other in self._rules.values()
            for part in other.key
            if part.of_target == rule.name and part.of_column is not None
        ]
        table = rule.table
        try:
            aim = Aim(rule, found, kind, borrowed)
            peeks: dict[str, Peek] = {}
            for name, lookup in aim.form.lookups.items():
                table = lookup.table
                peeks[name] = Peek(lookup, rule.schema, aim.others.get(name, {}), kind)
        except KeyError as missing:
            name = str(missing.args[0])
            raise errors.TableChanged(rule.name, table, f"lacks the column {name}", name) from None
        except Refused as refused:
            column = refused.detail["column"]
            what = f"cannot hold the mapping's constant in its column {column}"
            raise errors.TableChanged(rule.name, table, what, column) from None
        return aim, peeks

    def _reading(self, look: Callable[[sa.Connection], _T]) -> _T:
        with self._translating(None), looking(self.engine) as connection:
            return look(connection)

    @contextmanager
    def _translating(self, rule: TargetRule | None) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            told = errors.translated(error, self._url)
            if type(told) is errors.WebsiteUnreachable:
                # A pooled connection may lead to a server that lost its rank meanwhile and only lets us read.
                self.engine.dispose()
            is_theirs = isinstance(error, DBAPIError) and self.state_table.name not in (error.statement or "")
            if rule is not None and is_theirs and isinstance(told, errors.NotInstalled):
                self.forget()
                raise errors.TableChanged(rule.name, rule.table, "was changed just now") from error
            raise told from error


@cache
def _state_table(name: str) -> sa.Table:
    return STATE if name == STATE.name else STATE.to_metadata(sa.MetaData(), name=name)


def _of(rule: TargetRule, batch: Sequence[Dirty]) -> list[Dirty]:
    return [dirty for dirty in batch if rule.company in (None, dirty.company)]


def _reported(rule: TargetRule, dirty: Dirty, steps: Map[Key, Step]) -> Published:
    step = steps.get((dirty.company, dirty.list_id))
    if step is None:
        detail = {"reason": "company"}
        return Published(dirty.company, rule.list, dirty.list_id, dirty.seq, "skipped", detail)
    published = step.published
    return published if published.seq == dirty.seq else replace(published, seq=dirty.seq)


def _columns(step: Step | None) -> Map[str, tuple[Cell, Cell]]:
    if step is None:
        return {}
    if step.insert is not None:
        return {name: (None, value) for name, value in step.insert.items()}
    if step.row is None:
        return {}
    return {name: (step.row.cells[name], value) for name, value in step.changes.items()}


def _in_utc(driver_connection: Any, _record: Any) -> None:
    # A TIMESTAMP is told in the session's own time.
    cursor = driver_connection.cursor()
    cursor.execute("SET SESSION time_zone = '+00:00'")
    cursor.close()
