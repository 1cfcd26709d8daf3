"""Webhooks: queued with what was published, carried by threads of their own."""

import os
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from qbwc_server.publish.mapping.model import Webhook
from qbwc_server.publish.records import Published
from qbwc_server.publishing.hooks_carrier import GIVEN_UP_AFTER, SECONDS, Carrier
from qbwc_server.publishing.hooks_drafts import drafts
from qbwc_server.publishing.hooks_endpoints import Endpoint, endpoints
from qbwc_server.reach import Reach
from qbwc_server.settings import Settings
from qbwc_server.store import deliveries
from qbwc_server.store.database import Database

# The stop of a whole server is promised within ten seconds; a claimed delivery is posted after the next start.
_STOP_SECONDS: Final = 2.0


class Hooks:
    """All webhooks of an installation.

    Args:
        database: our own database.
        endpoints: whom to tell.
        reach: which addresses may be called; public ones only when left out.
        clock: the time that decisions use; the database's unless told otherwise.
        tls: how certificates are checked; the system's way when left out.
        seconds: time limit of one post.
    """

    def __init__(
        self,
        database: Database,
        endpoints: Sequence[Endpoint],
        reach: Reach | None = None,
        *,
        clock: Callable[[Connection], datetime] | None = None,
        tls: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self.database = database
        self.endpoints = tuple(endpoints)
        self.clock = clock or database.now
        reach = reach or Reach()
        self.carriers = tuple(
            Carrier(database, each, reach, clock=clock, tls=tls, seconds=seconds) for each in self.endpoints
        )

    def queue(self, connection: Connection, target: str, published: Sequence[Published], now: datetime) -> int:
        """Have webhooks told of what was published, in the transaction that marks it so.

        Args:
            published: to one target; what changed nothing there is told to nobody.

        Returns:
            How many deliveries it is.
        """
        return deliveries.add(connection, drafts(self.endpoints, target, published, now), now)

    def wake(self) -> None:
        """Something was queued: do not wait for the next round."""
        for each in self.carriers:
            each.wake()

    def start(self) -> None:
        """Begin to deliver."""
        for each in self.carriers:
            each.start()

    def stop(self) -> None:
        """End; what is on its way right now is waited for shortly."""
        for each in self.carriers:
            each.stop()
        end = time.monotonic() + _STOP_SECONDS
        for each in self.carriers:
            each.join(max(0.0, end - time.monotonic()))

    def deliver(self) -> int:
        """Do one round of each webhook; returns how many deliveries were taken."""
        return sum(each.deliver() for each in self.carriers)

    def tidy(self) -> int:
        """Give up what has waited for a day for webhooks that are not set any more; returns how many."""
        names = [each.name for each in self.endpoints]
        with self.database.read() as connection:
            now = self.clock(connection)
            if not deliveries.any_orphans(connection, names, now - GIVEN_UP_AFTER):
                return 0
        with self.database.write() as connection:
            return deliveries.give_up_orphans(connection, names, now - GIVEN_UP_AFTER, now)


def make_hooks(
    settings: Settings,
    database: Database,
    mapped: Iterable[Webhook] = (),
    environ: Mapping[str, str] | None = None,
) -> Hooks:
    """Put the webhooks together as the settings and a mapping say; nothing runs yet.

    Args:
        mapped: those of the mapping.
        environ: where their secrets are; the process's own environment when left out.

    Raises:
        BadSecret: a variable does not hold what it should.
    """
    found = endpoints(settings, mapped, os.environ if environ is None else environ)
    return Hooks(database, found, Reach.of(settings.webhook_networks))
