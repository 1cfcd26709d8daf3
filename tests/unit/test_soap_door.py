"""The SOAP door as a WSGI application, called without a network."""

import io
import logging
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from lxml import etree

from qbwc_server.soap import Caller, make_soap_app

INTUIT = "{http://developer.intuit.com/}"
SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
HEAD = (
    '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soap:Body>'
)
TAIL = "</soap:Body></soap:Envelope>"
MAX_BODY = 3 << 20
SECRET = "Xyzzy-secret"


@dataclass
class Talk:
    """A conversation that keeps what it was told, and answers with what the test wants."""

    answer: Any = "answer"
    told: list[tuple[Any, ...]] = field(default_factory=list)

    def _said(self, *what: object) -> Any:
        self.told.append(what)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    def server_version(self) -> str:
        return str(self._said())

    def client_version(self, version: str, caller: Caller) -> Any:
        return self._said(version, caller)

    def authenticate(self, user_name: str, password: str, caller: Caller) -> Any:
        return self._said(user_name, password, caller)

    def send_request(self, *values: object) -> Any:
        return self._said(*values)

    def receive_response(self, ticket: str, response: BinaryIO, hresult: str, message: str) -> Any:
        return self._said(ticket, response.read().decode(), hresult, message)

    def connection_error(self, ticket: str, hresult: str, message: str) -> Any:
        return self._said(ticket, hresult, message)

    def get_last_error(self, ticket: str) -> Any:
        return self._said(ticket)

    def close_connection(self, ticket: str) -> Any:
        return self._said(ticket)


@dataclass
class Reply:
    status: str
    headers: dict[str, str]
    body: bytes

    @property
    def result(self) -> Any:
        """The text of the result element, or the texts of its members."""
        (element,) = etree.XML(self.body).iterfind(f"{SOAP}Body/*/*")
        return [member.text or "" for member in element] if len(element) else element.text or ""


def ask(talk: Talk, body: bytes = b"", environ: Mapping[str, Any] | None = None, *, method: str = "POST") -> Reply:
    app = make_soap_app(talk, public_url="https://qb.example.com/", max_body=MAX_BODY)
    started: list[Any] = []
    values = {
        "REQUEST_METHOD": method,
        "CONTENT_TYPE": "text/xml; charset=utf-8",
        "CONTENT_LENGTH": str(len(body)),
        "REMOTE_ADDR": "192.0.2.1",
        "HTTP_USER_AGENT": "QBWC",
        "wsgi.input": io.BytesIO(body),
        **(environ or {}),
    }
    pieces = app(values, lambda status, headers, _exc=None: started.extend((status, dict(headers))))  # type: ignore[arg-type]
    return Reply(started[0], started[1], b"".join(pieces))


def call(talk: Talk, method: str, **parameters: object) -> Reply:
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in parameters.items())
    body = f'{HEAD}<{method} xmlns="http://developer.intuit.com/">{inner}</{method}>{TAIL}'
    return ask(talk, body.encode())


def is_fault(reply: Reply) -> bool:
    return (
        reply.status.startswith("500")
        and reply.headers["Content-Type"] == "text/xml; charset=utf-8"
        and etree.XML(reply.body).find(f"{SOAP}Body/{SOAP}Fault/faultstring") is not None
    )


CALLER = Caller("192.0.2.1", "QBWC")
CALLS: tuple[tuple[str, dict[str, object], Any, tuple[Any, ...]], ...] = (
    ("serverVersion", {}, "1", ()),
    ("clientVersion", {"strVersion": "34.0.1.2"}, "", ("34.0.1.2", CALLER)),
    ("authenticate", {"strUserName": "u", "strPassword": "p"}, ("t", "none"), ("u", "p", CALLER)),
    (
        "sendRequestXML",
        {
            "ticket": "t",
            "strHCPResponse": "h",
            "strCompanyFileName": "C:\\a.qbw",
            "qbXMLCountry": "US",
            "qbXMLMajorVers": 13,
            "qbXMLMinorVers": 0,
        },
        "<x/>",
        ("t", "h", "C:\\a.qbw", "US", 13, 0),
    ),
    (
        "receiveResponseXML",
        {"ticket": "t", "response": "&lt;a/>", "hresult": "0x1", "message": "m"},
        40,
        ("t", "<a/>", "0x1", "m"),
    ),
    ("connectionError", {"ticket": "t", "hresult": "h", "message": "m"}, "done", ("t", "h", "m")),
    ("getLastError", {"ticket": "t"}, "NoOp", ("t",)),
    ("closeConnection", {"ticket": "t"}, "OK", ("t",)),
)


@pytest.mark.parametrize(("method", "parameters", "answer", "told"), CALLS)
def test_each_call_reaches_the_conversation_and_brings_its_answer_back(
    method: str, parameters: dict[str, object], answer: Any, told: tuple[Any, ...]
) -> None:
    talk = Talk(answer)
    reply = call(talk, method, **parameters)
    assert reply.status == "200 OK"
    assert reply.headers == {"Content-Type": "text/xml; charset=utf-8", "Content-Length": str(len(reply.body))}
    assert talk.told == [told]
    assert reply.result == (list(answer) if isinstance(answer, tuple) else str(answer))
    assert etree.XML(reply.body).find(f"{SOAP}Body/{INTUIT}{method}Response/{INTUIT}{method}Result") is not None


@pytest.mark.parametrize("method", [method for method, *_ in CALLS])
def test_absent_parameters_are_empty_or_nought(method: str) -> None:
    talk = Talk({"authenticate": ("t", ""), "receiveResponseXML": 0}.get(method, ""))
    assert call(talk, method).status == "200 OK"
    assert all(value in {"", 0, CALLER} for value in talk.told[0])


def test_parameters_may_come_in_any_order() -> None:
    talk = Talk("")
    call(talk, "connectionError", message="m", ticket="t", hresult="h")
    assert talk.told == [("t", "h", "m")]


FALLBACKS = (
    ("serverVersion", ""),
    ("clientVersion", ""),
    ("sendRequestXML", ""),
    ("receiveResponseXML", "-1"),
    ("connectionError", "done"),
    ("closeConnection", "OK"),
)


@pytest.mark.parametrize(("method", "expected"), FALLBACKS)
@pytest.mark.parametrize("trouble", [ValueError(SECRET), OSError(SECRET), MemoryError(), RecursionError(SECRET)])
def test_whatever_the_conversation_raises_has_an_answer_in_the_protocol(
    method: str, expected: str, trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    reply = call(Talk(trouble), method, ticket=SECRET, strUserName=SECRET, strPassword=SECRET, response=SECRET)
    assert reply.status == "200 OK"
    assert reply.result == expected
    assert type(trouble).__name__ in caplog.text
    assert "test_soap_door.py" in caplog.text
    assert SECRET not in caplog.text


def test_an_answer_that_the_disk_does_not_take_is_asked_for_again_later(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    talk = Talk(50)
    assert call(talk, "receiveResponseXML", ticket="t", response="x" * (2 << 20)).result == "-1"
    assert talk.told == []
    assert "FileNotFoundError" in caplog.text


def test_an_answer_that_is_received_in_part_only_is_asked_for_again_later(caplog: pytest.LogCaptureFixture) -> None:
    class NoMore(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            piece = super().read(size)
            if not piece:
                raise OSError(28, SECRET)
            return piece

    talk = Talk(50)
    parts = f"<ticket>t</ticket><response>{SECRET * 9000}"
    kept = f'{HEAD}<receiveResponseXML xmlns="http://developer.intuit.com/">{parts}'
    reply = ask(talk, kept.encode(), {"wsgi.input": NoMore(kept.encode()), "CONTENT_LENGTH": "999999"})
    assert (reply.status, reply.result) == ("200 OK", "-1")
    assert talk.told == []
    assert "OSError" in caplog.text
    assert SECRET not in caplog.text


def test_an_authenticate_that_fails_says_busy_under_a_ticket_of_its_own() -> None:
    first, second = (call(Talk(ValueError()), "authenticate").result for _ in range(2))
    assert first[1:] == second[1:] == ["busy"]
    assert len(first[0]) > 20
    assert first[0] != second[0]


def test_a_get_last_error_that_fails_says_that_nothing_is_lost() -> None:
    assert "othing is lost" in call(Talk(ValueError()), "getLastError").result


@pytest.mark.parametrize(
    ("method", "unfit", "expected"),
    [
        ("clientVersion", None, ""),
        ("sendRequestXML", 5, ""),
        ("receiveResponseXML", "50", "-1"),
        ("receiveResponseXML", True, "-1"),
        ("connectionError", None, "done"),
    ],
)
def test_an_answer_of_the_wrong_kind_is_replaced(method: str, unfit: Any, expected: str) -> None:
    assert call(Talk(unfit), method).result == expected


@pytest.mark.parametrize("unfit", ["none", ("t", None), None])
def test_an_authenticate_answer_of_the_wrong_kind_is_busy(unfit: Any) -> None:
    assert call(Talk(unfit), "authenticate").result[1] == "busy"


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("getInteractiveURL", "https://qb.example.com/"),
        ("interactiveRejected", "OK"),
        ("interactiveDone", "Done"),
        ("isInteractiveDone", "Done"),
    ],
)
def test_interactive_mode_is_declined_politely(method: str, expected: str) -> None:
    talk = Talk()
    assert call(talk, method, wcTicket="t", sessionID="s", reason="r").result == expected
    assert talk.told == []


def test_control_characters_in_our_answer_are_left_out() -> None:
    assert call(Talk("a\x1fb\x00c"), "sendRequestXML").result == "abc"


@pytest.mark.parametrize("number", ["x", "1.5", "2147483648", "-2147483649", "\u0661", "9" * 500, "--1", "+"])
def test_a_version_that_is_no_int_is_a_fault(number: str) -> None:
    talk = Talk("")
    assert is_fault(call(talk, "sendRequestXML", qbXMLMajorVers=number))
    assert talk.told == []


@pytest.mark.parametrize(("text", "number"), [("-1", -1), (" +13 ", 13), ("2147483647", 2147483647), ("007", 7)])
def test_a_version_is_read_as_xml_schema_writes_an_int(text: str, number: int) -> None:
    talk = Talk("")
    call(talk, "sendRequestXML", qbXMLMajorVers=text)
    assert talk.told[0][4] == number


@pytest.mark.parametrize(
    "method", ["authenticate2", "authenticateResponse", "Authenticate", "QBWCService.authenticate"]
)
def test_an_unknown_method_is_a_fault_that_does_not_repeat_it(method: str) -> None:
    reply = call(Talk(), method)
    assert is_fault(reply)
    assert method.encode() not in reply.body


def test_a_broken_request_is_a_fault_and_its_content_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    reply = ask(Talk(), f"{HEAD}<authenticate><strPassword>{SECRET}".encode())
    assert is_fault(reply)
    assert reply.headers["Content-Length"] == str(len(reply.body))
    assert SECRET.encode() not in reply.body
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        ({"CONTENT_TYPE": "application/soap+xml; charset=utf-8"}, "415"),
        ({"CONTENT_TYPE": "text/plain"}, "415"),
        ({"CONTENT_TYPE": ""}, "415"),
        ({"CONTENT_TYPE": "text/xml; charset=utf-16"}, "415"),
        ({"CONTENT_TYPE": 'text/xml; charset="iso-8859-1"'}, "415"),
        ({"CONTENT_TYPE": "text/xml; charset=martian"}, "415"),
        ({"HTTP_CONTENT_ENCODING": "gzip"}, "415"),
        ({"CONTENT_LENGTH": "many"}, "400"),
        ({"CONTENT_LENGTH": "-5"}, "400"),
        ({"CONTENT_LENGTH": str(MAX_BODY + 1)}, "413"),
        ({"CONTENT_LENGTH": "9" * 5000}, "413"),
        (
            {"CONTENT_LENGTH": "", "wsgi.input_terminated": True, "wsgi.input": io.BytesIO(b" " * (MAX_BODY + 1))},
            "413",
        ),
    ],
)
def test_a_request_that_is_no_soap_11_over_http_is_refused(environ: dict[str, Any], status: str) -> None:
    reply = ask(Talk(), b"<a/>", environ)
    assert reply.status.startswith(status)
    assert reply.headers["Content-Length"] == str(len(reply.body))
    assert reply.body.endswith(b".\n")


@pytest.mark.parametrize(
    "content_type",
    ["text/xml", "text/xml;charset=UTF-8", 'TEXT/XML; charset="utf-8"', "text/xml; action=x; charset=utf-8"],
)
def test_every_way_to_write_soap_11s_content_type_is_accepted(content_type: str) -> None:
    body = f'{HEAD}<serverVersion xmlns="http://developer.intuit.com/" />{TAIL}'.encode()
    assert ask(Talk("1"), body, {"CONTENT_TYPE": content_type}).result == "1"


def test_a_body_of_unannounced_length_is_read_when_the_server_marks_its_end() -> None:
    body = f'{HEAD}<serverVersion xmlns="http://developer.intuit.com/" />{TAIL}'.encode()
    assert ask(Talk("1"), body, {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}).result == "1"


def test_a_body_shorter_than_announced_is_a_fault() -> None:
    assert is_fault(ask(Talk(), HEAD.encode(), {"CONTENT_LENGTH": "900"}))


def test_a_connection_that_breaks_while_reading_is_a_fault(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            raise ConnectionResetError(SECRET)

    assert is_fault(ask(Talk(), b"", {"CONTENT_LENGTH": "900", "wsgi.input": Broken()}))
    assert SECRET not in caplog.text


def test_get_answers_a_short_page_without_a_login() -> None:
    reply = ask(Talk(), method="GET")
    assert reply.status == "200 OK"
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b"Web Connector" in reply.body


def test_head_answers_as_get_without_a_body() -> None:
    head, get = ask(Talk(), method="HEAD"), ask(Talk(), method="GET")
    assert head.body == b""
    assert (head.status, head.headers) == (get.status, get.headers)


@pytest.mark.parametrize("query", ["wsdl", "WSDL", "wsdl="])
def test_the_description_has_the_public_address_whatever_host_is_asked(query: str) -> None:
    reply = ask(Talk(), b"", {"QUERY_STRING": query, "HTTP_HOST": "evil.example"}, method="GET")
    assert reply.headers["Content-Type"] == "text/xml; charset=utf-8"
    address = etree.XML(reply.body).find(f"{WSDL}service/{WSDL}port/{{http://schemas.xmlsoap.org/wsdl/soap/}}address")
    assert address is not None
    assert address.get("location") == "https://qb.example.com/qbwc"
    assert b"evil" not in reply.body


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "post"])
def test_other_http_methods_are_told_what_is_allowed(method: str) -> None:
    reply = ask(Talk(), method=method)
    assert reply.status.startswith("405")
    assert reply.headers["Allow"] == "GET, HEAD, POST"


def test_the_page_speaks_the_chosen_language() -> None:
    app = make_soap_app(Talk(ValueError()), public_url="https://qb.example.com", language="fr")
    pieces = app({"REQUEST_METHOD": "GET"}, lambda *_: None)  # type: ignore[arg-type]
    assert b'lang="fr"' in b"".join(pieces)
