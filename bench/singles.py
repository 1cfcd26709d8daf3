"""Single refreshes that all wait at once: how many round trips a visit takes for them, and what they cost."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench import databases, floor
from bench.lists import spread
from bench.office import Office, Read
from bench.quickbooks import Books
from bench.servers import serving
from bench.wire import Line

# The most that one call of the API takes.
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Round:
    """Refreshes asked for and fetched.

    Attributes:
        asking: seconds of the calls that asked.
        read: the visit that brought them, until all were published.
        floor: of the same records.
    """

    asking: float
    read: Read
    floor: floor.Cost


def show(engine: str, customers: int, rounds: int) -> None:
    """Measure, and print the figures.

    Raises:
        NotPublished: see there.
    """
    found = [measure(engine, customers) for _ in range(rounds)]
    print(f"{customers} refreshes on {engine}, {rounds} rounds\n")
    print("| measured | median | rounds |")
    print("|---|---|---|")
    rows = (
        ("round trips in the visit", [one.read.visit.round_trips for one in found], ".0f"),
        (
            "the visit until all are published, times the floor",
            [one.read.seconds / one.floor.seconds for one in found],
            ".1f",
        ),
        ("the same in processor time", [one.read.cpu / one.floor.cpu for one in found], ".1f"),
        ("asking for them, times the floor", [one.asking / one.floor.seconds for one in found], ".1f"),
        ("(the visit until all are published, s)", [one.read.seconds for one in found], ".2f"),
        ("(floor, s)", [one.floor.seconds for one in found], ".2f"),
    )
    for what, figures, form in rows:
        print(f"| {what} | {spread(figures, form)} |")


def measure(engine: str, customers: int) -> Round:
    """Ask for that many customers one by one, and fetch them in one visit.

    Raises:
        NotPublished: see there.
    """
    with tempfile.TemporaryDirectory(prefix="qbwc-bench-") as name, databases.fresh(engine, Path(name)) as three:
        books = Books(customers)
        with serving(Path(name), 1, three) as server, Line(server.port) as program, Line(server.port) as connector:
            office = Office(program, connector, server.accounts[0], server.token)
            office.warm_up(books, server.pid)
            began = time.perf_counter()
            for wish in wishes(books):
                office.ask(wish)
            asking = time.perf_counter() - began
            read = office.fetch(books, server.pid)
        return Round(asking, read, floor.cost(three.floor, books, books.sent))


def wishes(books: Books) -> list[dict[str, object]]:
    """Return what to ask the API for: every customer, each by its ListID."""
    everyone = [books.list_id(number) for number in range(books.customers)]
    return [{"list_ids": everyone[at : at + _AT_ONCE]} for at in range(0, len(everyone), _AT_ONCE)]
