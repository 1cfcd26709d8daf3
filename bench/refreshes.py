"""A single refresh: asked for through the API, fetched by a visit, published, and seen to be so."""

import json
import time

from bench import soap
from bench.servers import Account, Servers
from bench.wire import Line, request

# The ask, the six calls of the visit, the look at what has become of it.
CALLS = 8
_PAUSE = 0.002


class NotPublished(Exception):
    """The refresh ended otherwise."""

    def __init__(self, refresh: dict[str, object]) -> None:
        super().__init__(f"The refresh ended as {refresh['state']}, with {refresh['error']}.")


def cost(servers: Servers, number: int, count: int) -> float:
    """Return the seconds from asking for a refresh until it is seen published: the mean of `count`, one by one.

    Args:
        servers: both servers; nothing else may wait for the first account's company.
        number: differs from call to call, so that each refresh brings a change.
        count: how many.
    """
    with Line(servers.qbwc) as program, Line(servers.qbwc) as connector:
        began = time.perf_counter()
        for step in range(count):
            _refresh(servers, program, connector, number * count + step)
        return (time.perf_counter() - began) / count


def noop_cost(servers: Servers, count: int) -> float:
    """Return the seconds that as many calls as a refresh takes cost when they do nothing."""
    ticket = "t" * 43
    request_text = soap.customer('requestID="1.1"<ListID>80000001-1234567890</ListID>', 1)
    messages = (
        *soap.greeting(servers.accounts[0].user, servers.accounts[0].password),
        soap.send_request(ticket),
        soap.receive_response(ticket, request_text),
        soap.close(ticket),
    )
    with Line(servers.noop) as program, Line(servers.noop) as connector:
        began = time.perf_counter()
        for _ in range(count):
            program.call(_ask(servers, 1))
            for message in messages:
                connector.call(message)
            program.call(_look(servers, 1))
        return (time.perf_counter() - began) / count


def _refresh(servers: Servers, program: Line, connector: Line, number: int) -> None:
    asked = json.loads(program.call(_ask(servers, number)))
    _visit(connector, servers.accounts[0], number)
    look = _look(servers, asked["id"])
    while True:
        refresh = json.loads(program.call(look))
        if refresh["state"] == "published":
            return
        if refresh["state"] != "answered":
            raise NotPublished(refresh)
        time.sleep(_PAUSE)


def _visit(connector: Line, account: Account, number: int) -> None:
    for message in soap.greeting(account.user, account.password):
        answer = connector.call(message)
    ticket, _ = soap.ticket(answer)
    qbxml = soap.result(connector.call(soap.send_request(ticket)))
    connector.call(soap.receive_response(ticket, soap.customer(qbxml, number)))
    connector.call(soap.close(ticket))


def _ask(servers: Servers, number: int) -> bytes:
    body = json.dumps(
        {"company": servers.accounts[0].company, "list": "customer", "list_id": f"8000{number % 50:04}-1234567890"}
    ).encode()
    return request(
        "POST", "/api/v1/refreshes", body, Authorization=f"Bearer {servers.token}", Content_Type="application/json"
    )


def _look(servers: Servers, refresh_id: int) -> bytes:
    return request("GET", f"/api/v1/refreshes/{refresh_id}", Authorization=f"Bearer {servers.token}")
