"""Our own database finds no room on the disk: everybody is told so, nothing acknowledged is lost, and it goes on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from chaos_office import Office, Wish
from full_disk import Disk, settle, small_disk
from one_page import OnePage
from real_server import RealServer, installed
from web_office import PASSWORD, Browser

from qbwc_server import words
from qbwc_server.rehearsal.company import sample_company
from qbwc_server.rehearsal.connector import Outcome

# Above it both waitress and the door keep an answer in a temporary file.
LONG = 1 << 20


class Place:
    """A server on a disk that can be filled up, and an office that has worked with it."""

    def __init__(self, server: RealServer, disk: Disk) -> None:
        self.server = server
        self.disk = disk
        self.office = Office(server, sample_company(customers=24, items=20), seed=5)
        server.prepare("user", "add", "ada", "--role", "admin", "--password-stdin", said=f"{PASSWORD}\n")
        server.start()
        first = self.office.everything()
        self.office.work(first)
        self.office.verify(first)

    def fill(self) -> None:
        settle(self.server.folder / "qbwc.db")
        self.disk.fill(self.server.pid)

    def day(self) -> list[Wish]:
        """Change records, and ask."""
        wishes = self.office.day(whole=True)
        for wish in wishes:
            self.office.ask(wish)
        return wishes

    def goes_on(self, wishes: list[Wish]) -> None:
        """Give it room; the next visit brings everything that was acknowledged, and nothing else."""
        self.disk.empty(self.server.pid)
        report = self.office.connector.visit()
        assert (report.outcome, report.violations) == (Outcome.DONE, ())
        self.office.verify(wishes)
        assert self.server.ours("PRAGMA integrity_check") == [{"integrity_check": "ok"}]


@pytest.fixture(params=["small disk", "small files"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    website_url = f"sqlite:///{tmp_path / 'website.db'}"
    with (
        small_disk(str(request.param), tmp_path / "disk") as disk,
        installed(tmp_path / "disk" / "server", website_url=website_url) as server,
    ):
        yield Place(server, disk)


def test_nobody_is_told_of_anything_that_was_not_kept_and_all_goes_on_once_there_is_room(place: Place) -> None:
    wishes = place.day()
    browser = Browser(place.server.url)
    browser.sign_in("ada")
    place.fill()

    report = place.office.connector.visit()
    assert report.violations == ()
    assert report.outcome in (Outcome.BUSY, Outcome.STOPPED)

    refused = place.server.api("POST", "/api/v1/refreshes", {"company": "acme", "list": "item", "scope": "all"})
    assert refused.status == 503
    assert "cannot be used just now" in refused.body["detail"]
    assert place.server.api("GET", "/api/v1/refreshes").status == 200

    page = browser.submit(browser.get("/items/all"), "/items/all", sure="yes")
    assert page.status == 503
    assert words.text("en", "error.unavailable_title") in page.words
    assert "Traceback" not in page.text
    assert browser.get("/refreshes").status == 200

    place.goes_on(wishes)


def test_a_disk_that_is_full_when_the_answer_comes_refuses_it_and_it_is_fetched_again(place: Place) -> None:
    wishes = place.day()
    connector, books = place.office.connector, place.office.company
    ticket = connector.authenticate()[0]
    request = connector.send_request(ticket, books.hcp_response(), books.path)
    books.begin_session()
    answer = books.process(request)
    place.fill()

    assert connector.receive_response(ticket, answer) < 0
    assert connector.get_last_error(ticket) not in ("", words.text("en", "visit.ok"))
    assert connector.close_connection(ticket)
    assert connector.violations == []
    states = {place.server.refresh(one)["state"] for wish in wishes for one in wish.ids}
    assert states <= {"sent", "waiting"}
    books.end_session()
    connector.disconnect()

    place.goes_on(wishes)


def test_an_answer_too_long_for_the_temporary_folder_is_answered_as_the_protocol_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk("small disk", tmp_path / "temporary") as disk:
        monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
        with installed(tmp_path / "server") as server:
            books = OnePage(sample_company(customers=1000, items=1))
            account = server.add_company("acme", books.company)
            connector = server.connector(account, books)
            server.start()
            server.ask("acme", "customer", scope="all")
            assert connector.visit().outcome is Outcome.DONE
            assert books.longest > LONG
            refresh_id = server.ask("acme", "customer", scope="all")[0]["id"]
            disk.fill(server.pid)

            report = connector.visit()
            assert report.violations == ()
            assert report.outcome is Outcome.STOPPED
            assert report.status.startswith(words.text("en", "code.internal.message"))
            assert server.refresh(refresh_id)["state"] == "waiting"

            disk.empty(server.pid)
            assert connector.visit().outcome is Outcome.DONE
            assert server.final([refresh_id])[0]["outcome"] == "unchanged"
