"""The server killed while it takes in a large answer, part by part: nothing is lost, and nothing counts twice."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from one_page import OnePage
from real_server import RealServer, installed

from qbwc_server.rehearsal.company import sample_company
from qbwc_server.rehearsal.connector import Outcome

CUSTOMERS = 2600
SET_ASIDE = (
    "kill 1 receiveResponseXML answers._stage ours before",
    "kill 2 receiveResponseXML answers._stage ours after",
)
# No more, or QuickBooks would be spared a request of which it never survives.
POINTS = (
    *SET_ASIDE,
    "kill 2 receiveResponseXML visiting._accept_part ours after",
    "kill 1 receiveResponseXML visiting._accept ours after",
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RealServer]:
    with installed(tmp_path / "server") as one:
        yield one


def test_a_large_answer_counts_once_wherever_its_taking_in_was_cut_off(server: RealServer) -> None:
    books = sample_company(customers=CUSTOMERS, items=1)
    account = server.add_company("acme", books)
    connector = server.connector(account, OnePage(books))
    server.start(crashing=True)
    run = server.ask("acme", "customer", scope="all")[0]["id"]
    for point in POINTS:
        server.order(point)
        assert connector.visit().outcome is Outcome.FAILED
        assert server.has_died(5.0), point
        # Once the answer is known to be whole its parts count, each by itself, as the pages of a list do.
        assert (server.ours("SELECT count(*) AS n FROM records") == [{"n": 0}]) == (point in SET_ASIDE), point
        server.order("go on")
        server.start(crashing=True)
    # The last death came after the commit: everything is there, only the reply was lost.
    connector.visit()
    found = server.final([run], seconds=60)[0]
    assert (found["state"], found["outcome"], found["records"]) == ("published", "inserted", CUSTOMERS)
    assert server.website("SELECT count(*) AS n FROM customers") == [{"n": CUSTOMERS}]
    assert server.ours("SELECT kind, count(*) AS n FROM changes GROUP BY kind") == [{"kind": "created", "n": CUSTOMERS}]


def test_what_a_dead_process_had_set_aside_is_swept(server: RealServer) -> None:
    books = sample_company(customers=CUSTOMERS, items=1)
    account = server.add_company("acme", books)
    server.start(crashing=True)
    server.ask("acme", "customer", scope="all")
    server.order(SET_ASIDE[1])
    server.connector(account, OnePage(books)).visit()
    assert server.has_died(5.0)
    assert server.ours("SELECT count(*) AS n FROM staging") == [{"n": 2500}]
    server.pretend("UPDATE staging SET staged_at = '2001-01-01 00:00:00'")
    server.start()
    end = time.monotonic() + 10
    while server.ours("SELECT count(*) AS n FROM staging") != [{"n": 0}]:
        assert time.monotonic() < end
        time.sleep(0.05)
