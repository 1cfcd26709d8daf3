"""What changed of records.

A change row holds the fields that differ, each with what it was before and after. Of a record that is seen for the
first time nothing was before: its row holds its values as they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from qbwc_server.store.database import batched
from qbwc_server.store.tables import changes

NO_CHANGE = frozenset({"EditSequence", "TimeModified", "TimeCreated"})
"""The fields that move with every edit, or never."""

CREATED = "created"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one record: kind is created, updated, deleted or revived."""

    company: str
    seq: int
    list: str
    list_id: str
    changed_at: datetime
    kind: str
    fields: Sequence[Mapping[str, Any]]


def changes_at(connection: Connection, company: str, numbers: Sequence[int]) -> dict[int, Change]:
    """Return the changes that these observations made, by number; one that changed nothing has none."""
    found: dict[int, Change] = {}
    for part in batched(numbers):
        query = select(changes).where(changes.c.company == company, changes.c.seq.in_(part))
        found.update({row.seq: _change(row) for row in connection.execute(query)})
    return found


def changes_of_run(connection: Connection, refresh_id: int, limit: int) -> tuple[Change, ...]:
    """Return the first changes that a list run brought."""
    query = select(changes).where(changes.c.refresh_id == refresh_id).order_by(changes.c.seq).limit(limit)
    return tuple(_change(row) for row in connection.execute(query))


def differences(kept: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Return the fields of a change, each with what it was before and after, as its row keeps them."""
    if not isinstance(kept, Mapping):
        return kept
    return [
        {"field": name, "before": None, "after": value} for name, value in sorted(kept.items()) if name not in NO_CHANGE
    ]


def _change(row: Row[Any]) -> Change:
    return Change(row.company, row.seq, row.list, row.list_id, row.changed_at, row.kind, differences(row.fields))
