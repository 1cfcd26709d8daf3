"""Empty polls: what a Web Connector does all day. Four calls against four calls that do nothing with the same bytes."""

import time
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from bench import soap
from bench.servers import Account
from bench.wire import Line

_HEAD_START = 0.1


class NotEmpty(Exception):
    """The poll was not answered with "none"."""

    def __init__(self, answer: str) -> None:
        super().__init__(
            f"authenticate answered {answer!r} instead of 'none': something waits, or the account is wrong."
        )


class Run(NamedTuple):
    """What one connector is to do: poll from `start` (monotonic) for `seconds`."""

    port: int
    account: Account
    empty: bool
    start: float
    seconds: float


def cost(pool: ProcessPoolExecutor, port: int, accounts: tuple[Account, ...], seconds: float, *, noop: bool) -> float:
    """Return the seconds a poll takes when as many connectors as there are accounts poll without a pause.

    With several connectors it is the time between two polls done, whoever did them.
    """
    start = time.monotonic() + _HEAD_START
    runs = [Run(port, account, not noop, start, seconds) for account in accounts]
    return 1 / sum(pool.map(_rate, runs))


def _rate(run: Run) -> float:
    """Poll, and return polls a second."""
    opening = soap.greeting(run.account.user, run.account.password)
    # A ticket is always as long as this one; the no-op gives none.
    ticket = "t" * 43
    done = 0
    with Line(run.port) as line:
        while time.monotonic() < run.start:
            time.sleep(0.001)
        began = time.monotonic()
        while time.monotonic() - began < run.seconds:
            for message in opening:
                answer = line.call(message)
            if run.empty:
                ticket, word = soap.ticket(answer)
                if word != "none":
                    raise NotEmpty(word)
            line.call(soap.close(ticket))
            done += 1
        return done / (time.monotonic() - began)
