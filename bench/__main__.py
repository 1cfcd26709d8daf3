"""Runs the measurements and prints the table of docs/performance.md.

Each figure is a ratio to the no-op of the same round: the two servers take turns, so that whatever else the machine
does weighs on both alike, and the median of the rounds is shown.
"""

import argparse
import multiprocessing
import os
import platform
import statistics
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench import disk, polls, refreshes
from bench.servers import Servers, running

CONNECTORS = (1, 8)


def main() -> None:
    """Measure, and print a row for each measurement."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Costs as ratios to a WSGI no-op.")
    parser.add_argument("--rounds", type=_several, default=20, help="how often the servers take turns (default: 20)")
    parser.add_argument("--seconds", type=float, default=0.5, help="of polling in a turn (default: 0.5)")
    parser.add_argument("--refreshes", type=int, default=8, help="refreshes in a turn; 0 leaves them out (default: 8)")
    given = parser.parse_args()
    print(f"{os.cpu_count()} processors, {platform.system()}, Python {platform.python_version()}\n")
    print("| measured | times the no-op, median | middle half of the rounds |")
    print("|---|---|---|")
    spawned = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="qbwc-bench-") as folder,
        running(Path(folder), max(CONNECTORS)) as servers,
        ProcessPoolExecutor(max(CONNECTORS), mp_context=spawned) as pool,
    ):
        for connectors in CONNECTORS:
            turns = [_polls(pool, servers, connectors, given.seconds) for _ in range(given.rounds + 1)]
            _show(f"empty poll (4 calls), {connectors} at once", turns)
        if given.refreshes:
            both = [_refreshes(servers, Path(folder), number, given.refreshes) for number in range(given.rounds + 1)]
            _show(f"single refresh ({refreshes.CALLS} calls), until published", [one for one, _ in both])
            _show(
                f"for comparison: one flush to this disk, to the same {refreshes.CALLS} calls", [one for _, one in both]
            )


def _several(text: str) -> int:
    number = int(text)
    if number < 2:
        raise argparse.ArgumentTypeError("give 2 or more, to have a spread")
    return number


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


if __name__ == "__main__":
    main()
