"""The thread that brings the deliveries of one webhook to it.

Theory of operation
-------------------
Each webhook has a thread: one that is slow keeps nobody waiting but itself. A delivery is claimed in one transaction,
posted outside of any, and settled in another. A process that dies between posting and settling leaves it claimed; when
the claim is over it is posted once more, by whichever process comes to it, under the identifier it had.

What is not taken is tried again after the times of `BACKOFF` and given up after a day; it stays in the log, from where
it can be replayed. A round ends with the first that is not taken: what stopped one usually stops them all. Once the
receiver answers again, those that waited for it are tried at once.

Nothing is promised about the order. `seq` says which of two deliveries is the newer one.
"""

import logging
import random
import ssl
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from qbwc_server import deadlines, httppost
from qbwc_server.publishing.hooks_endpoints import Endpoint
from qbwc_server.publishing.hooks_signing import headers
from qbwc_server.reach import Reach
from qbwc_server.store import deliveries
from qbwc_server.store.database import Database
from qbwc_server.store.deliveries import Claimed

PACE: Final = 5.0
"""Seconds between two rounds when nobody wakes it."""

SECONDS: Final = 10.0
"""Time limit of one post; far below `deliveries.CLAIM`."""

BACKOFF: Final = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
)
GIVEN_UP_AFTER: Final = timedelta(days=1)

log = logging.getLogger(__name__)

_JITTER: Final = 0.1
_ROUND: Final = 200
_GONE: Final = 410
# 429 Too Many Requests, 502 Bad Gateway, 503 Service Unavailable, 504 Gateway Timeout
_AWAY: Final = (429, 502, 503, 504)
# What says something about the receiver as a whole, and nothing about the one delivery.
_OF_ALL: Final = ("away", "unknown_host", "nobody_there", "slow", "certificate", "encryption", "broken_off")


def wait_after(tries: int, share: float) -> timedelta:
    """Return how long a delivery waits after so many tries.

    Args:
        tries: 1 or more.
        share: from 0 to 1, chance: what failed together is not tried together for ever.
    """
    return BACKOFF[min(tries, len(BACKOFF)) - 1] * (1 + _JITTER * share)


class NotTaken(Exception):
    """A delivery was not taken.

    Attributes:
        kind: What was wrong, a key under `webhooks.trouble` in the catalogue.
        answer: The first line of the answer; "" where there was none.
    """

    def __init__(self, kind: str, answer: str = "") -> None:
        self.kind = kind
        self.answer = "".join(each if each.isprintable() else " " for each in answer)
        super().__init__(f"A delivery was not taken ({kind}).")


class Carrier:
    """Brings the deliveries of one webhook to it.

    Args:
        database: our own database.
        endpoint: the webhook.
        reach: which addresses may be called.
        clock: the time that decisions use.
        tls: how certificates are checked; the system's way when left out.
        seconds: time limit of one post.
    """

    def __init__(
        self,
        database: Database,
        endpoint: Endpoint,
        reach: Reach,
        *,
        clock: Callable[[Connection], datetime] | None = None,
        tls: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self.database = database
        self.endpoint = endpoint
        self.reach = reach
        self.clock = clock or database.now
        self.tls = tls
        self.seconds = seconds
        # What was put off before a start may have waited for this one.
        self._failing = True
        self._told = False
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name=f"webhook {self.endpoint.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Begin to end; `join` waits for it."""
        self._stop.set()
        self._wake.set()

    def join(self, seconds: float) -> None:
        """Wait shortly for a post that is on its way right now."""
        if self._thread is not None:
            self._thread.join(timeout=seconds)

    def wake(self) -> None:
        """Do not wait for the next round."""
        self._wake.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.deliver()
            except SQLAlchemyError as problem:
                log.warning("webhooks wait: %s", type(problem).__name__)
            except Exception as problem:  # noqa: BLE001 - the thread must outlive whatever a round meets
                log.error("webhooks failed unexpectedly: %s", type(problem).__name__)  # noqa: TRY400
            self._wake.wait(PACE)
            self._wake.clear()

    def deliver(self) -> int:
        """Deliver what is due until one is not taken; returns how many were."""
        taken = 0
        while not self._stop.is_set():
            with self.database.read() as connection:
                due = deliveries.due(connection, self.endpoint.name, self.clock(connection), _ROUND)
            for delivery_id in due:
                with self.database.write() as connection:
                    now = self.clock(connection)
                    claimed = deliveries.claim(connection, delivery_id, now)
                if claimed is None:
                    continue
                if not self._bring(claimed, now):
                    return taken
                taken += 1
                if self._stop.is_set():
                    break
            if not due:
                break
        return taken

    def _bring(self, claimed: Claimed, now: datetime) -> bool:
        """Post a delivery and note what became of it; tells whether it was taken."""
        try:
            answer = self._post(claimed, now)
        except NotTaken as trouble:
            self._put_off(claimed, trouble)
            return False
        except Exception as problem:  # noqa: BLE001 - whatever it is, it concerns this delivery
            log.error("delivery %s failed unexpectedly: %s", claimed.id, type(problem).__name__)  # noqa: TRY400
            self._put_off(claimed, NotTaken("unforeseen"))
            return False
        with self.database.write() as connection:
            at = self.clock(connection)
            deliveries.delivered(connection, claimed, answer, at)
            if self._failing:
                deliveries.hurry(connection, self.endpoint.name, _OF_ALL, at)
        if self._told:
            log.info("webhook %s takes deliveries again", self.endpoint.name)
        self._failing = self._told = False
        return True

    def _post(self, claimed: Claimed, now: datetime) -> str:
        """Post a delivery; returns the first line of the answer.

        Raises:
            NotTaken
        """
        body = claimed.body.encode()
        signed = headers(self.endpoint.secrets, claimed.webhook_id, now, body)
        signed["Content-Type"] = "application/json"
        try:
            reply = httppost.post(
                self.endpoint.url, body, signed, seconds=self.seconds, tls=self.tls, may=self.reach.may
            )
        except httppost.PROBLEMS as problem:
            raise NotTaken(deadlines.reason_of(problem)) from problem
        if reply.taken:
            return str(reply)
        raise NotTaken(_kind(reply), str(reply))

    def _put_off(self, claimed: Claimed, trouble: NotTaken) -> None:
        """Have a delivery tried again later, or no more."""
        with self.database.write() as connection:
            now = self.clock(connection)
            over = trouble.kind == "gone" or now - claimed.begun_at >= GIVEN_UP_AFTER
            if over:
                deliveries.give_up(connection, claimed, now, trouble.kind, trouble.answer)
            else:
                due_at = now + wait_after(claimed.tries, random.random())  # noqa: S311 - it protects nothing
                deliveries.postpone(connection, claimed, due_at, trouble.kind, trouble.answer)
        self._failing = self._failing or trouble.kind in _OF_ALL
        if over or not self._told:
            what = "given up" if over else "tried again later, as are others that are not taken meanwhile"
            log.warning(
                "delivery %s to webhook %s was not taken (%s) and is %s",
                claimed.id,
                self.endpoint.name,
                trouble.kind,
                what,
            )
        self._told = True


def _kind(reply: httppost.Reply) -> str:
    if reply.elsewhere:
        return "redirect"
    if reply.status == _GONE:
        return "gone"
    return "away" if reply.status in _AWAY else "not_taken"
