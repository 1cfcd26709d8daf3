"""Records as last seen in QuickBooks, and looking for them by name."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, func, or_, select

from qbwc_server.among import among
from qbwc_server.store.tables import records

SEARCHED = ("Name", "FullName", "CompanyName", "Email", "Phone", "ManufacturerPartNumber", "BarCodeValue")

_AT_ONCE = 1000
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


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


def fold(text: str) -> str:
    """Return a text as it is searched and sorted: without case and accents."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return _NOT_ASCII.sub(_without_mark, apart)


def _without_mark(found: re.Match[str]) -> str:
    character = found[0]
    return "" if unicodedata.combining(character) else character


def _record(row: Row[Any]) -> Record:
    return Record(**{name: row._mapping[name] for name in Record.__slots__})  # noqa: SLF001 - SQLAlchemy's public name


# Built once, and the ListIDs handed over whole: to build a statement that names each costs more than the answer.
_MANY = select(*(records.c[name] for name in Record.__slots__)).where(
    records.c.company == bindparam("company"),
    records.c.list == bindparam("list"),
    among(records.c.list_id, "list_ids"),
)


def get(connection: Connection, company: str, list_name: str, list_id: str) -> Record | None:
    """Return a record, or None."""
    return many(connection, company, list_name, (list_id,)).get(list_id)


def many(connection: Connection, company: str, list_name: str, list_ids: Iterable[str]) -> dict[str, Record]:
    """Return records by ListID."""
    of = {"company": company, "list": list_name}
    return {row.list_id: Record(*row) for row in connection.execute(_MANY, {**of, "list_ids": list_ids})}


def every(connection: Connection, company: str, list_name: str) -> Iterator[Record]:
    """Give all records of a list that hold values, deleted ones too, in the order of ListID; a part at a time."""
    wanted = select(*(records.c[name] for name in Record.__slots__)).where(
        records.c.company == company, records.c.list == list_name, records.c.erased.is_(False)
    )
    last = ""
    while rows := connection.execute(
        wanted.where(records.c.list_id > last).order_by(records.c.list_id).limit(_AT_ONCE)
    ).all():
        yield from (Record(*row) for row in rows)
        last = rows[-1].list_id


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
