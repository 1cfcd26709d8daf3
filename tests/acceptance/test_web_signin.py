import http.client
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from web_office import Browser, WebOffice, running


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebOffice]:
    with running(tmp_path_factory.mktemp("signin"), filled=False) as started:
        yield started


@pytest.fixture
def browser(office: WebOffice) -> Browser:
    return Browser(office.url)


@pytest.mark.parametrize(
    "path", ["/", "/customers", "/items/x/y", "/refreshes", "/refreshes/1", "/connection", "/connection/x/qwc", "/nope"]
)
def test_nobody_passes_without_signing_in(browser: Browser, path: str) -> None:
    page = browser.get(path)
    assert page.url.partition("?")[0].endswith("/sign-in")
    assert 'type="password"' in page.text


def test_a_head_is_led_to_the_sign_in_as_a_get_is(office: WebOffice) -> None:
    found = []
    for method in ("GET", "HEAD"):
        connection = http.client.HTTPConnection(urlsplit(office.url).netloc, timeout=20)
        connection.request(method, "/customers?q=x")
        answer = connection.getresponse()
        found.append((answer.status, answer.headers["Location"]))
        connection.close()
    assert found == [(303, "/sign-in?next=/customers?q%3Dx")] * 2


@pytest.mark.parametrize("path", ["/support", "/healthz", "/readyz", "/sign-in"])
def test_open_pages_answer_without_signing_in(browser: Browser, path: str) -> None:
    page = browser.get(path)
    assert page.status == 200
    assert page.url.endswith(path)


def test_health_says_only_ok_and_sets_no_cookie(browser: Browser) -> None:
    assert browser.get("/healthz").text == "ok\n"
    assert browser.get("/readyz").text == "ok\n"
    assert not list(browser.jar)


def test_signing_in_leads_to_the_page_that_was_wanted(browser: Browser) -> None:
    asked = browser.get("/customers?q=cook")
    page = browser.submit(asked, "/sign-in", user="marie", password="correct horse")
    assert page.status == 200
    assert page.url.endswith("/customers?q=cook")


@pytest.mark.parametrize("wanted", ["//evil.example/", "https://evil.example/", "/\\evil.example", "/%0d%0aX: y", "x"])
def test_signing_in_never_leads_elsewhere(office: WebOffice, wanted: str) -> None:
    browser = Browser(office.url)
    page = browser.get("/sign-in")
    token = dict(page.form("/sign-in").fields)["csrf_token"]
    fields = [("csrf_token", token), ("next", wanted), ("user", "marie"), ("password", "correct horse")]
    assert browser.post("/sign-in", fields).url.startswith(f"{office.url}/")


def test_a_wrong_password_and_an_unknown_name_read_the_same(office: WebOffice) -> None:
    pages = [Browser(office.url).sign_in(name, "wrong password") for name in ("omar", "nobody")]
    assert {page.status for page in pages} == {422}
    sentence = "The user name or the password is not right"
    assert all(sentence in page.words for page in pages)


def test_guessing_is_slowed_down(office: WebOffice) -> None:
    pages = [Browser(office.url).sign_in("ada-guess", "wrong password") for _ in range(11)]
    assert [page.status for page in pages] == [422] * 10 + [429]


def test_a_name_longer_than_any_account_has_is_refused_and_not_remembered(office: WebOffice) -> None:
    pages = [Browser(office.url).sign_in("x" * 101, "wrong password") for _ in range(11)]
    assert {page.status for page in pages} == {422}
    assert "The user name or the password is not right" in pages[0].words


def test_a_stranger_sends_no_more_than_a_sign_in_needs(office: WebOffice) -> None:
    assert Browser(office.url).sign_in("x" * 20_000, "wrong password").status == 413


def test_signing_in_gives_a_new_session_and_signing_out_ends_it(office: WebOffice) -> None:
    browser = Browser(office.url)
    browser.get("/sign-in")
    before = next(iter(browser.jar)).value
    browser.sign_in("marie")
    cookie = next(iter(browser.jar))
    assert cookie.value != before
    browser.submit(browser.get("/"), "/sign-out")
    thief = Browser(office.url)
    cookie_header = f"{cookie.name}={cookie.value}"
    page = thief.get("/customers", Cookie=cookie_header)
    assert "/sign-in" in page.url


def test_the_csrf_token_of_before_is_worth_nothing_after_signing_in(office: WebOffice) -> None:
    browser = Browser(office.url)
    old = dict(browser.get("/sign-in").form("/sign-in").fields)["csrf_token"]
    browser.sign_in("marie")
    assert browser.post("/customers/all", [("csrf_token", old)]).status == 400


def test_there_is_one_cookie_and_scripts_cannot_read_it(office: WebOffice) -> None:
    browser = Browser(office.url)
    browser.sign_in("omar")
    browser.get("/language?lang=fr&next=/items")
    (cookie,) = browser.jar
    assert cookie.name == "qbwc"
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "Lax"


def test_posting_without_a_token_is_refused(office: WebOffice) -> None:
    browser = Browser(office.url)
    browser.sign_in("marie")
    for path in ("/customers/all", "/customers/find", "/customers/refresh", "/refreshes/1/cancel", "/sign-out"):
        page = browser.post(path, [("q", "x")])
        assert page.status == 400
        assert "This page had been open too long" in page.words


def test_a_poll_after_the_session_ended_reloads_the_page(browser: Browser) -> None:
    page = browser.get("/refreshes/1/status", **{"HX-Request": "true"})
    assert page.status == 401
    assert page.headers["HX-Refresh"] == "true"


def test_a_host_of_anothers_making_reaches_no_page(browser: Browser) -> None:
    page = browser.get("/sign-in", Host="evil.example")
    assert page.status == 400
    assert "evil.example" not in page.text


def test_a_public_https_address_gets_a_host_cookie(tmp_path: Path) -> None:
    with running(tmp_path, filled=False, own={"public_url": "https://books.example.com/qb"}) as office:
        page = Browser(office.url).get("/qb/sign-in", Host="books.example.com")
    given = page.headers["Set-Cookie"]
    assert given.startswith("__Host-qbwc=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(given.split("; "))
    assert 'action="/qb/sign-in"' in page.text
    assert 'href="/qb/static/style.css' in page.text


def test_every_page_carries_the_headers(browser: Browser) -> None:
    for path in ("/sign-in", "/support", "/healthz", "/nope"):
        headers = browser.get(path).headers
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
    assert "max-age" in browser.get("/static/style.css").headers["Cache-Control"]


def test_strangers_are_not_told_of_the_command_line_once_there_are_accounts(office: WebOffice) -> None:
    assert "qbwc user add" not in Browser(office.url).get("/sign-in").text
