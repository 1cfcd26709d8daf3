"""The ways out: a mail server and a webhook, as the settings name them, and what can be wrong with them."""

from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Final, Self
from urllib.parse import unquote, urlsplit

from qbwc_server.settings import Settings

MAIL: Final = "mail"
WEBHOOK: Final = "webhook"
_SUBMISSION: Final = 587
_RELAY: Final = 25
_SMTPS: Final = 465
_LONGEST_REPLY: Final = 200


class Undelivered(Exception):
    """A message was not taken.

    Attributes:
        kind: What was wrong, a key under `alerts.trouble` in the catalogue.
        reply: What the other side said, in its own words; "" where it said nothing.
    """

    def __init__(self, kind: str, reply: str = "") -> None:
        self.kind = kind
        self.reply = " ".join("".join(each if each.isprintable() else " " for each in reply).split())[:_LONGEST_REPLY]
        super().__init__(f"A message was not taken ({kind}).")


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server that takes our mail.

    Attributes:
        host: Its name.
        port: 587 with a user, else 25; with `smtps` 465; unless the address names another.
        encrypted: Whether the connection is encrypted from the start (smtps); else by STARTTLS where that is offered.
        user, password: The account; "" for none.
        sender: The From of every mail, "Name <address>" or the address alone.
    """

    host: str
    port: int
    encrypted: bool
    user: str
    password: str = field(repr=False)
    sender: str

    @classmethod
    def of(cls, url: str, sender: str) -> Self:
        """Read an address such as smtps://user:p%40ss@mail.example.com; user and password are percent-decoded.

        Raises:
            ValueError: its port is none.
        """
        parts = urlsplit(url.strip())
        encrypted = parts.scheme == "smtps"
        usual = _SMTPS if encrypted else _SUBMISSION if parts.username else _RELAY
        return cls(
            parts.hostname or "",
            parts.port or usual,
            encrypted,
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            sender,
        )

    @property
    def sender_domain(self) -> str:
        """The part of the sender's address after the @."""
        return parseaddr(self.sender)[1].rpartition("@")[2] or "localhost"


@dataclass(frozen=True, slots=True)
class Channels:
    """What is set of the ways out.

    Attributes:
        mail: The mail server, or None while smtp_url or mail_from is not set.
        webhook: The address that alerts are posted to, or None.
    """

    mail: MailServer | None
    webhook: str | None = field(repr=False)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return what the settings name."""
        smtp, sender, hook = settings.smtp_url, settings.mail_from, settings.alert_webhook
        mail = MailServer.of(smtp.get_secret_value(), sender) if smtp is not None and sender is not None else None
        return cls(mail, None if hook is None else hook.get_secret_value())

    @property
    def names(self) -> tuple[str, ...]:
        """Which there are, by their names in `tables.messages`."""
        return ((MAIL,) if self.mail is not None else ()) + ((WEBHOOK,) if self.webhook is not None else ())

    @property
    def webhook_host(self) -> str:
        """The host of the webhook; the rest of such an address is a secret."""
        return urlsplit(self.webhook or "").hostname or ""
