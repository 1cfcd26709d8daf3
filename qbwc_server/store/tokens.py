"""Tokens: the right of programs to use the API."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from qbwc_server.store.accounts import AccountError, check_name, check_role, digest, make_secret, may, taken
from qbwc_server.store.tables import companies, tokens


class TokenExists(AccountError):
    """A token of this name is in use."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The token {name!r} is already there. Choose another name, or use 'qbwc token revoke {name}' first."
        )


class UnknownToken(AccountError):
    """There is no such token in use."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no token {name!r} in use. 'qbwc token list' shows those there are.")


class UnknownTokenCompany(AccountError):
    """A token is to be bound to a company that is not there."""

    def __init__(self, company: str) -> None:
        super().__init__(f"There is no company {company!r}. 'qbwc company list' shows those there are.")


@dataclass(frozen=True, slots=True)
class Token:
    """The right of a program to use the API.

    Attributes:
        name: What it is called in lists and as the asker of refreshes.
        role: As for users.
        company: The one company it may see, or None for all.
        created_at: When it was made.
        revoked_at: Since when it is void, or None.
    """

    name: str
    role: str
    company: str | None
    created_at: datetime
    revoked_at: datetime | None

    def may(self, role: str) -> bool:
        """Tell whether this token may do what a role may do."""
        return may(self.role, role)


def add(connection: Connection, name: str, role: str, company: str | None, now: datetime) -> str:
    """Make a token; the name of a revoked one may be used again.

    Returns:
        The token, shown this once; only its SHA-256 is kept.

    Raises:
        BadName, BadRole: one of these cannot be used.
        TokenExists: a token of this name is in use.
        UnknownTokenCompany: there is no such company.
    """
    check_name(name)
    check_role(role)
    if company is not None and not connection.scalar(select(companies.c.company).where(companies.c.company == company)):
        raise UnknownTokenCompany(company)
    secret = f"qbwc_{make_secret()}"
    connection.execute(delete(tokens).where(tokens.c.name == name, tokens.c.revoked_at.is_not(None)))
    row = {"name": name, "token_sha256": digest(secret), "role": role, "company": company, "created_at": now}
    with taken(connection, TokenExists(name)):
        connection.execute(insert(tokens).values(row))
    return secret


def owner_of(connection: Connection, token: str) -> Token | None:
    """Return the token that these characters are; None if there is none or it was revoked."""
    row = connection.execute(
        select(tokens).where(tokens.c.token_sha256 == digest(token), tokens.c.revoked_at.is_(None))
    ).one_or_none()
    return None if row is None else _token(row)


def everyone(connection: Connection) -> tuple[Token, ...]:
    """Return every token, by name, the revoked ones too."""
    return tuple(_token(row) for row in connection.execute(select(tokens).order_by(tokens.c.name)))


def revoke(connection: Connection, name: str, now: datetime) -> None:
    """Make a token void.

    Raises:
        UnknownToken: there is no such token in use.
    """
    done = connection.execute(
        update(tokens).where(tokens.c.name == name, tokens.c.revoked_at.is_(None)).values(revoked_at=now)
    )
    if done.rowcount != 1:
        raise UnknownToken(name)


def _token(row: Row[Any]) -> Token:
    return Token(row.name, row.role, row.company, row.created_at, row.revoked_at)
