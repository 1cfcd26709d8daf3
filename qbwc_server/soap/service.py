# ruff: noqa: N802, N803, N805 -- Intuit's names go onto the wire, and spyne's methods have no self
"""The Web Connector's methods, described to spyne. Source: QBWC guide ch. 10, with the names of Intuit's WSDL.

Nothing the conversation raises passes through: each method has an answer that keeps the Web Connector in step, loses
nothing, and lets it come back at its next update.
"""

import io
import logging
import secrets
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import qbwc_server.soap.spyne_import  # noqa: F401  isort: skip
from spyne import Array, Integer32, Service, Unicode, rpc

from qbwc_server.soap.answers import Answer
from qbwc_server.soap.conversing import Conversation
from qbwc_server.soap.envelope import Call  # noqa: TC001 -- beside its like

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Desk:
    """What the methods work with: the conversation, and the texts of the answers that are fixed.

    Attributes:
        conversation: the object that knows what to say.
        trouble: getLastError's sentence when the conversation itself failed.
        home: the address shown to a person who asks for interactive mode.
    """

    conversation: Conversation
    trouble: str
    home: str


def _is_text(answer: object) -> bool:
    return isinstance(answer, str)


def _is_number(answer: object) -> bool:
    return isinstance(answer, int) and not isinstance(answer, bool)


def _is_texts(answer: object) -> bool:
    return isinstance(answer, tuple | list) and all(isinstance(text, str) for text in answer)


def _guarded(method: str, call: Callable[[], Answer], fits: Callable[[object], bool], otherwise: Answer) -> Answer:
    """Returns the call's answer, or `otherwise` when it raises or gives something the protocol cannot carry."""
    try:
        answer = call()
        if fits(answer):
            return answer
        _log.error("%s was answered with a %s, which the protocol cannot carry", method, type(answer).__name__)
    except Exception as error:  # noqa: BLE001 -- whatever the cause, a fault would end the Web Connector's update
        tell(method, error)
    return otherwise


def tell(method: str, error: BaseException) -> None:
    """Logs where an error arose. Its text is left out: it may hold a password, a ticket or a record."""
    places = [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    _log.error("%s failed with %s at %s", method, type(error).__qualname__, " < ".join(reversed(places)))


class _Lost(io.RawIOBase):
    """An answer of QuickBooks that found no room; who reads it gets the error."""

    def __init__(self, trouble: OSError) -> None:
        self._trouble = trouble

    def readable(self) -> bool:
        return True

    def readinto(self, _room: object, /) -> int:
        raise self._trouble


class QBWCService(Service):  # type: ignore[misc]  # spyne publishes no types
    """The methods of QBWebConnectorSvc. Each gets spyne's context, whose application holds the `Desk`."""

    @rpc(_returns=Unicode)  # type: ignore[untyped-decorator]
    def serverVersion(ctx: Any) -> Answer:
        """Tells the server's version; called first in each update."""
        desk: Desk = ctx.app.config
        return _guarded("serverVersion", desk.conversation.server_version, _is_text, "")

    @rpc(Unicode, _returns=Unicode)  # type: ignore[untyped-decorator]
    def clientVersion(ctx: Any, strVersion: str) -> Answer:
        """Judges the Web Connector's version."""
        desk: Desk = ctx.app.config
        return _guarded("clientVersion", lambda: desk.conversation.client_version(strVersion, ctx.udc), _is_text, "")

    @rpc(Unicode, Unicode, _returns=Array(Unicode))  # type: ignore[untyped-decorator]
    def authenticate(ctx: Any, strUserName: str, strPassword: str) -> Answer:
        """Begins a session. In trouble QBWC is told to try later, under a ticket of its own."""
        desk: Desk = ctx.app.config
        return _guarded(
            "authenticate",
            lambda: desk.conversation.authenticate(strUserName, strPassword, ctx.udc),
            _is_texts,
            (secrets.token_urlsafe(24), "busy"),
        )

    @rpc(Unicode, Unicode, Unicode, Unicode, Integer32, Integer32, _returns=Unicode)  # type: ignore[untyped-decorator]
    def sendRequestXML(
        ctx: Any,
        ticket: str,
        strHCPResponse: str,
        strCompanyFileName: str,
        qbXMLCountry: str,
        qbXMLMajorVers: int,
        qbXMLMinorVers: int,
    ) -> Answer:
        """Asks for qbXML. In trouble there is none, and QBWC calls getLastError."""
        desk: Desk = ctx.app.config
        return _guarded(
            "sendRequestXML",
            lambda: desk.conversation.send_request(
                ticket, strHCPResponse, strCompanyFileName, qbXMLCountry, qbXMLMajorVers, qbXMLMinorVers
            ),
            _is_text,
            "",
        )

    @rpc(Unicode, Unicode, Unicode, Unicode, _returns=Integer32)  # type: ignore[untyped-decorator]
    def receiveResponseXML(ctx: Any, ticket: str, response: str, hresult: str, message: str) -> Answer:  # noqa: ARG002
        """Brings QuickBooks' answer, which was streamed past `response`. In trouble QBWC calls getLastError."""
        desk: Desk = ctx.app.config
        call: Call = ctx.in_document

        # The conversation keeps with the visit why it cannot be read, for getLastError.
        lost = None if call.trouble is None else cast("BinaryIO", _Lost(call.trouble))
        return _guarded(
            "receiveResponseXML",
            lambda: desk.conversation.receive_response(ticket, lost or call.response or io.BytesIO(), hresult, message),
            _is_number,
            -1,
        )

    @rpc(Unicode, Unicode, Unicode, _returns=Unicode)  # type: ignore[untyped-decorator]
    def connectionError(ctx: Any, ticket: str, hresult: str, message: str) -> Answer:
        """Tells that QuickBooks could not be reached. In trouble QBWC is told not to try again now."""
        desk: Desk = ctx.app.config
        return _guarded(
            "connectionError",
            lambda: desk.conversation.connection_error(ticket, hresult, message),
            _is_text,
            "done",
        )

    @rpc(Unicode, _returns=Unicode)  # type: ignore[untyped-decorator]
    def getLastError(ctx: Any, ticket: str) -> Answer:
        """Asks what was the matter."""
        desk: Desk = ctx.app.config
        return _guarded("getLastError", lambda: desk.conversation.get_last_error(ticket), _is_text, desk.trouble)

    @rpc(Unicode, _returns=Unicode)  # type: ignore[untyped-decorator]
    def closeConnection(ctx: Any, ticket: str) -> Answer:
        """Ends a session."""
        desk: Desk = ctx.app.config
        return _guarded("closeConnection", lambda: desk.conversation.close_connection(ticket), _is_text, "OK")

    @rpc(Unicode, Unicode, _returns=Unicode)  # type: ignore[untyped-decorator]
    def getInteractiveURL(ctx: Any, wcTicket: str, sessionID: str) -> Answer:  # noqa: ARG002
        """Names the page for a person; this server never asks for interactive mode."""
        desk: Desk = ctx.app.config
        return desk.home

    @rpc(Unicode, Unicode, _returns=Unicode)  # type: ignore[untyped-decorator]
    def interactiveRejected(ctx: Any, wcTicket: str, reason: str) -> Answer:  # noqa: ARG002
        """Takes note that the person declined."""
        return "OK"

    @rpc(Unicode, _returns=Unicode)  # type: ignore[untyped-decorator]
    def interactiveDone(ctx: Any, wcTicket: str) -> Answer:  # noqa: ARG002
        """Says that interactive mode is over. The guide has this name in one chapter, the next one in another."""
        return "Done"

    @rpc(Unicode, _returns=Unicode)  # type: ignore[untyped-decorator]
    def isInteractiveDone(ctx: Any, wcTicket: str) -> Answer:  # noqa: ARG002
        """Says the same as interactiveDone."""
        return "Done"
