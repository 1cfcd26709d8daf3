"""Taking the values out of records: what is left is a ListID with its number and dates.

The row stays. Its number keeps the order, and a record that QuickBooks still has can be missed there later: only then
does the website hear that it is deleted. Of its changes the deletion stays, which holds no value.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, delete, func, select, tuple_, update

from qbwc_server.store.tables import changes, records

DATES = ("TimeCreated", "TimeModified")
"""The fields that tell nothing of whom or what a record is."""

_CHANGE = (changes.c.company, changes.c.seq)


def erase(connection: Connection, company: str, list_name: str, list_ids: Sequence[str]) -> None:
    """Take the values out of records; the caller holds the company's row and has seen to their changes."""
    row = and_(records.c.company == company, records.c.list == list_name, records.c.list_id.in_(list_ids))
    held = select(records.c.list_id, records.c["values"]).where(row)
    for list_id, values in connection.execute(held).all():
        connection.execute(
            update(records)
            .where(row, records.c.list_id == list_id)
            .values(
                name="",
                full_name="",
                sort_name="",
                search="",
                edit_sequence="",
                is_active=False,
                values={name: values[name] for name in DATES if name in values},
                mark=None,
                erased=True,
            )
        )


def erase_changes(
    connection: Connection, company: str, list_name: str, list_ids: Sequence[str], limit: int | None = None
) -> int:
    """Delete the changes of records that hold values, at most `limit`; returns how many."""
    found = select(*_CHANGE).where(telling(company, list_name, list_ids)).limit(limit)
    return connection.execute(delete(changes).where(tuple_(*_CHANGE).in_(found))).rowcount


def count_changes(connection: Connection, company: str, list_name: str, list_ids: Sequence[str]) -> int:
    """Return how many changes of records hold values."""
    query = select(func.count()).select_from(changes).where(telling(company, list_name, list_ids))
    count: int = connection.execute(query).scalar_one()
    return count


def telling(company: str, list_name: str, list_ids: Sequence[str]) -> ColumnElement[bool]:
    """Return what finds the changes of records that hold values."""
    return and_(
        changes.c.company == company,
        changes.c.list == list_name,
        changes.c.list_id.in_(list_ids),
        changes.c.kind != "deleted",
    )
