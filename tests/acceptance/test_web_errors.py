import logging
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from web_office import Browser, running

from qbwc_server.cli.installing import install
from qbwc_server.publish import Website
from qbwc_server.refreshing import Refreshing
from qbwc_server.settings import load_settings
from qbwc_server.store import observations
from qbwc_server.store.database import Database
from qbwc_server.web import make_web


def test_a_page_that_breaks_gives_a_reference_that_stands_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running(tmp_path, filled=False) as office:
        browser = Browser(office.url)
        browser.sign_in("marie")
        values = {"ListID": "8-1", "Name": "secret-name", "FullName": "secret-name", "IsActive": True}
        with office.app.database.write() as connection:
            seen = observations.Seen("customer", "8-1", {**values, "EditSequence": "1"}, frozenset(values))
            observations.observe(connection, office.company, "customer", [seen], datetime.now(UTC))
            connection.execute(text("UPDATE records SET \"values\" = '17'"))
        with caplog.at_level(logging.ERROR):
            page = browser.get(f"/customers/{office.company}/8-1?q=secret-query")
    assert page.status == 500
    reference = re.search(r"Reference ([0-9a-f]{8})", page.words)
    assert reference is not None
    assert "Something went wrong on our side" in page.words
    assert "Traceback" not in page.text
    assert reference[1] in caplog.text
    assert "secret" not in caplog.text


def test_a_database_that_cannot_be_used_is_said_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running(tmp_path, filled=False) as office:
        browser = Browser(office.url)
        browser.sign_in("marie")
        with office.app.database.write() as connection:
            connection.execute(text("ALTER TABLE refreshes RENAME TO gone"))
        page = browser.get("/refreshes")
        with office.app.database.write() as connection:
            connection.execute(text("ALTER TABLE gone RENAME TO refreshes"))
        again = browser.get("/refreshes")
    assert page.status == 503
    assert page.headers["Retry-After"] == "10"
    assert '<meta http-equiv="refresh" content="10">' in page.text
    assert "The server is not ready" in page.words
    assert re.search(r"Reference ([0-9a-f]{8})", page.words)
    assert again.status == 200
    assert "[parameters:" not in caplog.text


def test_wrong_methods_and_unknown_pages_say_what_to_do(tmp_path: Path) -> None:
    with running(tmp_path, filled=False, own={"support_contact": "Marie, 555-0100"}) as office:
        browser = Browser(office.url)
        home = browser.sign_in("ada")
        token = dict(home.form("/sign-out").fields)["csrf_token"]
        assert browser.get("/nope").status == 404
        assert "Marie, 555-0100" in browser.get("/nope").words
        assert browser.post("/connection", [("csrf_token", token)]).status == 405
        assert browser.post("/customers/find", [("csrf_token", token), ("q", " ")]).status == 400
        assert browser.post("/customers/find", [("csrf_token", token), ("q", "x" * 300_000)]).status == 413


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/customers?q=%00", 400),
        ("/customers?%00=x", 400),
        ("/customers?after=WyJcdTAwMDAiLCJhIiwiYiJd", 422),
        ("/customers?after=WyJcdWQ4MDAiLCAiYSIsICJiIl0", 422),
        ("/customers/acme/%00", 404),
        ("/customers/acme/a%00b/refresh", 404),
        ("/refreshes/999999999999999999999", 404),
        ("/refreshes/999999999999999999999/status", 404),
    ],
)
def test_what_no_database_can_look_for_is_refused_at_the_door(tmp_path: Path, path: str, status: int) -> None:
    with running(tmp_path, filled=False) as office:
        browser = Browser(office.url)
        browser.sign_in("marie")
        assert browser.get(path).status == status


def test_a_form_with_a_nul_in_it_is_refused_at_the_door(tmp_path: Path) -> None:
    with running(tmp_path, filled=False) as office:
        browser = Browser(office.url)
        assert browser.sign_in("a\0b").status == 400
        token = dict(browser.sign_in("marie").form("/sign-out").fields)["csrf_token"]
        for path in ("/refreshes/999999999999999999999/cancel", "/refreshes/999999999999999999999/retry"):
            assert browser.post(path, [("csrf_token", token)]).status == 404
        assert browser.post("/customers/refresh", [("csrf_token", token), ("record", "acme/\0")]).status == 400


def test_what_cannot_be_asked_for_is_told_with_the_reason_in_the_readers_language(tmp_path: Path) -> None:
    with running(tmp_path, filled=False) as office:
        browser = Browser(office.url)
        token = dict(browser.sign_in("marie").form("/sign-out").fields)["csrf_token"]
        fields = [("csrf_token", token), ("q", "tab\tbed")]
        english, french = (browser.post(f"/customers/find?lang={each}", fields) for each in ("en", "fr"))
        place = browser.get("/customers?after=x&lang=en")
    assert (english.status, french.status, place.status) == (422, 422, 422)
    assert "holds characters that QuickBooks does not have" in english.words
    assert "contient des caractères que QuickBooks" in french.words
    assert "begin at the first page" in place.words


def test_the_first_pages_of_an_empty_installation_say_how_to_go_on(tmp_path: Path) -> None:
    with running(tmp_path, filled=False) as office:
        browser = Browser(office.url)
        assert "Nothing has come from QuickBooks yet" in browser.sign_in("marie").words
        assert "No customer has come from QuickBooks yet" in browser.get("/customers").words
        assert "Nothing is waiting" in browser.get("/refreshes").words
        assert "The Web Connector has not called yet" in browser.get("/connection").words


def test_readiness_follows_the_databases_and_says_no_more(tmp_path: Path) -> None:
    settings = load_settings({"data_dir": tmp_path / "data"}, {})
    install(settings)
    database = Database(settings.database_url.get_secret_value())
    website = Website(settings.website_database_url.get_secret_value(), "stream", frozenset())
    pages = make_web(settings, database, Refreshing(database), website=website).test_client()
    assert (pages.get("/readyz").status_code, pages.get("/readyz").text) == (200, "ok\n")
    with closing(sqlite3.connect(tmp_path / "data" / "website.db")) as connection, connection:
        connection.execute("DROP TABLE customers")
    connection.close()
    assert (pages.get("/readyz").status_code, pages.get("/readyz").text) == (503, "not ok\n")
    assert pages.get("/healthz").status_code == 200
    website.close()
    database.close()
