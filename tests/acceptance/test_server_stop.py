"""Stopping the server with SIGTERM: the call in hand is answered, and it ends by itself with exit status 0."""

import http.client
import re
import sys
import threading
import time
from pathlib import Path

import pytest
from real_server import RealServer, installed

from qbwc_server.cli.serving import Server, listen
from qbwc_server.rehearsal.company import SimulatedCompany, sample_company
from qbwc_server.rehearsal.connector_soap import build_envelope

STOP_SECONDS = 10.0
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send to a process")


def began_visit(server: RealServer, books: SimulatedCompany) -> tuple[int, str, str]:
    """Ask for ten customers and begin a visit; returns the list's refresh, the ticket and QuickBooks's answer."""
    account = server.add_company("acme", books)
    server.start()
    refresh_id = int(server.ask("acme", "customer", scope="all")[0]["id"])
    connector = server.connector(account, books)
    ticket = connector.authenticate()[0]
    request = connector.send_request(ticket, books.hcp_response(), books.path)
    connector.disconnect()
    books.begin_session()
    whole = re.sub(r"<MaxReturned>\d+</MaxReturned>", "<MaxReturned>100000</MaxReturned>", request)
    return refresh_id, ticket, books.process(whole)


def answer_envelope(ticket: str, answer: str) -> bytes:
    return build_envelope("receiveResponseXML", {"ticket": ticket, "response": answer, "hresult": "", "message": ""})


def begin_post(server: RealServer, body: bytes) -> http.client.HTTPConnection:
    """Open a connection and send the head of a call."""
    connection = http.client.HTTPConnection("localhost", server.port, timeout=30)
    connection.putrequest("POST", "/qbwc")
    connection.putheader("Content-Type", "text/xml; charset=utf-8")
    connection.putheader("Content-Length", str(len(body)))
    connection.putheader("SOAPAction", '"http://developer.intuit.com/receiveResponseXML"')
    connection.endheaders()
    return connection


def test_an_answer_half_received_when_the_stop_comes_is_taken_in_and_answered(tmp_path: Path) -> None:
    with installed(tmp_path / "server") as server:
        refresh_id, ticket, answer = began_visit(server, sample_company(customers=60, items=1))
        body = answer_envelope(ticket, answer)
        connection = begin_post(server, body)
        connection.send(body[:1000])
        time.sleep(0.3)
        stopped = time.monotonic()
        server.terminate()
        time.sleep(1.0)
        connection.send(body[1000:])
        reply = connection.getresponse()
        assert (reply.status, b">100<" in reply.read()) == (200, True)
        connection.close()
        assert server.wait_for_end(STOP_SECONDS) == 0
        assert time.monotonic() - stopped < STOP_SECONDS
        server.start()
        assert server.final([refresh_id])[0]["state"] == "published"


def test_a_long_call_in_work_when_the_stop_comes_is_answered(tmp_path: Path) -> None:
    with installed(tmp_path / "server") as server:
        refresh_id, ticket, answer = began_visit(server, sample_company(customers=3000, items=1))
        body = answer_envelope(ticket, answer)
        connection = begin_post(server, body)
        connection.send(body)
        time.sleep(0.3)
        assert server.refresh(refresh_id)["state"] == "sent"
        stopped = time.monotonic()
        server.terminate()
        reply = connection.getresponse()
        assert (reply.status, b">100<" in reply.read()) == (200, True)
        connection.close()
        assert server.wait_for_end(STOP_SECONDS) == 0
        assert time.monotonic() - stopped < STOP_SECONDS
        server.start()
        assert server.final([refresh_id], seconds=30)[0]["state"] == "published"


def test_an_idle_server_stops_at_once_and_a_connection_that_is_only_held_does_not_keep_it(tmp_path: Path) -> None:
    with installed(tmp_path / "server") as server:
        server.start()
        held = http.client.HTTPConnection("localhost", server.port, timeout=10)
        held.request("GET", "/healthz")
        assert held.getresponse().read()
        stopped = time.monotonic()
        server.terminate()
        assert server.wait_for_end(STOP_SECONDS) == 0
        assert time.monotonic() - stopped < 3
        held.close()


@pytest.mark.parametrize("round_", range(20))
def test_a_stop_from_another_thread_meets_one_that_has_ended(round_: int) -> None:
    del round_
    server = Server(lambda *_: [], listen("localhost", 0), threads=1)
    stopping = [threading.Thread(target=server.stop) for _ in range(4)]
    serving = threading.Thread(target=server.run)
    serving.start()
    for thread in stopping:
        thread.start()
    for thread in (*stopping, serving):
        thread.join(timeout=20)

    server.stop()
