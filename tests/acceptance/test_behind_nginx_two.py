"""Two server processes on one PostgreSQL behind a real nginx that shares the calls out: they are one server."""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from proxies import TO_TWO, Dialling, Site, served
from real_server import RealServer

from qbwc_server.rehearsal.company import SimulatedCompany, sample_company
from qbwc_server.rehearsal.connector import Outcome

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="calls from 127.0.0.77"),
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]

CUSTOMERS = 900
PAGES = 5


@pytest.fixture
def site(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    Dialling().install(monkeypatch)
    with served(TO_TWO, tmp_path, database_url) as one:
        yield one


@pytest.fixture
def twin(site: Site) -> RealServer:
    assert site.twin is not None
    return site.twin


class Mortal:
    """A company during whose work on a request one server process is killed."""

    def __init__(self, company: SimulatedCompany, server: RealServer, request: int) -> None:
        self.company = company
        self.path = company.path
        self.country = company.country
        self.begin_session = company.begin_session
        self.end_session = company.end_session
        self.hcp_response = company.hcp_response
        self.server = server
        self.left = request

    def process(self, qbxml: str, /) -> str:
        self.left -= 1
        if self.left == 0:
            self.server.kill()
        return self.company.process(qbxml)


def test_a_visit_of_several_pages_goes_to_both_and_is_one_visit(site: Site, twin: RealServer) -> None:
    books = sample_company(customers=CUSTOMERS, items=20)
    account = site.server.add_company("acme", books)
    asked = site.server.ask("acme", "customer", scope="all") + twin.ask("acme", "item", scope="all")
    before = shared_out(site, "/qbwc")

    report = site.connector(account, books).visit()

    assert (report.outcome, report.violations) == (Outcome.DONE, ())
    calls = shared_out(site, "/qbwc") - before
    assert calls.total() == len(report.calls) > 2 * PAGES
    assert min(calls[one.port] for one in (site.server, twin)) > len(report.calls) // 3, "in turn"
    found = twin.final([one["id"] for one in asked], seconds=30)
    assert [(one["state"], one["records"]) for one in found] == [("published", CUSTOMERS), ("published", 20)]
    assert site.server.ours("SELECT count(*) AS n FROM visits") == [{"n": 1}]


def test_who_signed_in_at_one_is_signed_in_at_both(site: Site, twin: RealServer) -> None:
    browser = site.browser()
    browser.submit(browser.get(f"{site.url}/sign-in"), "/sign-in", user="ada", password="correct horse")
    before = shared_out(site, "/customers")
    for _ in range(6):
        page = browser.get(f"{site.url}/customers")
        assert (page.status, page.url) == (200, f"{site.url}/customers")
    assert set(shared_out(site, "/customers") - before) == {site.server.port, twin.port}
    # The form's token came from one; one that is not known to the other would be refused.
    for language in ("fr", "en", "fr"):
        page = browser.submit(browser.get(f"{site.url}/account"), "/account/language", language=language)
        assert page.status == 200
    assert site.server.ours("SELECT language FROM users WHERE name = 'ada'") == [{"language": "fr"}]


@pytest.mark.parametrize("dying", [0, 1])
def test_a_process_that_is_killed_in_the_middle_of_a_visit_does_not_end_it(
    site: Site, twin: RealServer, dying: int
) -> None:
    both: tuple[RealServer, RealServer] = (site.server, twin)
    killed, living = both[dying], both[1 - dying]
    books = sample_company(customers=CUSTOMERS, items=20)
    account = site.server.add_company("acme", books)
    asked = site.server.ask("acme", "customer", scope="all") + site.server.ask("acme", "item", scope="all")

    report = site.connector(account, Mortal(books, killed, 3)).visit()

    assert not killed.is_running
    assert (report.outcome, report.violations) == (Outcome.DONE, ())
    # What it had claimed for publishing is free once it is there again.
    killed.start()
    found = living.final([one["id"] for one in asked], seconds=60)
    assert [(one["state"], one["records"]) for one in found] == [("published", CUSTOMERS), ("published", 20)]
    assert len(living.website("SELECT list_id FROM customers WHERE company = 'acme'")) == CUSTOMERS
    assert living.ours("SELECT count(*) AS n FROM visits") == [{"n": 1}]


def shared_out(site: Site, path: str) -> Counter[int]:
    """Count who answered so far, by the process's port; a call that was passed on counts for who took it."""
    lines = (site.server.folder / "behind.log").read_text(encoding="ascii").splitlines()
    answered = [line.rpartition(" ") for line in lines]
    return Counter(int(who.rpartition(":")[2]) for who, _, asked in answered if asked == path)
