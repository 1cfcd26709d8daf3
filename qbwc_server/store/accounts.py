"""Accounts: people who sign in to the pages, their sessions, and tokens of programs.

People choose their passwords, so those are kept as argon2id; sessions and tokens are made here with 256 bits, so a
SHA-256 of them is enough and each call can look them up by it.
"""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from qbwc_server.store.tables import ROLES, companies, web_sessions
from qbwc_server.store.tables import tokens as token_table
from qbwc_server.store.tables import users as user_table

MINIMUM_PASSWORD: Final = 8
MAXIMUM_PASSWORD: Final = 1024
_MAXIMUM_NAME: Final = 100
_SECRET_BYTES: Final = 32
# 19 MiB, two passes, one lane. Source: OWASP, Password Storage Cheat Sheet, Argon2id.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# What a guess at an unknown name is checked against, so that it costs the same time as one at a known name.
_NOBODY: Final = _HASHER.hash(secrets.token_urlsafe(_SECRET_BYTES))


class AccountError(Exception):
    """An account cannot be made, found or changed; the message says why and what to do."""


class BadName(AccountError):
    """The name of a user or token cannot be used."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name!r} cannot be used as a name. Give 1 to {_MAXIMUM_NAME} characters, none of them invisible, "
            "without a space at the start or the end."
        )


class BadRole(AccountError):
    """There is no such role."""

    def __init__(self, role: str) -> None:
        super().__init__(f"There is no role {role!r}. Choose one of {', '.join(ROLES)}.")


class BadPassword(AccountError):
    """The password is too short or too long."""

    def __init__(self) -> None:
        super().__init__(
            f"A password has {MINIMUM_PASSWORD} to {MAXIMUM_PASSWORD} characters. Choose a longer or shorter one."
        )


class UserExists(AccountError):
    """The user is already there."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The user {name!r} is already there. Choose another name, or use 'qbwc user password {name}'."
        )


class UnknownUser(AccountError):
    """There is no such user."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no user {name!r}. 'qbwc user list' shows those there are.")


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
class User:
    """Somebody who may sign in to the pages.

    Attributes:
        name: The name to sign in with, compared exactly.
        role: "viewer" looks, "operator" also refreshes, cancels and retries, "admin" does everything.
        language: The language chosen, or None.
        disabled: Whether signing in is refused.
        created_at: When the account was made.
    """

    name: str
    role: str
    language: str | None
    disabled: bool
    created_at: datetime

    def may(self, role: str) -> bool:
        """Tell whether this user may do what a role may do."""
        return may(self.role, role)


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


def may(role: str, needed: str) -> bool:
    """Tell whether somebody of one role may do what another role may do."""
    return ROLES.index(role) >= ROLES.index(needed)


def add_user(
    connection: Connection, name: str, role: str, password: str, now: datetime, *, least: int = MINIMUM_PASSWORD
) -> User:
    """Make an account for the pages.

    Args:
        connection: in a writing transaction.
        name, role, password: of the user.
        now: the time of making.
        least: the least length of the password; shorter only where nothing is at stake, as in the demo.

    Raises:
        BadName, BadRole, BadPassword: one of these cannot be used.
        UserExists: the name is taken.
    """
    _check_name(name)
    _check_role(role)
    _check_new_password(password, least)
    row = {"name": name, "role": role, "password_hash": _HASHER.hash(password), "disabled": False, "created_at": now}
    with _taken(connection, UserExists(name)):
        connection.execute(insert(user_table).values(row))
    return User(name, role, None, disabled=False, created_at=now)


def users(connection: Connection) -> tuple[User, ...]:
    """Return every user, by name, the disabled ones too."""
    return tuple(_user(row) for row in connection.execute(select(user_table).order_by(user_table.c.name)))


def set_password(connection: Connection, name: str, password: str) -> None:
    """Give a user a new password and end that user's sessions.

    Raises:
        BadPassword: it cannot be used.
        UnknownUser: there is no such user.
    """
    _check_new_password(password)
    _change(connection, name, password_hash=_HASHER.hash(password))
    _end_sessions(connection, name)


def disable(connection: Connection, name: str) -> None:
    """Refuse a user from now on and end that user's sessions; what was asked for stays.

    Raises:
        UnknownUser: there is no such user.
    """
    _change(connection, name, disabled=True)
    _end_sessions(connection, name)


def set_language(connection: Connection, name: str, language: str | None) -> None:
    """Keep the language a user chose.

    Raises:
        UnknownUser: there is no such user.
    """
    _change(connection, name, language=language)


def check_password(connection: Connection, name: str, password: str) -> User | None:
    """Return the user whose name and password these are; None if they are not, or the user is disabled.

    An unknown name takes the time of a known one. In a writing transaction a password kept with older parameters is
    kept anew with today's.
    """
    row = connection.execute(select(user_table).where(user_table.c.name == name)).one_or_none()
    kept = _NOBODY if row is None else row.password_hash
    right = _matches(kept, password[: MAXIMUM_PASSWORD + 1])
    if row is None or row.disabled or not right:
        return None
    if connection.get_execution_options().get("qbwc_write") and _HASHER.check_needs_rehash(kept):
        _change(connection, name, password_hash=_HASHER.hash(password))
    return _user(row)


def open_session(connection: Connection, user: User, now: datetime, lifetime: timedelta) -> str:
    """Begin a session of the pages and sweep out the ended ones.

    Returns:
        The session's secret for the cookie; only its SHA-256 is kept.
    """
    connection.execute(delete(web_sessions).where(web_sessions.c.expires_at <= now))
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    connection.execute(
        insert(web_sessions).values(
            token_sha256=_digest(secret), user_name=user.name, created_at=now, expires_at=now + lifetime
        )
    )
    return secret


def session_user(connection: Connection, token: str, now: datetime) -> User | None:
    """Return whose session this is; None if it has ended or the user is disabled."""
    row = connection.execute(
        select(user_table)
        .join(web_sessions, web_sessions.c.user_name == user_table.c.name)
        .where(web_sessions.c.token_sha256 == _digest(token), web_sessions.c.expires_at > now)
    ).one_or_none()
    return None if row is None or row.disabled else _user(row)


def close_session(connection: Connection, token: str) -> None:
    """End a session; an unknown one is no error."""
    connection.execute(delete(web_sessions).where(web_sessions.c.token_sha256 == _digest(token)))


def add_token(connection: Connection, name: str, role: str, company: str | None, now: datetime) -> str:
    """Make a token; the name of a revoked one may be used again.

    Returns:
        The token, shown this once; only its SHA-256 is kept.

    Raises:
        BadName, BadRole: one of these cannot be used.
        TokenExists: a token of this name is in use.
        UnknownTokenCompany: there is no such company.
    """
    _check_name(name)
    _check_role(role)
    if company is not None and not connection.scalar(select(companies.c.company).where(companies.c.company == company)):
        raise UnknownTokenCompany(company)
    secret = f"qbwc_{secrets.token_urlsafe(_SECRET_BYTES)}"
    connection.execute(delete(token_table).where(token_table.c.name == name, token_table.c.revoked_at.is_not(None)))
    row = {"name": name, "token_sha256": _digest(secret), "role": role, "company": company, "created_at": now}
    with _taken(connection, TokenExists(name)):
        connection.execute(insert(token_table).values(row))
    return secret


def token_owner(connection: Connection, token: str) -> Token | None:
    """Return the token that these characters are; None if there is none or it was revoked."""
    row = connection.execute(
        select(token_table).where(token_table.c.token_sha256 == _digest(token), token_table.c.revoked_at.is_(None))
    ).one_or_none()
    return None if row is None else _token(row)


def tokens(connection: Connection) -> tuple[Token, ...]:
    """Return every token, by name, the revoked ones too."""
    return tuple(_token(row) for row in connection.execute(select(token_table).order_by(token_table.c.name)))


def revoke_token(connection: Connection, name: str, now: datetime) -> None:
    """Make a token void.

    Raises:
        UnknownToken: there is no such token in use.
    """
    done = connection.execute(
        update(token_table).where(token_table.c.name == name, token_table.c.revoked_at.is_(None)).values(revoked_at=now)
    )
    if done.rowcount != 1:
        raise UnknownToken(name)


def _matches(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def _check_name(name: str) -> None:
    if not 1 <= len(name) <= _MAXIMUM_NAME or name != name.strip() or not name.isprintable():
        raise BadName(name)


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise BadRole(role)


def _check_new_password(password: str, least: int = MINIMUM_PASSWORD) -> None:
    if not least <= len(password) <= MAXIMUM_PASSWORD:
        raise BadPassword


@contextmanager
def _taken(connection: Connection, error: AccountError) -> Iterator[None]:
    """Turn a clash of keys into its error, and leave the transaction usable."""
    try:
        with connection.begin_nested():
            yield
    except IntegrityError as clash:
        raise error from clash


def _change(connection: Connection, name: str, **values: object) -> None:
    done = connection.execute(update(user_table).where(user_table.c.name == name).values(values))
    if done.rowcount != 1:
        raise UnknownUser(name)


def _end_sessions(connection: Connection, name: str) -> None:
    connection.execute(delete(web_sessions).where(web_sessions.c.user_name == name))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _user(row: Row[tuple[object, ...]]) -> User:
    return User(row.name, row.role, row.language, disabled=row.disabled, created_at=row.created_at)


def _token(row: Row[tuple[object, ...]]) -> Token:
    return Token(row.name, row.role, row.company, row.created_at, row.revoked_at)
