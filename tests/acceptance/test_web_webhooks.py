"""The page of webhooks: who is told, what became of each delivery, and replaying."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from receivers import Hook, hook_server
from web_office import Browser, Page, WebOffice, running

from qbwc_server.settings import SettingsError, load_settings
from qbwc_server.store import tables

PAGE = "/webhooks"
SECRET = "whsec_" + "QUJD" * 10


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    with hook_server() as started:
        yield started


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, hook: Hook) -> Iterator[WebOffice]:
    own = {"webhooks": [{"url": hook.url, "secret": "env:SHOP_HOOK"}], "webhook_networks": "127.0.0.0/8"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_HOOK", f"{SECRET} {SECRET}")
        with running(tmp_path_factory.mktemp("webhooks"), own=own) as started:
            settled(started, "delivered")
            yield started


def settled(office: WebOffice, state: str) -> None:
    """Wait until every delivery stands so."""
    end = time.monotonic() + 20
    while True:
        with office.app.database.read() as connection:
            found = connection.execute(sa.select(tables.deliveries.c.state)).scalars().all()
        if found and set(found) == {state}:
            return
        assert time.monotonic() < end, found
        time.sleep(0.05)


def set_failed(office: WebOffice, count: int) -> list[int]:
    """Have some deliveries be given up; returns their numbers."""
    with office.app.database.write() as connection:
        table = tables.deliveries
        ids = list(connection.execute(sa.select(table.c.id).order_by(table.c.id).limit(count)).scalars())
        change = table.update().where(table.c.id.in_(ids))
        connection.execute(change.values(state="failed", trouble="not_taken", answer="500 Oops", tries=12))
    return ids


def signed_in(office: WebOffice, name: str = "ada") -> Browser:
    browser = Browser(office.url)
    browser.sign_in(name)
    return browser


def pressed(browser: Browser, page: Page, action: str) -> Page:
    form = next(form for form in page.forms if re.search(action, form.action))
    return browser.post(form.action, form.fields)


def noted(office: WebOffice) -> int:
    with office.app.database.read() as connection:
        query = sa.select(sa.func.count()).where(tables.audit.c.what == "webhook_replayed")
        count: int = connection.execute(query).scalar_one()
    return count


@pytest.mark.parametrize("name", ["vera", "marie"])
def test_only_an_administrator_sees_the_page_and_replays(office: WebOffice, name: str) -> None:
    browser = signed_in(office, name)
    assert browser.get(PAGE).status == 403
    token = browser.get("/connection").forms[0].fields[0]
    for path in (f"{PAGE}/1/replay", f"{PAGE}/replay-failed"):
        assert browser.post(path, [token]).status == 403
    assert PAGE not in browser.get("/connection").text


def test_both_lists_were_told_and_the_page_shows_it_without_a_secret(office: WebOffice, hook: Hook) -> None:
    told = [record for post in hook.posts for record in post["data"]["records"]]
    assert {record["target"] for record in told} == {"customers", "items"}
    assert {record["outcome"] for record in told} == {"inserted"}
    ada = signed_in(office)
    assert PAGE in ada.get("/connection").text
    page = ada.get(PAGE)
    for said in ("127.0.0.1", "customers, items", "2 secrets", "Taken", "200 OK", "Identifier msg_"):
        assert said in page.words
    for secret in ("QUJD", "s3cret-part", "SHOP_HOOK"):
        assert secret not in page.text
    french = ada.get(f"{PAGE}?lang=fr").words
    for said in ("Accepté", "Renvoyer", "Dernière réponse", "2 secrets : chaque envoi"):
        assert said in french
    ada.get(f"{PAGE}?lang=en")


def test_one_delivery_is_replayed_and_noted(office: WebOffice, hook: Hook) -> None:
    ada = signed_in(office)
    (failed,) = set_failed(office, 1)
    page = ada.get(f"{PAGE}?state=failed")
    assert "Given up" in page.words
    assert "500 Oops The receiver did not take it. Check the address" in page.words
    assert len([form for form in page.forms if form.action.endswith("/replay")]) == 1
    posts, lines = len(hook.posts), noted(office)
    answer = pressed(ada, page, f"{PAGE}/{failed}/replay$")
    assert re.search(r"Delivery msg_\w+ is on its way again", answer.words)
    settled(office, "delivered")
    assert (len(hook.posts), noted(office)) == (posts + 1, lines + 1)
    assert hook.headers[-1]["webhook-id"] in [sent["webhook-id"] for sent in hook.headers[:-1]]
    assert "No delivery is in this state." in ada.get(f"{PAGE}?state=failed").words
    assert "had a webhook told again" in ada.get("/audit").words


def test_all_that_failed_are_replayed_together(office: WebOffice, hook: Hook) -> None:
    ada = signed_in(office)
    assert not [form for form in ada.get(PAGE).forms if form.action.endswith("/replay-failed")]
    count = len(set_failed(office, 2))
    posts = len(hook.posts)
    answer = pressed(ada, ada.get(PAGE), "/replay-failed$")
    assert f"{count} deliveries are on their way again" in answer.words
    settled(office, "delivered")
    assert len(hook.posts) == posts + count


def test_what_is_not_there_is_not_found(office: WebOffice) -> None:
    ada = signed_in(office)
    token = ada.get(PAGE).form("/replay").fields[0]
    assert ada.post(f"{PAGE}/999999/replay", [token]).status == 404
    for query in ("state=lost", "before=0", f"before={2**63}"):
        assert ada.get(f"{PAGE}?{query}").status == 404
    assert "Nothing has been told yet." in ada.get(f"{PAGE}?before=1").words


def test_without_webhooks_the_page_says_how_to_have_one(tmp_path: Path) -> None:
    with running(tmp_path, filled=False) as office:
        page = signed_in(office).get(PAGE)
    assert "Nobody. To have a program told, name it in qbwc.toml" in page.words
    assert "Nothing has been told yet." in page.words


@pytest.mark.parametrize(
    "hook",
    [
        '{ url = "ftp://a.example.com", secret = "env:A" }',
        '{ url = "https://u:hunter2@a.example.com", secret = "env:A" }',
        '{ url = "https://a.example.com", secret = "whsec_hunter2" }',
        '{ url = "https://a.example.com" }',
        '{ url = "https://a.example.com", secret = "env:A", targets = "x" }',
        '"https://a.example.com"',
    ],
)
def test_a_webhook_that_is_none_is_refused_with_what_it_must_be(tmp_path: Path, hook: str) -> None:
    (tmp_path / "qbwc.toml").write_text(f"webhooks = [{hook}]\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"webhooks .* must be a list in qbwc\.toml") as refused:
        load_settings({"data_dir": tmp_path}, {})
    assert "hunter2" not in str(refused.value)
