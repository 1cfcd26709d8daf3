"""Asking for refreshes, cancelling, retrying and looking at them: what every door does.

Theory of operation
-------------------
A door only ever puts rows into the queue and reads; QBWC is the worker. Asking
holds the company's row, so that 'is somebody waiting for the same?' and the new
row are one step, and so that 'nothing waits' in the visit's transaction stays
true until it is committed.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from qbwc_server.publish.website import Website
from qbwc_server.refreshing import errors
from qbwc_server.refreshing.connections import ROUND_THE_CLOCK, Office
from qbwc_server.refreshing.noting import note_asked, note_one
from qbwc_server.refreshing.retrying import is_blank, try_again
from qbwc_server.refreshing.showing import Showing, connection_view, cursor, place
from qbwc_server.refreshing.views import (
    Asked,
    CompanyView,
    ConnectionView,
    PublishingView,
    RecordPage,
    RecordView,
    Refresh,
)
from qbwc_server.refreshing.wishes import Wish, checked
from qbwc_server.store import companies, freshness, outbox, records, refreshes, tables
from qbwc_server.store.database import Database
from qbwc_server.store.refreshes import QueuedRefresh
from qbwc_server.store.schedules import ASKED_BY

WAIT_STEP = 0.2


class Refreshing:
    """What the doors can do.

    Args:
        database: our own database.
        website: the website's, for what it shows now.
        private: the private fields that the owner publishes; others are shown to nobody, even where they are
            still stored from a time when they were published.
        office: when the QuickBooks PC is expected to be on.
    """

    def __init__(
        self,
        database: Database,
        website: Website | None = None,
        private: frozenset[str] = frozenset(),
        office: Office = ROUND_THE_CLOCK,
    ) -> None:
        self.database = database
        self.office = office
        self.showing = Showing(database, website, private, office)

    def ask(self, wishes: Sequence[Wish], asked_by: str, *, idempotency_key: str | None = None) -> tuple[Asked, ...]:
        """Queue refreshes of one company, or join those that wait for the same.

        A wish that comes twice is asked for once; the answer has one element for each different wish, in their order.
        A key used before gives the refreshes of then, as they stand now, and `joined` as it was then.

        Raises:
            BadWish, UnknownCompany, IdempotencyConflict
        """
        clean = checked(wishes)
        digest = hashlib.sha256(json.dumps([(w.company, w.list, w.way, w.value) for w in clean]).encode()).hexdigest()
        with self.database.write() as connection:
            for company in sorted({wish.company for wish in clean}):
                _lock(connection, company)
            now = self.database.now(connection)
            if idempotency_key is not None:
                before = _remembered(connection, asked_by, idempotency_key, digest)
                if before is not None:
                    then, made = before
                    views = self._views(connection, then)
                    # What that call made bears its asker and its time; the others it joined.
                    return tuple(Asked(one, (one.asked_by, one.asked_at) != (asked_by, made)) for one in views)
            results = [
                refreshes.ask(connection, wish.company, wish.list, _way(connection, wish), wish.value, asked_by, now)
                for wish in clean
            ]
            ids = [refresh_id for refresh_id, _ in results]
            note_asked(connection, asked_by, clean, ids, now)
            if asked_by != ASKED_BY:
                for company in {wish.company for wish in clean}:
                    companies.change(connection, company, last_asked_at=now)
            if idempotency_key is not None:
                connection.execute(
                    tables.idempotency_keys.insert().values(
                        asked_by=asked_by, key=idempotency_key, digest=digest, refresh_ids=ids, created_at=now
                    )
                )
            views = self._views(connection, ids)
        return tuple(Asked(view, joined) for view, (_, joined) in zip(views, results, strict=True))

    def cancel(self, refresh_id: int, asked_by: str, *, everyone: bool = False, company: str | None = None) -> Refresh:
        """Withdraw one asker (or all); the last one cancels the refresh while it waits.

        Raises:
            UnknownRefresh, NotWaiting, NotAsked
        """
        with self.database.write() as connection:
            row = self._held(connection, refresh_id, company)
            now = self.database.now(connection)
            if (
                not everyone
                and row.state == "waiting"
                and asked_by not in refreshes.askers_of(connection, [row.id])[row.id]
            ):
                raise errors.NotAsked(refresh_id)
            if not refreshes.withdraw(connection, refresh_id, asked_by, now, everyone=everyone):
                current = refreshes.get(connection, refresh_id)
                raise errors.NotWaiting(refresh_id, current.state if current is not None else row.state)
            note_one(connection, asked_by, "cancelled", row, refresh_id, now)
            return self._views(connection, [refresh_id])[0]

    def retry(self, refresh_id: int, asked_by: str, *, company: str | None = None) -> Refresh:
        """Ask again for what failed or was cancelled, or join the retry of it that is under way.

        After a publishing failure the outbox row is queued again, without asking QuickBooks; what was held is then
        published.

        Raises:
            UnknownRefresh, NotFailed
        """
        with self.database.write() as connection:
            row = self._held(connection, refresh_id, company)
            if row.state not in ("failed", "cancelled") or is_blank(row):
                raise errors.NotFailed(refresh_id, row.state)
            now = self.database.now(connection)
            again = try_again(connection, row, asked_by, now)
            note_one(connection, asked_by, "retried", row, again, now)
            view = self._views(connection, [again])[0]
            if view.state == "waiting":
                companies.change(connection, row.company, last_asked_at=now)
            return view

    def get(self, refresh_id: int, *, company: str | None = None) -> Refresh:
        """Return a refresh.

        Raises:
            UnknownRefresh
        """
        with self.database.read() as connection:
            self._row(connection, refresh_id, company)
            return self._views(connection, [refresh_id])[0]

    def list(
        self,
        *,
        company: str | None = None,
        state: str | None = None,
        list_name: str | None = None,
        list_id: str | None = None,
        limit: int | None = None,
        quiet: bool = True,
    ) -> tuple[Refresh, ...]:
        """Return refreshes, newest first; without `quiet` not those by schedule that found nothing new."""
        with self.database.read() as connection:
            rows = refreshes.search(
                connection,
                company=company,
                state=state,
                list_name=list_name,
                list_id=list_id,
                limit=limit,
                quiet=quiet,
            )
            return self.showing.refreshes(connection, rows)

    def wait(
        self, ids: Sequence[int], seconds: float, *, look: Callable[[Sequence[Refresh]], None] | None = None
    ) -> tuple[Refresh, ...]:
        """Wait until all are final, or the time is over; returns them as they stand.

        Args:
            look: is shown how they stand from time to time, the last time too.
        """
        until = time.monotonic() + seconds
        while True:
            with self.database.read() as connection:
                views = self._views(connection, ids)
            if look is not None:
                look(views)
            if all(one.is_final for one in views) or time.monotonic() >= until:
                return views
            time.sleep(WAIT_STEP)

    def companies(self) -> tuple[CompanyView, ...]:
        """Return every company with its connection."""
        with self.database.read() as connection:
            now = self.database.now(connection)
            return tuple(
                CompanyView(
                    company=one.company,
                    title=one.title,
                    user=one.user_name,
                    company_file=one.company_file,
                    owner_id=one.owner_id,
                    file_id=one.file_id,
                    paused=one.is_paused(now),
                    password_changed_at=one.password_changed_at,
                    connection=connection_view(connection, one, now, self.office),
                )
                for one in companies.everyone(connection)
            )

    def connection(self, company: str) -> ConnectionView:
        """Return how a company's connection stands.

        Raises:
            UnknownCompany
        """
        with self.database.read() as connection:
            try:
                found = companies.get(connection, company)
            except companies.UnknownCompany:
                raise errors.UnknownCompany(company) from None
            return connection_view(connection, found, self.database.now(connection), self.office)

    def only_company(self) -> str:
        """Return the company's name where there is exactly one.

        Raises:
            CompanyNeeded
        """
        with self.database.read() as connection:
            names = tuple(one.company for one in companies.everyone(connection))
        if len(names) != 1:
            raise errors.CompanyNeeded(names)
        return names[0]

    def search(
        self,
        list_name: str,
        *,
        company: str | None = None,
        q: str = "",
        after: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> RecordPage:
        """Return one page of records by name; `q` is looked for in names, numbers and addresses of mail."""
        with self.database.read() as connection:
            page = records.search(
                connection,
                list_name,
                company=company,
                text=q,
                after=place(after),
                before=place(before),
                limit=limit,
            )
        views = tuple(self.showing.record(one, None) for one in page.records)
        return RecordPage(
            views,
            cursor(page.records[-1]) if page.records and page.more_after else None,
            cursor(page.records[0]) if page.records and page.more_before else None,
            page.total,
        )

    def record(self, company: str, list_name: str, list_id: str) -> RecordView:
        """Return a record as last seen in QuickBooks.

        Raises:
            UnknownRecord
        """
        with self.database.read() as connection:
            found = records.get(connection, company, list_name, list_id)
            if found is None:
                raise errors.UnknownRecord(list_name, list_id)
        return self.showing.record(found, self.showing.published_at(company, list_name, list_id))

    def counts(self) -> Mapping[str, int]:
        """Return how many refreshes stand in each state."""
        with self.database.read() as connection:
            found = refreshes.count_by_state(connection)
        return {state: found.get(state, 0) for state in tables.STATES}

    def reading(self) -> tuple[Refresh, ...]:
        """Return the lists that are being read."""
        with self.database.read() as connection:
            return self.showing.refreshes(connection, refreshes.begun_lists(connection))

    def count_quiet(self) -> int:
        """Return how many refreshes by schedule found nothing new."""
        with self.database.read() as connection:
            return refreshes.count_quiet(connection)

    def publishing(self) -> PublishingView:
        """Return how far publishing is behind."""
        with self.database.read() as connection:
            lag = outbox.lag(connection)
        return PublishingView(lag.waiting, lag.set_aside, lag.oldest_due_at, lag.last_error)

    def _row(self, connection: Connection, refresh_id: int, company: str | None) -> QueuedRefresh:
        row = refreshes.get(connection, refresh_id)
        if row is None or (company is not None and row.company != company):
            raise errors.UnknownRefresh(refresh_id)
        return row

    def _held(self, connection: Connection, refresh_id: int, company: str | None) -> QueuedRefresh:
        """Hold the company of a refresh, and return the refresh as it stands then."""
        companies.lock(connection, self._row(connection, refresh_id, company).company)
        return self._row(connection, refresh_id, company)

    def _views(self, connection: Connection, ids: Sequence[int]) -> tuple[Refresh, ...]:
        rows = {row.id: row for row in refreshes.many(connection, set(ids))}
        return self.showing.refreshes(connection, [rows[refresh_id] for refresh_id in ids])


def _way(connection: Connection, wish: Wish) -> str:
    """Return how a wish is asked for: what changed in a list that was never read to its end is all of it."""
    if wish.way != "changed":
        return wish.way
    found = freshness.get(connection, wish.company, wish.list)
    return "changed" if found is not None and found.complete else "all"


def _lock(connection: Connection, company: str) -> None:
    try:
        companies.lock(connection, company)
    except companies.UnknownCompany:
        raise errors.UnknownCompany(company) from None


def _remembered(connection: Connection, asked_by: str, key: str, digest: str) -> tuple[list[int], datetime] | None:
    """Return the refreshes that a key stands for, and when it was first used."""
    table = tables.idempotency_keys
    row = connection.execute(select(table).where(table.c.asked_by == asked_by, table.c.key == key)).first()
    if row is None:
        return None
    if row.digest != digest:
        raise errors.IdempotencyConflict
    return [int(one) for one in row.refresh_ids], row.created_at
