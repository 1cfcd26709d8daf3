from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from web_office import Browser, WebOffice, running

from qbwc_server.store import companies

KNOWN = "80000001-1000000000"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebOffice]:
    with running(tmp_path_factory.mktemp("open")) as started:
        yield started


@pytest.fixture(scope="module")
def marie(office: WebOffice) -> Browser:
    browser = Browser(office.url)
    browser.sign_in("marie")
    return browser


@pytest.mark.parametrize("list_name", ["customer", "item"])
def test_the_link_leads_to_the_page_of_the_record(office: WebOffice, marie: Browser, list_name: str) -> None:
    list_id = office.list_id(list_name, "")
    for company in ("", f"&company={office.company}"):
        page = marie.get(f"/open?list={list_name}&list_id={list_id}{company}")
        assert page.status == 200
        assert page.url == f"{office.url}/{list_name}s/{office.company}/{list_id}"


def test_the_link_survives_signing_in(office: WebOffice) -> None:
    list_id = office.list_id("item", "")
    browser = Browser(office.url)
    asked = browser.get(f"/open?list=item&list_id={list_id}&company={office.company}")
    assert "/sign-in" in asked.url
    page = browser.submit(asked, "/sign-in", user="vera", password="correct horse")
    assert page.url == f"{office.url}/items/{office.company}/{list_id}"


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("", 400, "does not say which list"),
        ("list=vendor&list_id=1", 400, "list=customer, list=item"),
        ("list=items&list_id=1", 400, "list=customer, list=item"),
        ("list=item", 400, "does not say which record"),
        ("list=item&list_id=", 400, "does not say which record"),
        (f"list=item&list_id={quote(' 1 ')}", 400, "no blank at its beginning or end"),
        (f"list=item&list_id={'x' * 200}", 400, "is longer than"),
        ("list=item&list_id=1&company=nowhere", 404, "There is no company “nowhere” here."),
    ],
)
def test_a_link_that_leads_nowhere_says_why_and_how_it_should_be(
    marie: Browser, query: str, status: int, said: str
) -> None:
    page = marie.get(f"/open?{query}")
    assert page.status == status
    assert said in page.words
    assert "/open?list=item&amp;list_id=" in page.text


def test_a_record_not_known_yet_can_be_asked_for_by_who_may(office: WebOffice, marie: Browser) -> None:
    page = marie.get(f"/open?list=customer&list_id={KNOWN}")
    assert page.status == 404
    assert "This record is not known here yet" in page.words
    ask = f"/customers/{office.company}/{KNOWN}/refresh"
    assert f'href="{ask}"' in page.text
    marie.submit(marie.get(ask), ask)
    assert marie.get(f"/open?list=customer&list_id={KNOWN}").url.endswith(f"/customers/{office.company}/{KNOWN}")


def test_who_only_looks_is_told_whom_to_ask(office: WebOffice) -> None:
    vera = Browser(office.url)
    vera.sign_in("vera")
    page = vera.get("/open?list=item&list_id=FFFF-1")
    assert page.status == 404
    assert "Only operators and administrators may refresh. An administrator can change that: ada, demo." in page.words
    assert "/refresh" not in page.text.partition("<main")[2]


def test_the_link_is_only_looked_at(office: WebOffice, marie: Browser) -> None:
    before = office.app.refreshing.counts()
    marie.get(f"/open?list=item&list_id={office.list_id('item', '')}")
    marie.get("/open?list=item&list_id=FFFF-2")
    assert office.app.refreshing.counts() == before
    token = dict(marie.get("/").form("/sign-out").fields)["csrf_token"]
    assert marie.post("/open?list=item&list_id=1", [("csrf_token", token)]).status == 405


def test_with_several_companies_the_one_meant_is_chosen(tmp_path: Path) -> None:
    with running(tmp_path, filled=False) as office:
        with office.app.database.write() as connection:
            companies.add(
                connection, "other", title="Autre & Cie", user_name=None, company_file=None, now=datetime.now(UTC)
            )
        browser = Browser(office.url)
        browser.sign_in("marie")
        page = browser.get("/open?list=item&list_id=FFFF-1")
        assert page.status == 400
        assert "Autre &amp; Cie" in page.text
        assert 'href="/open?list=item&amp;list_id=FFFF-1&amp;company=other"' in page.text
        assert browser.get("/open?list=item&list_id=FFFF-1&company=other").status == 404
