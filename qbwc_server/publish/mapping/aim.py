"""A target's table with the statements for it, each made once and kept: what is kept is compiled once a connection.

Columns are described to the driver only as far as that is needed: PostgreSQL's bulk insert asks for types, and what
they are is told plainly and without limits, so that the database refuses what does not fit instead of cutting it.
Anything else goes and comes as the driver itself takes it (an enum, a UUID, JSON).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from qbwc_server import bulk
from qbwc_server.among import among
from qbwc_server.publish.engine import Backend
from qbwc_server.publish.mapping.cells import Cell, bound, goes_as_it_is
from qbwc_server.publish.mapping.decide import Row
from qbwc_server.publish.mapping.draft import columns_of
from qbwc_server.publish.mapping.form import Form
from qbwc_server.publish.mapping.model import Lookup, TargetRule
from qbwc_server.publish.mapping.reflected import Family, Limit, Reflected, limits
from qbwc_server.publish.mapping.sameness import comes_as_it_is, seen

_VALUES_PER_QUERY = 500
_SETS_KEPT = 200
_PLAIN: dict[Family, TypeEngine[Any]] = {
    "text": sa.Text(),
    "decimal": sa.Numeric(),
    "float": sa.Double(),
    "int": sa.BigInteger(),
    "bool": sa.Boolean(),
    "date": sa.Date(),
}


class RowLost(Exception):
    """The table wrote another number of rows: a trigger of its owner, or rows that cannot be told from each other."""

    def __init__(self) -> None:
        super().__init__("The table wrote another number of rows than it was given.")


class Aim:
    """The table of one target.

    Attributes:
        rule: the target's.
        form: how its records become rows.
        is_foreign: whether rows come of the target's own keys alone.

    Args:
        rule: the target's.
        reflected: the table as it is.
        backend: the kind of database.
        borrowed: columns of it that other targets' keys name.

    Raises:
        KeyError: the table lacks a column; the argument is its name.
        Refused: a column cannot hold a constant of the rule.
    """

    def __init__(self, rule: TargetRule, reflected: Reflected, backend: Backend, borrowed: Iterable[str] = ()) -> None:
        self.rule = rule
        self.backend = backend
        self.form = Form(rule, limits(reflected), backend)
        every = limits(reflected)
        self.primary_key = reflected.primary_key
        names = tuple(dict.fromkeys((*self.primary_key, *columns_of(rule), *borrowed)))
        self.limits: Mapping[str, Limit] = {name: every[name] for name in names}
        self.others = {one.column: {each.name: each.limit for each in one.columns} for one in reflected.others}
        self.table = _table(rule.table, rule.schema, self.limits, backend)
        self._looks = [name for name, limit in self.limits.items() if not comes_as_it_is(limit, backend)]
        self._binds = [name for name, limit in self.limits.items() if not goes_as_it_is(limit, backend)]
        # PostgreSQL's bulk insert must name each type.
        self._is_plain = backend != "postgresql" or all(_has_plain_type(limit) for limit in self.limits.values())
        self._updates: dict[tuple[tuple[str, ...], tuple[str, ...]], sa.Update] = {}
        self._finds: dict[tuple[str, ...], sa.Select[Any]] = {}

    @cached_property
    def _insert(self) -> sa.Insert:
        return sa.insert(self.table)

    def find(
        self,
        connection: sa.Connection,
        names: Sequence[str],
        wanted: Collection[tuple[Cell, ...]],
        *,
        free: bool = False,
    ) -> Iterator[Row]:
        """Give the rows that have one of some values, each locked against others' changes.

        Args:
            connection: in a writing transaction.
            names: the columns that are compared.
            wanted: what they must be, one cell for each name.
            free: only rows whose key columns are all NULL.
        """
        query = self._find(tuple(names), free=free)
        values = [
            tuple(bound(self.limits[n], c, self.backend) for n, c in zip(names, each, strict=True)) for each in wanted
        ]
        for start in range(0, len(values), _VALUES_PER_QUERY):
            part = values[start : start + _VALUES_PER_QUERY]
            given = [each[0] for each in part] if len(names) == 1 else part
            for row in connection.execute(query, {"wanted": given}).all():
                yield self._row(row, names)

    def insert(self, connection: sa.Connection, rows: Sequence[Mapping[str, Cell]]) -> None:
        """Make new rows; each set of columns goes at once.

        Raises:
            RowLost: the table made another number of rows.
        """
        groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for row in rows:
            groups.setdefault(tuple(row), []).append(self._bound(row))
        for group in groups.values():
            self._run(connection, self._insert, group)

    def update(self, connection: sa.Connection, changes: Sequence[tuple[Row, Mapping[str, Cell]]]) -> None:
        """Give rows other cells; each set of columns goes at once.

        Raises:
            RowLost: the table changed another number of rows.
        """
        groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[dict[str, Any]]] = {}
        for row, cells in changes:
            names = (tuple(row.place), tuple(sorted(cells)))
            place = {f"at_{name}": value for name, value in row.place.items()}
            new = {f"new_{name}": value for name, value in self._bound(cells).items()}
            groups.setdefault(names, []).append(place | new)
        for (place_names, cell_names), group in groups.items():
            self._run(connection, self._update(place_names, cell_names), group)

    def _run(self, connection: sa.Connection, statement: sa.UpdateBase, rows: Sequence[Mapping[str, Any]]) -> None:
        if self._is_plain or not isinstance(statement, sa.Insert):
            written = bulk.run(connection, statement, rows)
        else:
            given = [dict(row) for row in rows]
            # Else SQLAlchemy does not keep how many rows an INSERT made.
            written = connection.execute(statement, given, execution_options={"preserve_rowcount": True}).rowcount
        if written != len(rows):
            raise RowLost

    def _bound(self, cells: Mapping[str, Cell]) -> dict[str, Any]:
        given = dict(cells)
        for name in self._binds:
            if given.get(name) is not None:
                given[name] = bound(self.limits[name], given[name], self.backend)
        return given

    def _row(self, found: Sequence[Any], names: Sequence[str]) -> Row:
        raw = dict(zip(self.limits, found, strict=True))
        cells = raw.copy()
        for name in self._looks:
            cells[name] = seen(self.limits[name], raw[name])
        return Row(cells, {name: raw[name] for name in self.primary_key or names})

    def _find(self, names: tuple[str, ...], *, free: bool) -> sa.Select[Any]:
        known = (*names, "free") if free else names
        if known not in self._finds:
            columns = self.table.c
            # Not the strictest lock: on PostgreSQL it would make others wait who only point to the row.
            query = sa.select(*columns).where(self._wanted(names)).with_for_update(key_share=True)
            if free:
                query = query.where(*(columns[name].is_(None) for name in self.form.key))
            self._finds[known] = query.order_by(*(columns[name] for name in self.primary_key or names))
        return self._finds[known]

    def _wanted(self, names: tuple[str, ...]) -> sa.ColumnElement[bool]:
        if len(names) == 1:
            return _one_of(self.table.c[names[0]], self.limits[names[0]], self.backend)
        columns = sa.tuple_(*(self.table.c[name] for name in names))
        return columns.in_(sa.bindparam("wanted", expanding=True))

    def _update(self, place: tuple[str, ...], names: tuple[str, ...]) -> sa.Update:
        if (place, names) not in self._updates:
            if len(self._updates) >= _SETS_KEPT:
                self._updates.clear()
            columns = self.table.c
            statement = sa.update(self.table).where(*(columns[name] == sa.bindparam(f"at_{name}") for name in place))
            self._updates[place, names] = statement.values({name: sa.bindparam(f"new_{name}") for name in names})
        return self._updates[place, names]


class Peek:
    """Another table in which values are looked up.

    Args:
        lookup: the rule.
        schema: of the table.
        columns: what its two columns take, by name.
        backend: the kind of database.

    Raises:
        KeyError: the table lacks a column; the argument is its name.
    """

    def __init__(self, lookup: Lookup, schema: str | None, columns: Mapping[str, Limit], backend: Backend) -> None:
        self.match, self.give = columns[lookup.match], columns[lookup.give]
        self.backend = backend
        table = _table(lookup.table, schema, {name: columns[name] for name in (lookup.match, lookup.give)}, backend)
        column = table.c[lookup.match]
        self._query = sa.select(column, table.c[lookup.give]).where(_one_of(column, self.match, backend))

    def find(self, connection: sa.Connection, wanted: Sequence[Cell]) -> Iterator[tuple[Cell, Cell]]:
        """Give what stands beside some values: the value and what is taken."""
        for start in range(0, len(wanted), _VALUES_PER_QUERY):
            part = [bound(self.match, each, self.backend) for each in wanted[start : start + _VALUES_PER_QUERY]]
            for match, give in connection.execute(self._query, {"wanted": part}).all():
                yield seen(self.match, match), seen(self.give, give)


def _table(name: str, schema: str | None, columns: Mapping[str, Limit], backend: Backend) -> sa.Table:
    # On SQLite and MySQL the drivers take and give everything as it is.
    kinds = {
        each: _plain_type(limit) if backend == "postgresql" else sa.types.NullType() for each, limit in columns.items()
    }
    return sa.Table(name, sa.MetaData(), *(sa.Column(each, kind) for each, kind in kinds.items()), schema=schema)


def _one_of(column: sa.Column[Any], limit: Limit, backend: Backend) -> sa.ColumnElement[bool]:
    if backend != "mysql" and limit.kind == "text" and not limit.is_padded:
        return among(column, "wanted")
    return column.in_(sa.bindparam("wanted", expanding=True))


def _plain_type(limit: Limit) -> TypeEngine[Any]:
    if limit.kind == "datetime":
        return sa.DateTime(timezone=limit.is_zoned)
    return _PLAIN.get(limit.kind, sa.types.NullType())


def _has_plain_type(limit: Limit) -> bool:
    return limit.kind == "datetime" or limit.kind in _PLAIN
