"""Pauses: no work is handed out, what is asked for is kept.

A pause with an end is over by itself when its time has come: nothing needs to be written then.
"""

from datetime import datetime

from sqlalchemy import Connection

from qbwc_server.store import companies
from qbwc_server.store.companies import Company


def pause(connection: Connection, company: str, *, by: str | None = None, until: datetime | None = None) -> Company:
    """Stop handing out work; whoever is at work on something may finish it.

    Args:
        connection: in a writing transaction.
        company: whose work.
        by: who wants it, for others to see.
        until: when it ends by itself; None for until somebody resumes. It never shortens a pause without an end.

    Raises:
        UnknownCompany
    """
    before = companies.lock(connection, company)
    if until is None or not before.paused or before.paused_until is not None:
        companies.change(connection, company, paused=True, paused_by=by, paused_until=until)
    return companies.get(connection, company)


def resume(connection: Connection, company: str) -> Company:
    """Hand out work again.

    Raises:
        UnknownCompany
    """
    companies.lock(connection, company)
    companies.change(connection, company, paused=False, paused_by=None, paused_until=None)
    return companies.get(connection, company)
