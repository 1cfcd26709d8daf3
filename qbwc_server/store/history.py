"""What changed of records.

Theory of operation
-------------------
A change row holds the fields that differ, each with what it was before and
after. Of a record that is seen for the first time nothing was before, and its
row holds nothing: what it looked like is what is known of it now, with every
later change undone. So a first reading of a whole list does not store each
record twice. Changes go away by age, the oldest first, and those of a record
whose values are erased go with them; what can be undone is therefore always
whole.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select

from qbwc_server.among import among
from qbwc_server.store import records
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


_LATER = (
    select(changes)
    .where(
        changes.c.company == bindparam("company"),
        changes.c.list == bindparam("list"),
        among(changes.c.list_id, "list_ids"),
        changes.c.kind != CREATED,
    )
    .order_by(changes.c.seq.desc())
)


def changes_at(connection: Connection, company: str, numbers: Sequence[int]) -> dict[int, Change]:
    """Return the changes that these observations made, by number; one that changed nothing has none."""
    found: list[Change] = []
    for part in batched(numbers):
        found += _found(connection, select(changes).where(changes.c.company == company, changes.c.seq.in_(part)))
    return {one.seq: one for one in found}


def changes_of_run(connection: Connection, refresh_id: int, limit: int) -> tuple[Change, ...]:
    """Return the first changes that a list run brought."""
    query = select(changes).where(changes.c.refresh_id == refresh_id).order_by(changes.c.seq).limit(limit)
    return tuple(_found(connection, query))


def _found(connection: Connection, query: Select[Any]) -> list[Change]:
    found = [_change(row) for row in connection.execute(query)]
    firsts: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in found:
        if one.kind == CREATED:
            firsts[one.company, one.list].append(one.list_id)
    values = {
        (*of, list_id): then for of, ids in firsts.items() for list_id, then in _first_values(connection, *of, ids)
    }
    return [
        replace(one, fields=_appeared(values.get((one.company, one.list, one.list_id), {})))
        if one.kind == CREATED
        else one
        for one in found
    ]


def _first_values(
    connection: Connection, company: str, list_name: str, list_ids: Sequence[str]
) -> list[tuple[str, dict[str, Any]]]:
    known = records.many(connection, company, list_name, list_ids)
    values = {list_id: dict(one.values) for list_id, one in known.items()}
    of = {"company": company, "list": list_name, "list_ids": list_ids}
    for row in connection.execute(_LATER, of):
        then = values.get(row.list_id, {})
        for part in row.fields:
            if part["before"] is None:
                then.pop(part["field"], None)
            else:
                then[part["field"]] = part["before"]
    return list(values.items())


def _appeared(values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [
        {"field": name, "before": None, "after": value}
        for name, value in sorted(values.items())
        if name not in NO_CHANGE
    ]


def _change(row: Row[Any]) -> Change:
    return Change(row.company, row.seq, row.list, row.list_id, row.changed_at, row.kind, row.fields)
