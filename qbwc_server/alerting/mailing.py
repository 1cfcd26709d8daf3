"""Mail: what it is made of, and handing it to the mail server.

Theory of operation
-------------------
smtplib has a time limit of each wait only, so a server that drips would be waited for without end. `_Line` gives the
whole exchange one deadline: it opens the connection itself, and each reading and sending gets what is left (the
handshake that follows STARTTLS has one limit, that of the reading before it). A mail is taken once the server said so;
how it then says goodbye is of no matter.

Source: RFC 5322 (Date, Message-ID), RFC 3834 (Auto-Submitted), RFC 3207 (STARTTLS), RFC 4954 (AUTH).
"""

import base64
import contextlib
import ipaddress
import smtplib
import socket
import ssl
import time
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING, Final

from qbwc_server import deadlines
from qbwc_server.alerting.channels import MailServer, Undelivered
from qbwc_server.lines import as_line, is_plain_line

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

SECONDS: Final = 45.0
"""Time limit of talking to a mail server, from opening the connection; far below `messages.CLAIM`."""

_NO_MORE_NOW: Final = 421
_SIGNED_IN: Final = 235


def compose(
    server: MailServer, recipient: str, subject: str, body: str, *, at: datetime, identity: str
) -> EmailMessage:
    """Make a mail.

    Args:
        at: Its date.
        identity: What its Message-ID is made of: the same message sent twice bears the same one, so that a mailbox can
            show it once.

    Raises:
        Undelivered: the sender's or the recipient's address is none.
    """
    mail = EmailMessage(policy=WIRE)
    if not is_plain_line(recipient):
        raise Undelivered("address")
    try:
        mail["From"] = _address(server.sender)
        mail["To"] = _address(recipient)
    except (ValueError, MessageError) as problem:
        raise Undelivered("address") from problem
    mail["Subject"] = as_line(subject)
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{identity}@{_ascii(server.sender_domain)}>"
    # Keeps out-of-office replies and the like from coming back.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(body)
    return mail


def send(
    server: MailServer, mail: EmailMessage, *, tls: ssl.SSLContext | None = None, seconds: float = SECONDS
) -> None:
    """Hand a mail to the mail server; it is taken when this returns.

    Args:
        tls: How certificates are checked; the system's way when left out.
        seconds: Time limit of the whole.

    Raises:
        Undelivered
    """
    context = tls or ssl.create_default_context()
    try:
        with contextlib.closing(_Line(server, context, time.monotonic() + seconds)) as connection:
            _greet(server, connection, context)
            connection.send_message(mail)
            with contextlib.suppress(OSError):
                connection.quit()
    except Undelivered:
        raise
    except (OSError, smtplib.SMTPException, ValueError) as problem:
        raise _reason(problem) from problem


class _Line(smtplib.SMTP):
    """A connection to a mail server that ends at the deadline, whatever the server does."""

    def __init__(self, server: MailServer, context: ssl.SSLContext, deadline: float) -> None:
        self._deadline = deadline
        self._from_the_start = context if server.encrypted else None
        super().__init__(server.host, server.port)

    def _get_socket(self, host: str, port: int, _timeout: float) -> socket.socket:
        return deadlines.connect(host, port, self._deadline, self._from_the_start)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = deadlines.Reading(self.sock, self._deadline).makefile("rb")
        return super().getreply()

    def send(self, s: "ReadableBuffer | str") -> None:
        data = s.encode(self.command_encoding) if isinstance(s, str) else bytes(s)
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        try:
            deadlines.send(self.sock, data, self._deadline)
        except OSError as problem:
            self.close()
            raise smtplib.SMTPServerDisconnected("not sent") from problem


def _greet(server: MailServer, connection: smtplib.SMTP, context: ssl.SSLContext) -> None:
    connection.ehlo_or_helo_if_needed()
    encrypted = server.encrypted
    if not encrypted and connection.has_extn("starttls"):
        connection.starttls(context=context)
        connection.ehlo()
        encrypted = True
    if not server.user:
        return
    if not encrypted and not _is_here(server.host):
        raise Undelivered("no_encryption")
    if not connection.has_extn("auth"):
        raise Undelivered("no_sign_in")
    _sign_in(connection, server.user, server.password)


def _sign_in(connection: smtplib.SMTP, user: str, password: str) -> None:
    if f"{user}{password}".isascii():
        connection.login(user, password)
        return
    # smtplib knows ASCII only; PLAIN is UTF-8 (RFC 4616).
    plain = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    code, reply = connection.docmd("AUTH", f"PLAIN {plain}")
    if code != _SIGNED_IN:
        raise smtplib.SMTPAuthenticationError(code, reply)


def _reason(problem: Exception) -> Undelivered:
    """Return what a failure means for the person who looks after the server."""
    reply = _reply(problem)
    if isinstance(problem, smtplib.SMTPAuthenticationError):
        return Undelivered("sign_in", reply)
    if isinstance(problem, smtplib.SMTPSenderRefused):
        return Undelivered("sender", reply)
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        return Undelivered("recipient", reply)
    if isinstance(problem, smtplib.SMTPNotSupportedError):
        return Undelivered("address")
    if isinstance(problem, smtplib.SMTPResponseException):
        return Undelivered("busy" if problem.smtp_code == _NO_MORE_NOW else "refused", reply)
    # smtplib says of a time limit that the connection was closed; what it was stands behind.
    cause = problem.__context__ if isinstance(problem, smtplib.SMTPServerDisconnected) else problem
    return Undelivered(deadlines.reason_of(cause or problem))


def _reply(problem: Exception) -> str:
    code, text = getattr(problem, "smtp_code", ""), getattr(problem, "smtp_error", b"")
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(problem.recipients.values()), ("", b""))
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return f"{code} {said}".strip()


def _address(text: str) -> Address | str:
    name, spec = parseaddr(text)
    user, _, domain = spec.rpartition("@")
    return Address(name, user, domain) if user else text


def _ascii(domain: str) -> str:
    with contextlib.suppress(UnicodeError):
        return domain.encode("idna").decode("ascii")
    return "localhost"


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False
