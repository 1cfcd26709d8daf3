"""The audit: who did what that others may want to know of.

Theory of operation
-------------------
A line is written in the transaction of the deed itself, so that neither is there without the other. It is written
where the deed is done once for every door: what was asked of QuickBooks in `refreshing`, the rest where a page or a
command does it. Lines are only ever added. A line names who and what by their names and numbers; a value of a record
and a secret are in none, and what was searched for is neither, since it may be a customer's name: the request that a
line names shows it to those who may see it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, get_args

from sqlalchemy import ColumnElement, Connection, func, insert, or_, select

from qbwc_server.store.tables import audit

What = Literal[
    # Requests to QuickBooks.
    "asked",
    "cancelled",
    "retried",
    # Records.
    "forgotten",
    # Signing in.
    "signed_in",
    "sign_in_failed",
    "sign_in_throttled",
    "signed_out",
    "session_revoked",
    # Accounts and tokens.
    "user_added",
    "user_disabled",
    "user_enabled",
    "role_changed",
    "password_changed",
    "contact_changed",
    "token_added",
    "token_revoked",
    # Companies and their Web Connectors.
    "company_added",
    "company_changed",
    "company_paused",
    "company_resumed",
    "hold_changed",
    "schedule_changed",
    "file_accepted",
    "connector_password_made",
    "qwc_downloaded",
    "setup_link_made",
    "setup_links_ended",
    # The installation.
    "saw_technical",
    "requests_exported",
    "audit_exported",
    "settings_changed",
    "alert_tested",
    "webhook_replayed",
]
# Everything that is noted; the words for each stand in the catalogue under "audit.deed".
WHAT: Final[tuple[What, ...]] = get_args(What)
_LONGEST_WHO: Final = 120
_LONGEST_SUBJECT: Final = 255


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit.

    Attributes:
        id: Its number; a later line has a higher one.
        at: When.
        who: As in `asked_by`: "marie", "api:shop", "root (qbwc)"; or the address of somebody not known.
        what: One of WHAT; a later release may know more.
        company: The company it concerns, or None.
        subject: The user, token, ListID or setting it concerns, or None.
        detail: Further particulars, never a value of a record and never a secret.
    """

    id: int
    at: datetime
    who: str
    what: str
    company: str | None
    subject: str | None
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, newest first, and whether older ones follow."""

    entries: tuple[Entry, ...]
    more: bool


def note(
    connection: Connection,
    who: str,
    what: What,
    at: datetime,
    *,
    company: str | None = None,
    subject: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add a line, in the writing transaction of the deed.

    Args:
        who: as `asked_by`, "marie", "api:shop", "root (qbwc)", or the address of somebody not known.
        what: what was done.
        company: the company it concerns; it must exist.
        subject: the user, token, ListID or setting it concerns.
        detail: names and numbers as JSON.
    """
    connection.execute(
        insert(audit).values(
            at=at,
            who=who[:_LONGEST_WHO],
            what=what,
            company=company,
            subject=None if subject is None else subject[:_LONGEST_SUBJECT],
            detail=None if detail is None else dict(detail),
        )
    )


def page(
    connection: Connection,
    *,
    name: str | None = None,
    what: str | None = None,
    company: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> Page:
    """Return lines, newest first.

    Args:
        name: only those that this name did or that concern it, compared exactly.
        what, company: only those of it.
        before: only those older than the line of this number.
        limit: at most so many.
    """
    wanted = select(audit).where(*_wanted(name, what, company)).order_by(audit.c.id.desc()).limit(limit + 1)
    if before is not None:
        wanted = wanted.where(audit.c.id < before)
    found = [
        Entry(row.id, row.at, row.who, row.what, row.company, row.subject, row.detail or {})
        for row in connection.execute(wanted)
    ]
    return Page(tuple(found[:limit]), more=len(found) > limit)


def extent(
    connection: Connection, *, name: str | None = None, what: str | None = None, company: str | None = None, most: int
) -> tuple[int, int]:
    """Return how many lines there are, counting no further than `most`, and the number of the newest; 0 if none.

    Args:
        name, what, company: as in `page`.
        most: where to stop counting.
    """
    newest = select(audit.c.id).where(*_wanted(name, what, company)).order_by(audit.c.id.desc()).limit(most).subquery()
    lines, last = connection.execute(select(func.count(), func.max(newest.c.id)).select_from(newest)).one()
    return lines, last or 0


def _wanted(name: str | None, what: str | None, company: str | None) -> Iterator[ColumnElement[bool]]:
    if name is not None:
        yield or_(audit.c.who == name, audit.c.subject == name)
    if what is not None:
        yield audit.c.what == what
    if company is not None:
        yield audit.c.company == company
