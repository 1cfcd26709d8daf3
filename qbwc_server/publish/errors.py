"""What can stop publishing as a whole. Each says what happened and what to do; none shows a password."""

import sqlite3

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError

_NO_TABLE = ("42P01", "42703", "3F000", "1146", "1054")
_DENIED = ("42501", "1142", "1143", "1044", "1227", "8")


class WebsiteError(Exception):
    """The website's database cannot be used; the subclasses say why."""


class WebsiteUnreachable(WebsiteError):
    """No connection, or it was lost; what was under way was rolled back."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"The website's database {shown(url)} cannot be used now ({reason}). Check QBWC_WEBSITE_DATABASE_URL, "
            "that the database server is running, and that this machine may reach it."
        )


class WebsiteBusy(WebsiteUnreachable):
    """Others held the rows too long; nothing was written."""

    def __init__(self, url: str, reason: str) -> None:
        WebsiteError.__init__(
            self,
            f"The website's database {shown(url)} stayed locked by others ({reason}). Nothing was written; it is tried "
            "again by itself. If it goes on, look for a long transaction on the website's tables.",
        )


class WebsiteDenied(WebsiteError):
    """The database user lacks a right."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"The website's database {shown(url)} denies us a right we need ({reason}). Grant its user SELECT, INSERT "
            "and UPDATE on our tables, and for `qbwc init` also CREATE and ALTER; an SQLite file and its folder must "
            "be writable."
        )


class ForeignTable(WebsiteError):
    """A table of a name we would use belongs to somebody else. It was not touched.

    Attributes:
        name: the table.
    """

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The website's database already has a table named {name} that is not ours; it was not touched. Name "
            "another database in QBWC_WEBSITE_DATABASE_URL. (Filling such a table by a mapping, with QBWC_MAPPING and "
            "`qbwc mapping suggest`, comes with a later version.)"
        )
        self.name = name


class NotInstalled(WebsiteError):
    """A table or column of ours is missing."""

    def __init__(self, missing: str) -> None:
        super().__init__(f"The website's database lacks {missing}. Run `qbwc init`.")


class UnsupportedDatabase(WebsiteError):
    """The URL names a database or driver that we do not know or that is not installed."""

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(f"QBWC_WEBSITE_DATABASE_URL: {what}. {cure}")


def shown(url: str) -> str:
    """Return the URL fit to be shown: without password and options."""
    try:
        return sa.make_url(url).set(query={}).render_as_string(hide_password=True)
    except ArgumentError:
        return "(unreadable URL)"


def code(error: DBAPIError) -> str:
    """Return the database's own code: an SQLSTATE, a MySQL number, or SQLite's primary result code."""
    cause = error.orig
    if cause is None:
        return ""
    if cause.args and isinstance(cause.args[0], int):
        # First, because MySQL's SQLSTATEs tell less than its numbers.
        return str(cause.args[0])
    if isinstance(cause, sqlite3.Error):
        return str(getattr(cause, "sqlite_errorcode", 0) & 0xFF)
    return str(getattr(cause, "sqlstate", None) or "")


def translated(error: SQLAlchemyError, url: str) -> WebsiteError:
    """Return our own error for one of the database's.

    Args:
        error: what SQLAlchemy raised.
        url: the website's database, with its password.
    """
    if not isinstance(error, DBAPIError):
        return WebsiteUnreachable(url, type(error).__name__)
    if isinstance(error, IntegrityError):
        # Its text quotes the row. What a record causes is refused with that record; what is left is a race.
        return WebsiteBusy(url, "others wrote the same record again and again")
    reason = _reason(error, url)
    number = code(error)
    if number in _NO_TABLE or reason.startswith(("no such table", "no such column")) or "has no column" in reason:
        return NotInstalled(f"a table or column of ours ({reason})")
    if number in _DENIED:
        return WebsiteDenied(url, reason)
    return WebsiteUnreachable(url, reason)


def busy(error: DBAPIError, url: str) -> WebsiteBusy:
    """Return the error for a deadlock or lock that outlasted every try."""
    return WebsiteBusy(url, _reason(error, url))


def _reason(error: DBAPIError, url: str) -> str:
    cause = error.orig
    number_and_text = cause is not None and len(cause.args) > 1 and isinstance(cause.args[0], int)
    said = str(cause.args[1]) if cause is not None and number_and_text else str(cause)
    # Only the driver's first line: further ones may quote values of the row.
    lines = said.strip().splitlines() or [type(cause).__name__]
    password = sa.make_url(url).password
    return lines[0].replace(str(password), "***") if password else lines[0]
