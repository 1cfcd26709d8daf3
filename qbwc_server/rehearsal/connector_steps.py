"""The single calls of the simulated Web Connector, each of which can be made at any time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from qbwc_server.rehearsal import connector_rules as rules
from qbwc_server.rehearsal.connector_faults import Fault, FaultKind
from qbwc_server.rehearsal.connector_report import Call
from qbwc_server.rehearsal.connector_soap import (
    Answer,
    CallFailedError,
    Params,
    SoapFaultError,
    build_envelope,
    read_answer,
    shorten,
)
from qbwc_server.rehearsal.connector_wire import Wire

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable

    from qbwc_server.rehearsal.connector_wire import Reply

# A Web Connector of the 2.3 generation, the last whose four-part number was seen in public logs.
CLIENT_VERSION = "2.3.0.215"
# The default of .NET's web-service proxies, in seconds.
TIMEOUT = 100.0
SLOW_AFTER = 60.0

_HELD_TO_SAME_ANSWER = ("sendRequestXML", "receiveResponseXML")


class VanishedError(Exception):
    """The connector is gone in mid-visit, as a fault of the plan wanted it."""


class Steps:
    """One account of a Web Connector at one server, call by call; for one thread at a time.

    Attributes:
        calls: every call made since ``forget``.
        violations: a sentence for each departure of the server from the protocol since ``forget``.
        faults: the faults of the wire that are in force (LOST_REPLY and REPEATED_CALL are acted upon here).
    """

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        *,
        client_version: str = CLIENT_VERSION,
        on_event: Callable[[Call], None] | None = None,
        timeout: float = TIMEOUT,
        slow_after: float = SLOW_AFTER,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self.faults: tuple[Fault, ...] = ()
        self._wire = Wire(url, timeout=timeout, ssl_context=ssl_context)
        self._user = user
        self._password = password
        self._client_version = client_version
        self._on_event = on_event
        self._slow_after = slow_after
        self._number = 0

    def forget(self) -> None:
        """Empties ``calls`` and ``violations`` and starts with a new connection."""
        self._wire.disconnect()
        self.calls.clear()
        self.violations.clear()
        self._number = 0

    def disconnect(self) -> None:
        """Drops the HTTP connection without a word; the next call opens another."""
        self._wire.disconnect()

    def note(self, sentence: str) -> None:
        """Adds a violation, without the password."""
        self.violations.append(self.blank(sentence))

    def blank(self, text: str) -> str:
        """The text without the password, which a server may have echoed."""
        return text.replace(self._password, "…") if self._password else text

    def raw(self, method: str, params: Params) -> Answer:
        """Makes any call with any parameters and judges its answer.

        Args:
            method: the name of the method, known or not.
            params: the parameters in the order to write; None leaves one out.

        Raises:
            CallFailedError: a fault, no answer, or one that a .NET client cannot read. It is noted as a violation.
            VanishedError: the reply was lost by order.
        """
        self._number += 1
        answer = self._call(method, params)
        if self._due(FaultKind.LOST_REPLY):
            self._wire.disconnect()
            raise VanishedError
        if not self._due(FaultKind.REPEATED_CALL):
            return answer
        self._wire.disconnect()
        again = self._call(method, params)
        if method in _HELD_TO_SAME_ANSWER and again.text != answer.text:
            self.note(f"{method}: the same call, repeated, was answered differently")
        return again

    def server_version(self) -> str:
        """``serverVersion``: any text."""
        return self.raw("serverVersion", {}).text or ""

    def client_version(self, version: str | None = None) -> str:
        """``clientVersion``: "", W:text, E:text or O:version."""
        text = self.raw("clientVersion", {"strVersion": version or self._client_version}).text or ""
        self._note_all("clientVersion", rules.check_client_version(text))
        return text

    def authenticate(self, user: str | None = None, password: str | None = None) -> tuple[str, ...]:
        """``authenticate``: ticket, status or company file, and perhaps two numbers of seconds.

        With less than two strings a Web Connector stops: the tuple is returned as it is seen.
        """
        params: Params = {
            "strUserName": self._user if user is None else user,
            "strPassword": self._password if password is None else password,
        }
        members = self.raw("authenticate", params).strings
        self._note_all("authenticate", rules.check_authenticate(members))
        return members

    def send_request(
        self,
        ticket: str,
        hcp: str = "",
        company_file: str = "",
        country: str = "US",
        major: int = 13,
        minor: int = 0,
    ) -> str:
        """``sendRequestXML``: a qbXML document, "" or NoOp."""
        params: Params = {
            "ticket": ticket,
            "strHCPResponse": hcp,
            "strCompanyFileName": company_file,
            "qbXMLCountry": country,
            "qbXMLMajorVers": major,
            "qbXMLMinorVers": minor,
        }
        text = self.raw("sendRequestXML", params).text or ""
        if text.strip().lower() == rules.NOOP.lower():
            if text != rules.NOOP:
                self.note(f"sendRequestXML: {text!r} is written {rules.NOOP}")
        elif text:
            self._note_all("sendRequestXML", rules.check_request(text))
        return text

    def receive_response(self, ticket: str, response: str, hresult: str = "", message: str = "") -> int:
        """``receiveResponseXML``: a percentage, 100 at the end, or a negative number."""
        params: Params = {"ticket": ticket, "response": response, "hresult": hresult, "message": message}
        number = self.raw("receiveResponseXML", params).number
        self._note_all("receiveResponseXML", rules.check_progress(number, response))
        return number

    def connection_error(self, ticket: str, hresult: str, message: str) -> str:
        """``connectionError``: ``done``, or the company file to try next ("" for the open one)."""
        params: Params = {"ticket": ticket, "hresult": hresult, "message": message}
        text = self.raw("connectionError", params).text or ""
        if text.strip().lower() == "done" and text != "done":
            self.note(f"connectionError: the word {text!r} is not in lower case")
        return text

    def get_last_error(self, ticket: str) -> str:
        """``getLastError``: a line for the user, NoOp or Interactive mode."""
        return self.raw("getLastError", {"ticket": ticket}).text or ""

    def close_connection(self, ticket: str) -> str:
        """``closeConnection``: a line for the user."""
        return self.raw("closeConnection", {"ticket": ticket}).text or ""

    def check_url(self) -> tuple[str, ...]:
        """The certificate check that a Web Connector makes by an unauthenticated GET; its sentences are noted too."""
        try:
            status = self._wire.get()
        except CallFailedError as error:
            sentences: tuple[str, ...] = (f"GET: {error}",)
        else:
            sentences = () if status == 200 else (f"GET: HTTP status {status} instead of 200 (QBWC1048)",)  # noqa: PLR2004
        for sentence in sentences:
            self.note(sentence)
        return sentences

    def _due(self, kind: FaultKind) -> bool:
        return any(fault.kind is kind and fault.hits(self._number) for fault in self.faults)

    def _note_all(self, method: str, sentences: Iterable[str]) -> None:
        for sentence in sentences:
            self.note(f"{method}: {sentence}")

    def _call(self, method: str, params: Params) -> Answer:
        started = time.monotonic()
        try:
            reply = self._wire.post(method, build_envelope(method, params))
            answer = self._judge(method, reply)
        except CallFailedError as error:
            self.note(f"{method}: {error}")
            self._record(method, time.monotonic() - started, f"failed: {shorten(str(error))}")
            raise
        self._record(method, reply.seconds, _describe(method, answer))
        return answer

    def _judge(self, method: str, reply: Reply) -> Answer:
        self._note_all(method, rules.check_reply(reply, slow_after=self._slow_after))
        try:
            answer = read_answer(method, reply.body)
            if method == "receiveResponseXML":
                _ = answer.number
        except SoapFaultError:
            self._note_all(method, rules.check_fault_status(reply, fault=True))
            raise
        self._note_all(method, rules.check_fault_status(reply, fault=False))
        self._note_all(method, answer.remarks)
        self._note_all(method, rules.check_null(method, answer))
        return answer

    def _record(self, method: str, seconds: float, result: str) -> None:
        call = Call(method, seconds, self.blank(result))
        self.calls.append(call)
        if self._on_event is not None:
            self._on_event(call)


def _describe(method: str, answer: Answer) -> str:
    """The result in a few words, without the ticket."""
    if method == "authenticate":
        return (shorten(answer.strings[1]) or "work") if len(answer.strings) > 1 else "no status"
    text = answer.text or ""
    if method == "receiveResponseXML":
        return f"{text.strip()}"
    if method == "sendRequestXML" and len(text) > len(rules.NOOP):
        return f"qbXML, {len(text)} characters"
    return shorten(text) or "nothing"
