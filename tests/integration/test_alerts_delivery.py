"""Handing mail to real mail servers, and alerts to a real webhook."""

import smtplib
import ssl
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from receivers import Mailbox, certificate, dripping_server, free_port, hook_server, mail_server, mute_server, text_of

from qbwc_server.alerting import Undelivered, mailing, posting
from qbwc_server.alerting.channels import MailServer

AT = datetime(2026, 11, 24, 15, 20, tzinfo=UTC)
SENDER = "QuickBooks au site <alertes@example.com>"
PASSWORD = "p@ss/wörd:1"


def deliver(
    server: MailServer, *, to: str = "marie@example.com", tls: ssl.SSLContext | None = None, seconds: float = 5
) -> None:
    subject = "Société Générée : Web Connector hors ligne"
    mail = mailing.compose(server, to, subject, "Déjà vu.\n", at=AT, identity="abc")
    mailing.send(server, mail, tls=tls, seconds=seconds)


def refused(server: MailServer, *, tls: ssl.SSLContext | None = None, seconds: float = 5) -> Undelivered:
    with pytest.raises(Undelivered) as caught:
        deliver(server, tls=tls, seconds=seconds)
    return caught.value


def with_account(box: Mailbox, password: str = PASSWORD, host: str = "localhost") -> MailServer:
    return MailServer(host, box.port, encrypted=False, user="al@example.com", password=password, sender=SENDER)


def test_a_mail_arrives_whole_and_says_that_a_machine_wrote_it() -> None:
    with mail_server() as box:
        deliver(MailServer.of(box.url, SENDER))
        (mail,) = box.mails
    assert text_of(mail) == "Société Générée : Web Connector hors ligne\nDéjà vu.\n"
    assert mail["From"] == SENDER
    assert mail["To"] == "marie@example.com"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == "<abc@example.com>"
    assert mail["Date"].datetime == AT


def test_user_and_password_of_the_address_are_decoded_and_the_usual_ports_taken() -> None:
    found = MailServer.of("smtps://al%40example.com:p%40ss%2Fw%C3%B6rd%3A1@mail.example.com", SENDER)
    assert (found.user, found.password, found.port, found.encrypted) == ("al@example.com", PASSWORD, 465, True)
    assert "w" not in repr(found).partition("password")[2]
    assert MailServer.of("smtp://mail.example.com", SENDER).port == 25
    assert MailServer.of("smtp://u:p@mail.example.com", SENDER).port == 587
    assert MailServer.of("smtp://u:p@mail.example.com:2525", SENDER).port == 2525


def test_starttls_is_used_where_it_is_offered_and_only_then_the_password_sent(tmp_path: Path) -> None:
    theirs, ours = certificate(tmp_path)
    with mail_server(tls=theirs, account=("al@example.com", PASSWORD)) as box:
        deliver(with_account(box), tls=ours)
        assert box.encrypted == [True]
        assert box.signed_in == [("al@example.com", PASSWORD)]


def test_a_certificate_that_is_not_trusted_or_of_another_name_is_refused(tmp_path: Path) -> None:
    theirs, ours = certificate(tmp_path, "mail.example.com")
    with mail_server(tls=theirs) as box:
        server = with_account(box)
        assert refused(server).kind == "certificate"
        assert refused(server, tls=ours).kind == "certificate"
        assert box.mails == []


def test_a_password_never_goes_over_the_net_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailing, "_is_here", lambda _host: False)
    with mail_server(account=("al@example.com", PASSWORD)) as box:
        assert refused(with_account(box)).kind == "no_encryption"
        assert box.signed_in == []


def test_a_wrong_password_is_told_as_that_with_what_the_server_said() -> None:
    with mail_server(account=("al@example.com", PASSWORD)) as box:
        trouble = refused(with_account(box, "wrong"))
        assert trouble.kind == "sign_in"
        assert trouble.reply.startswith("535")
        assert "wrong" not in trouble.reply


def test_a_server_without_sign_in_is_told_as_that() -> None:
    with mail_server() as box:
        assert refused(with_account(box)).kind == "no_sign_in"


def test_a_refused_sender_recipient_or_message_is_told_as_that() -> None:
    with mail_server() as box:
        server = MailServer.of(box.url, SENDER)
        box.refused_recipients = {"marie@example.com"}
        assert (refused(server).kind, refused(server).reply) == ("recipient", "550 5.1.1 no such mailbox")
        box.refused_recipients = set()
        box.answer = "554 5.7.0 looks like spam"
        assert (refused(server).kind, refused(server).reply) == ("refused", "554 5.7.0 looks like spam")
        box.refuses_sender = True
        assert refused(server).kind == "sender"
        assert box.mails == []


def test_a_slow_mail_server_is_not_waited_for_longer_than_the_limit() -> None:
    with mute_server() as port:
        began = time.monotonic()
        assert refused(MailServer.of(f"smtp://127.0.0.1:{port}", SENDER), seconds=0.3).kind == "slow"
        assert time.monotonic() - began < 3


def test_a_mail_server_that_is_not_there_is_told_as_that() -> None:
    assert refused(MailServer.of(f"smtp://127.0.0.1:{free_port()}", SENDER)).kind == "nobody_there"
    assert refused(MailServer.of("smtp://mail.invalid", SENDER)).kind == "unknown_host"


def test_smtps_to_a_port_that_speaks_plainly_is_told_as_that() -> None:
    with mail_server() as box:
        assert refused(MailServer.of(f"smtps://127.0.0.1:{box.port}", SENDER)).kind == "encryption"


def test_an_address_brings_no_further_recipient_or_header() -> None:
    with mail_server() as box:
        with pytest.raises(Undelivered) as caught:
            deliver(MailServer.of(box.url, SENDER), to="marie@example.com\r\nBcc: eve@example.com")
        assert (caught.value.kind, box.mails) == ("address", [])


def test_an_address_that_the_mail_server_cannot_write_is_told_as_that() -> None:
    with mail_server(utf8=False) as box, pytest.raises(Undelivered) as caught:
        deliver(MailServer.of(box.url, SENDER), to="zoé@example.com")
    assert caught.value.kind == "address"


def test_the_reply_of_a_server_is_cut_and_has_no_lines() -> None:
    trouble = mailing._reason(smtplib.SMTPDataError(554, b"line\r\none \x1b[31m" + b"x" * 999))
    assert trouble.reply.startswith("554 line one [31mx")
    assert len(trouble.reply) == 200


def test_a_webhook_gets_json_at_the_whole_address() -> None:
    with hook_server() as hook:
        posting.post(f"{hook.url}?a=b", {"text": "é"}, seconds=5)
        assert (hook.posts, hook.paths) == ([{"text": "é"}], ["/hook/s3cret-part?a=b"])


@pytest.mark.parametrize(
    ("status", "kind"), [(302, "redirect"), (307, "redirect"), (404, "not_taken"), (500, "not_taken")]
)
def test_a_webhook_that_sends_elsewhere_or_refuses_has_not_taken_it(status: int, kind: str) -> None:
    with hook_server() as hook:
        hook.status = status
        with pytest.raises(Undelivered) as caught:
            posting.post(hook.url, {"text": "x"}, seconds=5)
        assert caught.value.kind == kind
        assert len(hook.posts) == 1


def test_a_webhook_that_is_not_there_or_slow_is_told_as_that() -> None:
    with pytest.raises(Undelivered) as caught:
        posting.post(f"http://127.0.0.1:{free_port()}/x", {"text": "x"}, seconds=5)
    assert caught.value.kind == "nobody_there"
    with mute_server() as port, pytest.raises(Undelivered) as caught:
        posting.post(f"http://127.0.0.1:{port}/x", {"text": "x"}, seconds=0.3)
    assert caught.value.kind == "slow"


@pytest.mark.parametrize(("first", "drop"), [(b"", b"2"), (b"220-a\r\n", b"220-b\r\n"), (b"220 a\r\n", b"250-b\r\n")])
def test_a_mail_server_that_drips_is_not_waited_for_longer_than_the_limit(first: bytes, drop: bytes) -> None:
    with dripping_server(first=first, drop=drop) as port:
        began = time.monotonic()
        assert refused(MailServer.of(f"smtp://127.0.0.1:{port}", SENDER), seconds=0.5).kind == "slow"
        assert time.monotonic() - began < 3


def test_a_mail_that_was_taken_is_delivered_however_the_server_says_goodbye() -> None:
    said = b"220 a\r\n250 b\r\n250 from\r\n250 to\r\n354 go on\r\n250 taken\r\n"
    for goodbye in (b"500 what?\r\n", b"2"):
        with dripping_server(first=said, drop=goodbye) as port:
            deliver(MailServer.of(f"smtp://127.0.0.1:{port}", SENDER), seconds=1)


@pytest.mark.parametrize(
    ("first", "drop"),
    [(b"", b"H"), (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), (b"", b"HTTP/1.1 100 Continue\r\n\r\n")],
)
def test_a_webhook_that_drips_is_not_waited_for_longer_than_the_limit(first: bytes, drop: bytes) -> None:
    began = time.monotonic()
    with dripping_server(first=first, drop=drop) as port, pytest.raises(Undelivered) as caught:
        posting.post(f"http://127.0.0.1:{port}/x", {"text": "x"}, seconds=0.5)
    assert caught.value.kind == "slow"
    assert time.monotonic() - began < 3


def test_a_webhook_that_took_it_has_taken_it_however_long_it_talks_on() -> None:
    with dripping_server(first=b"HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n") as port:
        posting.post(f"http://127.0.0.1:{port}/x", {"text": "x"}, seconds=0.5)


def test_a_webhook_is_posted_encrypted_to_whoever_has_a_trusted_certificate(tmp_path: Path) -> None:
    theirs, ours = certificate(tmp_path)
    with hook_server(tls=theirs) as hook:
        posting.post(hook.url, {"text": "x"}, tls=ours, seconds=5)
        assert hook.posts == [{"text": "x"}]
        with pytest.raises(Undelivered) as caught:
            posting.post(hook.url, {"text": "x"}, seconds=5)
        assert caught.value.kind == "certificate"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_a_name_of_several_lines_is_one_in_the_subject(end: str) -> None:
    with mail_server() as box:
        server = MailServer.of(box.url, SENDER)
        mail = mailing.compose(server, "marie@example.com", f"Acme{end}Ltd", "Text\n", at=AT, identity="abc")
        mailing.send(server, mail, seconds=5)
        assert str(box.mails[0]["Subject"]).split() == ["Acme", "Ltd"]
