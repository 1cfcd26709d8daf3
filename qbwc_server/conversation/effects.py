"""Carrying out what the protocol core wants done, and its answers as text."""

from datetime import datetime

from sqlalchemy import Connection

from qbwc_server import codes, protocol, words
from qbwc_server.conversation import refusals
from qbwc_server.conversation.giving_up import give_up_worn
from qbwc_server.protocol import State, Step
from qbwc_server.store import companies, moves
from qbwc_server.store.visits import Visit


def carry_out(connection: Connection, visit: Visit, step: Step, now: datetime) -> None:
    """Carry out the effects of a step; `visit` is as it was before."""
    for effect in step.effects:
        match effect:
            case protocol.ReleaseWork(counted):
                _release(connection, visit, step, now, counted=counted)
            case protocol.SettleVisit():
                refusals.settle(connection, visit, now)
            case protocol.RecordConnectionError(reason):
                told = {"attention": reason.code, "attention_values": dict(reason.values), "attention_at": now}
                companies.notice(connection, visit.company, **told)
            case _:
                pass


def _release(connection: Connection, visit: Visit, step: Step, now: datetime, *, counted: bool) -> None:
    reason = step.session.reason
    # That another visit took over says nothing of what was wrong with the request.
    taken_over = step.session.state is State.TAKEN_OVER
    trouble = visit.reason if taken_over else None if reason is None else reason.code
    ids = [one.id for one in moves.out(connection, visit.company, visit.visit)]
    moves.put_back(connection, ids, counted=counted, trouble=trouble)
    give_up_worn(connection, ids, now)


def answer_text(language: str, step: Step, visit: Visit | None) -> str:
    """Return the answer of a step, in the language QBWC is spoken to."""
    match step.answer:
        case protocol.Text(text):
            return text
        case protocol.RepeatRequest():
            return (visit.outstanding_text if visit is not None else None) or ""
        case protocol.Sentence(None):
            return words.text(language, "visit.ok")
        case protocol.Sentence(reason) if reason is not None:
            return codes.sentence(language, reason.code, **dict(reason.values))
        case _:
            return ""
