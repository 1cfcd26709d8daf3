"""A Web Connector's password: a new one, and the sign-ins with a wrong one, which are counted and never locked out.

Theory of operation
-------------------
Whether it is the same wrong password again tells a mistyped one from somebody who tries. It is told by a mark of 16
bits: enough to tell two apart, far too little to find out which password it was.
"""

import hashlib
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, update

from qbwc_server.store import companies
from qbwc_server.store.companies import Company
from qbwc_server.store.tables import connections

_MARK: Final = 4
# The columns of a connection without wrong passwords.
NO_WRONG: Final = {
    "wrong_passwords": 0,
    "wrong_password_at": None,
    "wrong_password_since": None,
    "wrong_password_same": 0,
    "wrong_password_mark": None,
}


def renew(connection: Connection, company: str, now: datetime) -> str:
    """Give a company a new Web Connector password and return it.

    Raises:
        UnknownCompany
    """
    companies.lock(connection, company)
    password = companies.make_password()
    changed = {"password_sha256": companies.hash_secret(password), "password_changed_at": now}
    companies.change(connection, company, **changed)
    companies.notice(connection, company, **NO_WRONG)
    return password


def note_wrong(connection: Connection, company: Company, password: str, now: datetime) -> None:
    """Count a sign-in with a wrong password.

    Args:
        connection: in a writing transaction.
        company: whose user name was given.
        password: what was given.
        now: when.
    """
    companies.lock(connection, company.company)
    seen = companies.connection_of(connection, company.company)
    mark = _mark(company, password)
    same = seen.wrong_password_same + 1 if mark == seen.wrong_password_mark else 1
    companies.notice(
        connection,
        company.company,
        wrong_passwords=seen.wrong_passwords + 1,
        wrong_password_at=now,
        wrong_password_since=seen.wrong_password_since or now,
        wrong_password_same=same,
        wrong_password_mark=mark,
    )


def forgive(connection: Connection, company: str, at: datetime) -> None:
    """Forget the wrong passwords of before `at`, when the right one was given."""
    connection.execute(
        update(connections)
        .where(
            connections.c.company == company, connections.c.wrong_passwords > 0, connections.c.wrong_password_at < at
        )
        .values(NO_WRONG)
    )


def _mark(company: Company, password: str) -> str:
    return hashlib.sha256(f"{company.file_id}\n{password}".encode("utf-8", "surrogatepass")).hexdigest()[:_MARK]
