"""Single calls: empty polls and single refreshes, as ratios to a WSGI application that does nothing.

Each figure is a ratio to the no-op of the same round: the two servers take turns, so that whatever else the machine
does weighs on both alike, and the median of the rounds is shown.
"""

import multiprocessing
import statistics
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench import disk, polls, refreshes
from bench.servers import Servers, running

CONNECTORS = (1, 8)


def show(rounds: int, seconds: float, count: int) -> None:
    """Measure, and print a row for each measurement.

    Args:
        rounds: how often the servers take turns.
        seconds: of polling in a turn.
        count: refreshes in a turn; 0 leaves them out.
    """
    print("| measured | times the no-op, median | middle half of the rounds |")
    print("|---|---|---|")
    spawned = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="qbwc-bench-") as folder,
        running(Path(folder), max(CONNECTORS)) as servers,
        ProcessPoolExecutor(max(CONNECTORS), mp_context=spawned) as pool,
    ):
        for connectors in CONNECTORS:
            turns = [_polls(pool, servers, connectors, seconds) for _ in range(rounds + 1)]
            _show(f"empty poll (4 calls), {connectors} at once", turns)
        if count:
            both = [_refreshes(servers, Path(folder), number, count) for number in range(rounds + 1)]
            _show(f"single refresh ({refreshes.CALLS} calls), until published", [one for one, _ in both])
            _show(
                f"for comparison: one flush to this disk, to the same {refreshes.CALLS} calls", [one for _, one in both]
            )


def _polls(pool: ProcessPoolExecutor, servers: Servers, connectors: int, seconds: float) -> float:
    accounts = servers.accounts[:connectors]
    noop = polls.cost(pool, servers.noop, accounts, seconds, noop=True)
    return polls.cost(pool, servers.qbwc, accounts, seconds, noop=False) / noop


def _refreshes(servers: Servers, folder: Path, number: int, count: int) -> tuple[float, float]:
    # The no-op is so much quicker that it is given ten times as many, to be measured over a like time.
    noop = refreshes.noop_cost(servers, count * 10)
    return refreshes.cost(servers, number, count) / noop, disk.flush_cost(folder, count) / noop


def _show(what: str, turns: list[float]) -> None:
    """Print a row; the first turn warmed the servers up and does not count."""
    low, middle, high = statistics.quantiles(turns[1:], n=4)
    print(f"| {what} | {middle:.1f} | {low:.1f} to {high:.1f} |", flush=True)
