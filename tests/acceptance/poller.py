"""The idle Web Connector of another company, in a process of its own: its calls wait for nobody but the server."""

import multiprocessing
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from types import TracebackType
from typing import Self

from real_server import Account

from qbwc_server.rehearsal.company import sample_company
from qbwc_server.rehearsal.connector import SimulatedConnector

_SECONDS = 30.0
_PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Polls:
    """What a poller saw: how often it came, its slowest call in seconds, and what departed from the protocol."""

    visits: int
    longest: float
    problems: tuple[str, ...]


class Poller:
    """Comes by as fast as it can, from entering to `stop`.

    Args:
        url: the server's, with /qbwc.
        account: of a company for which nothing waits.
    """

    def __init__(self, url: str, account: Account) -> None:
        spawned = multiprocessing.get_context("spawn")
        self._over = spawned.Event()
        self._begun = spawned.Event()
        self._said = spawned.SimpleQueue()
        self._process = spawned.Process(
            target=_poll, args=(url, account.user, account.password, self._begun, self._over, self._said), daemon=True
        )

    def __enter__(self) -> Self:
        self._process.start()
        assert self._begun.wait(_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        self._process.join(_SECONDS)
        self._said.close()

    def stop(self) -> Polls:
        """End, and tell."""
        self._over.set()
        found: Polls = self._said.get()
        return found


def _poll(
    url: str,
    user: str,
    password: str,
    begun: Event,
    over: Event,
    said: "multiprocessing.SimpleQueue[Polls]",
) -> None:
    connector = SimulatedConnector(url, user, password, sample_company(customers=1, items=1))
    visits, longest = 0, 0.0
    problems: list[str] = []
    begun.set()
    while not over.wait(_PAUSE):
        report = connector.visit()
        visits += 1
        longest = max(longest, *(call.seconds for call in report.calls))
        problems += report.violations
    said.put(Polls(visits, longest, tuple(problems)))
