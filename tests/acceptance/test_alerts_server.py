"""Alerts from a real server, a real mail server and a simulated Web Connector."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from receivers import Hook, Mailbox, hook_server, mail_server, text_of
from web_office import Browser, WebOffice, running

from qbwc_server.rehearsal.connector import SimulatedConnector
from qbwc_server.store import tables

SMTP_PASSWORD = "s3cret"
WRONG = "not the password"
LANGUAGES = {"ada": "en", "marie": "fr"}


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server(account=("alerts", SMTP_PASSWORD)) as started:
        yield started


@pytest.fixture
def hook() -> Iterator[Hook]:
    with hook_server() as started:
        yield started


@pytest.fixture
def office(tmp_path: Path, box: Mailbox, hook: Hook) -> Iterator[WebOffice]:
    own = {
        "smtp_url": f"smtp://alerts:{SMTP_PASSWORD}@localhost:{box.port}",
        "mail_from": "QuickBooks <alerts@example.com>",
        "alert_webhook": hook.url,
        "office_hours": "always",
    }
    with running(tmp_path, own=own) as started:
        give_addresses(started)
        yield started


def give_addresses(office: WebOffice) -> None:
    with office.app.database.write() as connection:
        for name, language in LANGUAGES.items():
            change = tables.users.update().where(tables.users.c.name == name)
            connection.execute(change.values(email=f"{name}@example.com", alerts=True, language=language))


def move_clock(office: WebOffice, minutes: float) -> None:
    """Let the courier's clock be ahead, and have it look."""

    def ahead(connection: sa.Connection) -> datetime:
        return office.app.database.now(connection) + timedelta(minutes=minutes)

    office.app.courier.noticing.clock = ahead
    office.app.courier.wake()


def test_a_wrong_password_is_one_mail_to_each_in_their_language_and_the_right_one_another(
    office: WebOffice, box: Mailbox, hook: Hook
) -> None:
    quickbooks = office.office.quickbooks
    stranger = SimulatedConnector(f"{office.url}/qbwc", office.company, WRONG, quickbooks)
    for _ in range(2):
        stranger.visit()
    office.app.courier.wake()
    box.wait_for(2)
    stranger.visit()
    office.app.courier.wake()
    (english,), (french,) = box.to("ada@example.com"), box.to("marie@example.com")
    assert "tries to sign in with a wrong password" in english["Subject"]
    assert "tente de se connecter avec un mauvais mot de passe" in french["Subject"]
    assert f"{office.url}/connection" in text_of(english)
    office.visit()
    office.app.conversation.watch.flush(office.app.database)
    move_clock(office, 0)
    while not any((row.particulars or {}).get("right_since") for row in alerts(office)):
        office.app.courier.wake()
    assert len(box.mails) == 2
    move_clock(office, 2)
    box.wait_for(4)
    assert "can sign in again" in box.to("ada@example.com")[1]["Subject"]
    assert "peut de nouveau se connecter" in box.to("marie@example.com")[1]["Subject"]
    office.app.courier.run_once()
    assert len(box.mails) == 4
    while len(hook.posts) < 2:
        time.sleep(0.02)
    assert [post["state"] for post in hook.posts] == ["onset", "recovered"]
    for mail in box.mails:
        whole = mail.as_string() + text_of(mail)
        for secret in (WRONG, SMTP_PASSWORD, "s3cret-part"):
            assert secret not in whole


def alerts(office: WebOffice) -> list[sa.Row[tuple[object, ...]]]:
    with office.app.database.read() as connection:
        return list(connection.execute(sa.select(tables.alerts)).all())


def test_who_ticks_the_box_is_written_to_when_the_refresh_is_done(office: WebOffice, box: Mailbox) -> None:
    marie = Browser(office.url)
    marie.sign_in("marie")
    customer = f"/customers/{office.company}/{office.office.change('customer')}"
    asking = marie.get(f"{customer}/refresh?lang=en")
    assert 'type="checkbox" name="tell"' in asking.text
    assert 'type="checkbox" name="tell"' in marie.get(customer).text
    marie.submit(asking, "/refresh", tell="yes")
    (asked,) = office.app.refreshing.list(state="waiting")
    page = marie.get(f"/refreshes/{asked.id}")
    assert "You will get an e-mail when it is done." in page.words
    page = marie.submit(page, "/tell")
    assert "You will get an e-mail" not in page.words
    page = marie.submit(page, "/tell", tell="yes")
    assert "You will get an e-mail" in page.words
    office.finish(asked.id)
    office.app.courier.wake()
    (mail,) = box.wait_for(1)
    assert mail["To"] == "marie@example.com"
    # The language she reads the pages in is kept only where she chose it by the switch.
    assert "Mis à jour sur le site" in mail["Subject"]
    assert f"{office.url}/refreshes/{asked.id}" in text_of(mail)
    assert "514-555" not in text_of(mail)
    page = marie.get(f"/refreshes/{asked.id}")
    assert "You will get an e-mail" not in page.words
    refused = marie.post(f"/refreshes/{asked.id}/tell", [page.forms[0].fields[0], ("tell", "yes")])
    assert "nobody will write to you" in refused.words
    office.app.courier.run_once()
    assert len(box.mails) == 1


def test_a_whole_list_can_be_told_too(office: WebOffice, box: Mailbox) -> None:
    marie = Browser(office.url)
    marie.sign_in("marie")
    page = marie.get("/customers/all")
    marie.submit(page, "/customers/all", tell="yes")
    (asked,) = office.app.refreshing.list(state="waiting")
    office.finish(asked.id)
    office.app.courier.wake()
    assert box.wait_for(1)[0]["Subject"] == "Tous les clients : Terminé".replace(" :", "\u00a0:")


def test_the_box_is_not_there_for_who_has_no_address_and_nobody_is_signed_up_by_force(
    office: WebOffice, box: Mailbox
) -> None:
    omar = Browser(office.url)
    omar.sign_in("omar")
    customer = f"/customers/{office.company}/{office.office.change('customer')}"
    asking = omar.get(f"{customer}/refresh")
    assert 'name="tell"' not in asking.text + omar.get(customer).text
    for page in (omar.get(f"{customer}/refresh?lang=en"), omar.get(customer), omar.get("/customers/all")):
        assert "give your e-mail address in your account" in page.words
        assert 'href="/account"' in page.text.partition('class="tell')[2]
    omar.submit(asking, "/refresh", tell="yes")
    (asked,) = office.app.refreshing.list(state="waiting")
    assert 'name="tell"' not in omar.get(f"/refreshes/{asked.id}").text
    marie = Browser(office.url)
    marie.sign_in("marie")
    assert "/tell" not in marie.get(f"/refreshes/{asked.id}").text
    token = marie.get(f"/refreshes/{asked.id}").forms[0].fields[0]
    refused = marie.post(f"/refreshes/{asked.id}/tell", [token, ("tell", "yes")])
    assert "personne ne vous écrira" in refused.words
    office.finish(asked.id)
    office.app.courier.run_once()
    assert box.mails == []
