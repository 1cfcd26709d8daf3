"""The words of alerts."""

import re
from datetime import UTC, datetime

import pytest

from qbwc_server import words
from qbwc_server.alerting import Channels, House, Undelivered
from qbwc_server.alerting.channels import MailServer
from qbwc_server.alerting.writing import ONSET, RECOVERED, News, drafts
from qbwc_server.settings import load_settings
from qbwc_server.store.alerts import Recipient
from qbwc_server.store.tables import KINDS

AT = datetime(2026, 11, 24, 15, 20, tzinfo=UTC)
HOUSE = House("https://books.example.com/qb", "America/Toronto", "fr")
FILE = (("company", "Acme Inc."), ("file", r"C:\Books\Other.qbw"))


def news(kind: str, state: str = ONSET, waiting: int = 3) -> News:
    company, title = (None, "") if kind == "publishing" else ("acme", "Acme Inc.")
    code, values = ("wrong_file", FILE) if kind == "wrong_file" else ("", ())
    return News(kind, state, company, title, AT, AT, waiting, code, values)


def mail(kind: str, language: str, state: str = ONSET, waiting: int = 3) -> tuple[str, str]:
    (draft,) = drafts(
        HOUSE, news(kind, state, waiting), [Recipient("anna", "anna@example.com", language)], webhook=False
    )
    assert (draft.channel, draft.recipient) == ("mail", "anna@example.com")
    return draft.subject, draft.body


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", words.LANGUAGES)
def test_an_onset_says_since_when_what_it_means_who_does_what_and_where_to_look(kind: str, language: str) -> None:
    subject, body = mail(kind, language)
    assert "{" not in subject + body
    assert "10:20" in body
    assert "https://books.example.com/qb/connection" in body
    assert re.search(r"^1\. ", body, re.MULTILINE)
    assert {"en": "website", "fr": "site"}[language] in body
    assert ("Acme Inc." in subject) == (kind != "publishing")
    assert "anna" in body


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", words.LANGUAGES)
def test_a_recovery_says_what_is_right_again_and_asks_for_nothing(kind: str, language: str) -> None:
    subject, body = mail(kind, language, RECOVERED)
    assert "{" not in subject + body
    assert subject != mail(kind, language)[0]
    assert not re.search(r"^1\. ", body, re.MULTILINE)
    assert words.text(language, "alerts.over_meaning") in body


@pytest.mark.parametrize(
    ("waiting", "said"), [(0, "no refresh waits"), (1, "1 refresh waits"), (2, "2 refreshes wait")]
)
def test_it_says_how_many_refreshes_wait(waiting: int, said: str) -> None:
    assert said in mail("offline", "en", waiting=waiting)[1]


def test_who_chose_no_language_reads_that_of_the_installation() -> None:
    (draft,) = drafts(HOUSE, news("offline"), [Recipient("anna", "anna@example.com", None)], webhook=False)
    assert "le Web Connector n’appelle plus" in draft.subject  # noqa: RUF001 - French


def test_a_webhook_is_told_once_in_the_installations_language_with_what_programs_need() -> None:
    made = drafts(HOUSE, news("wrong_file"), [], webhook=True)
    (draft,) = made
    assert (draft.channel, draft.recipient) == ("webhook", None)
    assert draft.payload is not None
    text = draft.payload["text"]
    assert "le mauvais fichier de société est ouvert" in text
    assert draft.payload == {
        "text": text,
        "kind": "wrong_file",
        "company": "acme",
        "state": "onset",
        "at": "2026-11-24T15:20:00Z",
        "url": "https://books.example.com/qb/connection",
    }


def test_every_trouble_of_a_message_has_its_words() -> None:
    kinds = {key.removeprefix("alerts.trouble.") for key in words.keys("en", "alerts.trouble")} - {"said"}
    for kind in kinds:
        assert words.text("fr", f"alerts.trouble.{kind}", host="mail.example.com", setting="smtp_url")
    assert {"sign_in", "certificate", "unknown_host", "sender", "slow", "redirect"} <= kinds


def test_what_a_server_says_is_one_short_line() -> None:
    assert Undelivered("refused", "a\r\n b\x00c " + "x" * 500).reply == ("a b c " + "x" * 500)[:200]


def test_mail_needs_both_the_server_and_the_sender() -> None:
    def channels(**given: object) -> Channels:
        return Channels.of(load_settings(given, {}))

    assert channels().names == ()
    assert channels(smtp_url="smtp://mail.example.com").names == ()
    assert channels(mail_from="a@example.com").names == ()
    assert channels(smtp_url="smtp://mail.example.com", mail_from="a@example.com").names == ("mail",)
    hook = channels(alert_webhook="https://hooks.example.com/t0ken/x")
    assert hook.names == ("webhook",)
    assert hook.webhook_host == "hooks.example.com"
    assert "t0ken" not in repr(hook)


def test_the_senders_domain_is_that_of_its_address() -> None:
    assert MailServer.of("smtp://x", "Books <a@books.example.com>").sender_domain == "books.example.com"
