"""What receiveResponseXML brought: whose answer it is, whether it is one, and taking it in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import BinaryIO

from sqlalchemy import Connection

from qbwc_server import codes, protocol
from qbwc_server.conversation import answers, holding, refusals
from qbwc_server.conversation.accepting import Accepting
from qbwc_server.conversation.handing_out import Manner
from qbwc_server.conversation.list_runs import ListRun
from qbwc_server.protocol import Reason, Session, State, Step, advance
from qbwc_server.qbxml.errors import EmptyAnswer, ForeignAnswer, NotAnAnswer, NotXML, Truncated, WrongKind
from qbwc_server.store import companies, moves, visits
from qbwc_server.store.companies import Company
from qbwc_server.store.database import Database
from qbwc_server.store.visits import Visit

PEEKED = 4096
FOREIGN = Reason("foreign_answer")

_NOT_ANSWERS: tuple[tuple[type[NotAnAnswer], str], ...] = (
    (EmptyAnswer, "empty_answer"),
    (NotXML, "not_xml"),
    (Truncated, "truncated"),
    (WrongKind, "wrong_kind"),
    (ForeignAnswer, "foreign_answer"),
    (NotAnAnswer, "not_understood"),
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a call brought, before anything of it counts.

    Attributes:
        echoed: the message set that it answers; None when it answers none of this visit.
        hresult: QuickBooks's failure; "" when there was none.
        reading: the answer, if it is the outstanding one and whole.
        wrong: what to say if it is not.
    """

    echoed: str | None = None
    hresult: str = ""
    reading: answers.Reading | None = None
    wrong: Reason = FOREIGN


def look(
    database: Database,
    visit: Visit,
    session: Session,
    response: BinaryIO,
    hresult: str,
    clock: Callable[[], datetime],
    took: timedelta,
) -> Arrival:
    """Read what came, outside of any transaction; `took` is how long it was on the way."""
    if hresult:
        # A failure comes without a body, so without a requestID: it belongs to what is out, or repeats the last.
        return Arrival(session.outstanding or session.last_answered, hresult)
    if session.state is State.TAKEN_OVER:
        return Arrival()
    echoed = _echoed(response, session)
    if echoed is None or echoed != session.outstanding:
        return Arrival(echoed)
    try:
        return Arrival(echoed, reading=answers.read(database, visit, response, clock, took))
    except NotAnAnswer as problem:
        return Arrival(echoed, wrong=Reason(next(code for kind, code in _NOT_ANSWERS if isinstance(problem, kind))))


def _echoed(response: BinaryIO, session: Session) -> str | None:
    """Return the message set that an answer seems to echo.

    What cannot be told from its beginning is taken for an answer to the
    outstanding request, and reading it will say what is wrong with it.
    """
    start = response.read(PEEKED).decode("utf-8", "replace")
    response.seek(0)
    _, found, rest = start.partition('requestID="')
    if not found:
        return session.outstanding
    request_id = rest.partition('"')[0]
    message_set = request_id.rpartition(".")[0]
    if message_set and message_set == session.last_answered:
        return message_set
    return session.outstanding


def take_part(
    connection: Connection, visit: Visit, reading: answers.Reading, now: datetime, zone: tzinfo | None
) -> bool:
    """Take in the next part of a list's page that was set aside; returns whether there was one."""
    for request_id, asked in (visit.requests or {}).items():
        if asked["kind"] != "page":
            continue
        for run in moves.answering(connection, visit.company, visit.visit, request_id):
            if ListRun(connection, visit, reading, run, now, zone).ahead(request_id):
                return True
    return False


def take_in(
    connection: Connection,
    company: Company,
    visit: Visit,
    session: Session,
    arrival: Arrival,
    now: datetime,
    manner: Manner,
) -> Step:
    """Accept the answer to the outstanding request, or say why it is none."""
    done = visit.done
    if arrival.hresult:
        code = codes.find(arrival.hresult)
        if code.policy != "split":
            return _failed(connection, visit, session, code, now)
        refusals.refuse(connection, company, visit, now)
    elif arrival.reading is None:
        return advance(session, protocol.AnswerRefused(arrival.wrong))
    else:
        done += _accept(connection, company, visit, arrival.reading, now)
    quiet = manner.is_quiet(company, now)
    waiting = moves.waiting_count(connection, visit.company, visit.visit, quiet=quiet)
    under_way = moves.under_way(connection, visit.company, visit.visit, quiet=quiet) if waiting else 0.0
    hold = holding.may_hold(connection, company, visit, now, manner.zone)
    number = protocol.percentage(done, waiting, under_way, hold=hold, before=session.last_number)
    return advance(session, protocol.AnswerAccepted(number))


def _failed(connection: Connection, visit: Visit, session: Session, code: codes.Code, now: datetime) -> Step:
    if code.policy == "wait":
        told = {"attention": code.code, "attention_values": None, "attention_at": now}
        companies.notice(connection, visit.company, **told)
    refused = protocol.AnswerRefused(Reason(code.code), release=True, counted=code.policy == "retry")
    return advance(session, refused)


def _accept(connection: Connection, company: Company, visit: Visit, reading: answers.Reading, now: datetime) -> int:
    """Take a whole answer in; returns how many refreshes are done with."""
    result = Accepting(connection, visit, reading, now, company.zone).accept()
    at = None if result.attention is None else now
    companies.notice(connection, visit.company, attention=result.attention, attention_values=None, attention_at=at)
    companies.change(
        connection,
        visit.company,
        accepted_version=visit.version,
        takeovers=0,
        whole_records=result.whole_records or company.whole_records,
    )
    visits.change(connection, visit.company, visit.visit, done=visit.done + result.done, iterator=result.iterator)
    return result.done
