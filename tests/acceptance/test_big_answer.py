"""An answer above libxml2's 10 MB text limit: taken in and published, without the memory following its size."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from one_page import OnePage
from poller import Poller
from real_server import RealServer, installed

from qbwc_server.rehearsal.company import sample_company

MB = 1 << 20
CUSTOMERS = 8_300
ANSWER = 12 * MB
MOST_MEMORY = 60 * MB
POLL_SECONDS = 1.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RealServer]:
    with installed(tmp_path / "server") as one:
        yield one


@pytest.mark.timeout(240)
def test_an_answer_of_12_mb_is_published_in_little_memory_while_others_are_served(server: RealServer) -> None:
    books = sample_company(customers=CUSTOMERS, items=1)
    big = OnePage(books)
    account = server.add_company("big", books)
    idle = server.add_company("idle")
    server.start()
    connector = server.connector(account, big, timeout=100)
    # What the process needs anyway is loaded by a small refresh.
    warm = server.ask("big", "customer", list_id=str(books.customers()[0]["ListID"]))
    connector.visit()
    server.final([warm[0]["id"]])
    before = server.memory("VmRSS")
    forget_peak(server.pid)
    with Poller(f"{server.url}/qbwc", idle) as poller:
        asked = server.ask("big", "customer", scope="all")
        began = time.monotonic()
        report = connector.visit()
        answered = time.monotonic() - began
        found = server.final([asked[0]["id"]], seconds=120)[0]
        published = time.monotonic() - began
        polls = poller.stop()
    grown = server.memory("VmHWM") - before
    slowest = max(call.seconds for call in report.calls)
    print(  # noqa: T201 - the figures, for those who look
        f"\nanswer {big.longest / MB:.1f} MB, {CUSTOMERS} records: slowest call {slowest:.1f} s, "
        f"visit {answered:.1f} s, published after {published:.1f} s; "
        f"memory {before / MB:.0f} MB + {grown / MB:.0f} MB; "
        f"{polls.visits} visits of another company meanwhile, slowest call {polls.longest:.2f} s"
    )
    assert big.longest > ANSWER
    assert report.violations == ()
    assert (found["state"], found["records"]) == ("published", CUSTOMERS)
    assert server.website("SELECT count(*) AS n FROM customers WHERE company = 'big'") == [{"n": CUSTOMERS}]
    assert server.ours("SELECT count(*) AS n FROM staging") == [{"n": 0}]
    assert polls.problems == ()
    assert polls.visits > 3
    assert polls.longest < POLL_SECONDS
    if sys.platform == "linux":
        assert grown < MOST_MEMORY


def forget_peak(pid: int) -> None:
    """Let VmHWM begin anew."""
    if sys.platform == "linux":
        Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
