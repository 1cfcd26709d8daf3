"""The page of alerts: what is set, who gets them, which there are, and the test button."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from receivers import Hook, Mailbox, hook_server, mail_server, text_of
from web_office import Browser, Page, WebOffice, running

from qbwc_server.store import tables

PAGE = "/connection/alerts"


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with mail_server(account=("alerts", "right")) as started:
        yield started


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    with hook_server() as started:
        yield started


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, box: Mailbox, hook: Hook) -> Iterator[WebOffice]:
    own = {
        "smtp_url": f"smtp://alerts:right@localhost:{box.port}",
        "mail_from": "alerts@example.com",
        "alert_webhook": hook.url,
    }
    with running(tmp_path_factory.mktemp("alerts"), filled=False, own=own) as started:
        give_address(started)
        yield started


def give_address(office: WebOffice, address: str | None = "ada@example.com") -> None:
    with office.app.database.write() as connection:
        change = tables.users.update().where(tables.users.c.name == "ada")
        connection.execute(change.values(email=address, alerts=address is not None))


def signed_in(office: WebOffice, name: str = "ada") -> Browser:
    browser = Browser(office.url)
    browser.sign_in(name)
    return browser


def tried(browser: Browser, channel: str) -> Page:
    """Press a test button."""
    page = browser.get(PAGE)
    form = next(form for form in page.forms if ("channel", channel) in form.fields)
    return browser.post(form.action, form.fields)


def noted_trials(office: WebOffice) -> int:
    with office.app.database.read() as connection:
        query = sa.select(sa.func.count()).where(tables.audit.c.what == "alert_tested")
        count: int = connection.execute(query).scalar_one()
    return count


@pytest.mark.parametrize("name", ["vera", "marie"])
def test_only_an_administrator_sees_the_page_and_tries(office: WebOffice, name: str) -> None:
    browser = signed_in(office, name)
    assert browser.get(PAGE).status == 403
    token = browser.get("/connection").forms[0].fields[0]
    refused = browser.post(f"{PAGE}/test", [token, ("channel", "mail")])
    assert (refused.status, refused.url) == (403, f"{office.url}{PAGE}/test")
    assert PAGE not in browser.get("/connection").text


def test_the_page_shows_where_alerts_go_and_no_secret(office: WebOffice, box: Mailbox) -> None:
    ada = signed_in(office)
    assert PAGE in ada.get("/connection").text
    page = ada.get(PAGE)
    for said in ("Through localhost, from alerts@example.com", "To 127.0.0.1", "ada: ada@example.com", "1 hour"):
        assert said in page.words
    assert "Mon, Tue, Wed, Thu, Fri 08:00-18:00" in page.words
    assert "lun., mar., mer., jeu., ven. 08:00-18:00" in ada.get(f"{PAGE}?lang=fr").words
    for secret in ("right@", "s3cret-part", str(box.port)):
        assert secret not in page.text


def test_open_and_past_alerts_are_listed(office: WebOffice) -> None:
    with office.app.database.write() as connection:
        now = office.app.database.now(connection)
        over = {"kind": "offline", "company": office.company, "onset_at": now, "recovered_at": now}
        there = {"kind": "publishing", "company": None, "onset_at": now, "recovered_at": None}
        connection.execute(tables.alerts.insert(), [over, there])
    words = signed_in(office).get(PAGE).words
    assert "The website is not being updated" in words
    assert "the Web Connector does not call any more" in words
    french = signed_in(office).get(f"{PAGE}?lang=fr").words
    assert "Le site n’est plus mis à jour" in french  # noqa: RUF001 - French
    with office.app.database.write() as connection:
        connection.execute(tables.alerts.delete())


def test_the_test_mail_arrives_and_the_page_says_so(office: WebOffice, box: Mailbox) -> None:
    page = tried(signed_in(office), "mail")
    assert "The mail server accepted it. Look into the mailbox of ada@example.com" in page.words
    mail = box.mails[-1]
    assert (mail["To"], mail["Subject"]) == ("ada@example.com", "Test message")
    assert office.url in text_of(mail)


def test_the_test_of_the_webhook_arrives_and_the_page_says_so(office: WebOffice, hook: Hook) -> None:
    page = tried(signed_in(office), "webhook")
    assert "The webhook accepted it." in page.words
    assert (hook.posts[-1]["kind"], hook.posts[-1]["company"]) == ("test", None)
    assert "This is a test message" in hook.posts[-1]["text"]


def test_what_is_refused_is_said_with_its_cure_and_the_servers_own_words(
    office: WebOffice, box: Mailbox, hook: Hook
) -> None:
    ada = signed_in(office)
    box.account = ("alerts", "another")
    page = tried(ada, "mail")
    assert "localhost refused the user or the password in smtp_url (QBWC_SMTP_URL)" in page.words
    assert "It said: 535" in page.words
    box.account = ("alerts", "right")
    box.refuses_sender = True
    page = tried(ada, "mail")
    assert "Set QBWC_MAIL_FROM to an address that this account may send from." in page.words
    assert "553 5.7.1 not your address" in page.words
    box.refuses_sender = False
    hook.status = 404
    page = tried(ada, "webhook")
    assert "127.0.0.1 did not take it." in page.words
    assert "It said: 404" in page.words
    hook.status = 200


def test_who_presses_while_a_test_is_under_way_is_told_so_and_waits_for_nothing(
    office: WebOffice, box: Mailbox
) -> None:
    ada = signed_in(office)
    count, noted, box.seconds = len(box.mails), noted_trials(office), 1.5
    first = threading.Thread(target=tried, args=(signed_in(office), "mail"))
    first.start()
    while noted_trials(office) == noted:
        time.sleep(0.02)
    assert "Somebody is sending a test message at this moment." in tried(ada, "webhook").words
    first.join()
    box.seconds = 0
    assert (len(box.mails), noted_trials(office)) == (count + 1, noted + 1)
    assert "The mail server accepted it." in tried(ada, "mail").words


def test_an_administrator_without_an_address_is_told_to_enter_one(office: WebOffice, box: Mailbox) -> None:
    give_address(office, None)
    count = len(box.mails)
    ada = signed_in(office)
    page = ada.get(PAGE)
    assert "To get a test e-mail, enter an address in your account." in page.words
    assert "Nobody yet." in page.words
    token = page.forms[0].fields[0]
    noted = noted_trials(office)
    page = ada.post(f"{PAGE}/test", [token, ("channel", "mail")])
    assert page.words.count("To get a test e-mail, enter an address in your account.") == 2
    assert len(box.mails) == count
    assert noted_trials(office) == noted
    give_address(office)


def test_without_channels_the_page_says_what_to_set_and_offers_no_test(tmp_path: Path) -> None:
    with running(tmp_path, filled=False) as office:
        page = signed_in(office).get(PAGE)
        assert "Set QBWC_SMTP_URL and QBWC_MAIL_FROM" in page.words
        assert "set alert_webhook in qbwc.toml" in page.words
        assert "Nothing is wrong." in page.words
        assert not [form for form in page.forms if form.action.endswith("/test")]
        ada = signed_in(office)
        token = ada.get(PAGE).forms[0].fields[0]
        for channel, said in (("mail", "Set QBWC_SMTP_URL"), ("webhook", "set alert_webhook in qbwc.toml")):
            assert ada.post(f"{PAGE}/test", [token, ("channel", channel)]).words.count(said) == 2
        assert noted_trials(office) == 0
