"""Visits: QBWC sessions as rows, fenced by the company's visit number."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, select, update

from qbwc_server.store.tables import companies, exchanges, visits


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as stored; see `tables.visits`."""

    company: str
    visit: int
    state: str
    started_at: datetime
    last_call_at: datetime
    closed_at: datetime | None
    address: str | None
    outstanding: str | None
    outstanding_text: str | None
    released: bool
    last_answered: str | None
    last_number: int
    reason: str | None
    reason_values: Any
    file_checked: bool
    version: str | None
    country: str | None
    sends: int
    done: int
    plain: bool
    no_more: bool
    bare: bool
    single_user: bool
    requests: Any
    iterator: Any


@dataclass(frozen=True, slots=True)
class SentRequest:
    """A qbXML document that went out, its filter values masked."""

    id: int
    at: datetime
    visit: int
    text: str


# Built once: each poll asks these, and building one costs more than SQLite's answer.
_BY_TICKET = select(visits).where(visits.c.ticket_sha256 == bindparam("ticket_sha256"))
_HAS_REQUEST_OUT = select(visits.c.visit).where(
    visits.c.company == bindparam("company"),
    visits.c.visit == bindparam("visit"),
    visits.c.outstanding.is_not(None),
    visits.c.released.is_(False),
)


def _visit(row: Row[Any]) -> Visit:
    return Visit(**{name: row._mapping[name] for name in Visit.__slots__})  # noqa: SLF001 - SQLAlchemy's public name


def make_ticket() -> str:
    """Return a new ticket: 256 bits that nobody can guess."""
    return secrets.token_urlsafe(32)


def _digest(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()


def begin(connection: Connection, company: str, ticket: str, address: str, now: datetime) -> int:
    """Begin a visit: it becomes the company's current one. Returns its number."""
    number: int = connection.execute(
        update(companies)
        .where(companies.c.company == company)
        .values(visit=companies.c.visit + 1)
        .returning(companies.c.visit)
    ).scalar_one()
    connection.execute(
        visits.insert().values(
            company=company,
            visit=number,
            ticket_sha256=_digest(ticket),
            state="ready",
            started_at=now,
            last_call_at=now,
            address=address,
        )
    )
    return number


def by_ticket(connection: Connection, ticket: str) -> Visit | None:
    """Return the visit of a ticket, or None."""
    row = connection.execute(_BY_TICKET, {"ticket_sha256": _digest(ticket)}).first()
    return None if row is None else _visit(row)


def get(connection: Connection, company: str, number: int) -> Visit | None:
    """Return a company's visit by number, or None."""
    row = connection.execute(select(visits).where(visits.c.company == company, visits.c.visit == number)).first()
    return None if row is None else _visit(row)


def has_request_out(connection: Connection, company: str, number: int) -> bool:
    """Return whether QuickBooks may still be at work on a request of this visit."""
    return connection.execute(_HAS_REQUEST_OUT, {"company": company, "visit": number}).first() is not None


def change(connection: Connection, company: str, number: int, **values: object) -> None:
    """Set columns of a visit."""
    connection.execute(update(visits).where(visits.c.company == company, visits.c.visit == number).values(**values))


def silent(connection: Connection, before: datetime) -> tuple[Visit, ...]:
    """Return the current visits that have been silent since `before` and are not closed."""
    current = and_(companies.c.company == visits.c.company, companies.c.visit == visits.c.visit)
    query = (
        select(visits)
        .join(companies, current)
        .where(visits.c.state != "closed", visits.c.released.is_(False), visits.c.last_call_at < before)
    )
    return tuple(_visit(row) for row in connection.execute(query))


def last(connection: Connection, company: str, limit: int) -> tuple[Visit, ...]:
    """Return a company's last visits, newest first."""
    query = select(visits).where(visits.c.company == company).order_by(visits.c.visit.desc()).limit(limit)
    return tuple(_visit(row) for row in connection.execute(query))


def note_exchange(
    connection: Connection, visit: Visit, call: str, answer: str, now: datetime, request: str | None = None
) -> None:
    """Keep one SOAP call of a visit, bodies left out; `request` is the outgoing qbXML, masked."""
    connection.execute(
        exchanges.insert().values(
            company=visit.company, visit=visit.visit, at=now, call=call, answer=answer[:200], request=request
        )
    )


def requests(
    connection: Connection, company: str, *, before: int | None = None, limit: int | None = None
) -> tuple[SentRequest, ...]:
    """Return what went out to a company, newest first; `before` is the id of one, for those before it."""
    query = select(exchanges.c.id, exchanges.c.at, exchanges.c.visit, exchanges.c.request).where(
        exchanges.c.company == company, exchanges.c.request.is_not(None)
    )
    if before is not None:
        query = query.where(exchanges.c.id < before)
    return tuple(SentRequest(*row) for row in connection.execute(query.order_by(exchanges.c.id.desc()).limit(limit)))
