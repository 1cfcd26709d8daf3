"""A whole visit of the Web Connector with a QuickBooks behind it."""

import time
from dataclasses import dataclass
from typing import Protocol

from bench import soap
from bench.quickbooks import Books
from bench.servers import Account


class Caller(Protocol):
    """What sends a whole HTTP request and returns the body of the answer."""

    def call(self, message: bytes) -> bytes:
        """Return the answer's body."""


class NotTaken(Exception):
    """The server refused the visit or an answer."""


@dataclass(slots=True)
class Visit:
    """What a visit cost.

    Attributes:
        round_trips: how often QuickBooks was asked.
        waited: seconds that the connector waited for the server, over all calls.
        slowest: the longest of these waits.
        bytes: how long the longest answer was that QuickBooks gave.
    """

    round_trips: int = 0
    waited: float = 0.0
    slowest: float = 0.0
    bytes: int = 0


def visit(line: Caller, account: Account, books: Books, hcp: str = soap.HCP) -> Visit:
    """Call as often as the server wants.

    Args:
        line: to the server.
        account: of the company.
        books: what QuickBooks has open.
        hcp: what QuickBooks says of itself.

    Raises:
        NotTaken: see there.
    """
    made = Visit()
    for message in soap.greeting(account.user, account.password):
        answer = _wait(made, line, message)
    ticket, word = soap.ticket(answer)
    if word in ("none", "nvu", "busy"):
        raise NotTaken(f"authenticate answered {word!r}.")
    percent = 0
    while percent < 100:
        qbxml = soap.result(_wait(made, line, soap.send_request(ticket, "" if made.round_trips else hcp)))
        if not qbxml:
            break
        given = books.answer(qbxml)
        made.bytes = max(made.bytes, len(given))
        made.round_trips += 1
        percent = int(soap.result(_wait(made, line, soap.receive_response(ticket, given))))
        if percent < 0:
            said = soap.result(_wait(made, line, soap.call("getLastError", ticket=ticket)))
            raise NotTaken(f"receiveResponseXML answered {percent}: {said}")
    _wait(made, line, soap.close(ticket))
    return made


def _wait(made: Visit, line: Caller, message: bytes) -> bytes:
    began = time.perf_counter()
    answer = line.call(message)
    seconds = time.perf_counter() - began
    made.waited += seconds
    made.slowest = max(made.slowest, seconds)
    return answer
