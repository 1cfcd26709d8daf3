"""The live hold at a real server: QBWC's own wait, and a second refresh in the visit of the first."""

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from real_server import Account, RealServer, installed

from qbwc_server.rehearsal.company import SimulatedCompany, sample_company
from qbwc_server.rehearsal.connector import Habits, Outcome, SimulatedConnector, VisitReport

WAIT = 0.2
FRIENDLY = "Done; nothing else waits."


class InMode:
    """A company file that is open in single-user or multi-user mode."""

    def __init__(self, books: SimulatedCompany, mode: str) -> None:
        self.books = books
        self.mode = mode

    def __getattr__(self, name: str) -> Any:
        return getattr(self.books, name)

    def hcp_response(self) -> str:
        """What QuickBooks says of itself."""
        return re.sub("<QBFileMode>[A-Za-z]*<", f"<QBFileMode>{self.mode}<", self.books.hcp_response())


class Visiting:
    """One visit, in a thread of its own; its waits are short."""

    def __init__(self, server: RealServer, account: Account, books: SimulatedCompany, mode: str = "MultiUser") -> None:
        self.connector = SimulatedConnector(
            f"{server.url}/qbwc",
            account.user,
            account.password,
            InMode(books, mode),
            timeout=60,
            habits=Habits(noop_wait=WAIT),
        )
        self.report: VisitReport | None = None
        self.thread = threading.Thread(target=self._visit)
        self.thread.start()

    def _visit(self) -> None:
        self.report = self.connector.visit()

    def end(self, seconds: float = 20.0) -> VisitReport:
        """Wait for its end."""
        self.thread.join(seconds)
        assert not self.thread.is_alive(), "the visit has no end"
        assert self.report is not None
        assert self.report.violations == ()
        return self.report


def names(report: VisitReport) -> list[str]:
    return [call.name for call in report.calls]


def ask(server: RealServer, books: SimulatedCompany, number: int) -> int:
    return int(server.ask("acme", "customer", list_id=str(books.customers()[number]["ListID"]))[0]["id"])


def begun(server: RealServer, *, hold: str, mode: str = "MultiUser") -> tuple[SimulatedCompany, Visiting, float]:
    """A visit that has brought the first record; when that was asked for."""
    books = sample_company(customers=5, items=1)
    account = server.add_company("acme", books)
    if hold != "off":
        server.prepare("company", "hold", "acme", hold)
    server.start()
    first = ask(server, books, 0)
    asked = time.monotonic()
    visiting = Visiting(server, account, books, mode)
    assert server.final([first])[0]["state"] == "published"
    return books, visiting, asked


def test_the_next_refresh_goes_out_in_the_same_visit_until_the_time_is_over(tmp_path: Path) -> None:
    with installed(tmp_path / "server") as server:
        books, visiting, _ = begun(server, hold="4")
        time.sleep(2 * WAIT)
        second = ask(server, books, 1)
        asked = time.monotonic()

        assert server.final([second], 5.0)[0]["state"] == "published"
        report = visiting.end()

        assert 3.5 < time.monotonic() - asked < 10, "held for four seconds after the last time that somebody asked"
        assert names(report).count("authenticate") == 1
        assert report.percentages == (99, 99)
        assert (report.outcome, report.status) == (Outcome.STOPPED, FRIENDLY)
        assert names(report)[-3:] == ["sendRequestXML", "getLastError", "closeConnection"]


ENDINGS: dict[str, Callable[[RealServer], object]] = {
    "paused": lambda server: server.prepare("company", "pause", "acme"),
    "freed for a while": lambda server: server.prepare("company", "pause", "acme", "--minutes", "15"),
    "switched off": lambda server: server.prepare("company", "hold", "acme", "off"),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_hold_is_ended_at_once(tmp_path: Path, ending: str) -> None:
    with installed(tmp_path / "server") as server:
        _, visiting, _ = begun(server, hold="60")
        time.sleep(2 * WAIT)
        assert visiting.thread.is_alive()

        ENDINGS[ending](server)

        visiting.end(10.0)


@pytest.mark.parametrize(("hold", "mode"), [("60", "SingleUser"), ("off", "MultiUser")])
def test_a_file_in_single_user_mode_and_a_company_without_a_hold_are_left_alone(
    tmp_path: Path, hold: str, mode: str
) -> None:
    with installed(tmp_path / "server") as server:
        _, visiting, _ = begun(server, hold=hold, mode=mode)
        report = visiting.end(10.0)
        assert report.outcome is Outcome.DONE
        assert report.percentages == (100,)
        assert "getLastError" not in names(report)
