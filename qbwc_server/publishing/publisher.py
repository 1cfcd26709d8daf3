"""The loop that brings dirty records to the website.

Theory of operation
-------------------
One thread, woken by an accepted answer and by a tick, since the command line is
another process. A round claims due outbox rows in our database, writes them to
the website's database in one transaction of it, and marks in a third
transaction what became of them. A crash between any two repeats a step that
changes nothing the second time: the website's state row knows the observation
number, and the outbox row is only dropped for that number or a lower one. A row
that somebody else had claimed may have been published without a word: then the
website is asked first what was done, since a later observation of the same
record would find nothing more to do. No transaction on one database is open
while one on the other is begun; they may be the same file.

What the numbers mean to the website must be sure before one is sent: after a
start it is asked first (`numbers`).

The same tick writes who was seen calling, gives up silent visits and sweeps
what was staged and never accepted.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from qbwc_server.publish.errors import WebsiteError
from qbwc_server.publish.records import SET_ASIDE, Dirty, Freshness, Outcome, Published
from qbwc_server.publish.website import Website
from qbwc_server.publishing import lists, numbers
from qbwc_server.publishing.hooks import Hooks
from qbwc_server.store import claims, companies, freshness, installation, moves, staging
from qbwc_server.store.claims import Claimed
from qbwc_server.store.database import Database

TICK = 2.0
BATCH = 1000
HOUSEKEEPING_SECONDS = 30.0
STAGING_KEPT = timedelta(hours=1)
BACKOFF: tuple[timedelta, ...] = tuple(timedelta(seconds=seconds) for seconds in (2, 5, 10, 30, 60, 300))

UNFORESEEN = "An unforeseen error ({}) keeps a record from the website. It is tried again; look into the server's log."

Key = tuple[str, str, str]

log = logging.getLogger(__name__)


class Publisher:
    """Brings what is in the outbox to the website.

    Args:
        database: our own database.
        website: the website's.
        at_each_tick: called at each tick: writing who was seen.
        now_and_then: called twice a minute: giving up silent visits, taking away what was kept long enough.
        hooks: who is told of what was published.
    """

    def __init__(
        self,
        database: Database,
        website: Website,
        *,
        at_each_tick: Callable[[], object] = lambda: None,
        now_and_then: Callable[[], object] = lambda: None,
        hooks: Hooks | None = None,
    ) -> None:
        self.database = database
        self.website = website
        self.at_each_tick = at_each_tick
        self.now_and_then = now_and_then
        self.hooks = hooks
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._since_housekeeping = HOUSEKEEPING_SECONDS

    def start(self) -> None:
        """Begin, before the first answer is accepted; what a dead process had claimed is free again."""
        numbers.begin(self.database)
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the round in hand and end."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def wake(self) -> None:
        """Something was accepted: do not wait for the tick."""
        self._wake.set()

    def _run(self) -> None:
        started = False
        while not self._stop.is_set():
            try:
                if not started:
                    self._begin()
                    started = True
                self._round()
            except (SQLAlchemyError, WebsiteError) as problem:
                log.warning("publishing waits: %s", type(problem).__name__)
                # What broke off in our own database may have left a claim of ours behind.
                started = started and isinstance(problem, WebsiteError)
            except Exception as problem:  # noqa: BLE001 - the thread must outlive whatever a round meets
                # The text of an unforeseen error may hold values of a record.
                log.error("publishing failed unexpectedly: %s", type(problem).__name__)  # noqa: TRY400
            self._wake.wait(TICK)
            self._wake.clear()
        self._chores(everything=False)

    def _begin(self) -> None:
        """Drop the claims of a dead process."""
        with self.database.write() as connection:
            claims.drop_claims(connection)

    def _round(self) -> None:
        try:
            while self.run_once() and not self._stop.is_set():
                pass
        finally:
            # None of it needs the website.
            self._since_housekeeping += TICK
            due = self._since_housekeeping >= HOUSEKEEPING_SECONDS
            self._chores(everything=due)
            if due:
                self._since_housekeeping = 0.0

    def _chores(self, *, everything: bool) -> None:
        self.at_each_tick()
        if everything:
            self.now_and_then()
            with self.database.write() as connection:
                staging.sweep(connection, self.database.now(connection) - STAGING_KEPT)

    def run_once(self) -> int:
        """Publish one batch; returns how many records were taken (0: nothing was due).

        Raises:
            WebsiteError: the website is away; what waits goes on waiting.
        """
        self._check_numbers()
        with self.database.read() as connection:
            idle = not claims.anything_due(connection, self.database.now(connection))
            stale = freshness.stale(connection)
        if idle and not stale:
            lists.finish(self.database)
            return 0
        with self.database.write() as connection:
            now = self.database.now(connection)
            claimed = claims.claim(connection, now, BATCH)
        told = [
            Freshness(
                one.company,
                one.list,
                one.last_contact_at,
                one.last_changed_read_at,
                one.last_full_read_at,
                one.complete,
            )
            for one in stale
        ]
        self._bring(claimed, told, now)
        return len(claimed)

    def _bring(self, claimed: Sequence[Claimed], told: Sequence[Freshness], now: datetime) -> None:
        """Write records to the website, and note what became of them."""
        try:
            earlier = self._inheritance(claimed)
            results = self.website.publish([_dirty(one) for one in claimed], told, now)
            claimed, published = self._with_unread(claimed, results, now)
        except WebsiteError as problem:
            self._postpone(claimed, str(problem))
            raise
        except SQLAlchemyError:
            raise
        except Exception as problem:
            # The text of an unforeseen error may hold values of a record.
            log.error("publishing failed unexpectedly: %s", type(problem).__name__)  # noqa: TRY400
            if not claimed:
                raise
            self._bring_singly(claimed, told, now, UNFORESEEN.format(type(problem).__name__))
            return
        self._mark(claimed, published, told, earlier)

    def _with_unread(
        self, claimed: Sequence[Claimed], published: Sequence[Published], now: datetime
    ) -> tuple[Sequence[Claimed], Sequence[Published]]:
        """Bring those once more, with their values, that the website does not show as they were last told."""
        unread = [one for one, result in zip(claimed, published, strict=True) if result.outcome == "unread"]
        if not unread:
            return claimed, published
        with self.database.read() as connection:
            whole = claims.with_values(connection, unread)
        results = self.website.publish([_dirty(one) for one in whole], (), now)
        place = {_key(one): (one, result) for one, result in zip(whole, results, strict=True)}
        both = [place.get(_key(one), (one, result)) for one, result in zip(claimed, published, strict=True)]
        return [one for one, _ in both], [result for _, result in both]

    def _bring_singly(self, claimed: Sequence[Claimed], told: Sequence[Freshness], now: datetime, why: str) -> None:
        """Find the record over which writing broke off: only that one is put off."""
        if len(claimed) == 1:
            self._postpone(claimed, why)
            return
        for number, one in enumerate(claimed, 1):
            try:
                self._bring([one], (), now)
            except WebsiteError as problem:
                self._postpone(claimed[number:], str(problem))
                raise
        self._bring((), told, now)

    def _anything_postponed(self) -> bool:
        with self.database.read() as connection:
            return claims.anything_postponed(connection, self.database.now(connection))

    def _check_numbers(self) -> None:
        try:
            numbers.check(self.database, self.website)
        except WebsiteError as problem:
            with self.database.write() as connection:
                claims.note_problem(connection, str(problem))
            raise

    def _inheritance(self, claimed: Sequence[Claimed]) -> dict[Key, tuple[int, str]]:
        """Return what the website was told by others of records that were claimed before: number and outcome."""
        inherited = [one for one in claimed if one.inherited]
        if not inherited:
            return {}
        with self.database.read() as connection:
            stream = installation.stream_id(connection)
        found: dict[Key, tuple[int, str]] = {}
        for one in inherited:
            state = self.website.state(one.company, one.list, one.list_id)
            # Numbers of another stream count something else.
            if state is not None and state["stream_id"] == stream:
                found[one.company, one.list, one.list_id] = (state["seq"], state["outcome"])
        return found

    def _postpone(self, claimed: Sequence[Claimed], why: str) -> None:
        if not claimed:
            return
        tried = max(one.attempts for one in claimed)
        with self.database.write() as connection:
            _hold(connection, claimed)
            due_at = self.database.now(connection) + BACKOFF[min(tried, len(BACKOFF) - 1)]
            claims.postpone(connection, claimed, due_at, why)

    def _mark(
        self,
        claimed: Sequence[Claimed],
        published: Sequence[Published],
        told: Sequence[Freshness],
        earlier: Mapping[Key, tuple[int, str]],
    ) -> None:
        results = {(one.company, one.list, one.list_id): one for one in published}
        counted: list[tuple[Claimed, str]] = []
        gone: list[Claimed] = []
        with self.database.write() as connection:
            asked: dict[str, frozenset[tuple[str, str]]] = {}
            for company in _hold(connection, [*claimed, *told]):
                asked[company] = moves.answered_records(connection, company)
            now = self.database.now(connection)
            for one in claimed:
                key = (one.company, one.list, one.list_id)
                result = results[key]
                if (one.list, one.list_id) in asked[one.company]:
                    _tell_askers(connection, one, result, earlier.get(key), now)
                if result.outcome in SET_ASIDE:
                    claims.set_aside(connection, one, result.outcome, result.detail, now)
                else:
                    gone.append(one)
                counted.append((one, _counted(one, result, earlier.get(key))))
            claims.done(connection, gone)
            lists.count(connection, counted)
            queued = self._queue_hooks(connection, counted, results, now)
            for fresh in told:
                if fresh.last_contact_at is not None:
                    freshness.told(connection, fresh.company, fresh.list, fresh.last_contact_at)
        if queued and self.hooks is not None:
            self.hooks.wake()
        # The website answers, even if it was only told of a call: what was put off for minutes need not wait.
        if (told or any(one.attempts for one in claimed)) and self._anything_postponed():
            with self.database.write() as connection:
                claims.hurry(connection, self.database.now(connection))
        lists.finish(self.database)

    def _queue_hooks(
        self,
        connection: Connection,
        counted: Sequence[tuple[Claimed, str]],
        results: Mapping[Key, Published],
        now: datetime,
    ) -> int:
        """Have webhooks told, target by target; returns how many deliveries it is."""
        if self.hooks is None or not self.hooks.endpoints:
            return 0
        told: dict[str, list[Published]] = {}
        for one, outcome in counted:
            # What a dead process did before it could say so counts as done now.
            told.setdefault(one.target, []).append(replace(results[_key(one)], outcome=cast("Outcome", outcome)))
        return sum(self.hooks.queue(connection, target, each, now) for target, each in told.items())


def _hold(connection: Connection, whose: Sequence[Claimed | Freshness]) -> tuple[str, ...]:
    """Hold the rows of companies, always in the same order; returns their names."""
    names = tuple(sorted({one.company for one in whose}))
    for company in names:
        companies.lock(connection, company)
    return names


def _tell_askers(
    connection: Connection, one: Claimed, result: Published, earlier: tuple[int, str] | None, now: datetime
) -> None:
    """Give the record's refreshes their outcome, each that of the publishing it was part of."""
    if earlier is not None and earlier[0] < one.seq:
        moves.publish_record(connection, one.company, one.list, one.list_id, *earlier, now)
    if result.outcome in SET_ASIDE:
        error = {"code": result.outcome, "values": dict(result.detail)}
        moves.fail_record(connection, one.company, one.list, one.list_id, one.seq, error, now)
    else:
        outcome = "deleted" if one.is_deleted else result.outcome
        moves.publish_record(connection, one.company, one.list, one.list_id, one.seq, outcome, now)


def _counted(one: Claimed, result: Published, earlier: tuple[int, str] | None) -> str:
    """Return the outcome that a list run counts: what was done since the record became dirty."""
    if earlier is not None and result.outcome == "unchanged" and one.since <= earlier[0]:
        return earlier[1]
    return result.outcome


def _key(one: Claimed) -> Key:
    return (one.company, one.list, one.list_id)


def _dirty(one: Claimed) -> Dirty:
    return Dirty(
        company=one.company,
        list=one.list,
        list_id=one.list_id,
        seq=one.seq,
        values=one.values,
        is_deleted=one.is_deleted,
        observed_at=one.observed_at,
        single=one.single,
        forced=one.forced,
        erased=one.erased,
        values_seq=one.values_seq,
    )
