"""Rows of our database as the doors show them: private fields that are not published are left out."""

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from qbwc_server.publish.errors import WebsiteError
from qbwc_server.publish.website import Website
from qbwc_server.qbxml.asking import CUSTOM_FIELD, allowed_custom, may_be_read
from qbwc_server.qbxml.lists import list_type
from qbwc_server.refreshing import connections, errors
from qbwc_server.refreshing.connections import Office
from qbwc_server.refreshing.views import ConnectionView, FieldChange, Hit, RecordView, Refresh
from qbwc_server.store import companies, history, polls, records, refreshes, visits
from qbwc_server.store.database import Database
from qbwc_server.store.records import Record
from qbwc_server.store.refreshes import QueuedRefresh

MOST_CHANGES = 200


class Showing:
    """Makes views of rows.

    Args:
        database: our own database.
        website: the website's, for what it shows now.
        private: the private fields that the owner publishes; others are shown to nobody, even where they are
            still stored from a time when they were published.
        office: when the QuickBooks PC is expected to be on.
    """

    def __init__(self, database: Database, website: Website | None, private: frozenset[str], office: Office) -> None:
        self.database = database
        self.website = website
        self.private = private
        self.office = office

    def refreshes(self, connection: Connection, rows: Sequence[QueuedRefresh]) -> tuple[Refresh, ...]:
        """Return the views of rows of the queue, with the expected time of those that wait."""
        now = self.database.now(connection)
        expected = {
            company: _expected_at(connection, company, now, self.office)
            for company in {row.company for row in rows if row.state == "waiting"}
        }
        asked = refreshes.askers_of(connection, [row.id for row in rows])
        changed = self._changes(connection, rows)
        return tuple(
            _refresh_view(
                row, expected[row.company] if row.state == "waiting" else None, changed[row.id], asked[row.id]
            )
            for row in rows
        )

    def published_at(self, company: str, list_name: str, list_id: str) -> datetime | None:
        """Since when the website shows the record as it does; None when it does not, or cannot be asked."""
        if self.website is None:
            return None
        try:
            row = self.website.row(company, list_name, list_id)
        except WebsiteError:
            return None
        moment = None if row is None else row["published_at"]
        return moment if isinstance(moment, datetime) else None

    def record(self, record: Record, published_at: datetime | None) -> RecordView:
        """Return the view of a record."""
        return RecordView(
            company=record.company,
            list=record.list,
            list_id=record.list_id,
            seq=record.seq,
            name=record.name,
            full_name=record.full_name,
            is_active=record.is_active,
            is_deleted=record.is_deleted,
            observed_at=record.observed_at,
            edit_sequence=record.edit_sequence,
            published_at=published_at,
            erased=record.erased,
            values={
                name: self._permitted(record.list, name, value)
                for name, value in record.values.items()
                if self._is_shown(record.list, name)
            },
        )

    def _is_shown(self, list_name: str, field_name: str) -> bool:
        kind = list_type(list_name)
        return field_name in kind.field_names and may_be_read(list_name, kind.field(field_name), self.private)

    def _permitted(self, list_name: str, field_name: str, value: Any) -> Any:
        """Return a value without the custom fields that are not published; None when none is left."""
        allowed = allowed_custom(list_name, self.private)
        if field_name != CUSTOM_FIELD or allowed is None or not isinstance(value, dict):
            return value
        return {name: text for name, text in value.items() if name in allowed} or None

    def _changes(self, connection: Connection, rows: Sequence[QueuedRefresh]) -> dict[int, tuple[FieldChange, ...]]:
        """Return what each refresh changed, at most so many fields, by its id."""
        single = [row for row in rows if row.scope == "record" and row.seq is not None]
        at = {
            company: history.changes_at(connection, company, [row.seq or 0 for row in single if row.company == company])
            for company in {row.company for row in single}
        }
        found: dict[int, Sequence[history.Change]] = {row.id: () for row in rows}
        for row in rows:
            if row.seq is None:
                continue
            if row.scope == "record":
                one = at[row.company].get(row.seq)
                found[row.id] = () if one is None else (one,)
            else:
                found[row.id] = history.changes_of_run(connection, row.id, MOST_CHANGES)
        return {row.id: self._fields(row.list, found[row.id]) for row in rows}

    def _fields(self, list_name: str, found: Sequence[history.Change]) -> tuple[FieldChange, ...]:
        """Return the fields that changed, those of records seen for the first time last: they tell the least."""
        shown = [
            FieldChange(
                change.list_id,
                str(part["field"]),
                self._permitted(list_name, str(part["field"]), part["before"]),
                self._permitted(list_name, str(part["field"]), part["after"]),
                change.kind == "created",
            )
            for change in sorted(found, key=lambda change: change.kind == "created")
            for part in change.fields
            if self._is_shown(list_name, str(part["field"]))
        ]
        flat = [one for one in shown if one.before != one.after]
        return tuple(flat[:MOST_CHANGES])


def connection_view(
    connection: Connection, company: companies.Company, now: datetime, office: Office
) -> ConnectionView:
    """Return how a company's connection stands."""
    seen = companies.connection_of(connection, company.company)
    rhythm = polls.rhythm(connection, company.company)
    return connections.view(company, seen, rhythm, now, office, visits.get(connection, company.company, company.visit))


def _expected_at(connection: Connection, name: str, now: datetime, office: Office) -> datetime | None:
    company = companies.get(connection, name)
    # Most are never held: those are spared the look at their visit.
    visit = visits.get(connection, name, company.visit) if company.hold_seconds else None
    held = connections.held_until(company, visit, now, office)
    return connections.expected_at(polls.rhythm(connection, name), now, held)


def _refresh_view(
    row: QueuedRefresh, expected: datetime | None, changes: tuple[FieldChange, ...], asked: tuple[str, ...]
) -> Refresh:
    error = row.error or {}
    return Refresh(
        id=row.id,
        company=row.company,
        list=row.list,
        scope=row.scope,
        list_id=row.list_id,
        full_name=row.full_name,
        state=row.state,
        outcome=row.outcome,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        sent_at=row.sent_at,
        answered_at=row.answered_at,
        published_at=row.published_at,
        finished_at=row.finished_at,
        expected_at=expected,
        records=row.records,
        changes=changes,
        error_code=error.get("code"),
        error_values={name: str(value) for name, value in (error.get("values") or {}).items()},
        joined=row.joined,
        askers=asked,
        retry_of=row.retry_of,
        way=row.way,
        value=row.value,
        hits=tuple(Hit(one["list_id"], one["full_name"], one["is_active"]) for one in row.hits or ()),
        counts=row.counts or {},
        total=row.total,
        resumed=row.resumed,
        begun=row.first_seq is not None,
        time_deleted=row.time_deleted,
    )


def cursor(record: Record) -> str:
    """Return the cursor of a record's place in the order of the lists."""
    place: list[Any] = [records.fold(record.full_name)[:255], record.list_id, record.company]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def place(text: str | None) -> tuple[str, str, str] | None:
    """Return the place that a cursor names, None for none.

    Raises:
        BadWish: it is no cursor of ours.
    """
    if not text:
        return None
    try:
        return _parts(text)
    except (ValueError, TypeError, RecursionError) as problem:
        raise errors.BadWish("place") from problem


def _parts(text: str) -> tuple[str, str, str]:
    padded = text + "=" * (-len(text) % 4)
    name, list_id, company = (str(part) for part in json.loads(base64.urlsafe_b64decode(padded.encode())))
    whole = f"{name}{list_id}{company}"
    # A database looks for neither NUL nor halves of characters; the latter cannot be encoded.
    if "\0" in whole or not whole.encode():
        raise ValueError(text)
    return name, list_id, company
