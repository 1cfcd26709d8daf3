import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from web_office import PASSWORD, Browser, Page, WebOffice, running

from qbwc_server.store import audit, sessions, users
from qbwc_server.store.tables import web_sessions
from qbwc_server.web.shared import now

NEW = "quite another phrase"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebOffice]:
    with running(tmp_path_factory.mktemp("account"), filled=False) as started:
        yield started


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[WebOffice]:
    """A server at which nobody has guessed yet."""
    with running(tmp_path, filled=False) as started:
        yield started


@pytest.fixture
def name(office: WebOffice, request: pytest.FixtureRequest) -> str:
    """A user of this test's own."""
    made = f"user {abs(hash(request.node.name))}"
    with office.app.database.write() as connection:
        users.add(connection, made, "viewer", PASSWORD, now())
    return made


@pytest.fixture
def browser(office: WebOffice, name: str) -> Browser:
    signed = Browser(office.url)
    signed.sign_in(name)
    return signed


def _send(browser: Browser, action: str, **typed: str) -> Page:
    return browser.submit(browser.get("/account"), action, **typed)


def _user(office: WebOffice, name: str) -> users.User:
    with office.app.database.read() as connection:
        return users.get(connection, name)


def _noted(office: WebOffice, name: str) -> list[str]:
    with office.app.database.read() as connection:
        return [one.what for one in audit.page(connection, name=name).entries]


def _in_the_end(found: Callable[[], bool]) -> None:
    """Wait for what is written after an answer has gone out."""
    until = time.monotonic() + 10
    while not found():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_everybody_has_an_account_page_and_nobody_without_signing_in(office: WebOffice) -> None:
    for who in ("vera", "marie", "ada"):
        browser = Browser(office.url)
        assert 'href="/account"' in browser.sign_in(who).text
        assert who in browser.get("/account").words
    assert "/sign-in" in Browser(office.url).get("/account").url


def test_the_own_password_is_changed_with_the_old_one_and_other_sessions_end(
    office: WebOffice, browser: Browser, name: str
) -> None:
    other = Browser(office.url)
    other.sign_in(name)
    page = _send(browser, "/account/password", old=PASSWORD, new=NEW, again=NEW)
    assert "The password is changed." in page.words
    assert "/sign-in" not in page.url
    assert "/sign-in" in other.get("/").url
    assert other.sign_in(name).status == 422
    assert other.sign_in(name, NEW).status == 200
    assert "password_changed" in _noted(office, name)


@pytest.mark.parametrize(
    ("old", "new", "again", "said"),
    [
        ("wrong", NEW, NEW, "The current password is not right."),
        (PASSWORD, NEW, f"{NEW}!", "was not typed the same twice"),
        (PASSWORD, "short", "short", "too short or too long"),
    ],
)
def test_a_password_that_cannot_be_changed_stays(
    office: WebOffice, browser: Browser, name: str, old: str, new: str, again: str, said: str
) -> None:
    page = _send(browser, "/account/password", old=old, new=new, again=again)
    assert page.status == 422
    assert said in page.words
    assert Browser(office.url).sign_in(name).status == 200
    assert "password_changed" not in _noted(office, name)


def test_whoever_found_an_open_page_does_not_guess_the_password_at_leisure(fresh: WebOffice) -> None:
    browser = Browser(fresh.url)
    browser.sign_in("vera")
    pages = [_send(browser, "/account/password", old=f"guess {n}", new=NEW, again=NEW) for n in range(11)]
    assert [page.status for page in pages] == [422] * 10 + [429]
    page = _send(browser, "/account/password", old=PASSWORD, new=NEW, again=NEW)
    assert page.status == 429
    assert "Too many wrong tries. Try again in 5 minutes." in page.words
    noted = _noted(fresh, "vera")
    assert (noted.count("sign_in_failed"), noted.count("sign_in_throttled")) == (10, 1)


def test_a_wrong_old_password_is_noted_with_the_address(office: WebOffice, browser: Browser, name: str) -> None:
    _send(browser, "/account/password", old="wrong", new=NEW, again=NEW)
    with office.app.database.read() as connection:
        failed = audit.page(connection, name=name).entries[0]
    assert (failed.who, failed.what, failed.subject) == (name, "sign_in_failed", name)
    assert failed.detail == {"address": "127.0.0.1"}


def test_an_email_and_the_wish_for_alerts_are_kept(office: WebOffice, browser: Browser, name: str) -> None:
    page = _send(browser, "/account/contact", email=" marie@example.com ", alerts="yes")
    assert "Saved." in page.words
    kept = _user(office, name)
    assert (kept.email, kept.alerts) == ("marie@example.com", True)
    assert 'value="marie@example.com"' in page.text
    assert " checked" in page.text
    _send(browser, "/account/contact", email="")
    assert (_user(office, name).email, _user(office, name).alerts) == (None, False)
    with office.app.database.read() as connection:
        noted = audit.page(connection, name=name, what="contact_changed").entries
    assert [one.detail for one in noted] == [{"alerts": False}, {"alerts": True}]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"email": "nowhere"}, "This e-mail address cannot be used."),
        ({"email": "", "alerts": "yes"}, "To be written to, give an e-mail address too."),
    ],
)
def test_a_contact_that_cannot_be_kept_is_told_and_stays_typed(
    office: WebOffice, browser: Browser, name: str, typed: dict[str, str], said: str
) -> None:
    page = _send(browser, "/account/contact", **typed)
    assert page.status == 422
    assert said in page.words
    assert f'value="{typed["email"]}"' in page.text
    assert _user(office, name).email is None


def test_the_language_holds_here_and_at_the_next_sign_in(office: WebOffice, browser: Browser, name: str) -> None:
    assert "Votre compte" in _send(browser, "/account/language", language="fr").words
    other = Browser(office.url)
    assert '<html lang="fr">' in other.sign_in(name).text
    _send(browser, "/account/language", language="tlh")
    assert _user(office, name).language == "fr"


def test_the_own_sessions_are_shown_with_this_one_marked(office: WebOffice, browser: Browser, name: str) -> None:
    assert "others" not in browser.get("/account").text
    other = Browser(office.url)
    firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
    page = other.get("/sign-in")
    fields = [*page.form("/sign-in").fields, ("user", name), ("password", PASSWORD)]
    other.post("/sign-in", fields, **{"User-Agent": firefox})
    shown = browser.get("/account")
    assert "Firefox, Windows" in shown.words
    assert shown.words.count("This one") == 1
    assert shown.words.count("127.0.0.1") == 3


def test_one_of_the_own_sessions_is_ended_or_all_others(office: WebOffice, browser: Browser, name: str) -> None:
    others = [Browser(office.url) for _ in range(3)]
    for other in others:
        other.sign_in(name)
    assert "You are signed out there." in _send(browser, "/account/sessions/end").words
    assert sum("/sign-in" in other.get("/").url for other in others) == 1
    assert "You are signed out everywhere else." in _send(browser, "/account/sessions/others").words
    assert all("/sign-in" in other.get("/").url for other in others)
    assert "/sign-in" not in browser.get("/").url
    assert _noted(office, name).count("session_revoked") == 2


def test_anothers_session_is_not_ended_by_its_key(office: WebOffice, browser: Browser, name: str) -> None:
    omar = Browser(office.url)
    omar.sign_in("omar")
    with office.app.database.read() as connection:
        (theirs,) = sessions.of(connection, "omar", now())
        (own,) = sessions.of(connection, name, now())
    Browser(office.url).sign_in(name)
    page = browser.get("/account")
    token = dict(page.form("/account/sessions/end").fields)["csrf_token"]
    answer = browser.post("/account/sessions/end", [("csrf_token", token), ("session", theirs.key)])
    assert "That sign-in had ended already." in answer.words
    assert "/sign-in" not in omar.get("/").url
    assert own.key not in page.text


def test_when_a_session_was_last_used_is_written_once_a_minute(office: WebOffice, browser: Browser, name: str) -> None:
    def seen() -> sessions.Session:
        with office.app.database.read() as connection:
            return sessions.of(connection, name, now())[0]

    first = seen()
    browser.get("/")
    assert seen() == first
    long_ago = first.seen_at.replace(year=2020)
    with office.app.database.write() as connection:
        connection.execute(
            web_sessions.update().where(web_sessions.c.token_sha256 == first.key).values(seen_at=long_ago)
        )
    browser.get("/")
    _in_the_end(lambda: seen().seen_at >= first.seen_at)


def test_signing_in_and_out_is_noted_and_a_wrong_password_of_a_name_there_is(office: WebOffice, name: str) -> None:
    browser = Browser(office.url)
    browser.sign_in(name, "wrong password")
    _in_the_end(lambda: "sign_in_failed" in _noted(office, name))
    page = browser.sign_in(name)
    browser.submit(page, "/sign-out")
    assert _noted(office, name) == ["signed_out", "signed_in", "sign_in_failed"]
    with office.app.database.read() as connection:
        failed = audit.page(connection, what="sign_in_failed", name=name).entries[0]
    assert (failed.who, failed.subject) == ("127.0.0.1", name)


def test_what_strangers_type_for_a_name_is_not_noted_and_guessing_is_noted_once(fresh: WebOffice) -> None:
    for number in range(12):
        Browser(fresh.url).sign_in("no such user", f"guess {number}")
    for number in range(14):
        Browser(fresh.url).sign_in("demo", f"guess {number}")
    _in_the_end(lambda: "sign_in_throttled" in _noted(fresh, "demo"))
    noted = _noted(fresh, "demo")
    assert (noted.count("sign_in_failed"), noted.count("sign_in_throttled")) == (10, 1)
    with fresh.app.database.read() as connection:
        every = audit.page(connection, limit=1000).entries
    assert "no such user" not in str(every)
    assert [one.subject for one in every if one.what == "sign_in_throttled"] == ["demo", None]


def test_who_has_to_wait_is_told_how_long(fresh: WebOffice) -> None:
    for number in range(10):
        Browser(fresh.url).sign_in("waiting", f"guess {number}")
    page = Browser(fresh.url).sign_in("waiting", "guess")
    assert page.status == 429
    assert "Too many wrong tries. Try again in 5 minutes." in page.words
    assert 280 < int(page.headers["Retry-After"]) <= 300


def test_a_name_that_strangers_guess_at_is_open_to_its_owner_where_only_the_database_knows_a_session(
    tmp_path: Path,
) -> None:
    home, elsewhere = "2001:db8:1:1::7", "203.0.113.9"
    with running(tmp_path, filled=False, own={"trusted_proxies": ["127.0.0.1", "::1"]}) as office:
        with office.app.database.write() as connection:
            sessions.begin(connection, users.get(connection, "marie"), now(), timedelta(hours=1), address=home)
        guessed = [_from(office, f"198.51.100.{number}", "marie", "guess") for number in range(21)]
        assert {page.status for page in guessed} == {422}
        refused = _from(office, elsewhere, "marie", PASSWORD)
        assert refused.status == 429
        assert re.search(r"Try again in [123] seconds?\.", refused.words)
        assert _from(office, "2001:db8:1:1::8", "marie", PASSWORD).status == 200
        time.sleep(int(refused.headers["Retry-After"]))
        assert _from(office, elsewhere, "marie", PASSWORD).status == 200


def _from(office: WebOffice, address: str, name: str, password: str) -> Page:
    """Sign in from an address, as a trusted proxy tells it."""
    browser = Browser(office.url)
    fields = [*browser.get("/sign-in").form("/sign-in").fields, ("user", name), ("password", password)]
    return browser.post("/sign-in", fields, **{"X-Forwarded-For": address})


def test_the_web_connector_is_not_held_up_by_wrong_sign_ins_from_its_address(fresh: WebOffice) -> None:
    for number in range(35):
        Browser(fresh.url).sign_in(f"stranger {number}", "guess")
    assert Browser(fresh.url).sign_in("somebody", "guess").status == 429
    asked = fresh.ask("customer", "all")
    assert fresh.finish(asked.id).state == "published"
