"""Links to the page for the person at the QuickBooks PC: who has one needs no account, and learns no data by it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select

from qbwc_server.store.accounts import digest, make_secret
from qbwc_server.store.tables import setup_links, users

LIFETIME: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class SetupLink:
    """A link as stored: for which company, since when and until when."""

    company: str
    created_at: datetime
    expires_at: datetime


def make(connection: Connection, company: str, by: str, now: datetime) -> tuple[str, SetupLink]:
    """Make a link and sweep out those whose time is over.

    Returns:
        the link's secret, of which only the SHA-256 is kept, and the link.
    """
    connection.execute(delete(setup_links).where(setup_links.c.expires_at <= now))
    secret, link = make_secret(), SetupLink(company, now, now + LIFETIME)
    connection.execute(
        insert(setup_links).values(
            token_sha256=digest(secret),
            company=company,
            created_by=by,
            created_at=link.created_at,
            expires_at=link.expires_at,
        )
    )
    return secret, link


def find(connection: Connection, secret: str, now: datetime) -> SetupLink | None:
    """Return the link of a secret; None if there is none, its time is over, or who made it may not sign in."""
    row = connection.execute(
        select(setup_links.c.company, setup_links.c.created_at, setup_links.c.expires_at)
        .join(users, users.c.name == setup_links.c.created_by)
        .where(
            setup_links.c.token_sha256 == digest(secret), setup_links.c.expires_at > now, users.c.disabled.is_(False)
        )
    ).one_or_none()
    return None if row is None else SetupLink(*row)


def count(connection: Connection, company: str, now: datetime) -> int:
    """Return how many links of a company are valid."""
    query = select(func.count()).select_from(setup_links)
    wanted = (setup_links.c.company == company, setup_links.c.expires_at > now)
    return int(connection.execute(query.where(*wanted)).scalar_one())


def end(connection: Connection, company: str) -> int:
    """End every link of a company; returns how many."""
    return connection.execute(delete(setup_links).where(setup_links.c.company == company)).rowcount
