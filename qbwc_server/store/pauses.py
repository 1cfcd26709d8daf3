"""Pauses: no work is handed out, what is asked for is kept.

A pause with an end is over by itself when its time has come: nothing needs to be written then.
"""

from datetime import datetime

from sqlalchemy import Connection

from qbwc_server.store import companies
from qbwc_server.store.companies import Company, CompanyError


class PausedWithoutEnd(CompanyError):
    """The pause has no end, and whoever wants to end it may only end others."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Company '{name}' is paused without an end; an administrator ends that.")


def pause(connection: Connection, company: str, *, by: str, now: datetime, until: datetime | None = None) -> Company:
    """Stop handing out work; whoever is at work on something may finish it.

    A pause that lasts longer already stays as it is.

    Args:
        connection: in a writing transaction.
        company: whose work.
        by: who wants it, for others to see.
        now: the present.
        until: when it ends by itself; None for until somebody resumes.

    Returns:
        the company as it is paused then.

    Raises:
        UnknownCompany
    """
    before = companies.lock(connection, company)
    lasts = before.is_paused(now) and (
        before.paused_until is None or (until is not None and before.paused_until >= until)
    )
    if not lasts:
        companies.change(connection, company, paused=True, paused_by=by, paused_until=until)
    return companies.get(connection, company)


def resume(connection: Connection, company: str, *, also_without_end: bool = True) -> Company:
    """Hand out work again.

    Args:
        connection: in a writing transaction.
        company: whose work.
        also_without_end: whether a pause without an end may be ended, too.

    Raises:
        PausedWithoutEnd: it may not.
        UnknownCompany
    """
    before = companies.lock(connection, company)
    if before.paused and before.paused_until is None and not also_without_end:
        raise PausedWithoutEnd(company)
    companies.change(connection, company, paused=False, paused_by=None, paused_until=None)
    return companies.get(connection, company)
