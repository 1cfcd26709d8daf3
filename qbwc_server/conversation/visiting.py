"""What each call of QBWC does.

Theory of operation
-------------------
Every call but authenticate finds its visit by the ticket, turns it into the
protocol core's session, lets the core move it, carries out the effects and
stores the session, all in one transaction that holds the company's row. Only
then is the answer given. The text of an answer is read before that transaction
begins. The core decides what a call means; `handing_out`, `receiving` and
`effects` do what it asks for.

Source: QBWC guide ch. 2, 5, 8 and 10.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from qbwc_server import __version__, codes, protocol
from qbwc_server.conversation import answers, holding, receiving
from qbwc_server.conversation.due import ask_if_due, is_due
from qbwc_server.conversation.effects import answer_text, carry_out
from qbwc_server.conversation.handing_out import Manner, greet, take_work
from qbwc_server.conversation.sessions import left_behind, save, session_of
from qbwc_server.conversation.watch import Watch
from qbwc_server.protocol import Reason, Session, SessionTakenOver, State, Step, advance
from qbwc_server.qbxml.request import mask
from qbwc_server.store import companies, connector_passwords, polls, refreshes, visits
from qbwc_server.store.companies import Company
from qbwc_server.store.database import Database
from qbwc_server.store.polls import Poll
from qbwc_server.store.visits import Visit

TAKEOVERS_BEFORE_BUSY = 3
BUSY_FOR = timedelta(minutes=10)
SILENT_AFTER = timedelta(minutes=15)


def _now() -> datetime:
    return datetime.now(UTC)


class Conversation:
    """The calls of QBWC, one method each.

    Args:
        database: our own database.
        accepted: called after an answer was committed; wakes the publisher.
        manner: how to speak.
        clock: the time that is kept; decisions use the database's.
    """

    def __init__(
        self,
        database: Database,
        accepted: Callable[[], None],
        manner: Manner,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self.database = database
        self.accepted = accepted
        self.manner = manner
        self.clock = clock
        self.watch = Watch()

    def server_version(self) -> str:
        """Return what QBWC shows as this server's version."""
        return f"qbwc-server {__version__}"

    def client_version(self, version: str, caller: Any, /) -> str:
        """Note QBWC's version; every version is welcome."""
        self.watch.version_seen(str(caller.address), version)
        return ""

    def authenticate(self, user_name: str, password: str, caller: Any, /) -> tuple[str, ...]:
        """Begin a visit if something waits; a right password takes over at once."""
        address = str(caller.address)
        with self.database.read() as connection:
            company, right = companies.sign_in(connection, user_name, password)
            paused = company is not None and company.is_paused(self.clock())
            if company is not None and right and not paused:
                name, number = company.company, company.visit
                quiet = self.manner.is_quiet(company, self.clock())
                work = refreshes.anything_waits(connection, name, quiet=quiet)
                work = work or visits.has_request_out(connection, name, number)
                due = self.manner.place is not None and is_due(company, self.clock())
        if company is None:
            return (visits.make_ticket(), "nvu")
        if not right:
            with self.database.write() as connection:
                # By the same clock as the right ones, which are noted without asking the database.
                now = self.clock()
                connector_passwords.note_wrong(connection, company, password, now)
                polls.refuse(connection, company.company, Poll(now, address[:64]))
            return (visits.make_ticket(), "nvu")
        self.watch.seen(company.company, address, self.clock())
        if paused or not (work or due):
            return (visits.make_ticket(), "none")
        return self._begin(company.company, address, work=work)

    def _begin(self, name: str, address: str, *, work: bool) -> tuple[str, ...]:
        ticket = visits.make_ticket()
        with self.database.write() as connection:
            company = companies.lock(connection, name)
            now = self.database.now(connection)
            if not (ask_if_due(connection, company, now, self.manner.place) or work):
                return (ticket, "none")
            before = visits.get(connection, name, company.visit)
            if before is not None:
                occupied = before.outstanding is not None and not before.released
                recent = now - before.last_call_at < BUSY_FOR
                if occupied and recent and company.takeovers >= TAKEOVERS_BEFORE_BUSY:
                    return (ticket, "busy")
                self._end_visit(connection, company, before, now)
                companies.change(connection, name, takeovers=company.takeovers + 1 if occupied else 0)
            quiet = self.manner.is_quiet(company, now)
            if company.is_paused(now) or not refreshes.anything_waits(connection, name, quiet=quiet):
                return (ticket, "none")
            visits.begin(connection, name, ticket, address[:64], now)
            companies.notice(connection, name, **connector_passwords.NO_WRONG)
        return (ticket, company.company_file or "")

    def _end_visit(self, connection: Connection, company: Company, visit: Visit, now: datetime) -> None:
        step = advance(session_of(visit, company), SessionTakenOver())
        carry_out(connection, visit, step, now)
        # The row keeps the state in which it was left; the visit number tells that it was taken over.
        visits.change(connection, visit.company, visit.visit, released=True)

    def send_request(
        self, ticket: str, hcp_response: str, company_file: str, country: str, major: int, minor: int, /
    ) -> str:
        """Hand out what waits, as one qbXML document; "" when there is nothing to hand out."""
        del major, minor  # the request processor's level; QuickBooks's own may be lower
        if not self._is_known(ticket):
            return self._text(advance(protocol.UNKNOWN_TICKET, protocol.RequestAsked()), None)
        with self.database.write() as connection:
            visit, company, session, now = self._enter(connection, ticket)
            step = advance(session, protocol.RequestAsked())
            if visit is None or company is None:
                return self._text(step, visit)
            if protocol.TakeWork() in step.effects:
                visit, reason = greet(connection, company, visit, hcp_response, company_file, country, now)
                hold = holding.may_hold(connection, company, visit, now, self.manner.zone)
                step, visit = take_work(self.manner, connection, company, visit, step.session, reason, now, hold=hold)
            text = self._text(step, visit)
            if session.state is not State.TAKEN_OVER:
                request = mask(text) if text else None
                visits.note_exchange(connection, visit, "sendRequestXML", f"{len(text)} characters", now, request)
                save(connection, visit, step.session, last_call_at=now)
        return text

    def receive_response(self, ticket: str, response: BinaryIO, hresult: str, message: str, /) -> int:
        """Take an answer in; the number is returned only after everything is committed."""
        del message  # free text of QuickBooks, possibly with names in it
        with self.database.read() as connection:
            arrived_at = self.database.now(connection)
            visit = visits.by_ticket(connection, ticket)
            company = companies.get(connection, visit.company) if visit is not None else None
        if visit is None:
            return protocol.REFUSED
        try:
            session = session_of(visit, company)
            took = max(arrived_at - visit.last_call_at, timedelta(0))
            arrival = receiving.look(self.database, visit, session, response, hresult.strip(), self.clock, took)
            while self._accept_part(ticket, arrival):
                # The website may have it meanwhile.
                self.accepted()
            number = self._accept(ticket, arrival)
        except Exception:
            self._own_failure(ticket)
            raise
        self.accepted()
        return number

    def _accept_part(self, ticket: str, arrival: receiving.Arrival) -> bool:
        """Take in part of a list's page that is too long for one transaction; returns whether there was one."""
        if arrival.reading is None or not arrival.reading.staged:
            return False
        with self.database.write() as connection:
            visit, company, session, now = self._enter(connection, ticket)
            event = protocol.response_event(session, arrival.echoed, arrival.wrong)
            if visit is None or company is None or not isinstance(event, protocol.AnswerArrived):
                return False
            return receiving.take_part(connection, visit, arrival.reading, now, company.zone)

    def _accept(self, ticket: str, arrival: receiving.Arrival) -> int:
        try:
            with self.database.write() as connection:
                visit, company, session, now = self._enter(connection, ticket)
                step = advance(session, protocol.response_event(session, arrival.echoed, arrival.wrong))
                if protocol.AcceptAnswer() in step.effects and visit is not None and company is not None:
                    step = receiving.take_in(connection, company, visit, session, arrival, now, self.manner)
                    carry_out(connection, visit, step, now)
                if not isinstance(step.answer, protocol.Number):
                    raise protocol.IllegalEvent(session.state, protocol.EventKind.ANSWER_ARRIVED)
                if visit is not None and session.state is not State.TAKEN_OVER:
                    visits.note_exchange(connection, visit, "receiveResponseXML", str(step.answer.number), now)
                    save(connection, visit, step.session, last_call_at=now)
                return step.answer.number
        finally:
            if arrival.reading is not None:
                answers.forget(self.database, arrival.reading)

    def _own_failure(self, ticket: str) -> None:
        """Keep with the visit that the failure was ours, for getLastError and whoever asked; nothing was taken in."""
        with suppress(SQLAlchemyError), self.database.write() as connection:
            visit, _company, session, now = self._enter(connection, ticket)
            if visit is not None and session.state is not State.TAKEN_OVER:
                step = advance(session, protocol.StrangerArrived(Reason("internal")))
                save(connection, visit, step.session, last_call_at=now)

    def connection_error(self, ticket: str, hresult: str, message: str, /) -> str:
        """QuickBooks could not be opened: everything stays queued."""
        del message
        event = protocol.ConnectionFailed(Reason(codes.find(hresult.strip() or "connection_failed").code))
        return self._simple(ticket, "connectionError", event)

    def get_last_error(self, ticket: str, /) -> str:
        """Say why, or NoOp while the visit is held."""
        return self._simple(ticket, "getLastError", protocol.ErrorAsked())

    def close_connection(self, ticket: str, /) -> str:
        """End the visit; what is out goes back to the queue."""
        return self._simple(ticket, "closeConnection", protocol.CloseArrived())

    def _simple(
        self, ticket: str, call: str, event: protocol.ConnectionFailed | protocol.ErrorAsked | protocol.CloseArrived
    ) -> str:
        if not self._is_known(ticket):
            return self._text(advance(protocol.UNKNOWN_TICKET, event), None)
        with self.database.write() as connection:
            visit, company, session, now = self._enter(connection, ticket)
            if event == protocol.ErrorAsked() and visit is not None and company is not None:
                event = protocol.ErrorAsked(hold=holding.may_hold(connection, company, visit, now, self.manner.zone))
            step = advance(session, event)
            answer = self._text(step, visit)
            if visit is not None and session.state is not State.TAKEN_OVER:
                carry_out(connection, visit, step, now)
                closed = left_behind(visit, step.session, now)
                visits.note_exchange(connection, visit, call, answer, now)
                save(connection, visit, step.session, last_call_at=now, **closed)
        return answer

    def give_up_silent(self) -> int:
        """Put back what is out in visits that have been silent too long; returns how many visits."""
        with self.database.read() as connection:
            found = visits.silent(connection, self.database.now(connection) - SILENT_AFTER)
        for one in found:
            with self.database.write() as connection:
                company = companies.lock(connection, one.company)
                now = self.database.now(connection)
                visit = visits.get(connection, one.company, company.visit)
                if visit is None or visit.visit != one.visit or now - visit.last_call_at < SILENT_AFTER:
                    continue
                step = advance(session_of(visit, company), protocol.SilenceNoticed())
                carry_out(connection, visit, step, now)
                save(connection, visit, replace(step.session, released=True))
        return len(found)

    def _is_known(self, ticket: str) -> bool:
        """Look before writing: whoever has no ticket of ours must not hold up those who have."""
        with self.database.read() as connection:
            return visits.by_ticket(connection, ticket) is not None

    def _enter(self, connection: Connection, ticket: str) -> tuple[Visit | None, Company | None, Session, datetime]:
        """Find a ticket's visit and hold its company until the transaction ends."""
        found = visits.by_ticket(connection, ticket)
        if found is None:
            return None, None, protocol.UNKNOWN_TICKET, self.database.now(connection)
        company = companies.lock(connection, found.company)
        # Again, and only then the time: nobody else can change it, and calls come after one another as their times do.
        visit = visits.by_ticket(connection, ticket)
        return visit, company, session_of(visit, company), self.database.now(connection)

    def _text(self, step: Step, visit: Visit | None) -> str:
        return answer_text(self.manner.language, step, visit)
