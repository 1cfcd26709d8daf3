"""Whether the cost grows with the work and nothing else: with the records read, not with those that stay the same.

A list ten times as long is read into an empty installation; then 50 changed records are fetched from it, and from a
short list.
"""

import contextlib
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import databases, process
from bench.lists import MB
from bench.office import NotInThisVersion, Office, Read
from bench.quickbooks import Books
from bench.servers import serving
from bench.wire import Line

TIMES = 10
CHANGED = 50
FEW = 2000
_READINGS = 5


@dataclass(frozen=True, slots=True)
class Grown:
    """What a list of one size cost.

    Attributes:
        whole: reading all of it into an empty installation.
        memory: the server's most until then, in bytes.
        changed: median seconds of fetching 50 changed records; None if the server cannot.
    """

    whole: Read
    memory: int
    changed: float | None


def show(engine: str, customers: int) -> None:
    """Measure, and print the figures."""
    few, some, many = (measure(engine, count) for count in (FEW, customers, customers * TIMES))
    print(f"on {engine}\n")
    print("| measured | ratio | of |")
    print("|---|---|---|")
    _row(f"time a record, {customers * TIMES} to {customers} records", many.whole.seconds, some.whole.seconds * TIMES)
    _row("the same in processor time", many.whole.cpu, some.whole.cpu * TIMES)
    print(
        f"| most memory, the same | {many.memory / some.memory:.2f} | {many.memory // MB} to {some.memory // MB} MB |"
    )
    what = f"{CHANGED} changed records among {customers * TIMES} to among {FEW}"
    if few.changed is None or many.changed is None:
        print(f"| {what} | not in this version | |")
    else:
        _row(what, many.changed, few.changed)


def _row(what: str, above: float, below: float) -> None:
    print(f"| {what} | {above / below:.2f} | {above:.2f} to {below:.2f} s |", flush=True)


def measure(engine: str, customers: int) -> Grown:
    """Measure a list of that many customers."""
    with office(engine, customers) as (one, books, pid):
        one.warm_up(books, pid)
        whole = one.read(books, {"scope": "all"}, pid)
        memory = process.peak(pid)
        readings = []
        with contextlib.suppress(NotInThisVersion):
            for number in range(_READINGS + 1):
                books.change(changed(customers, number))
                readings.append(one.read(books, {"scope": "changed"}, pid).seconds)
    # The first is what the server does only once.
    return Grown(whole, memory, statistics.median(readings[1:]) if readings else None)


def changed(customers: int, number: int) -> tuple[int, ...]:
    """Return 50 customers spread over the list, others for each number."""
    return tuple((place * (customers // CHANGED) + number) % customers for place in range(CHANGED))


@contextlib.contextmanager
def office(engine: str, customers: int) -> Iterator[tuple[Office, Books, int]]:
    """Run a server with one company; gives that, its books and the server's process."""
    with (
        tempfile.TemporaryDirectory(prefix="qbwc-bench-") as name,
        databases.fresh(engine, Path(name)) as three,
        serving(Path(name), 1, three) as server,
        Line(server.port) as program,
        Line(server.port) as connector,
    ):
        yield Office(program, connector, server.accounts[0], server.token), Books(customers), server.pid
