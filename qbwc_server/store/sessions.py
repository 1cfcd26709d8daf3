"""Sessions of the pages: who is signed in, from where, and since when.

Theory of operation
-------------------
A session is found by the SHA-256 of its secret; that digest is also its `key`, by which its owner and administrators
end it. When it was last seen is kept to the minute only, so that looking at pages costs a write now and then.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update

from qbwc_server.store.accounts import digest, make_secret
from qbwc_server.store.tables import audit, users, web_sessions
from qbwc_server.store.users import User, from_row

_SEEN_EVERY: Final = timedelta(minutes=1)
_SIGNED: Final = ("signed_in", "signed_out")
_LONGEST_ADDRESS: Final = 64
_LONGEST_BROWSER: Final = 200


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in on one browser.

    Attributes:
        key: What names it; no secret.
        user: Whose it is.
        created_at: When it began.
        seen_at: When it was last used, to the minute.
        address: From where, or None.
        browser: The User-Agent, or None.
    """

    key: str
    user: str
    created_at: datetime
    seen_at: datetime
    address: str | None
    browser: str | None


def begin(
    connection: Connection,
    user: User,
    now: datetime,
    lifetime: timedelta,
    *,
    address: str | None = None,
    browser: str | None = None,
) -> str:
    """Begin a session of the pages and sweep out the ended ones.

    Returns:
        The session's secret for the cookie; only its SHA-256 is kept.
    """
    connection.execute(delete(web_sessions).where(web_sessions.c.expires_at <= now))
    secret = make_secret()
    connection.execute(
        insert(web_sessions).values(
            token_sha256=digest(secret),
            user_name=user.name,
            created_at=now,
            expires_at=now + lifetime,
            seen_at=now,
            address=(address or "")[:_LONGEST_ADDRESS] or None,
            browser=(browser or "")[:_LONGEST_BROWSER] or None,
        )
    )
    return secret


def find(connection: Connection, token: str, now: datetime) -> tuple[User, Session] | None:
    """Return whose session this is, and the session; None if it has ended or the user is disabled."""
    row = connection.execute(
        select(users, *_of_session())
        .join(web_sessions, web_sessions.c.user_name == users.c.name)
        .where(web_sessions.c.token_sha256 == digest(token), web_sessions.c.expires_at > now)
    ).one_or_none()
    return None if row is None or row.disabled else (from_row(row), _session(row))


def is_due(session: Session, now: datetime) -> bool:
    """Tell whether `see` has something to keep: the session was not seen for a minute."""
    return now - session.seen_at >= _SEEN_EVERY


def see(connection: Connection, key: str, address: str | None, now: datetime) -> None:
    """Keep when and from where a session was last used."""
    kept = (address or "")[:_LONGEST_ADDRESS] or None
    mine = web_sessions.c.token_sha256 == key
    connection.execute(update(web_sessions).where(mine).values(seen_at=now, address=kept))


def of(connection: Connection, name: str, now: datetime) -> tuple[Session, ...]:
    """Return the sessions of a user, the one used last first."""
    found = connection.execute(
        select(*_of_session()).where(web_sessions.c.user_name == name, web_sessions.c.expires_at > now)
    )
    return tuple(sorted(map(_session, found), key=lambda one: (one.seen_at, one.created_at, one.key), reverse=True))


def addresses(connection: Connection, name: str) -> frozenset[str]:
    """Return from where the sessions of a user were last used, those too that ended and were not swept out yet."""
    found = connection.scalars(
        select(web_sessions.c.address).where(web_sessions.c.user_name == name, web_sessions.c.address.is_not(None))
    )
    return frozenset(found)


def end(connection: Connection, token: str) -> None:
    """End a session by its secret; an unknown one is no error."""
    connection.execute(delete(web_sessions).where(web_sessions.c.token_sha256 == digest(token)))


def end_one(connection: Connection, name: str, key: str) -> int:
    """End one session of a user by its key, and return how many there were: 1, or 0 if it had ended."""
    theirs = delete(web_sessions).where(web_sessions.c.user_name == name, web_sessions.c.token_sha256 == key)
    return connection.execute(theirs).rowcount


def last_seen(connection: Connection) -> dict[str, datetime]:
    """Return when each user was last here, to the minute while signed in; those who never were are left out."""
    signed = select(audit.c.who, func.max(audit.c.at)).where(audit.c.what.in_(_SIGNED))
    used = select(web_sessions.c.user_name, func.max(web_sessions.c.seen_at))
    found: dict[str, datetime] = {}
    for query in (signed.group_by(audit.c.who), used.group_by(web_sessions.c.user_name)):
        for name, at in connection.execute(query):
            if at is not None:
                found[name] = max(at, found.get(name, at))
    return found


def _of_session() -> tuple[ColumnElement[Any], ...]:
    # A user has a time of making too.
    began = web_sessions.c.created_at.label("began_at")
    return (*(web_sessions.c[name] for name in ("token_sha256", "user_name", "seen_at", "address", "browser")), began)


def _session(row: Row[Any]) -> Session:
    # Sessions of before there was a time of last use were used at their beginning.
    seen = row.seen_at or row.began_at
    return Session(row.token_sha256, row.user_name, row.began_at, seen, row.address, row.browser)
