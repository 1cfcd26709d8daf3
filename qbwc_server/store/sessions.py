"""Sessions of the pages: who is signed in."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from qbwc_server.store.accounts import digest, make_secret
from qbwc_server.store.tables import users, web_sessions
from qbwc_server.store.users import User, from_row


def begin(connection: Connection, user: User, now: datetime, lifetime: timedelta) -> str:
    """Begin a session of the pages and sweep out the ended ones.

    Returns:
        The session's secret for the cookie; only its SHA-256 is kept.
    """
    connection.execute(delete(web_sessions).where(web_sessions.c.expires_at <= now))
    secret = make_secret()
    connection.execute(
        insert(web_sessions).values(
            token_sha256=digest(secret), user_name=user.name, created_at=now, expires_at=now + lifetime
        )
    )
    return secret


def user_of(connection: Connection, token: str, now: datetime) -> User | None:
    """Return whose session this is; None if it has ended or the user is disabled."""
    row = connection.execute(
        select(users)
        .join(web_sessions, web_sessions.c.user_name == users.c.name)
        .where(web_sessions.c.token_sha256 == digest(token), web_sessions.c.expires_at > now)
    ).one_or_none()
    return None if row is None or row.disabled else from_row(row)


def end(connection: Connection, token: str) -> None:
    """End a session; an unknown one is no error."""
    connection.execute(delete(web_sessions).where(web_sessions.c.token_sha256 == digest(token)))
