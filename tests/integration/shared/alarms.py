"""The alerts of an office of ours, with a clock that can be moved on."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from office import Books, Caller, Office

from qbwc_server.alerting import Channels, Courier, House, Noticing, Patience
from qbwc_server.alerting.channels import MailServer
from qbwc_server.settings import OfficeHours
from qbwc_server.store import tables, users

URL = "https://books.example.com"
WRONG = "not the password"


@dataclass
class Alarms:
    """A courier that is led by hand.

    Attributes:
        later: how far its clock is ahead.
    """

    office: Office
    channels: Channels
    language: str = "en"
    minutes: int = 60
    later: timedelta = field(default_factory=timedelta)

    def __post_init__(self) -> None:
        house = House(URL, "America/Toronto", self.language)
        patience = Patience(OfficeHours.parse("always"), UTC, self.minutes)
        self.noticing = Noticing(self.office.database, patience, house, self.channels.names, self.clock)
        # The server has been running since now.
        self.noticing.look()
        self.courier = Courier(self.office.database, self.channels, self.noticing, seconds=2)

    def clock(self, connection: sa.Connection) -> datetime:
        return self.office.database.now(connection) + self.later

    def pass_minutes(self, minutes: float) -> None:
        self.later += timedelta(minutes=minutes)

    def look(self, minutes: float = 0) -> int:
        """Let time pass, and look."""
        self.pass_minutes(minutes)
        return self.noticing.look()

    def settle(self) -> None:
        """Look, and look again when what is right counts as right."""
        self.look()
        self.look(2)

    def rows(self) -> list[dict[str, Any]]:
        return self.office.rows(tables.alerts)

    def messages(self) -> list[dict[str, Any]]:
        return self.office.rows(tables.messages)

    def subjects(self) -> list[str]:
        return [row["subject"] for row in sorted(self.messages(), key=lambda row: row["id"])]


def channels(*, smtp: str = "smtp://127.0.0.1:9", webhook: str | None = None, mail: bool = True) -> Channels:
    """Ways out; the mail server is one that nobody runs unless one is named."""
    return Channels(MailServer.of(smtp, "alerts@example.com") if mail else None, webhook)


def add_person(
    office: Office, name: str, *, email: str | None = "", alerts: bool = True, language: str | None = None
) -> None:
    """Make an account that gets alerts."""
    address = f"{name}@example.com" if email == "" else email
    with office.database.write() as connection:
        users.add(connection, name, "operator", "correct horse", office.database.now(connection))
        change = tables.users.update().where(tables.users.c.name == name)
        connection.execute(change.values(email=address, alerts=alerts and address is not None, language=language))


def sign_in(office: Office, books: Books, password: str | None = None) -> None:
    """Let the Web Connector sign in once, with its own password or another one."""
    office.conversation.authenticate(books.name, books.password if password is None else password, Caller())
    office.conversation.watch.flush(office.database)


def be_refused(office: Office, books: Books) -> None:
    """Let a wrong password be given twice: once would be a slip."""
    for _ in range(2):
        sign_in(office, books, WRONG)
