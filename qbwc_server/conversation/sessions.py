"""The protocol core's session, to and from the row of its visit."""

from datetime import datetime

from sqlalchemy import Connection

from qbwc_server.protocol import UNKNOWN_TICKET, Reason, Session, SessionTakenOver, State, advance
from qbwc_server.store import visits
from qbwc_server.store.companies import Company
from qbwc_server.store.visits import Visit


def session_of(visit: Visit | None, company: Company | None) -> Session:
    """Return the session of a visit; one that is not the company's current visit has been taken over."""
    if visit is None or company is None:
        return UNKNOWN_TICKET
    reason = None
    if visit.reason is not None:
        reason = Reason(visit.reason, tuple((visit.reason_values or {}).items()))
    session = Session(
        state=State(visit.state),
        outstanding=visit.outstanding,
        released=visit.released,
        last_answered=visit.last_answered,
        last_number=visit.last_number,
        reason=reason,
    )
    if visit.visit != company.visit:
        return advance(session, SessionTakenOver()).session
    return session


def save(connection: Connection, visit: Visit, session: Session, **values: object) -> None:
    """Store a session in the row of its visit, with other columns of it."""
    reason = session.reason
    visits.change(
        connection,
        visit.company,
        visit.visit,
        state=session.state.value,
        outstanding=session.outstanding,
        released=session.released,
        last_answered=session.last_answered,
        last_number=session.last_number,
        reason=None if reason is None else reason.code,
        reason_values=None if reason is None else dict(reason.values),
        **values,
    )


def left_behind(visit: Visit, session: Session, now: datetime) -> dict[str, object]:
    """Return what a visit's row keeps once it is closed: the request only while its answer may still come."""
    if session.state is not State.CLOSED or visit.closed_at is not None:
        return {}
    if session.outstanding is not None:
        return {"closed_at": now}
    return {"closed_at": now, "outstanding_text": None, "requests": None}
