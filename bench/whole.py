"""A whole list in one answer, from a QuickBooks too old for iterators, while another company's Web Connector polls."""

import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path

from bench import databases, process, soap
from bench.lists import MB
from bench.office import NotPublished, Office
from bench.quickbooks import Books, VersionTooNew
from bench.servers import Account, serving
from bench.visit import NotTaken
from bench.wire import Line

NEWEST = "4.0"
HCP = soap.hcp("2.0", "2.1", "3.0", NEWEST)
_PAUSE = 0.05


def show(engine: str, customers: int) -> None:
    """Measure, and print the figures."""
    with (
        tempfile.TemporaryDirectory(prefix="qbwc-bench-") as name,
        databases.fresh(engine, Path(name)) as three,
        serving(Path(name), 2, three) as server,
        Line(server.port) as program,
        Line(server.port) as connector,
    ):
        office = Office(program, connector, server.accounts[0], server.token)
        office.ask({"scope": "all"})
        try:
            with polling(server.port, server.accounts[1]) as slowest:
                read = office.fetch(Books(customers, NEWEST), server.pid, HCP)
        except (NotPublished, NotTaken, VersionTooNew) as problem:
            print(f"not in this version: {problem}")
            return
        memory = process.peak(server.pid)
    print(f"{customers} customers on {engine}\n")
    print("| measured | figure |")
    print("|---|---|")
    print(f"| the answer, MB | {read.visit.bytes / MB:.0f} |")
    print(f"| most memory of the server, MB | {memory / MB:.0f} |")
    print(f"| slowest call, s | {read.visit.slowest:.1f} |")
    print(f"| until all was published, s | {read.seconds:.1f} |")
    print(f"| another company's polls meanwhile | {slowest[0]:.0f} |")
    print(f"| the slowest of them, s | {slowest[1]:.2f} |")


@contextmanager
def polling(port: int, account: Account) -> Iterator[list[float]]:
    """Let an account for which nothing waits poll in a process of its own.

    Gives a list that holds, after the block, how many polls were made and the seconds of the slowest.
    """
    spawned = multiprocessing.get_context("spawn")
    over, said = spawned.Event(), spawned.SimpleQueue()
    poller = spawned.Process(target=_poll, args=(port, account, over, said), daemon=True)
    poller.start()
    found: list[float] = []
    # Its first poll is over before the block begins.
    said.get()
    try:
        yield found
    finally:
        over.set()
        found += said.get()
        poller.join()


def _poll(port: int, account: Account, over: Event, said: "multiprocessing.SimpleQueue[list[float]]") -> None:
    polls, slowest = 0, 0.0
    with Line(port) as line:
        while not over.wait(_PAUSE):
            began = time.perf_counter()
            for message in soap.greeting(account.user, account.password):
                answer = line.call(message)
            line.call(soap.close(soap.ticket(answer)[0]))
            if polls:
                slowest = max(slowest, time.perf_counter() - began)
            else:
                said.put([])
            polls += 1
    said.put([polls, slowest])
