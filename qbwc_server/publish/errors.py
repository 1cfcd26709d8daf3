"""What can stop publishing as a whole. Each says what happened and what to do; none shows a password."""

import re
import sqlite3

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, SQLAlchemyError

from qbwc_server.publish import sqlite_file

# 1305 is what MySQL answers to the return to a savepoint that went with the whole transaction, undone by a deadlock.
LOCKED = ("40001", "40P01", "55P03", "1213", "1205", "1020", "1305", "1684", "5", "6")
"""The databases' codes for locks of others; what was undone by one may be done again."""
_NO_TABLE = ("42P01", "42703", "3F000", "1146", "1054")
_CANNOT_OPEN = "14"
_DENIED = ("42501", "1142", "1143", "1044", "1227", "8")

# What the owner's checks and triggers answer where the driver has no class of its own for it: MySQL's number for
# SIGNAL, for a CHECK (MySQL, MariaDB) and for a value it cannot read; PostgreSQL's classes for RAISE and for views.
_REFUSED = ("1644", "3819", "4025", "1292", "1369")
_REFUSED_CLASSES = ("44", "45", "P0")
# MySQL names the column at the end of its sentence, alone or after database and table.
_COLUMN = re.compile(r"column [`'](?:[^`']+`\.`)*([^`']+)[`'] at row \d+$")


class WebsiteError(Exception):
    """The website's database cannot be used; the subclasses say why."""


class WebsiteUnreachable(WebsiteError):
    """No connection, or it was lost; what was under way was rolled back."""

    def __init__(self, url: str, reason: str) -> None:
        cure = (
            "that its folder is there, and that this user may read and write there."
            if url.startswith("sqlite")
            else "that the database server is running, and that this machine may reach it."
        )
        super().__init__(
            f"The website's database {shown(url)} cannot be used now ({reason}). Check QBWC_WEBSITE_DATABASE_URL, "
            f"{cure}"
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
            "another database in QBWC_WEBSITE_DATABASE_URL. (A mapping for such a table can be prepared with "
            "`qbwc mapping suggest` and, named in QBWC_MAPPING, checked; filling the table by it comes with a later "
            "version.)"
        )
        self.name = name


class NotInstalled(WebsiteError):
    """A table or column of ours is missing.

    Attributes:
        name: the table or column where one is known to be missing, else what is missing in words.
    """

    def __init__(self, missing: str, name: str = "") -> None:
        super().__init__(f"The website's database lacks {missing}. Run `qbwc init`.")
        self.name = name or missing


class TableChanged(WebsiteError):
    """A table of the website no longer is what its mapping needs; nothing was written to it.

    Attributes:
        target: the target of the mapping.
        table: its table.
        column: the column, where one is known.
    """

    def __init__(self, target: str, table: str, what: str, column: str = "") -> None:
        super().__init__(
            f"The target {target} waits: the website's table {table} {what}. Nothing is lost. Correct the table or the "
            "mapping; `qbwc mapping check` tells what does not fit."
        )
        self.target = target
        self.table = table
        self.column = column


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


def refuses_a_value(error: DBAPIError) -> bool:
    """Tell whether the database, or a rule its owner put there, refuses what was to be written into a row.

    Everything else (no room on the disk, a lost connection, a missing table) is no fault of one record.
    """
    number = code(error)
    by_class = len(number) == len("P0001") and number.startswith(_REFUSED_CLASSES)
    return isinstance(error, DataError | IntegrityError) or number in _REFUSED or by_class


def column(error: DBAPIError) -> str:
    """Return the column whose value was refused, or "" where the database does not tell; never a value."""
    told = getattr(getattr(error.orig, "diag", None), "column_name", None)
    if told:
        return str(told)
    arguments = () if error.orig is None else error.orig.args
    found = _COLUMN.search(str(arguments[1])) if len(arguments) > 1 else None
    return found[1] if found else ""


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
    return _by_code(code(error), _reason(error, url), url)


def _by_code(number: str, reason: str, url: str) -> WebsiteError:
    if number in _NO_TABLE or reason.startswith(("no such table", "no such column")) or "has no column" in reason:
        return NotInstalled(f"a table or column of ours ({reason})")
    if number in _DENIED:
        return WebsiteDenied(url, reason)
    if number in LOCKED:
        return WebsiteBusy(url, reason)
    path = sqlite_file.path_of(sa.make_url(url)) if number == _CANNOT_OPEN else None
    if path is not None and path.parent.is_dir() and not path.exists():
        return NotInstalled(f"its file {path}")
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
