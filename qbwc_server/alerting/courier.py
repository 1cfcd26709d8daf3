"""The thread that looks for trouble and delivers the messages that tell of it.

Theory of operation
-------------------
A thread of its own: a slow mail server must not delay publishing. A round looks for trouble (`noticing`), writes to
who waits for a refresh (`telling`), and delivers what is due. A message is claimed in one transaction, sent outside of
any, and deleted in another. A process that dies between sending and deleting leaves it claimed; when the claim is over
the message is sent once more, by whichever process comes to it. That is the one way in which something is told twice,
and a mail then bears the Message-ID it had.

What is not taken is tried again after 1, 5, 15 and 60 minutes and then every hour, and is given up after a day: an
alert of yesterday helps nobody. Whatever keeps a message from being sent, foreseen or not, counts as that and concerns
only that message; nor does a step of a round that fails stop the next one. Once a channel did not take a message, the
round leaves its other messages alone: what stopped one usually stops them all, and each would take its time limit. A
refused recipient stops only itself.

Each exchange has an end (`deadlines`), so a round has one too; one that takes long all the same is logged meanwhile.
"""

import hashlib
import logging
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from qbwc_server.alerting import mailing, posting
from qbwc_server.alerting.channels import MAIL, Channels, Undelivered
from qbwc_server.alerting.noticing import Noticing
from qbwc_server.alerting.telling import tell
from qbwc_server.store import messages
from qbwc_server.store.database import Database
from qbwc_server.store.messages import Message

PACE: Final = 25.0
"""Seconds between two rounds."""

BACKOFF: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
GIVEN_UP_AFTER: Final = timedelta(days=1)
LONG_ROUND: Final = 300.0
"""Seconds after which a round that is not finished is logged."""

_OF_ONE: Final = ("recipient", "address", "unforeseen")
# The stop of a whole server is promised within ten seconds; a claimed message is sent after the next start.
_STOP_SECONDS: Final = 3.0

log = logging.getLogger(__name__)


class Courier:
    """Notices, tells and delivers.

    Args:
        database: our own database.
        channels: the ways out.
        noticing: what looks for trouble.
        tls: how certificates are checked; the system's way when left out.
        seconds: time limit of talking to a mail server or a webhook.

    Attributes:
        finished_at: when the last round was finished, by this machine's clock; None before the first one.
    """

    def __init__(
        self,
        database: Database,
        channels: Channels,
        noticing: Noticing,
        *,
        tls: ssl.SSLContext | None = None,
        seconds: float = mailing.SECONDS,
    ) -> None:
        self.database = database
        self.channels = channels
        self.noticing = noticing
        self.tls = tls
        self.seconds = seconds
        self.finished_at: datetime | None = None
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def clock(self) -> Callable[[Connection], datetime]:
        """The time that decisions use."""
        return self.noticing.clock

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; a message that is on its way right now is waited for shortly."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=_STOP_SECONDS)

    def wake(self) -> None:
        """Do not wait for the next round."""
        self._wake.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            self.run_once()
            self._wake.wait(PACE)
            self._wake.clear()

    def run_once(self) -> None:
        """Do one round."""
        text = "the courier has been at one round for %.0f seconds: is the database or a mail server slow?"
        long = threading.Timer(LONG_ROUND, log.warning, (text, LONG_ROUND))
        long.daemon = True
        long.start()
        try:
            for step in (self.noticing.look, self._tell, self.deliver):
                _apart(step)
        finally:
            long.cancel()
        self.finished_at = datetime.now(UTC)

    def _tell(self) -> None:
        with self.database.read() as connection:
            now = self.clock(connection)
        tell(self.database, self.noticing.house, now, mail=self.channels.mail is not None)

    def deliver(self) -> int:
        """Deliver what is due; returns how many messages were taken."""
        with self.database.read() as connection:
            due = messages.due(connection, self.clock(connection))
        stuck: set[str] = set()
        taken = 0
        for message_id, channel in due:
            if self._stop.is_set():
                break
            if channel in stuck:
                continue
            with self.database.write() as connection:
                message = messages.claim(connection, message_id, self.clock(connection))
            if message is None:
                continue
            trouble = self._sent(message)
            self._settle(message, trouble)
            taken += trouble is None
            if trouble is not None and trouble.kind not in _OF_ONE:
                stuck.add(channel)
        return taken

    def _sent(self, message: Message) -> Undelivered | None:
        """Hand a message over; returns what kept it from being taken."""
        try:
            self._send(message)
        except Undelivered as trouble:
            return trouble
        except Exception as problem:  # noqa: BLE001 - whatever it is, it concerns this message
            log.error("message %s failed unexpectedly: %s", message.id, type(problem).__name__)  # noqa: TRY400
            return Undelivered("unforeseen")
        return None

    def _send(self, message: Message) -> None:
        draft = message.draft
        if draft.channel != MAIL:
            if self.channels.webhook is None:
                raise Undelivered("not_set")
            posting.post(self.channels.webhook, draft.payload or {}, tls=self.tls, seconds=self.seconds)
            return
        if self.channels.mail is None:
            raise Undelivered("not_set")
        mail = mailing.compose(
            self.channels.mail,
            draft.recipient or "",
            draft.subject,
            draft.body,
            at=message.created_at,
            identity=_identity(message, self.noticing.house.url),
        )
        mailing.send(self.channels.mail, mail, tls=self.tls, seconds=self.seconds)

    def _settle(self, message: Message, trouble: Undelivered | None) -> None:
        """Forget a message that was taken or is given up, and put off any other."""
        with self.database.write() as connection:
            now = self.clock(connection)
            old = now - message.created_at >= GIVEN_UP_AFTER
            if trouble is None or old:
                messages.done(connection, message)
            else:
                messages.postpone(connection, message, now + BACKOFF[min(message.attempts, len(BACKOFF)) - 1])
        if trouble is not None:
            # Neither what it says nor whom it is for.
            what = "given up" if old else "tried again later"
            log.warning(
                "message %s (%s) was not taken (%s) and is %s", message.id, message.draft.channel, trouble.kind, what
            )


def _apart(step: Callable[[], object]) -> None:
    """Take a step; that it fails is logged and stops nothing else."""
    try:
        step()
    except SQLAlchemyError as problem:
        log.warning("alerts wait: %s", type(problem).__name__)
    except Exception as problem:  # noqa: BLE001 - the thread must outlive whatever a round meets
        # The text of an unforeseen error may hold values of a record, or a password.
        log.error("alerts failed unexpectedly: %s", type(problem).__name__)  # noqa: TRY400


def _identity(message: Message, url: str) -> str:
    """Return what tells this message from every other, of every installation."""
    return hashlib.sha256(f"{url} {message.id} {message.created_at.isoformat()}".encode()).hexdigest()[:32]
