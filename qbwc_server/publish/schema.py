"""Making our tables in the website's database, and judging whether a table is ours.

Theory of operation
-------------------
Only ever adding, one repeatable step at a time, each judged by looking at what is there: MySQL cannot roll a step back.
A list's table is marked in `qbwc_tables` before it is made, so that a crash in between leaves a mark without a table,
which the next run heals, and never a table of ours without a mark. A table is ours if it is marked and has the columns
by which we know our own; a marked name under which somebody made another table meanwhile is foreign.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn, CreateTable

from qbwc_server.publish.engine import transact
from qbwc_server.publish.errors import ForeignTable, NotInstalled
from qbwc_server.publish.tables import MARKS, OWN, TARGETS

_SIGNATURE = ("company", "list_id", "is_deleted", "published_at")


def install(engine: sa.Engine, url: str, now: datetime) -> None:
    """Make or complete the tables; safe to repeat, also after a crash at any point.

    Args:
        engine: the website's database.
        url: for messages.
        now: the time for the marks, aware.

    Raises:
        ForeignTable: a table of a name that we need is not ours; nothing was made or altered.
    """
    transact(engine, url, _refuse_foreign)
    for table in OWN:
        transact(engine, url, partial(_make, table=table))
    for aim in TARGETS:
        transact(engine, url, partial(_mark, name=aim.table.name, now=now))
        transact(engine, url, partial(_make, table=aim.table))


def check(engine: sa.Engine) -> None:
    """See that all tables are there, ours and complete.

    Raises:
        ForeignTable: a table is not ours.
        NotInstalled: a table or column is missing.
    """
    with engine.connect() as connection:
        _refuse_foreign(connection)
        inspector = sa.inspect(connection)
        for table in (*OWN, *(aim.table for aim in TARGETS)):
            if not inspector.has_table(table.name):
                raise NotInstalled(f"the table {table.name}", table.name)
            for column in _missing(inspector, table):
                raise NotInstalled(f"the column {table.name}.{column.name}", f"{table.name}.{column.name}")


def _refuse_foreign(connection: sa.Connection) -> None:
    inspector = sa.inspect(connection)
    marks: set[str] = set()
    if inspector.has_table(MARKS.name):
        marks = set(connection.execute(sa.select(MARKS.c.name)).scalars())
    for aim in TARGETS:
        name = aim.table.name
        if not inspector.has_table(name):
            continue
        present = {column["name"] for column in inspector.get_columns(name)}
        if name not in marks or not present.issuperset(_SIGNATURE):
            raise ForeignTable(name)


def _mark(connection: sa.Connection, name: str, now: datetime) -> None:
    if connection.execute(sa.select(MARKS.c.name).where(MARKS.c.name == name)).first() is None:
        connection.execute(sa.insert(MARKS), {"name": name, "marked_at": now})


def _make(connection: sa.Connection, table: sa.Table) -> None:
    inspector = sa.inspect(connection)
    if not inspector.has_table(table.name):
        connection.execute(CreateTable(table, if_not_exists=True))
        return
    for column in _missing(inspector, table):
        connection.exec_driver_sql(_add_column(connection, table, column))


def _missing(inspector: sa.Inspector, table: sa.Table) -> Iterator[sa.Column[object]]:
    present = {column["name"] for column in inspector.get_columns(table.name)}
    for column in table.columns:
        if column.name not in present:
            yield column


def _add_column(connection: sa.Connection, table: sa.Table, column: sa.Column[object]) -> str:
    added = column._copy()  # noqa: SLF001 - SQLAlchemy has no public copy of a column
    # Rows may be there already, so a column without a default comes in as one that may be empty.
    added.nullable = column.nullable or column.server_default is None
    # The compiler wants a column that belongs to a table.
    sa.Table(table.name, sa.MetaData(), added)
    name = connection.dialect.identifier_preparer.format_table(table)
    return f"ALTER TABLE {name} ADD COLUMN {CreateColumn(added).compile(dialect=connection.dialect)}"
