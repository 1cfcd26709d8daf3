"""The simulated Web Connector against a small reference server, honest first, then misbehaving in one way at a time."""

from __future__ import annotations

import gzip
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import pytest
from lxml import etree

from qbwc_server.rehearsal.company import sample_company
from qbwc_server.rehearsal.company_errors import RequestProcessorError, SimulatedCrash
from qbwc_server.rehearsal.connector import Call, Habits, Outcome, SimulatedConnector
from qbwc_server.rehearsal.connector_faults import WRONG_PATH, Fault, FaultKind
from qbwc_server.rehearsal.connector_rules import HTTPAnswerError
from qbwc_server.rehearsal.connector_soap import SoapFaultError, build_envelope
from qbwc_server.rehearsal.connector_wire import UnreachableError
from qbwc_server.rehearsal.scenarios import SCENARIOS, Scenario, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INTUIT = "http://developer.intuit.com/"
PASSWORD = "correct-horse-battery"
REFUSED = RequestProcessorError("0x80040408", "Could not start QuickBooks.")
Params = dict[str, str]


def request_text(number: int) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><?qbxml version="13.0"?><QBXML><QBXMLMsgsRq onError="continueOnError">'
        f'<CustomerQueryRq requestID="{number}"/></QBXMLMsgsRq></QBXML>'
    )


class OneCustomer:
    """A company with one customer, which answers anything."""

    path = r"C:\Books\Acme.QBW"
    country = "US"

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0
        self.openings: list[Exception] = []
        self.processing: list[Exception] = []

    def begin_session(self) -> None:
        if self.openings:
            raise self.openings.pop(0)
        self.begun += 1

    def end_session(self) -> None:
        self.ended += 1

    def hcp_response(self) -> str:
        return "<QBXML><DataExtName>FileID</DataExtName><DataExtValue>{1}</DataExtValue></QBXML>"

    def process(self, qbxml: str, /) -> str:
        if self.processing:
            raise self.processing.pop(0)
        found = re.search('requestID="([^"]*)"', qbxml)
        request_id = found[1] if found else ""
        return (
            f'<?xml version="1.0" ?>\n<QBXML><QBXMLMsgsRs><CustomerQueryRs requestID="{request_id}" statusCode="0">'
            "<CustomerRet><Name>A &amp; B</Name></CustomerRet></CustomerQueryRs></QBXMLMsgsRs></QBXML>"
        )


class Service:
    """The QBWC protocol in its shortest honest form; ``instead`` replaces the result of single methods."""

    def __init__(self) -> None:
        self.work = 1
        self.seen: list[tuple[str, Params]] = []
        self.heads: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.instead: dict[str, str | Callable[[Params], str | None] | None] = {}
        self.tickets = 0
        self.outstanding = 0
        self.requests = 0
        self.last: tuple[str, int] = ("", 0)
        self.error = ""

    def result(self, method: str, params: Params) -> str | None:
        if method in self.instead:
            other = self.instead[method]
            return other(params) if callable(other) else other
        return escape(getattr(self, method)(**params)) if method != "authenticate" else self.authenticate(**params)

    def serverVersion(self) -> str:  # noqa: N802
        return "reference 1"

    def clientVersion(self, strVersion: str) -> str:  # noqa: N802, N803
        return "" if strVersion else "E:no version"

    def authenticate(self, strUserName: str, strPassword: str) -> str:  # noqa: N803
        self.tickets += 1
        self.outstanding = 0
        status = "nvu" if (strUserName, strPassword) != ("acme", PASSWORD) else "" if self.work else "none"
        return f"<string>ticket-{self.tickets}</string><string>{status}</string>"

    def sendRequestXML(self, strCompanyFileName: str, **_: str) -> str:  # noqa: N802, N803
        if strCompanyFileName == WRONG_PATH or not self.work:
            self.error = "Another company file is open."
            return ""
        if not self.outstanding:
            self.requests += 1
            self.outstanding = self.requests
        return request_text(self.outstanding)

    def receiveResponseXML(self, response: str, hresult: str, **_: str) -> str:  # noqa: N802
        if self.last[0] == response and not self.outstanding:
            return str(self.last[1])
        good = f'requestID="{self.outstanding}"' in response and "CustomerQueryRs>" in response and not hresult
        if not good:
            self.error = "That was no answer."
            return "-1"
        self.outstanding = 0
        self.work -= 1
        self.last = (response, 50 if self.work else 100)
        return str(self.last[1])

    def connectionError(self, **_: str) -> str:  # noqa: N802
        return "done"

    def getLastError(self, **_: str) -> str:  # noqa: N802
        return self.error

    def closeConnection(self, **_: str) -> str:  # noqa: N802
        return "OK"

    def getInteractiveURL(self, **_: str) -> str:  # noqa: N802
        return "https://example.com/"

    def interactiveRejected(self, **_: str) -> str:  # noqa: N802
        return "OK"


class Server(ThreadingHTTPServer):
    """The service over HTTP; ``reply`` may send something else altogether."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.service = Service()
        self.reply: Callable[[Handler, str, bytes], bool] | None = None
        self.says_continue = True
        self.get_status = 200
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/qbwc"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def log_message(self, *_: object) -> None:
        pass

    def handle_expect_100(self) -> bool:
        return super().handle_expect_100() if self.server.says_continue else True

    def do_GET(self) -> None:
        self.answer(self.server.get_status, b"hello", "text/html")

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        # Where XML forbids a character this server reads a blank, as a server for QBWC has to.
        call = etree.XML(re.sub(rb"&#x[0-9A-F]+;", b" ", raw))[0][0]
        method = etree.QName(call).localname
        params = {etree.QName(child).localname: child.text or "" for child in call}
        self.server.service.heads.append({name.lower(): value for name, value in self.headers.items()})
        self.server.service.bodies.append(raw)
        self.server.service.seen.append((method, params))
        result = self.server.service.result(method, params)
        body = envelope(method, result)
        if self.server.reply is None or not self.server.reply(self, method, body):
            self.answer(200, body)

    def answer(self, status: int, body: bytes, kind: str = "text/xml; charset=utf-8", **headers: str) -> None:
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        for name, value in ({"Content_Length": str(len(body))} | headers).items():
            if value:
                self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


def envelope(method: str, result: str | None) -> bytes:
    inner = "" if result is None else f"<{method}Result>{result}</{method}Result>"
    return soap(f'<{method}Response xmlns="{INTUIT}">{inner}</{method}Response>')


def soap(content: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<s:Body>{content}</s:Body></s:Envelope>"
    ).encode()


FAULT = soap("<s:Fault><faultcode>s:Server</faultcode><faultstring>it broke</faultstring></s:Fault>")
NO_METHOD = soap("<s:Fault><faultcode>s:Client</faultcode><faultstring>no such method</faultstring></s:Fault>")


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as reference:
        thread = threading.Thread(target=reference.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield reference
        reference.shutdown()
        thread.join()


@pytest.fixture
def company() -> OneCustomer:
    return OneCustomer()


@pytest.fixture
def connect(server: Server, company: OneCustomer) -> Iterator[Callable[..., SimulatedConnector]]:
    made: list[SimulatedConnector] = []

    def make(**options: Any) -> SimulatedConnector:
        habits = options.pop("habits", Habits(noop_wait=0.0))
        password = options.pop("password", PASSWORD)
        made.append(SimulatedConnector(server.url, "acme", password, company, habits=habits, timeout=10, **options))
        return made[-1]

    yield make
    for connector in made:
        connector.disconnect()


@pytest.fixture
def connector(connect: Callable[..., SimulatedConnector]) -> SimulatedConnector:
    return connect()


def names(calls: tuple[Call, ...]) -> list[str]:
    return [call.name for call in calls]


# The honest server.


def test_an_honest_visit_has_the_real_order_of_calls_and_no_violation(
    server: Server, connector: SimulatedConnector, company: OneCustomer
) -> None:
    server.service.work = 2
    report = connector.visit()
    assert names(report.calls) == [
        "serverVersion",
        "clientVersion",
        "authenticate",
        "sendRequestXML",
        "receiveResponseXML",
        "sendRequestXML",
        "receiveResponseXML",
        "closeConnection",
    ]
    assert report.violations == ()
    assert (report.outcome, report.status, report.round_trips, report.percentages) == (Outcome.DONE, "OK", 2, (50, 100))
    assert server.connections == 1
    assert (company.begun, company.ended) == (1, 1)


def test_the_hcp_answer_comes_in_the_first_send_only(server: Server, connector: SimulatedConnector) -> None:
    server.service.work = 2
    connector.visit()
    first, second = (params for name, params in server.service.seen if name == "sendRequestXML")
    assert "FileID" in first.pop("strHCPResponse")
    assert second.pop("strHCPResponse") == ""
    assert first == second
    assert list(first) == ["ticket", "strCompanyFileName", "qbXMLCountry", "qbXMLMajorVers", "qbXMLMinorVers"]
    assert first["qbXMLMajorVers"] == "13"


def test_the_heads_are_those_of_the_dotnet_proxy(server: Server, connector: SimulatedConnector) -> None:
    connector.server_version()
    connector.close_connection("t")
    first, second = server.service.heads
    assert list(first)[:4] == ["user-agent", "content-type", "soapaction", "host"]
    assert first["content-type"] == "text/xml; charset=utf-8"
    assert first["soapaction"] == '"http://developer.intuit.com/serverVersion"'
    assert second["soapaction"] == '"http://developer.intuit.com/closeConnection"'
    assert first["expect"] == "100-continue"
    assert "Web Services Client Protocol" in first["user-agent"]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("serverVersion", {}),
        ("clientVersion", {"strVersion": "2.1.0.30"}),
        ("authenticate", {"strUserName": "foo", "strPassword": "bar"}),
        ("closeConnection", {"ticket": "934ea5d9-231e-4426-9ae9-720d1020c472"}),
    ],
)
def test_envelopes_equal_the_recorded_ones_byte_for_byte(method: str, params: dict[str, str]) -> None:
    sample = Path(__file__).parents[3] / "shared" / "samples" / "envelopes" / f"{method}.xml"
    if not sample.exists():
        pytest.skip("the recorded envelopes are not here")
    assert build_envelope(method, params) == sample.read_bytes().rstrip()


def test_a_visit_without_work_ends_after_four_calls(server: Server, connector: SimulatedConnector) -> None:
    server.service.work = 0
    report = connector.visit()
    assert names(report.calls) == ["serverVersion", "clientVersion", "authenticate", "closeConnection"]
    assert (report.outcome, report.status, report.violations) == (Outcome.NOTHING, "No data exchange", ())


def test_events_and_reports_never_hold_the_password_or_the_ticket(
    server: Server, connect: Callable[..., SimulatedConnector]
) -> None:
    events: list[Call] = []
    server.service.instead = {"serverVersion": f"hello {PASSWORD}", "closeConnection": f"bye {PASSWORD}"}
    report = connect(on_event=events.append).visit()
    assert tuple(events) == report.calls
    said = repr((events, report))
    assert PASSWORD not in said
    assert "ticket-" not in said


@pytest.mark.parametrize("chosen", SCENARIOS, ids=lambda each: each.name)
def test_no_scenario_finds_a_violation_in_an_honest_server(
    server: Server, company: OneCustomer, chosen: Scenario
) -> None:
    server.service.work = 2 if chosen.honest_first else 1
    report = run(
        Scenario(chosen.name, chosen.what, tuple(_hasten(fault) for fault in chosen.faults), chosen.honest_first),
        url=server.url,
        user="acme",
        password=PASSWORD,
        company=company,
        sessions=1,
        habits=Habits(noop_wait=0.0),
    )
    assert report.violations == ()
    assert report.calls == len(server.service.seen)
    assert report.visits[-1].outcome in (Outcome.DONE, Outcome.NOTHING)
    assert server.service.work == 0
    assert company.begun == company.ended


def _hasten(fault: Fault) -> Fault:
    return Fault(fault.kind, fault.at, fault.hresult, fault.message, min(fault.seconds, 0.01), fault.path)


# What the server may say, and what a Web Connector then does.


@pytest.mark.parametrize(
    ("members", "outcome", "status", "next_run_in", "minimum"),
    [
        (("nvu",), Outcome.REFUSED, "Invalid password for username", None, None),
        (("busy",), Outcome.BUSY, "Application busy", None, None),
        (("none", "30"), Outcome.NOTHING, "Update postponed by application", 30, None),
        (("none", "", "90"), Outcome.NOTHING, "No data exchange", None, 90),
        (("", "60"), Outcome.POSTPONED, "Update postponed by application", 60, None),
        (("", "", "60"), Outcome.DONE, "OK", None, 60),
    ],
)
def test_the_words_and_numbers_of_authenticate_steer_the_visit(
    server: Server,
    connector: SimulatedConnector,
    members: tuple[str, ...],
    outcome: Outcome,
    status: str,
    next_run_in: int | None,
    minimum: int | None,
) -> None:
    server.service.instead["authenticate"] = "".join(f"<string>{text}</string>" for text in ("t", *members))
    report = connector.visit()
    assert (report.outcome, report.status, report.violations) == (outcome, status, ())
    assert (report.next_run_in, report.minimum_interval) == (next_run_in, minimum)
    assert report.calls[-1].name == "closeConnection"


def test_without_auto_run_a_postponement_has_no_effect(
    server: Server, connect: Callable[..., SimulatedConnector]
) -> None:
    server.service.instead["authenticate"] = "<string>t</string><string></string><string>60</string>"
    assert connect(habits=Habits(auto_run=False)).visit().outcome is Outcome.DONE


@pytest.mark.parametrize(
    ("text", "outcome", "last"),
    [
        ("E:too old", Outcome.STOPPED, "clientVersion"),
        ("O:3.0", Outcome.STOPPED, "clientVersion"),
        (None, Outcome.DONE, "closeConnection"),
    ],
)
def test_client_version_may_stop_the_visit(
    server: Server, connector: SimulatedConnector, text: str | None, outcome: Outcome, last: str
) -> None:
    server.service.instead["clientVersion"] = text
    report = connector.visit()
    assert (report.outcome, report.calls[-1].name, report.violations) == (outcome, last, ())


def test_a_warning_is_accepted_or_not_as_the_user_is_used_to(
    server: Server, connect: Callable[..., SimulatedConnector]
) -> None:
    server.service.instead["clientVersion"] = "W:old"
    assert connect(habits=Habits(accept_warnings=False)).visit().outcome is Outcome.STOPPED
    assert connect().visit().outcome is Outcome.DONE


@pytest.mark.parametrize("first", ["", "NoOp"])
def test_noop_waits_and_asks_again(server: Server, connector: SimulatedConnector, first: str) -> None:
    answers = iter([first, request_text(1)])
    server.service.instead = {"sendRequestXML": lambda _: escape(next(answers)), "getLastError": "NoOp"}
    server.service.instead["receiveResponseXML"] = "100"
    report = connector.visit()
    assert names(report.calls)[3:] == [
        "sendRequestXML",
        "getLastError",
        "sendRequestXML",
        "receiveResponseXML",
        "closeConnection",
    ]
    assert (report.outcome, report.violations) == (Outcome.DONE, ())


def test_interactive_mode_is_refused_politely(server: Server, connector: SimulatedConnector) -> None:
    server.service.instead = {"sendRequestXML": "", "getLastError": "Interactive mode"}
    report = connector.visit()
    assert names(report.calls)[-3:] == ["getInteractiveURL", "interactiveRejected", "closeConnection"]
    assert "wcTicket" in dict(server.service.seen)["getInteractiveURL"]
    assert report.violations == ()


def test_a_negative_number_shows_the_last_error_and_closes(server: Server, connector: SimulatedConnector) -> None:
    server.service.instead = {"receiveResponseXML": "-3", "getLastError": "Out of paper"}
    report = connector.visit()
    assert names(report.calls)[-2:] == ["getLastError", "closeConnection"]
    assert (report.outcome, report.status, report.percentages) == (Outcome.STOPPED, "Out of paper", (-3,))


def test_a_company_that_does_not_open_is_told_and_done_ends_it(
    server: Server, connector: SimulatedConnector, company: OneCustomer
) -> None:
    company.openings = [REFUSED] * 2
    report = connector.visit()
    assert names(report.calls)[3:] == ["connectionError", "closeConnection"]
    assert report.outcome is Outcome.NO_CONNECTION
    assert dict(server.service.seen)["connectionError"]["hresult"] == "0x80040408"
    assert (company.begun, company.ended) == (0, 0)


def test_a_path_from_connection_error_is_tried_next(
    server: Server, connector: SimulatedConnector, company: OneCustomer
) -> None:
    company.openings = [REFUSED] * 2
    server.service.instead["connectionError"] = company.path
    assert connector.visit().outcome is Outcome.DONE


def test_another_open_file_than_the_one_asked_for_is_a_connection_error(
    server: Server, connector: SimulatedConnector
) -> None:
    server.service.instead["authenticate"] = r"<string>t</string><string>D:\Other.qbw</string>"
    assert connector.visit().outcome is Outcome.NO_CONNECTION
    assert dict(server.service.seen)["connectionError"]["hresult"] == "0x8004040A"


def test_a_refusal_of_the_request_processor_is_delivered_with_an_empty_response(
    server: Server, connector: SimulatedConnector, company: OneCustomer
) -> None:
    company.processing = [RequestProcessorError("0x80040400", "parsing")]
    connector.visit()
    params = dict(server.service.seen)["receiveResponseXML"]
    assert (params["response"], params["hresult"], params["message"]) == ("", "0x80040400", "parsing")


def test_a_crash_of_quickbooks_ends_the_visit_without_a_word(
    server: Server, connector: SimulatedConnector, company: OneCustomer
) -> None:
    company.processing = [SimulatedCrash()]
    report = connector.visit()
    assert (report.outcome, report.calls[-1].name) == (Outcome.CRASHED, "sendRequestXML")
    assert server.service.seen[-1][0] == "sendRequestXML"


def test_control_characters_travel_as_references(server: Server, connector: SimulatedConnector) -> None:
    connector.visit(Fault(FaultKind.CONTROL_CHARACTERS))
    (body,) = (raw for raw in server.service.bodies if b"<receiveResponseXML" in raw)
    assert b"A &amp;amp; B&#x1F;&#x2;&amp;#x1F;&amp;#31;&lt;/Name" in body


def test_a_lost_reply_is_repeated_by_a_proxy_and_nobody_notices(connector: SimulatedConnector) -> None:
    report = connector.visit(Fault(FaultKind.REPEATED_CALL, at=5))
    assert names(report.calls).count("receiveResponseXML") == 2
    assert (report.outcome, report.violations, report.round_trips) == (Outcome.DONE, (), 1)


def test_the_steps_can_be_made_one_by_one_in_any_order(connector: SimulatedConnector) -> None:
    assert connector.close_connection("unknown") == "OK"
    assert connector.authenticate() == ("ticket-1", "")
    assert connector.authenticate(password="wrong") == ("ticket-2", "nvu")
    assert connector.receive_response("ticket-1", "nonsense") == -1
    assert connector.get_last_error("ticket-1") == "That was no answer."
    assert connector.send_request("ticket-1") == request_text(1)
    assert connector.connection_error("ticket-1", "0x80040408", "no") == "done"
    assert connector.violations == []


def test_polling_goes_on_until_it_is_told_to_stop(server: Server, connector: SimulatedConnector) -> None:
    stop = threading.Event()
    outcomes: list[Outcome] = []

    def seen(report: Any) -> None:
        outcomes.append(report.outcome)
        if len(outcomes) == 3:
            stop.set()

    connector.poll_forever(stop, 0.01, seen)
    assert outcomes == [Outcome.DONE, Outcome.NOTHING, Outcome.NOTHING]
    assert server.service.tickets == 3


def test_an_unreachable_server_ends_in_the_report(company: OneCustomer) -> None:
    report = SimulatedConnector("http://127.0.0.1:9/qbwc", "acme", PASSWORD, company, timeout=5).visit()
    assert report.outcome is Outcome.FAILED
    assert report.status.startswith("QBWC1012")
    assert "no answer" in report.violations[0]


# Misbehaving servers: results.


@pytest.mark.parametrize(
    ("instead", "why", "outcome"),
    [
        ({"clientVersion": "fine"}, "QBWC1046", Outcome.FAILED),
        ({"authenticate": "<string>t</string>"}, "Index Out Of Range", Outcome.FAILED),
        ({"authenticate": '<string xmlns="urn:x">t</string>'}, "it is not seen", Outcome.FAILED),
        ({"authenticate": None}, "null", Outcome.FAILED),
        ({"authenticate": "<string/><string>none</string>"}, "no ticket", Outcome.NOTHING),
        ({"authenticate": "<string>t</string><string>NONE</string>"}, "lower case", Outcome.NOTHING),
        ({"authenticate": "<string>t</string><string>no</string>"}, "no known word", Outcome.NO_CONNECTION),
        ({"sendRequestXML": None, "getLastError": "bye"}, "null", Outcome.STOPPED),
        ({"sendRequestXML": "noop", "getLastError": "bye"}, "written NoOp", Outcome.STOPPED),
        ({"sendRequestXML": escape(" " + request_text(1)), "receiveResponseXML": "100"}, "start with", Outcome.DONE),
        ({"sendRequestXML": escape(request_text(1).replace("Query", "Add"))}, "more than reading", Outcome.STOPPED),
        ({"sendRequestXML": "<QBXML/>"}, "not escaped", Outcome.FAILED),
        ({"receiveResponseXML": "101"}, "above 100", Outcome.DONE),
        ({"receiveResponseXML": "done"}, "xs:int", Outcome.FAILED),
        ({"receiveResponseXML": None}, "xs:int", Outcome.FAILED),
        ({"receiveResponseXML": "-1", "getLastError": "NoOp"}, "no meaning", Outcome.STOPPED),
        ({"receiveResponseXML": "-1", "getLastError": None}, "null", Outcome.STOPPED),
        ({"closeConnection": None}, "null", Outcome.DONE),
    ],
)
def test_a_wrong_result_is_found(
    server: Server, connector: SimulatedConnector, instead: dict[str, str | None], why: str, outcome: Outcome
) -> None:
    server.service.instead.update(instead)
    report = connector.visit()
    assert any(why in sentence for sentence in report.violations), report.violations
    assert report.outcome is outcome


def test_a_null_from_connection_error_is_found_and_does_not_retry_for_ever(
    server: Server, connector: SimulatedConnector
) -> None:
    server.service.instead["connectionError"] = None
    report = connector.visit(Fault(FaultKind.CONNECTION_ERROR, at=0))
    assert "connectionError: the result is null" in report.violations
    assert "still wants another try" in report.violations[-1]
    assert report.outcome is Outcome.NO_CONNECTION


def test_done_in_capitals_is_found(server: Server, connector: SimulatedConnector) -> None:
    server.service.instead["connectionError"] = "DONE"
    report = connector.visit(Fault(FaultKind.CONNECTION_ERROR))
    assert report.violations == ("connectionError: the word 'DONE' is not in lower case",)


def test_an_accepted_wrong_password_is_found(server: Server, connector: SimulatedConnector) -> None:
    server.service.instead["authenticate"] = "<string>t</string><string>none</string>"
    report = connector.visit(Fault(FaultKind.WRONG_PASSWORD))
    assert report.violations == ("authenticate: a wrong password was accepted",)


def test_100_with_work_left_is_found_by_a_probe(server: Server, connect: Callable[..., SimulatedConnector]) -> None:
    server.service.work = 2
    server.service.instead["receiveResponseXML"] = "100"
    report = connect(habits=Habits(probe_after_done=True)).visit()
    assert report.violations == ("receiveResponseXML: 100 was returned while more work waited",)


def test_another_answer_to_a_repeated_call_is_found(server: Server, connector: SimulatedConnector) -> None:
    numbers = iter(["100", "-1"])
    server.service.instead["receiveResponseXML"] = lambda _: next(numbers)
    report = connector.visit(Fault(FaultKind.REPEATED_CALL, at=5))
    assert "receiveResponseXML: the same call, repeated, was answered differently" in report.violations


def test_endless_noop_is_found(server: Server, connector: SimulatedConnector) -> None:
    server.service.instead = {"sendRequestXML": "", "getLastError": "NoOp"}
    report = connector.visit()
    assert "no end" in report.violations[-1]


# Misbehaving servers: HTTP and envelopes.


def only(method: str, send: Callable[[Handler, bytes], None]) -> Callable[[Handler, str, bytes], bool]:
    def reply(handler: Handler, called: str, body: bytes) -> bool:
        if called != method:
            return False
        send(handler, body)
        return True

    return reply


def chunked(handler: Handler, body: bytes) -> None:
    handler.answer(200, b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body), Content_Length="", Transfer_Encoding="chunked")


def closing(handler: Handler, body: bytes) -> None:
    handler.close_connection = True
    handler.answer(200, body, Connection="close")


def silent_close(handler: Handler, body: bytes) -> None:
    handler.close_connection = True
    handler.answer(200, body)


def cut(handler: Handler, body: bytes) -> None:
    handler.close_connection = True
    handler.answer(200, body[:40], Content_Length=str(len(body)))


def hang_up(handler: Handler, _: bytes) -> None:
    handler.close_connection = True


@pytest.mark.parametrize(
    ("send", "why"),
    [
        (lambda h, b: h.answer(200, b, "text/xml"), "charset"),
        (lambda h, b: h.answer(500, b), "HTTP status 500 instead of 200"),
        (chunked, "no Content-Length"),
        (closing, "does not keep the connection"),
        (silent_close, "closed the connection between two calls"),
    ],
)
def test_what_a_web_connector_puts_up_with_is_found_and_the_visit_goes_on(
    server: Server, connector: SimulatedConnector, send: Callable[[Handler, bytes], None], why: str
) -> None:
    server.reply = only("authenticate", send)
    report = connector.visit()
    assert len(report.violations) == 1
    assert why in report.violations[0]
    assert report.outcome is Outcome.DONE


@pytest.mark.parametrize(
    ("send", "why"),
    [
        (lambda h, _: h.answer(500, FAULT), "SOAP fault Server: it broke"),
        (lambda h, _: h.answer(200, FAULT), "200 instead of 500"),
        (lambda h, b: h.answer(200, b, "application/soap+xml; charset=utf-8"), "application/soap+xml"),
        (lambda h, _: h.answer(500, b"<html>", "text/html"), "text/html"),
        (lambda h, b: h.answer(200, gzip.compress(b), Content_Encoding="gzip"), "compressed"),
        (lambda h, _: h.answer(302, b"", Location="/elsewhere"), "302 and redirects are not followed"),
        (lambda h, _: h.answer(200, b""), "not well-formed"),
        (lambda h, b: h.answer(200, b.replace(b"sendRequestXMLResponse", b"x")), "instead of"),
        (lambda h, b: h.answer(200, b.replace(b"schemas.xmlsoap.org", b"example.com")), "SOAP 1.1"),
        (lambda h, b: h.answer(200, b.replace(b"?>", b"?><!DOCTYPE a [<!ENTITY b 'c'>]>", 1)), "DOCTYPE"),
        (cut, "no answer"),
        (hang_up, "no answer"),
    ],
)
def test_what_ends_a_visit_is_found_with_the_code_that_users_see(
    server: Server, connector: SimulatedConnector, send: Callable[[Handler, bytes], None], why: str
) -> None:
    server.reply = only("sendRequestXML", send)
    report = connector.visit()
    assert any(why in sentence for sentence in report.violations), report.violations
    assert report.outcome is Outcome.FAILED
    assert report.status.startswith("QBWC1041")
    assert report.calls[-1].name == "sendRequestXML"
    server.reply = None
    assert connector.visit().violations == ()


def test_a_redirect_is_not_followed(server: Server, connector: SimulatedConnector) -> None:
    server.reply = only("serverVersion", lambda h, _: h.answer(307, b"", Location=server.url))
    with pytest.raises(HTTPAnswerError):
        connector.server_version()
    assert len(server.service.seen) == 1


def test_old_servers_without_the_version_calls_are_served_all_the_same(
    server: Server, connector: SimulatedConnector
) -> None:
    def reply(handler: Handler, method: str, _: bytes) -> bool:
        if method in ("serverVersion", "clientVersion"):
            handler.answer(500, NO_METHOD)
        return method in ("serverVersion", "clientVersion")

    server.reply = reply
    report = connector.visit()
    assert report.outcome is Outcome.DONE
    assert len(report.violations) == 2


def test_a_fault_of_a_step_is_raised_to_the_test(server: Server, connector: SimulatedConnector) -> None:
    server.reply = only("getLastError", lambda h, _: h.answer(500, FAULT))
    with pytest.raises(SoapFaultError, match="it broke"):
        connector.get_last_error("t")
    assert connector.violations == ["getLastError: SOAP fault Server: it broke"]


def test_an_ignored_expect_header_is_found_and_the_body_sent_all_the_same(
    server: Server, connector: SimulatedConnector
) -> None:
    server.says_continue = False
    assert connector.server_version() == "reference 1"
    assert "100-continue" in connector.violations[0]


def held(seconds: float) -> Callable[[Handler, bytes], None]:
    def send(handler: Handler, body: bytes) -> None:
        threading.Event().wait(seconds)
        handler.answer(200, body)

    return send


def test_a_slow_answer_is_found(server: Server, connect: Callable[..., SimulatedConnector]) -> None:
    server.reply = only("serverVersion", held(0.2))
    connector = connect(habits=Habits(slow_after=0.1))
    connector.server_version()
    assert "near" in connector.violations[0]


def test_a_server_that_does_not_answer_in_time_is_given_up(server: Server, company: OneCustomer) -> None:
    released = threading.Event()

    def too_late(handler: Handler, _: bytes) -> None:
        released.wait(5.0)
        handler.close_connection = True

    server.reply = only("serverVersion", too_late)
    connector = SimulatedConnector(server.url, "acme", PASSWORD, company, timeout=0.6)
    try:
        with pytest.raises(UnreachableError):
            connector.server_version()
    finally:
        released.set()


def test_a_get_that_is_refused_is_found(server: Server, connector: SimulatedConnector) -> None:
    assert connector.check_url() == ()
    server.get_status = 405
    assert "QBWC1048" in connector.check_url()[0]


def test_cookies_are_kept_for_the_visit_and_no_longer(server: Server, connector: SimulatedConnector) -> None:
    server.reply = only("serverVersion", lambda h, b: h.answer(200, b, Set_Cookie="ASP.NET_SessionId=abc; path=/"))
    connector.visit()
    connector.forget()
    connector.close_connection("t")
    cookies = [head.get("cookie") for head in server.service.heads]
    assert cookies == [None, *["ASP.NET_SessionId=abc"] * (len(cookies) - 2), None]


def test_a_real_company_answers_through_the_connector(server: Server) -> None:
    connector = SimulatedConnector(server.url, "acme", PASSWORD, sample_company(customers=3, items=3))
    report = connector.visit()
    assert (report.outcome, report.violations) == (Outcome.DONE, ())
    assert "CustomerRet" in dict(server.service.seen)["receiveResponseXML"]["response"]
