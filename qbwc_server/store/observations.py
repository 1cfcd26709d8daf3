"""Taking in what an answer shows of records, and what that changed.

Theory of operation
-------------------
An observation is merged into the record: the fields that were asked for take
their new value or vanish, the others keep theirs. Each observation takes the
next number of its company (`seq`), the only order we trust, in the transaction
that accepts the answer. A change row holds the fields that differ; the times and
the EditSequence of QuickBooks move with every edit and are no change by
themselves.

A whole list mostly shows what is known already. A record therefore keeps the
mark of the observation that it stands for: when a list run brings the same
observation again, that needs neither the record's values nor a comparison, only
its new number. An observation of a few fields leaves no mark, since it is not
what the record stands for. `values_seq` is the number of the last observation
whose values were written: what was published since then shows them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Text, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY

from qbwc_server import bulk
from qbwc_server.among import among
from qbwc_server.store import companies, statistics
from qbwc_server.store.history import CREATED, NO_CHANGE
from qbwc_server.store.records import SEARCHED, Record, fold, many
from qbwc_server.store.tables import changes, records
from qbwc_server.store.tables.records import LONGEST_EDIT_SEQUENCE, LONGEST_NAME


@dataclass(frozen=True, slots=True)
class Seen:
    """A record as an answer showed it.

    Attributes:
        list: name of its list.
        list_id: its ListID.
        values: in JSON form by field name; of one that is unchanged its TimeModified alone.
        asked: the fields that the answer speaks about; the others keep what they had.
        partial: of a few fields only, so that it can say nothing of a record that is not known yet.
        flawed: a value could not be read; its field is not among those asked for.
        mark: tells this observation from any other; None where it is to be compared whatever is known.
        unchanged: it came with the mark that was known, and was not read.
    """

    list: str
    list_id: str
    values: Mapping[str, Any] = field(repr=False)
    asked: frozenset[str]
    partial: bool = False
    flawed: bool = False
    mark: str | None = None
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class Observed:
    """What taking in did.

    Attributes:
        numbers: the observation number of each ListID.
        differing: the ListIDs of which something may differ from before.
        edited: those among them that QuickBooks has counted an edit of, or that were not known.
        fresh: the ListIDs that had not been seen since the number that was asked about.
    """

    numbers: dict[str, int] = field(default_factory=dict)
    differing: frozenset[str] = frozenset()
    edited: frozenset[str] = frozenset()
    fresh: int = 0


@dataclass(frozen=True, slots=True)
class _Known:
    seq: int
    mark: str | None
    is_deleted: bool
    erased: bool


# Built once, and the ListIDs handed over whole.
_KNOWN = select(records.c.list_id, records.c.seq, records.c.mark, records.c.is_deleted, records.c.erased).where(
    records.c.company == bindparam("company"),
    records.c.list == bindparam("list"),
    among(records.c.list_id, "list_ids"),
)
_SAME = (
    update(records)
    .where(
        records.c.company == bindparam("its_company"),
        records.c.list == bindparam("its_list"),
        records.c.list_id == bindparam("its_list_id"),
    )
    .values(seq=bindparam("its_seq"), observed_at=bindparam("its_observed_at"))
)
_GIVEN = (
    func.unnest(bindparam("list_ids", type_=ARRAY(Text)), bindparam("seqs", type_=ARRAY(BigInteger)))
    .table_valued("list_id", "seq", name="given")
    .render_derived()
)
_SAME_AT_ONCE = (
    update(records)
    .where(
        records.c.company == bindparam("its_company"),
        records.c.list == bindparam("its_list"),
        records.c.list_id == _GIVEN.c.list_id,
    )
    .values(seq=_GIVEN.c.seq, observed_at=bindparam("its_observed_at"))
)
_BURY = (
    update(records)
    .where(
        records.c.company == bindparam("its_company"),
        records.c.list == bindparam("its_list"),
        among(records.c.list_id, "its_list_ids"),
        records.c.is_deleted.is_(False),
    )
    .values(is_deleted=True, deleted_at=bindparam("its_deleted_at"))
)
_INSERT_CHANGES = changes.insert()
_KEYS = ("company", "list", "list_id")


def _upsert(dialect: str) -> Any:
    statement = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(records)
    changed = {column.name: statement.excluded[column.name] for column in records.c if column.name not in _KEYS}
    return statement.on_conflict_do_update(index_elements=list(_KEYS), set_=changed)


_UPSERT = {name: _upsert(name) for name in ("sqlite", "postgresql")}


def observe(
    connection: Connection,
    company: str,
    list_name: str,
    seen: Sequence[Seen],
    now: datetime,
    refresh_id: int | None = None,
    *,
    since: int | None = None,
) -> Observed:
    """Store observations of one list and what they changed.

    A partial observation of a record that is not known, is a tombstone or was erased is passed over; so is an
    unchanged one whose mark is no longer the known one.

    Args:
        seen: each record once.
        refresh_id: the list run that brought them, if one did.
        since: `fresh` counts what no observation from this number on had shown before; None counts all.
    """
    known = _known(connection, company, list_name, [one.list_id for one in seen])
    taken = [one for one in seen if _counts(known.get(one.list_id), one)]
    if not taken:
        return Observed()
    first = companies.take_seq(connection, company, len(taken))
    unequal = [one.list_id for one in taken if one.list_id in known and not _is_same(known[one.list_id], one.mark)]
    before = many(connection, company, list_name, unequal) if unequal else {}
    same: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for seq, one in enumerate(taken, first):
        if one.list_id in known and one.list_id not in before:
            same.append(_same_row(company, list_name, one.list_id, seq, now))
            continue
        old = before.get(one.list_id)
        values = dict(one.values) if old is None else _merge(old.values, one)
        if old is not None and one.partial and values == old.values:
            # Most of what a sweep shows has not moved, and stands for what it stood for.
            same.append(_same_row(company, list_name, one.list_id, seq, now))
            continue
        rows.append(_row(company, list_name, one.list_id, seq, values, now, one.mark))
        change = _difference(old, values)
        if change is not None:
            changed.append(_change_row(company, list_name, one.list_id, seq, now, change, refresh_id))
    _number(connection, same)
    bulk.run(connection, _UPSERT[connection.dialect.name], rows)
    bulk.run(connection, _INSERT_CHANGES, changed)
    statistics.learn(connection, company, list_name, sum(1 for one in taken if one.list_id not in known))
    numbers = {one.list_id: seq for seq, one in enumerate(taken, first)}
    fresh = len(taken) if since is None else sum(1 for one in taken if _is_fresh(known.get(one.list_id), since))
    edited = (row["list_id"] for row in rows if _is_edited(before.get(row["list_id"]), row))
    return Observed(numbers, frozenset(row["list_id"] for row in rows), frozenset(edited), fresh)


def bury(
    connection: Connection,
    company: str,
    list_name: str,
    gone: Collection[str],
    now: datetime,
    refresh_id: int | None = None,
) -> dict[str, int]:
    """Make tombstones of records that QuickBooks no longer has; their values stay.

    Args:
        gone: ListIDs; one that is not known is passed over.

    Returns:
        the observation number of each.
    """
    known = _known(connection, company, list_name, gone)
    if not known:
        return {}
    first = companies.take_seq(connection, company, len(known))
    numbers = {list_id: seq for seq, list_id in enumerate(sorted(known), first)}
    _number(connection, [_same_row(company, list_name, one, seq, now) for one, seq in numbers.items()])
    these = {"its_company": company, "its_list": list_name, "its_list_ids": known, "its_deleted_at": now}
    connection.execute(_BURY, these)
    changed = [
        _change_row(company, list_name, list_id, seq, now, ("deleted", []), refresh_id)
        for list_id, seq in numbers.items()
        if not known[list_id].is_deleted
    ]
    bulk.run(connection, _INSERT_CHANGES, changed)
    return numbers


def unseen_since(connection: Connection, company: str, list_name: str, seq: int) -> tuple[str, ...]:
    """Return the ListIDs of the living records that no observation after `seq` has shown."""
    query = select(records.c.list_id).where(
        records.c.company == company,
        records.c.list == list_name,
        records.c.seq <= seq,
        records.c.is_deleted.is_(False),
    )
    return tuple(connection.execute(query).scalars())


def marks(connection: Connection, company: str, list_name: str, list_ids: Collection[str]) -> dict[str, str]:
    """Return the marks of those of these records that live and have one."""
    known = _known(connection, company, list_name, list_ids)
    return {list_id: one.mark for list_id, one in known.items() if one.mark is not None and _is_living(one)}


def count_since(connection: Connection, company: str, list_name: str, seq: int) -> int:
    """Return how many living records an observation from `seq` on has shown."""
    query = select(func.count()).where(
        records.c.company == company,
        records.c.list == list_name,
        records.c.seq >= seq,
        records.c.is_deleted.is_(False),
    )
    found: int = connection.execute(query).scalar_one()
    return found


def living(connection: Connection, company: str, list_name: str, list_ids: Iterable[str]) -> frozenset[str]:
    """Return those of these ListIDs that stand for records that are not tombstones."""
    known = _known(connection, company, list_name, list(list_ids))
    return frozenset(list_id for list_id, one in known.items() if not one.is_deleted)


def _number(connection: Connection, same: Sequence[Mapping[str, Any]]) -> None:
    """Give records of one list their new numbers."""
    if connection.dialect.name != "postgresql" or not same:
        bulk.run(connection, _SAME, same)
        return
    # Row by row, PostgreSQL takes longer for each than for several together.
    columns = {"list_ids": [row["its_list_id"] for row in same], "seqs": [row["its_seq"] for row in same]}
    connection.execute(_SAME_AT_ONCE, {**same[0], **columns})


def _known(connection: Connection, company: str, list_name: str, list_ids: Collection[str]) -> dict[str, _Known]:
    of = {"company": company, "list": list_name, "list_ids": list_ids}
    return {row[0]: _Known(*row[1:]) for row in connection.execute(_KNOWN, of)}


def _is_living(known: _Known | None) -> bool:
    return known is not None and not (known.is_deleted or known.erased)


def _is_same(known: _Known, mark: str | None) -> bool:
    return mark is not None and known.mark == mark and _is_living(known)


def _counts(known: _Known | None, seen: Seen) -> bool:
    """Tell whether an observation can be taken in."""
    if seen.unchanged:
        return known is not None and _is_same(known, seen.mark)
    return not seen.partial or _is_living(known)


def _is_edited(before: Record | None, row: Mapping[str, Any]) -> bool:
    # Which edit an erased record stood at is no longer known.
    return before is None or (not before.erased and before.edit_sequence != row["edit_sequence"])


def _is_fresh(known: _Known | None, since: int) -> bool:
    return known is None or known.seq < since


def _merge(before: Mapping[str, Any], seen: Seen) -> dict[str, Any]:
    kept = {name: value for name, value in before.items() if name not in seen.asked}
    return kept | dict(seen.values)


def _difference(before: Record | None, values: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Return the kind of change and its fields; of a record seen for the first time, just its values."""
    if before is None:
        return CREATED, values
    old = before.values
    fields = [
        {"field": name, "before": old.get(name), "after": values.get(name)}
        for name in sorted(old.keys() | values.keys())
        if name not in NO_CHANGE and old.get(name) != values.get(name)
    ]
    if before.is_deleted or before.erased:
        return "revived", fields
    return ("updated", fields) if fields else None


def _same_row(company: str, list_name: str, list_id: str, seq: int, now: datetime) -> dict[str, Any]:
    return {
        "its_company": company,
        "its_list": list_name,
        "its_list_id": list_id,
        "its_seq": seq,
        "its_observed_at": now,
    }


def _row(
    company: str, list_name: str, list_id: str, seq: int, values: dict[str, Any], now: datetime, mark: str | None
) -> dict[str, Any]:
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
        "mark": mark,
        "values_seq": seq,
        "deleted_at": None,
        "erased": False,
    }


def _change_row(
    company: str,
    list_name: str,
    list_id: str,
    seq: int,
    now: datetime,
    change: tuple[str, Any],
    refresh_id: int | None,
) -> dict[str, Any]:
    return {
        "company": company,
        "list": list_name,
        "list_id": list_id,
        "seq": seq,
        "changed_at": now,
        "kind": change[0],
        "fields": change[1],
        "refresh_id": refresh_id,
    }
