"""Forgetting a person, or an item: what our database holds of one record is taken away.

Theory of operation
-------------------
All of it happens in the caller's one transaction, which holds the company's row: no answer is accepted and nothing is
asked meanwhile. The record's row stays, without values (`erasing`); what waited for the website is dropped. Requests
that name the record stay in the queue, nameless: one by full name becomes one by ListID, a search loses its text and
its hit. Those that are not final are cancelled, since their answer would bring the record back, and nothing publishes
it any more. What is cancelled while QuickBooks has it is not used when it comes (`moves.answering`).

What somebody is bringing to the website at this moment would arrive there after it was forgotten here, and nothing
would correct it: then nothing is forgotten, and the caller is told so.

Where a request names the record only in what was typed, it is found by the names that the record has or had, as far as
its changes still tell. QuickBooks is not touched: the next reading of a record that it still has brings it back.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, or_, select, update

from qbwc_server.store import claims, companies, erasing
from qbwc_server.store.history import differences
from qbwc_server.store.records import SEARCHED, fold
from qbwc_server.store.tables import (
    FINAL_STATES,
    changes,
    messages,
    outbox,
    records,
    refreshes,
    staging,
    visits,
)
from qbwc_server.store.tables import companies as owners

# A shorter search names nobody.
_LEAST_SOUGHT = 3
_TEXTS = (*SEARCHED, "FirstName", "MiddleName", "LastName", "AltPhone", "Fax", "Contact", "AltContact", "Cc")


class BeingPublished(Exception):
    """The record is on its way to the website; nothing was forgotten."""

    def __init__(self, list_name: str, list_id: str) -> None:
        super().__init__(f"{list_name} {list_id} is being published at this moment. Forget it again in a minute.")


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was taken away.

    Attributes:
        records: Rows that lost their values, 0 or 1.
        changes: Changes that were deleted.
        outbox: Rows for the website that were dropped.
        deliveries: Messages to people or programs that were to be sent.
        refreshes: Requests that lost a name, a text or a hit.
        cancelled: Those of them, and of all that are about the record, that were not final.
        staged: Parts of answers that were read and not accepted.
        jobs: ListIDs of records below this one, which bear its name in their own; they are left.
    """

    records: int
    changes: int
    outbox: int
    deliveries: int
    refreshes: int
    cancelled: int
    staged: int
    jobs: tuple[str, ...]

    @property
    def anything(self) -> bool:
        """Whether there was anything to forget."""
        taken = (self.records, self.changes, self.outbox, self.deliveries, self.refreshes, self.cancelled, self.staged)
        return any(taken)


@dataclass(frozen=True, slots=True)
class _Known:
    """How the record was called, folded, and every text by which it may have been looked for."""

    list_id: str
    names: frozenset[str]
    texts: str

    def is_name(self, text: str | None) -> bool:
        """Tell whether a full name is or was the record's."""
        return fold(text or "") in self.names

    def was_sought(self, text: str) -> bool:
        """Tell whether a search may have been for the record."""
        words = fold(text).split()
        return len(" ".join(words)) >= _LEAST_SOUGHT and all(word in self.texts for word in words)


def forget(connection: Connection, company: str, list_name: str, list_id: str, now: datetime) -> Forgotten:
    """Forget a record, in a writing transaction.

    Raises:
        UnknownCompany: of `store.companies`.
        BeingPublished: somebody has it in hand for the website.
    """
    companies.lock(connection, company)
    if claims.is_claimed(connection, company, list_name, list_id, now):
        raise BeingPublished(list_name, list_id)
    known = _known(connection, company, list_name, list_id)
    jobs = _below(connection, company, list_name, list_id)
    its = {table: _of(table, company, list_name, list_id) for table in (records, outbox, staging)}
    changed = erasing.erase_changes(connection, company, list_name, [list_id])
    dropped = connection.execute(delete(outbox).where(its[outbox])).rowcount
    staged = connection.execute(delete(staging).where(its[staging])).rowcount
    kept = connection.execute(select(records.c.list_id).where(its[records], records.c.erased.is_(False))).first()
    if kept is not None:
        erasing.erase(connection, company, list_name, [list_id])
    about, cancelled, named = _nameless(connection, company, list_name, known, now)
    told = _untell(connection, about)
    return Forgotten(int(kept is not None), changed, dropped, told, named, cancelled, staged, jobs)


def _of(table: Any, company: str, list_name: str, list_id: str) -> Any:
    return and_(table.c.company == company, table.c.list == list_name, table.c.list_id == list_id)


def _known(connection: Connection, company: str, list_name: str, list_id: str) -> _Known:
    """Return how the record is and was called."""
    found: list[tuple[str, Any]] = []
    for values in connection.execute(
        select(records.c["values"]).where(_of(records, company, list_name, list_id))
    ).scalars():
        found += values.items()
    for fields in connection.execute(
        select(changes.c.fields).where(_of(changes, company, list_name, list_id))
    ).scalars():
        found += [(one["field"], one[side]) for one in differences(fields) for side in ("before", "after")]
    for name in connection.execute(
        select(refreshes.c.full_name).where(_of(refreshes, company, list_name, list_id))
    ).scalars():
        found.append(("FullName", name))
    names = frozenset(fold(str(text)) for name, text in found if name == "FullName" and text)
    texts = "\n".join(sorted({fold(str(text)) for name, text in found if name in _TEXTS and text}))
    return _Known(list_id, names, texts)


def _below(connection: Connection, company: str, list_name: str, list_id: str) -> tuple[str, ...]:
    """Return the records whose full name begins with this one's."""
    own = select(records.c.full_name).where(_of(records, company, list_name, list_id), records.c.full_name != "")
    name = connection.execute(own).scalar()
    if name is None:
        return ()
    below = records.c.full_name.startswith(f"{name}:", autoescape=True)
    query = select(records.c.list_id).where(records.c.company == company, records.c.list == list_name, below)
    return tuple(connection.execute(query.order_by(records.c.full_name)).scalars())


def _nameless(
    connection: Connection, company: str, list_name: str, known: _Known, now: datetime
) -> tuple[list[int], int, int]:
    """Take the record's name out of requests; returns those that are about it, how many were cancelled and changed."""
    candidates = and_(
        refreshes.c.company == company,
        refreshes.c.list == list_name,
        or_(refreshes.c.list_id == known.list_id, refreshes.c.way.in_(("find", "full_name"))),
    )
    about: list[int] = []
    cancelled = named = 0
    is_out = False
    for row in connection.execute(select(refreshes).where(candidates)).all():
        concerned, values = _without_name(row, known)
        if concerned:
            about.append(row.id)
        named += bool(values)
        if concerned and row.state not in FINAL_STATES:
            values |= {"state": "cancelled", "finished_at": now}
            cancelled += 1
            is_out = is_out or row.state == "sent"
        if values:
            connection.execute(update(refreshes).where(refreshes.c.id == row.id).values(**values))
    _forget_texts(connection, company, is_out=is_out)
    return about, cancelled, named


def _without_name(row: Row[Any], known: _Known) -> tuple[bool, dict[str, Any]]:
    """Return whether a request is about the record, and the columns that are to lose its name."""
    values: dict[str, Any] = {}
    if row.way == "find":
        hits = [one for one in row.hits or () if not _is_hit(one, known)]
        if len(hits) != len(row.hits or ()):
            values["hits"] = hits
        if row.value and (values or known.was_sought(row.value)):
            values["value"] = ""
        return bool(values), values
    # One that found another record under a name that was this one's is about the other.
    unresolved = row.way == "full_name" and row.list_id is None
    if row.list_id != known.list_id and not (unresolved and known.is_name(row.value)):
        return False, values
    if row.way == "full_name":
        values |= {"way": "list_id", "value": known.list_id, "list_id": known.list_id}
    if row.full_name is not None:
        values["full_name"] = None
    return True, values


def _is_hit(hit: Mapping[str, Any], known: _Known) -> bool:
    return hit["list_id"] == known.list_id or known.is_name(hit["full_name"])


def _forget_texts(connection: Connection, company: str, *, is_out: bool) -> None:
    """Forget the requests of visits as they went out, names and all.

    What QuickBooks has now is kept, for the case that it is asked for once more, unless the record `is_out` with it.
    """
    texts = and_(visits.c.company == company, visits.c.outstanding_text.is_not(None))
    if not is_out:
        current = select(owners.c.visit).where(owners.c.company == company).scalar_subquery()
        texts = and_(texts, or_(visits.c.visit != current, visits.c.outstanding.is_(None), visits.c.released.is_(True)))
    connection.execute(update(visits).where(texts).values(outstanding_text=None))


def _untell(connection: Connection, about: list[int]) -> int:
    """Delete the messages that tell how these requests ended; each ends with a link to its own."""
    ids = {str(one) for one in about}
    named = [
        row.id
        for row in connection.execute(select(messages.c.id, messages.c.body))
        if ids & set(re.findall(r"/refreshes/(\d+)", row.body))
    ]
    return connection.execute(delete(messages).where(messages.c.id.in_(named))).rowcount
