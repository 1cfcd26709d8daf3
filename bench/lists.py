"""A whole list: asked for through the API, read by one visit, published; against the floor of the same records."""

import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from bench import databases, floor, process
from bench.office import Office, Read
from bench.quickbooks import Books
from bench.servers import serving
from bench.wire import Line

MB = 1 << 20


class WroteForNothing(Exception):
    """Rows of the website were written though nothing had changed."""

    def __init__(self) -> None:
        super().__init__("The list was read again with nothing changed, and yet rows of the website were written.")


@dataclass(frozen=True, slots=True)
class Round:
    """A list read into an empty installation, read again with nothing changed, and the floor.

    Attributes:
        first, again: what it cost.
        floor: of the first reading.
        memory: the server process at its most, in bytes.
    """

    first: Read
    again: Read
    floor: floor.Cost
    memory: int


def show(engine: str, customers: int, rounds: int) -> None:
    """Measure, and print the figures: the median of the rounds and how far these lie apart.

    Raises:
        NotPublished, WroteForNothing: see there.
    """
    found = [measure(engine, customers) for _ in range(rounds)]
    first = found[0].first.visit
    print(f"{customers} customers on {engine}, {first.round_trips} round trips, {rounds} rounds\n")
    print("| measured | median | rounds |")
    print("|---|---|---|")
    rows: tuple[tuple[str, Callable[[Round], float], str], ...] = (
        ("first reading until published, times the floor", lambda one: one.first.seconds / one.floor.seconds, ".1f"),
        ("the same in processor time of the two programs", lambda one: one.first.cpu / one.floor.cpu, ".1f"),
        (
            "first reading, times the second with nothing changed",
            lambda one: one.first.seconds / one.again.seconds,
            ".2f",
        ),
        ("the same in processor time", lambda one: one.first.cpu / one.again.cpu, ".2f"),
        ("most memory of the server, MB", lambda one: one.memory / MB, ".0f"),
        ("slowest call, s", lambda one: one.first.visit.slowest, ".2f"),
        ("(first reading, s)", lambda one: one.first.seconds, ".2f"),
        ("(of this, waited for in calls, s)", lambda one: one.first.visit.waited, ".2f"),
        ("(processor time of the server, s)", lambda one: one.first.cpu, ".2f"),
        ("(floor: lxml, s)", lambda one: one.floor.reading, ".2f"),
        ("(floor: the driver, s)", lambda one: one.floor.writing, ".2f"),
        ("(processor time of the floor, s)", lambda one: one.floor.cpu, ".2f"),
    )
    for what, figure, form in rows:
        print(f"| {what} | {spread([figure(one) for one in found], form)} |")


def spread(figures: Sequence[float], form: str) -> str:
    """Return the cells of a median and of the least and the greatest."""
    return f"{statistics.median(figures):{form}} | {min(figures):{form}} to {max(figures):{form}}"


def measure(engine: str, customers: int) -> Round:
    """Measure a list of that many customers on that engine.

    Raises:
        NotPublished, WroteForNothing: see there.
    """
    with tempfile.TemporaryDirectory(prefix="qbwc-bench-") as name, databases.fresh(engine, Path(name)) as three:
        books = Books(customers)
        with serving(Path(name), 1, three) as server, Line(server.port) as program, Line(server.port) as connector:
            office = Office(program, connector, server.accounts[0], server.token)
            office.warm_up(books, server.pid)
            first = office.read(books, {"scope": "all"}, server.pid)
            pages = tuple(books.sent)
            before = _rows(three.website)
            again = office.read(books, {"scope": "all"}, server.pid)
            if _rows(three.website) != before:
                raise WroteForNothing
            memory = process.peak(server.pid)
        return Round(first, again, floor.cost(three.floor, books, pages), memory)


def _rows(website: str) -> tuple[int, object]:
    """Return how many rows the website has, and when the last was written."""
    engine = sa.create_engine(website, poolclass=sa.NullPool)
    with engine.connect() as connection:
        count, last = connection.execute(sa.text("SELECT count(*), max(published_at) FROM customers")).one()
    engine.dispose()
    return count, last
