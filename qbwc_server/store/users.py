"""Users: people who sign in to the pages, and their passwords.

Source: OWASP, Password Storage Cheat Sheet, Argon2id.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, Row, delete, insert, select, update

from qbwc_server.store.accounts import AccountError, check_name_of_user, check_role, make_secret, may, taken
from qbwc_server.store.tables import users, web_sessions

MINIMUM_PASSWORD: Final = 8
MAXIMUM_PASSWORD: Final = 1024
# 19 MiB, two passes, one lane.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
LONGEST_EMAIL: Final = 254
# What every mail server takes in a header as it is; whether somebody reads it there shows only when it is written to.
_EMAIL: Final = re.compile(r"[^\s@,;:<>()\[\]\"\\]+@[^\s@,;:<>()\[\]\"\\]+")


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


class BadEmail(AccountError):
    """The address of mail cannot be written to."""

    def __init__(self, email: str) -> None:
        super().__init__(f"{email!r} is no address of mail. Write it as marie@example.com, or leave it empty.")


class EmailNeeded(AccountError):
    """Alerts are wanted, and there is no address to send them to."""

    def __init__(self) -> None:
        super().__init__("Alerts need an address of mail. Give one, or do without alerts.")


class LastAdmin(AccountError):
    """Nobody would be left who may add users."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} is the last administrator who may sign in. Make somebody else one first.")


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in to the pages.

    Attributes:
        name: The name to sign in with, compared exactly.
        role: "viewer" looks, "operator" also refreshes, cancels and retries, "admin" does everything.
        language: The language chosen, or None.
        disabled: Whether signing in is refused.
        created_at: When the account was made.
        email: Where to write to, or None.
        alerts: Whether to write there when something is wrong.
    """

    name: str
    role: str
    language: str | None
    disabled: bool
    created_at: datetime
    email: str | None = None
    alerts: bool = False

    def may(self, role: str) -> bool:
        """Tell whether this user may do what a role may do."""
        return may(self.role, role)


def add(
    connection: Connection,
    name: str,
    role: str,
    password: str,
    now: datetime,
    *,
    email: str | None = None,
    least: int = MINIMUM_PASSWORD,
) -> User:
    """Make an account for the pages.

    Args:
        connection: in a writing transaction.
        name, role, password: of the user.
        now: the time of making.
        email: where to write to, or None.
        least: the least length of the password; shorter only where nothing is at stake, as in the demo.

    Raises:
        BadName, MisleadingName, BadRole, BadPassword, BadEmail: one of these cannot be used.
        UserExists: the name is taken.
    """
    check_name_of_user(name)
    check_role(role)
    _check_email(email)
    _check_new_password(password, least)
    row = {
        "name": name,
        "role": role,
        "password_hash": _HASHER.hash(password),
        "disabled": False,
        "created_at": now,
        "email": email,
    }
    with taken(connection, UserExists(name)):
        connection.execute(insert(users).values(row))
    return User(name, role, None, disabled=False, created_at=now, email=email)


def get(connection: Connection, name: str) -> User:
    """Return a user, a disabled one too.

    Raises:
        UnknownUser: there is no such user.
    """
    row = connection.execute(select(users).where(users.c.name == name)).one_or_none()
    if row is None:
        raise UnknownUser(name)
    return from_row(row)


def everyone(connection: Connection) -> tuple[User, ...]:
    """Return every user, by name, the disabled ones too."""
    return tuple(from_row(row) for row in connection.execute(select(users).order_by(users.c.name)))


def exists(connection: Connection, name: str | None = None) -> bool:
    """Tell whether there is a user of this name, or any at all."""
    query = select(users.c.name).limit(1)
    return connection.scalar(query if name is None else query.where(users.c.name == name)) is not None


def set_password(connection: Connection, name: str, password: str, *, but: str | None = None) -> None:
    """Give a user a new password and end that user's sessions, all but the one of a key.

    Raises:
        BadPassword: it cannot be used.
        UnknownUser: there is no such user.
    """
    _check_new_password(password)
    _change(connection, name, password_hash=_HASHER.hash(password))
    end_sessions(connection, name, but=but)


def set_role(connection: Connection, name: str, role: str) -> None:
    """Let a user do more or less from the next page on.

    Raises:
        BadRole: there is no such role.
        UnknownUser: there is no such user.
    """
    check_role(role)
    _change(connection, name, role=role)


def disable(connection: Connection, name: str) -> None:
    """Refuse a user from now on and end that user's sessions; what was asked for stays.

    Raises:
        UnknownUser: there is no such user.
    """
    _change(connection, name, disabled=True)
    end_sessions(connection, name)


def enable(connection: Connection, name: str) -> None:
    """Let a user who was switched off sign in again, with the password of before.

    Raises:
        UnknownUser: there is no such user.
    """
    _change(connection, name, disabled=False)


def end_sessions(connection: Connection, name: str, *, but: str | None = None) -> int:
    """End the sessions of a user, all but the one of a key, and return how many they were."""
    theirs = delete(web_sessions).where(web_sessions.c.user_name == name)
    return connection.execute(theirs if but is None else theirs.where(web_sessions.c.token_sha256 != but)).rowcount


def keep_an_admin(connection: Connection, name: str) -> None:
    """Refuse to take the last administrator away; in the writing transaction that would do it.

    Raises:
        LastAdmin: this is the only administrator who may sign in.
    """
    # Held, so that two who take each other's role away at once do so one after the other.
    able = select(users.c.name).where(users.c.role == "admin", users.c.disabled.is_(False)).order_by(users.c.name)
    if set(connection.scalars(able.with_for_update())) == {name}:
        raise LastAdmin(name)


def set_contact(connection: Connection, name: str, email: str | None, *, alerts: bool) -> None:
    """Keep where a user is written to, and whether to write there when something is wrong.

    Raises:
        BadEmail: it cannot be used.
        EmailNeeded: alerts are wanted without an address.
        UnknownUser: there is no such user.
    """
    _check_email(email)
    if alerts and email is None:
        raise EmailNeeded
    _change(connection, name, email=email, alerts=alerts)


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
    row = connection.execute(select(users).where(users.c.name == name)).one_or_none()
    nobody = _nobody()
    kept = nobody if row is None else row.password_hash
    right = _matches(kept, password[: MAXIMUM_PASSWORD + 1])
    if row is None or row.disabled or not right:
        return None
    if connection.get_execution_options().get("qbwc_write") and _HASHER.check_needs_rehash(kept):
        _change(connection, name, password_hash=_HASHER.hash(password))
    return from_row(row)


@cache
def _nobody() -> str:
    """What a guess at an unknown name is checked against, so that it costs the same time as one at a known name."""
    return _HASHER.hash(make_secret())


def from_row(row: Row[Any]) -> User:
    """Return a row of the table as a value."""
    return User(
        row.name,
        row.role,
        row.language,
        disabled=row.disabled,
        created_at=row.created_at,
        email=row.email,
        alerts=row.alerts,
    )


def _matches(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def _check_new_password(password: str, least: int = MINIMUM_PASSWORD) -> None:
    if not least <= len(password) <= MAXIMUM_PASSWORD:
        raise BadPassword


def _check_email(email: str | None) -> None:
    if email is None:
        return
    if len(email) > LONGEST_EMAIL or not email.isascii() or not email.isprintable() or not _EMAIL.fullmatch(email):
        raise BadEmail(email)


def _change(connection: Connection, name: str, **values: object) -> None:
    done = connection.execute(update(users).where(users.c.name == name).values(values))
    if done.rowcount != 1:
        raise UnknownUser(name)
