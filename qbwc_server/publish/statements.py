"""The statements of publishing, each made once: one that is kept is compiled once for each connection."""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite

from qbwc_server.among import among
from qbwc_server.publish.engine import Backend

# One for each set of columns that changed together.
_UPDATES_KEPT = 200


@cache
def find(table: sa.Table, where: Sequence[str], columns: Sequence[str], backend: Backend) -> sa.Select[Any]:
    """Return the query for the rows of some ListIDs, each locked; in the order of ListID, or in the order asked for.

    Its parameters are `list_ids`, all of them at once, and one for each column of `where`.

    Args:
        table: one with the column `list_id`.
        where: the rest of its key.
        columns: what is read, after `list_id`.
        backend: the kind of database.
    """
    read = sa.select(table.c.list_id, *(table.c[name] for name in columns))
    read = read.where(*(table.c[name] == sa.bindparam(name) for name in where)).with_for_update()
    if backend == "sqlite":
        return read.where(among(table.c.list_id, "list_ids")).order_by(table.c.list_id)
    if backend == "mysql":
        return read.where(table.c.list_id.in_(sa.bindparam("list_ids", expanding=True))).order_by(table.c.list_id)
    # As long as it has no statistics, and that is so while a list is first read, PostgreSQL believes that one company
    # has one row, and compares every row of the company with every ListID. A query within another is run for each
    # ListID by itself if it locks, since PostgreSQL never merges one that does into the other.
    ids = sa.bindparam("list_ids", type_=postgresql.ARRAY(sa.String))
    wanted = sa.func.unnest(ids).table_valued("list_id", name="wanted").render_derived()
    one = read.where(table.c.list_id == wanted.c.list_id).lateral("found")
    return sa.select(one).select_from(wanted.join(one, sa.true()))


@cache
def insert(table: sa.Table) -> sa.Insert:
    """Return the statement for new rows."""
    return sa.insert(table)


@lru_cache(_UPDATES_KEPT)
def update(table: sa.Table, names: Sequence[str]) -> sa.Update:
    """Return the statement for changed columns of a list's table.

    Its parameters are `key_company`, `key_list_id` and, for each column and for `published_at`, `new_` and its name.
    """
    return (
        sa.update(table)
        .where(table.c.company == sa.bindparam("key_company"), table.c.list_id == sa.bindparam("key_list_id"))
        .values({name: sa.bindparam(f"new_{name}") for name in (*names, "published_at")})
    )


@cache
def upsert(table: sa.Table, values: Sequence[str], backend: Backend) -> sa.Insert:
    """Return the statement that inserts rows, or gives the rows of the same key these values; other columns stay.

    Args:
        table: one of ours, by its primary key.
        values: what is given beside the key, at least one.
        backend: the kind of database.
    """
    keys = list(table.primary_key.columns)
    if backend == "mysql":
        ours = mysql.insert(table)
        return ours.on_duplicate_key_update({name: ours.inserted[name] for name in values})
    if backend == "postgresql":
        theirs = postgresql.insert(table)
        return theirs.on_conflict_do_update(index_elements=keys, set_={name: theirs.excluded[name] for name in values})
    file = sqlite.insert(table)
    return file.on_conflict_do_update(index_elements=keys, set_={name: file.excluded[name] for name in values})
