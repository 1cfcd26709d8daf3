"""Looking at a website that is to get a mapping: which tables are its own, what they are like, what stands in them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from qbwc_server.publish import errors
from qbwc_server.publish.engine import Backend, backend, looking, make_engine
from qbwc_server.publish.mapping.checks import Finding, judge
from qbwc_server.publish.mapping.forms import ways_of
from qbwc_server.publish.mapping.model import Mapping as Rules
from qbwc_server.publish.mapping.model import TargetRule
from qbwc_server.publish.mapping.reflect import reflect, table_names
from qbwc_server.publish.mapping.reflected import Reflected
from qbwc_server.publish.tables import MARKS, OWN

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Site:
    """The website's database, open for looking.

    Attributes:
        connection: to it.
        backend: the kind of database.
    """

    connection: sa.Connection
    backend: Backend

    def tables(self, schema: str | None = None) -> tuple[str, ...]:
        """Return the names of the website's own tables, without ours."""
        every = table_names(self.connection, schema)
        ours = {table.name for table in OWN}
        if MARKS.name in every and schema is None:
            ours.update(self.connection.execute(sa.select(MARKS.c.name)).scalars())
        return tuple(name for name in every if name not in ours)

    def table(self, name: str, schema: str | None = None) -> Reflected | None:
        """Return what a table is like; None where there is none."""
        return reflect(self.connection, TargetRule(name, "", name, (), (), schema=schema))

    def around(self, table: Reflected, schema: str | None = None) -> Mapping[str, Reflected]:
        """Return the tables that its foreign keys refer to, by name."""
        names = dict.fromkeys(key.table for key in table.foreign_keys if key.table != table.table)
        return {name: found for name in names if (found := self.table(name, schema)) is not None}

    def rows(self, table: Reflected, schema: str | None = None) -> Iterator[Mapping[str, object]]:
        """Give all rows, a part at a time, with those columns whose values can be compared and the primary key."""
        names = [
            column.name for column in table.columns if ways_of(column.limit.kind) or column.name in table.primary_key
        ]
        columns: list[sa.ColumnClause[object]] = [sa.column(name) for name in names]
        if columns:
            query = sa.select(*columns).select_from(sa.table(table.table, schema=schema))
            for row in self.connection.execute(query, execution_options={"yield_per": _AT_ONCE}):
                yield dict(zip(names, row, strict=True))

    def judged(self, mapping: Rules) -> Iterator[tuple[TargetRule, tuple[Finding, ...]]]:
        """Give each target of a mapping with what is to be said of its tables."""
        targets = {target.name: target for target in mapping.targets}
        for target in mapping.targets:
            if target.schema is not None and self.backend != "postgresql":
                yield target, judge(target, None, self.backend)
                continue
            found = reflect(self.connection, target, targets)
            yield target, judge(target, found, self.backend, table_names(self.connection, target.schema))


@contextmanager
def opened(url: str) -> Iterator[Site]:
    """Open the website's database for looking.

    Args:
        url: SQLAlchemy URL.

    Raises:
        UnsupportedDatabase: another kind of database, or its driver is not installed.
        WebsiteError: it cannot be reached, or asked.
    """
    engine = make_engine(url)
    try:
        with looking(engine) as connection:
            yield Site(connection, backend(engine))
    except SQLAlchemyError as error:
        raise errors.translated(error, url) from error
    finally:
        engine.dispose()
