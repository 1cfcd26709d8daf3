import re
import threading
import time
from collections.abc import Iterator

import pytest
from web_office import PASSWORD, Browser, Page, WebOffice, running

from qbwc_server.store import audit, users


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebOffice]:
    with running(tmp_path_factory.mktemp("users"), filled=False) as started:
        # The demo's own administrator would be one more than these tests count with.
        with started.app.database.write() as connection:
            users.set_role(connection, "demo", "viewer")
        yield started


@pytest.fixture(scope="module")
def ada(office: WebOffice) -> Browser:
    browser = Browser(office.url)
    browser.sign_in("ada")
    return browser


def _add(browser: Browser, name: str, role: str = "viewer", **typed: str) -> Page:
    return browser.submit(browser.get("/users/add"), "/users/add", user=name, role=role, **typed)


def _change(browser: Browser, name: str, action: str, **typed: str) -> Page:
    return browser.submit(browser.get(f"/users/user?user={name}"), action, **typed)


def _send(browser: Browser, action: str, **fields: str) -> Page:
    """Send what a page would not offer."""
    token = dict(browser.get("/users/add").form("/users/add").fields)["csrf_token"]
    return browser.post(action, [("csrf_token", token), *fields.items()])


def _signed_in(page: Page) -> bool:
    return "/sign-in" not in page.url


def _noted(office: WebOffice, **wanted: str) -> list[audit.Entry]:
    with office.app.database.read() as connection:
        return list(audit.page(connection, **wanted).entries)  # type: ignore[arg-type]


PATHS = ["/users", "/users/add", "/users/user?user=ada", "/audit", "/audit/export"]
CHANGES = [
    "/users/add",
    "/users/role",
    "/users/disable",
    "/users/enable",
    "/users/password",
    "/users/sessions/end",
    "/users/sessions/all",
]


@pytest.mark.parametrize("name", ["vera", "marie"])
def test_only_administrators_see_and_change_users(office: WebOffice, name: str) -> None:
    browser = Browser(office.url)
    home = browser.sign_in(name)
    assert "/users" not in home.text
    assert "/audit" not in home.text
    assert [browser.get(path).status for path in PATHS] == [403] * len(PATHS)
    token = dict(home.form("/sign-out").fields)["csrf_token"]
    fields = [("csrf_token", token), ("user", "omar"), ("role", "admin"), ("password", PASSWORD)]
    assert [browser.post(path, fields).status for path in CHANGES] == [403] * len(CHANGES)


def test_nobody_adds_a_user_without_signing_in_or_without_a_token(office: WebOffice, ada: Browser) -> None:
    fields = [("user", "eve"), ("role", "admin"), ("password", PASSWORD)]
    stranger = Browser(office.url)
    assert [_signed_in(stranger.get(path)) for path in PATHS] == [False] * len(PATHS)
    for path in CHANGES:
        assert stranger.post(path, fields).status == 400
        assert ada.post(path, fields).status == 400
    with office.app.database.read() as connection:
        assert not users.exists(connection, "eve")


def test_a_user_with_a_password_that_was_made_signs_in_with_it_and_it_is_shown_once(
    office: WebOffice, ada: Browser
) -> None:
    page = _add(ada, "luc", "operator", email="luc@example.com")
    (secret,) = re.findall(r"<code>([A-Za-z0-9]{24})</code>", page.text)
    assert secret not in ada.get("/users/user?user=luc").text
    assert page.headers["Cache-Control"] == "no-store"
    assert _signed_in(Browser(office.url).sign_in("luc", secret))
    listed = ada.get("/users").words
    assert "luc Operator luc@example.com" in listed
    (line,) = _noted(office, what="user_added", name="luc")
    assert (line.who, line.subject, line.detail) == ("ada", "luc", {"role": "operator"})
    assert secret not in str(_noted(office))


def test_a_user_with_a_password_set_by_hand_signs_in_with_it(office: WebOffice, ada: Browser) -> None:
    page = _add(ada, "zoé & fils", password="a phrase of one's own")
    assert page.url.endswith("/users/user?user=zo%C3%A9+%26+fils")
    assert "zoé &amp; fils can sign in." in page.text
    assert _signed_in(Browser(office.url).sign_in("zoé & fils", "a phrase of one's own"))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"user": "marie"}, "There is a user of this name already"),
        ({"user": "ma\u200brie"}, "This user name cannot be used"),
        ({"user": "root (qbwc)"}, "This user name would read as a program, a command, the schedule or a stranger"),
        ({"user": "new", "password": "short"}, "too short or too long"),
        ({"user": "new", "email": "nowhere"}, "This e-mail address cannot be used"),
        ({"user": "new", "role": "owner"}, "There is no such role"),
    ],
)
def test_a_user_that_cannot_be_added_is_told_why_and_what_was_typed_stays(
    ada: Browser, typed: dict[str, str], said: str
) -> None:
    page = ada.submit(ada.get("/users/add"), "/users/add", **{"role": "viewer", **typed})
    assert page.status == 422
    assert said in page.words
    assert f'value="{typed["user"]}"' in page.text


def test_a_role_that_is_changed_holds_for_the_page_that_is_open(office: WebOffice, ada: Browser) -> None:
    _add(ada, "rose", password=PASSWORD)
    rose = Browser(office.url)
    rose.sign_in("rose")
    assert rose.get("/users").status == 403
    assert "rose has another role." in _change(ada, "rose", "/users/role", role="admin").words
    assert rose.get("/users").status == 200
    _change(ada, "rose", "/users/role", role="viewer")
    assert rose.get("/users").status == 403
    back, there = _noted(office, what="role_changed", name="rose")
    assert (there.detail, back.detail) == ({"from": "viewer", "to": "admin"}, {"from": "admin", "to": "viewer"})


def test_a_user_who_is_switched_off_is_out_at_once_and_comes_back_with_the_same_password(
    office: WebOffice, ada: Browser
) -> None:
    _add(ada, "max", password=PASSWORD)
    browser = Browser(office.url)
    browser.sign_in("max")
    page = _change(ada, "max", "/users/disable")
    assert "max is switched off and signed out everywhere." in page.words
    assert not _signed_in(browser.get("/"))
    assert browser.sign_in("max").status == 422
    assert "Switched off" in ada.get("/users").words
    assert "max may sign in again." in _change(ada, "max", "/users/enable").words
    assert _signed_in(browser.sign_in("max"))
    assert {one.what for one in _noted(office, name="max")} >= {"user_disabled", "user_enabled"}


def test_a_new_password_signs_out_everywhere(office: WebOffice, ada: Browser) -> None:
    _add(ada, "ben", password=PASSWORD)
    browser = Browser(office.url)
    browser.sign_in("ben")
    page = _change(ada, "ben", "/users/password")
    (secret,) = re.findall(r"<code>([A-Za-z0-9]{24})</code>", page.text)
    assert not _signed_in(browser.get("/"))
    assert browser.sign_in("ben").status == 422
    assert _signed_in(browser.sign_in("ben", secret))
    assert "too short or too long" in _change(ada, "ben", "/users/password", password="short").words
    assert _signed_in(browser.get("/"))


@pytest.mark.parametrize("action", ["/users/role", "/users/disable", "/users/password", "/users/sessions/all"])
def test_an_administrator_is_kept_from_changing_the_own_account_by_accident(
    office: WebOffice, ada: Browser, action: str
) -> None:
    assert not [form for form in ada.get("/users/user?user=ada").forms if form.action.startswith("/users")]
    page = _send(ada, action, user="ada", role="viewer")
    assert "This is your own account." in page.words
    assert ada.get("/users").status == 200
    assert Browser(office.url).sign_in("ada").status == 200


@pytest.mark.parametrize("action", ["/users/disable", "/users/role"])
def test_the_last_administrator_is_kept_when_two_take_each_others_role_at_once(
    office: WebOffice, ada: Browser, action: str
) -> None:
    _add(ada, "olga", password=PASSWORD)
    _change(ada, "olga", "/users/role", role="admin")
    olga = Browser(office.url)
    olga.sign_in("olga")
    form = olga.get("/users/user?user=ada").form(action)
    pages: list[Page] = []
    sending = threading.Thread(target=lambda: pages.append(olga.post(form.action, [*form.fields, ("role", "viewer")])))
    with office.app.database.write() as connection:
        sending.start()
        # Until olga's request has found her an administrator and waits to write.
        time.sleep(1)
        users.set_role(connection, "olga", "viewer")
    sending.join()
    # The page is no longer hers to see either.
    assert pages[0].status == 403
    assert "ada is the last administrator who may sign in." in pages[0].words
    assert ada.get("/users").status == 200


def test_somebodys_sessions_are_seen_and_ended_one_or_all(office: WebOffice, ada: Browser) -> None:
    _add(ada, "pia", password=PASSWORD)
    browsers = [Browser(office.url) for _ in range(3)]
    for browser in browsers:
        browser.sign_in("pia")
    page = ada.get("/users/user?user=pia")
    assert page.words.count("127.0.0.1") == 6  # shown, and said again in the button for those who do not see the row
    ada.submit(page, "/users/sessions/end")
    assert sorted(_signed_in(browser.get("/")) for browser in browsers) == [False, True, True]
    assert "pia is signed out everywhere." in _change(ada, "pia", "/users/sessions/all").words
    assert not any(_signed_in(browser.get("/")) for browser in browsers)
    assert [one.detail for one in _noted(office, what="session_revoked", name="pia")] == [
        {"sessions": 2},
        {"sessions": 1},
    ]


def test_a_session_is_not_ended_under_anothers_name(office: WebOffice, ada: Browser) -> None:
    _add(ada, "kim", password=PASSWORD)
    browser = Browser(office.url)
    browser.sign_in("kim")
    key = dict(ada.get("/users/user?user=kim").form("/users/sessions/end").fields)["session"]
    _send(ada, "/users/sessions/end", user="omar", session=key)
    assert _signed_in(browser.get("/"))


def test_a_user_there_is_not_is_not_found(ada: Browser) -> None:
    assert ada.get("/users/user?user=nobody").status == 404
    assert _send(ada, "/users/disable", user="nobody").status == 404
