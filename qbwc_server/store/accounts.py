"""Accounts: what those of people and those of programs have in common.

People choose their passwords, so those are kept as argon2id (`users`); sessions and tokens are made here with 256 bits,
so a SHA-256 of them is enough and each call can look them up by it (`sessions`, `tokens`).
"""

import hashlib
import ipaddress
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from qbwc_server.lines import is_plain_line
from qbwc_server.store.schedules import ASKED_BY
from qbwc_server.store.tables import ROLES

_MAXIMUM_NAME: Final = 100
_SECRET_BYTES: Final = 32


class AccountError(Exception):
    """An account cannot be made, found or changed; the message says why and what to do."""


class BadName(AccountError):
    """The name of a user or token cannot be used."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name!r} cannot be used as a name. Give 1 to {_MAXIMUM_NAME} characters, none of them invisible, "
            "without a space at the start or the end."
        )


class MisleadingName(AccountError):
    """The name of a user would read in the audit as that of somebody or something else."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name!r} cannot be a user's name: what was done would read as done by a program (api:…), by command "
            "(… (qbwc)), by the schedule or by a stranger (an IP address). Choose another name."
        )


class BadRole(AccountError):
    """There is no such role."""

    def __init__(self, role: str) -> None:
        super().__init__(f"There is no role {role!r}. Choose one of {', '.join(ROLES)}.")


def may(role: str, needed: str) -> bool:
    """Tell whether somebody of one role may do what another role may do."""
    return ROLES.index(role) >= ROLES.index(needed)


def check_name(name: str) -> None:
    """Refuse the name of a user or token that cannot be typed reliably.

    Raises:
        BadName
    """
    if len(name) > _MAXIMUM_NAME or name != name.strip() or not is_plain_line(name):
        raise BadName(name)


def check_name_of_user(name: str) -> None:
    """Refuse the name of a user that cannot be typed reliably, or that is one of another kind of `audit.Entry.who`.

    Raises:
        BadName, MisleadingName
    """
    check_name(name)
    folded = name.casefold()
    if folded.startswith("api:") or folded.endswith(" (qbwc)") or folded == ASKED_BY or _is_address(name):
        raise MisleadingName(name)


def check_role(role: str) -> None:
    """Refuse a role that there is not.

    Raises:
        BadRole
    """
    if role not in ROLES:
        raise BadRole(role)


def make_secret() -> str:
    """Return the secret of a session or token: 256 bits."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def digest(secret: str) -> str:
    """Return what is kept of a secret that was made here: its SHA-256."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@contextmanager
def taken(connection: Connection, error: AccountError) -> Iterator[None]:
    """Turn a clash of keys into its error, and leave the transaction usable."""
    try:
        with connection.begin_nested():
            yield
    except IntegrityError as clash:
        raise error from clash
