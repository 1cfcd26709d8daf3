"""Hostile and broken bodies at the real server: each is refused decently, nothing of them stays, honest calls go on."""

import gzip
import http.client
import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from lxml import etree
from real_server import Account, RealServer, installed

from qbwc_server.rehearsal.company import SimulatedCompany, sample_company
from qbwc_server.rehearsal.connector_soap import Params, build_envelope

BODIES = 200
# Stands in every body; no line of the log may hold it.
CANARY = f"canary{secrets.token_hex(4)}"
SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
XML = "text/xml; charset=utf-8"
WRAP = (
    '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    '<{method} xmlns="http://developer.intuit.com/">{inner}</{method}></s:Body></s:Envelope>'
)


@dataclass(frozen=True, slots=True)
class Shot:
    """One POST."""

    name: str
    body: bytes
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": XML})


def wrapped(inner: str, method: str = "getLastError", before: str = "") -> bytes:
    envelope = WRAP.format(method=method, inner=inner)
    head, rest = envelope.split("?>", 1)
    return f"{head}?>{before}{rest}".encode()


def hostile() -> list[Shot]:
    """What somebody means badly."""
    ticket = f"<ticket>{CANARY}</ticket>"
    entity = f'<!DOCTYPE s:Envelope [<!ENTITY a "{CANARY}"><!ENTITY f SYSTEM "file:///etc/hostname">]>'
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    attributes = " ".join(f'a{n}="{CANARY}"' for n in range(100_000))
    zipped = {"Content-Type": XML, "Content-Encoding": "gzip"}
    answer = f"<ticket>{CANARY}</ticket><response>{'{}'}</response><hresult/><message/>"
    return [
        Shot("empty", b""),
        Shot("blanks", b"  \r\n "),
        Shot("zero bytes", b"\0" * 1000),
        Shot("no XML", CANARY.encode()),
        Shot("DOCTYPE", wrapped(ticket, before=entity)),
        Shot("entity", wrapped("<ticket>&a;</ticket>", before=entity)),
        Shot("file", wrapped("<ticket>&f;</ticket>", before=entity)),
        Shot("laughs", wrapped("<ticket>&l9;</ticket>", before=f'<!DOCTYPE x [<!ENTITY l0 "{CANARY}">{laughs}]>')),
        Shot("unknown entity", wrapped(f"<ticket>&{CANARY};</ticket>")),
        Shot("attributes", wrapped(f"<ticket {attributes}>x</ticket>")),
        Shot("deep", wrapped(f"<ticket>{'<a>' * 50_000}{CANARY}{'</a>' * 50_000}</ticket>")),
        Shot("deep, never closed", wrapped(ticket)[:-20] + b"<a>" * 50_000),
        Shot("long name", wrapped(f"<{CANARY * 20_000}/>")),
        Shot("long ticket", wrapped(f"<ticket>{CANARY * 100_000}</ticket>")),
        Shot("gzip", gzip.compress(wrapped(ticket)), zipped),
        Shot("gzip, not announced", gzip.compress(wrapped(ticket))),
        Shot("gzip bomb", gzip.compress(b" " * 30_000_000), zipped),
        Shot("gzip, announced only", wrapped(ticket), zipped),
        Shot("UTF-16", wrapped(ticket).decode().encode("utf-16")),
        Shot("UTF-16, told otherwise", wrapped(ticket).decode().encode("utf-16-le")),
        Shot("Latin-1", wrapped(f"<ticket>{CANARY}é</ticket>").decode().encode("latin-1")),
        Shot("UTF-7", wrapped(ticket).replace(b'version="1.0"', b'version="1.0" encoding="utf-7"')),
        Shot("unknown charset", wrapped(ticket), {"Content-Type": f"text/xml; charset={CANARY}"}),
        Shot("JSON", f'{{"{CANARY}": 1}}'.encode(), {"Content-Type": "application/json"}),
        Shot("form", f"a={CANARY}".encode(), {"Content-Type": "application/x-www-form-urlencoded"}),
        Shot("SOAP 1.2", wrapped(ticket).replace(b"schemas.xmlsoap.org/soap", b"www.w3.org/2003/05/soap-envelope")),
        Shot("another method", wrapped(ticket, method=f"drop{CANARY}")),
        Shot("another namespace", wrapped(ticket).replace(b"developer.intuit.com", CANARY.encode())),
        Shot("two methods", wrapped(f"{ticket}</getLastError><getLastError>{ticket}")),
        Shot("a parameter twice", wrapped(ticket * 2)),
        Shot("all parameters missing", wrapped("", method="sendRequestXML")),
        Shot("a number that is none", wrapped(f"{ticket}<qbXMLMajorVers>{CANARY}</qbXMLMajorVers>", "sendRequestXML")),
        Shot("password of 1 MB", wrapped(f"<strUserName>a</strUserName><strPassword>{CANARY * 70_000}</strPassword>",
                                         "authenticate")),
        Shot("SQL", wrapped(f"<strUserName>a' OR 1=1;--{CANARY}</strUserName><strPassword>x</strPassword>",
                            "authenticate")),
        Shot("answer of nobody", wrapped(answer.format(f"{CANARY}&lt;QBXML&gt;"), "receiveResponseXML")),
        Shot("answer with DOCTYPE", wrapped(answer.format("&lt;!DOCTYPE a&gt;"), "receiveResponseXML")),
        Shot("control characters", wrapped(f"<ticket>{CANARY}\x01\x1f</ticket>")),
        Shot("control references", wrapped(f"<ticket>{CANARY}&#x1;&#31;</ticket>")),
        Shot("lone surrogate", wrapped(f"<ticket>{CANARY}&#xD800;</ticket>")),
        Shot("include", wrapped('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/hostname"/>')),
    ]  # fmt: skip


def mangled(chance: random.Random, count: int) -> Iterator[Shot]:
    """Honest calls, spoilt in transit."""
    calls: tuple[tuple[str, Params], ...] = (
        ("authenticate", {"strUserName": CANARY, "strPassword": CANARY}),
        ("sendRequestXML", {"ticket": CANARY, "strHCPResponse": f"<QBXML>{CANARY}</QBXML>", "strCompanyFileName": "C:",
                            "qbXMLCountry": "US", "qbXMLMajorVers": 13, "qbXMLMinorVers": 0}),
        ("receiveResponseXML", {"ticket": CANARY, "response": f"<QBXML>{CANARY}</QBXML>", "hresult": "",
                                "message": ""}),
        ("connectionError", {"ticket": CANARY, "hresult": "0x80040408", "message": CANARY}),
        ("closeConnection", {"ticket": CANARY}),
    )  # fmt: skip
    for number in range(count):
        method, params = chance.choice(calls)
        body = bytearray(build_envelope(method, params))
        for _ in range(chance.randint(1, 6)):
            spot = chance.randrange(len(body))
            match chance.randrange(5):
                case 0:
                    body[spot] = chance.randrange(256)
                case 1:
                    del body[spot : spot + chance.randint(1, 40)]
                case 2:
                    body[spot:spot] = chance.randbytes(chance.randint(1, 20))
                case 3:
                    body[spot:spot] = body[: chance.randint(1, 200)]
                case _:
                    del body[max(spot, 20) :]
        yield Shot(f"mangled {number}: {method}", bytes(body))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    with installed(tmp_path_factory.mktemp("fuzz") / "server") as one:
        yield one


@pytest.mark.timeout(180)
def test_two_hundred_hostile_bodies_get_a_fault_or_a_4xx_and_leave_nothing_behind(server: RealServer) -> None:
    books: SimulatedCompany = sample_company(customers=5, items=3)
    account: Account = server.add_company("acme", books)
    server.start()
    asked = [one["id"] for one in server.ask("acme", "customer", list_id=str(books.customers()[1]["ListID"]))]
    shots = hostile()
    shots += mangled(random.Random(7), BODIES - len(shots))
    assert len(shots) == BODIES
    wrong = [f"{shot.name}: {problem}" for shot in shots if (problem := fire(server, shot)) is not None]
    assert wrong == []
    report = server.connector(account, books).visit()
    assert (report.violations, report.round_trips) == ((), 1)
    assert server.final(asked)[0]["outcome"] == "inserted"
    log = server.log.read_text(encoding="utf-8")
    assert CANARY not in log
    assert "Traceback" not in log
    assert CANARY not in repr(server.ours("SELECT * FROM exchanges")) + repr(server.ours("SELECT * FROM visits"))


def fire(server: RealServer, shot: Shot) -> str | None:
    """Send a body; returns what is wrong with the answer, or None."""
    connection = http.client.HTTPConnection("localhost", server.port, timeout=30)
    try:
        connection.request("POST", "/qbwc", shot.body, shot.headers)
        reply = connection.getresponse()
        status, body = reply.status, reply.read()
    except (OSError, http.client.HTTPException) as problem:
        return f"no answer: {problem!r}"
    finally:
        connection.close()
    return "no Content-Length" if reply.headers["Content-Length"] is None else judged(status, body)


def judged(status: int, body: bytes) -> str | None:
    if CANARY.encode() in body and b"faultstring" in body:
        return "the fault repeats the body"
    if 400 <= status < 500:
        return None
    try:
        root = etree.XML(body)
    except etree.XMLSyntaxError:
        return f"status {status} and no XML"
    is_fault = root.find(f"{SOAP}Body/{SOAP}Fault") is not None
    if status == 500 and is_fault:
        return None
    # What was spoilt may still be a call, and one of a stranger.
    return None if status == 200 and not is_fault else f"status {status}, fault: {is_fault}"
