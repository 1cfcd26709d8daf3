"""Records as last seen in QuickBooks, and what changed.

Theory of operation
-------------------
An observation is merged into the record: the fields that were asked for take
their new value or vanish, the others keep theirs. Each observation takes the
next number of its company (`seq`), the only order we trust, in the transaction
that accepts the answer. A change row holds the fields that differ; the times and
the EditSequence of QuickBooks move with every edit and are no change by
themselves.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from qbwc_server.store import companies
from qbwc_server.store.database import batched
from qbwc_server.store.tables import changes, records
from qbwc_server.store.tables.records import LONGEST_EDIT_SEQUENCE, LONGEST_NAME

NO_CHANGE = frozenset({"EditSequence", "TimeModified", "TimeCreated"})
SEARCHED = ("Name", "FullName", "CompanyName", "Email", "Phone", "ManufacturerPartNumber", "BarCodeValue")


@dataclass(frozen=True, slots=True)
class Seen:
    """A record as an answer showed it: values in JSON form by field name, and the fields asked for."""

    list: str
    list_id: str
    values: Mapping[str, Any]
    asked: frozenset[str]


@dataclass(frozen=True, slots=True)
class Record:
    """A record as stored; see `tables.records`."""

    company: str
    list: str
    list_id: str
    seq: int
    name: str
    full_name: str
    is_active: bool
    is_deleted: bool
    edit_sequence: str
    observed_at: datetime
    erased: bool
    values: Mapping[str, Any] = field(repr=False)


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


def fold(text: str) -> str:
    """Return a text as it is searched and sorted: without case and accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in apart if not unicodedata.combining(char))


def _record(row: Row[Any]) -> Record:
    return Record(**{name: row._mapping[name] for name in Record.__slots__})  # noqa: SLF001 - SQLAlchemy's public name


def get(connection: Connection, company: str, list_name: str, list_id: str) -> Record | None:
    """Return a record, or None."""
    return many(connection, company, list_name, (list_id,)).get(list_id)


def many(connection: Connection, company: str, list_name: str, list_ids: Iterable[str]) -> dict[str, Record]:
    """Return records by ListID."""
    query = select(records).where(
        records.c.company == company, records.c.list == list_name, records.c.list_id.in_(list(list_ids))
    )
    return {row.list_id: _record(row) for row in connection.execute(query)}


def observe(
    connection: Connection,
    company: str,
    list_name: str,
    seen: Sequence[Seen],
    now: datetime,
    refresh_id: int | None = None,
) -> dict[str, int]:
    """Store observations of one list and what they changed.

    Args:
        seen: each record once.
        refresh_id: the list run that brought them, if one did.

    Returns:
        the observation number of each ListID.
    """
    known = many(connection, company, list_name, [one.list_id for one in seen])
    first = companies.take_seq(connection, company, len(seen))
    rows, changed = [], []
    for seq, one in enumerate(seen, first):
        before = known.get(one.list_id)
        values = dict(one.values) if before is None else _merge(before.values, one)
        rows.append(_row(company, list_name, one.list_id, seq, values, now))
        change = _difference(before, values)
        if change is not None:
            kind, fields = change
            changed.append(_change_row(company, list_name, one.list_id, seq, now, kind, fields, refresh_id))
    _upsert(connection, rows)
    if changed:
        connection.execute(changes.insert(), changed)
    return {row["list_id"]: row["seq"] for row in rows}


def bury(
    connection: Connection,
    company: str,
    list_name: str,
    gone: Sequence[Record],
    now: datetime,
    refresh_id: int | None = None,
) -> dict[str, int]:
    """Make tombstones of records that QuickBooks no longer has; their values stay."""
    first = companies.take_seq(connection, company, len(gone))
    changed = []
    for seq, record in enumerate(gone, first):
        connection.execute(
            records.update()
            .where(records.c.company == company, records.c.list == list_name, records.c.list_id == record.list_id)
            .values(seq=seq, is_deleted=True, observed_at=now, **({} if record.is_deleted else {"deleted_at": now}))
        )
        if not record.is_deleted:
            changed.append(_change_row(company, list_name, record.list_id, seq, now, "deleted", [], refresh_id))
    if changed:
        connection.execute(changes.insert(), changed)
    return {record.list_id: seq for seq, record in enumerate(gone, first)}


def unseen_since(connection: Connection, company: str, list_name: str, seq: int) -> tuple[Record, ...]:
    """Return the living records that no observation after `seq` has shown."""
    query = select(records).where(
        records.c.company == company,
        records.c.list == list_name,
        records.c.seq <= seq,
        records.c.is_deleted.is_(False),
    )
    return tuple(_record(row) for row in connection.execute(query))


def _merge(before: Mapping[str, Any], seen: Seen) -> dict[str, Any]:
    kept = {name: value for name, value in before.items() if name not in seen.asked}
    return kept | dict(seen.values)


def _difference(before: Record | None, values: Mapping[str, Any]) -> tuple[str, list[dict[str, Any]]] | None:
    old: Mapping[str, Any] = {} if before is None else before.values
    fields = [
        {"field": name, "before": old.get(name), "after": values.get(name)}
        for name in sorted(old.keys() | values.keys())
        if name not in NO_CHANGE and old.get(name) != values.get(name)
    ]
    if before is None:
        return "created", fields
    if before.is_deleted or before.erased:
        return "revived", fields
    return ("updated", fields) if fields else None


def _row(company: str, list_name: str, list_id: str, seq: int, values: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "company": company,
        "list": list_name,
        "list_id": list_id,
        "seq": seq,
        # What is longer than QuickBooks lets anything be stays whole in the values.
        "name": str(values["Name"])[:LONGEST_NAME],
        "full_name": str(values["FullName"])[:LONGEST_NAME],
        "sort_name": fold(str(values["FullName"]))[:LONGEST_NAME],
        "search": fold("\n".join(str(values[key]) for key in SEARCHED if values.get(key))),
        "is_active": bool(values["IsActive"]),
        "is_deleted": False,
        "edit_sequence": str(values["EditSequence"])[:LONGEST_EDIT_SEQUENCE],
        "observed_at": now,
        "values": values,
        "deleted_at": None,
        "erased": False,
    }


def _change_row(
    company: str,
    list_name: str,
    list_id: str,
    seq: int,
    now: datetime,
    kind: str,
    fields: list[dict[str, Any]],
    refresh_id: int | None,
) -> dict[str, Any]:
    return {
        "company": company,
        "list": list_name,
        "list_id": list_id,
        "seq": seq,
        "changed_at": now,
        "kind": kind,
        "fields": fields,
        "refresh_id": refresh_id,
    }


def _upsert(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(records)
    keys = ("company", "list", "list_id")
    changed = {column.name: statement.excluded[column.name] for column in records.c if column.name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=changed), list(rows))


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


def _change(row: Row[Any]) -> Change:
    return Change(**{name: row._mapping[name] for name in Change.__slots__})  # noqa: SLF001


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search: the records, and whether there are others before and behind."""

    records: tuple[Record, ...]
    more_before: bool
    more_after: bool
    total: int


def search(
    connection: Connection,
    list_name: str,
    *,
    company: str | None,
    text: str,
    after: tuple[str, str, str] | None,
    before: tuple[str, str, str] | None,
    limit: int,
) -> Page:
    """Return records by name, from a place in the order (sort_name, list_id, company) on, or up to one.

    Those that were erased have none and are left out.
    """
    wanted = [records.c.list == list_name, records.c.erased.is_(False)]
    if company is not None:
        wanted.append(records.c.company == company)
    wanted.extend(records.c.search.contains(word, autoescape=True) for word in fold(text).split())
    total: int = connection.execute(select(func.count()).select_from(records).where(*wanted)).scalar_one()
    order = (records.c.sort_name, records.c.list_id, records.c.company)
    query = select(records).where(*wanted).limit(limit + 1)
    backwards = before is not None
    place = before if backwards else after
    if place is not None:
        query = query.where(_beyond(order, place, backwards=backwards))
    query = query.order_by(*(column.desc() if backwards else column for column in order))
    found = [_record(row) for row in connection.execute(query)]
    more, shown = len(found) > limit, found[:limit]
    if backwards:
        return Page(tuple(reversed(shown)), more, more_after=True, total=total)
    return Page(tuple(shown), after is not None, more, total)


def _beyond(order: tuple[Any, Any, Any], place: tuple[str, str, str], *, backwards: bool) -> Any:
    name, list_id, company = order
    one, two, three = place
    if backwards:
        tie = or_(list_id < two, and_(list_id == two, company < three))
        return or_(name < one, and_(name == one, tie))
    tie = or_(list_id > two, and_(list_id == two, company > three))
    return or_(name > one, and_(name == one, tie))
