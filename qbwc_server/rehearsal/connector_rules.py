"""The protocol's rules for what a server may answer; each check gives sentences about what departs from them.

Source: QBWC guide ch. 2, 5 and 10, appendix A.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qbwc_server.rehearsal.connector_soap import Answer, CallFailedError, EnvelopeError, parse_hardened, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qbwc_server.rehearsal.connector_wire import Reply

STATUS_WORDS = ("none", "nvu", "busy")
NOOP = "NoOp"
INTERACTIVE = "Interactive mode"
DONE = 100
# Without a result the Web Connector reads "", and a null clientVersion means "go on".
MAY_BE_NULL = ("clientVersion", "serverVersion")

_PATH = re.compile(r"[A-Za-z]:[\\/]|\\\\")
_QBXML_PI = re.compile(r'<\?qbxml\s+version="(?:CA|UK|AU)?\d+\.\d+"\s*\?>')
_REMAINING = re.compile(r'iteratorRemainingCount="0*[1-9]')
_HTTP_OK = 200
_HTTP_ERROR = 500
_MIN_MEMBERS = 2
_MAX_MEMBERS = 4


class HTTPAnswerError(CallFailedError):
    """The HTTP answer is none that a .NET proxy would read: another status, another content type, compressed."""


def check_reply(reply: Reply, *, slow_after: float) -> Iterator[str]:
    """Judges status, headers, connection and time of one HTTP answer.

    Yields:
        sentences about what a Web Connector puts up with.

    Raises:
        HTTPAnswerError: what it does not.
    """
    if reply.reconnected:
        yield "the server had closed the connection between two calls"
    if not reply.continued:
        yield "Expect: 100-continue was not answered: each call waits 350 ms for it"
    if reply.seconds > slow_after:
        yield f"the answer took {reply.seconds:.1f} s; beyond {slow_after:g} s a time-out is near"
    if reply.status not in (_HTTP_OK, _HTTP_ERROR):
        location = " and redirects are not followed" if "location" in reply.headers else ""
        raise HTTPAnswerError(f"HTTP status {reply.status}{location}")
    yield from _check_content_type(reply)
    if "content-encoding" in reply.headers:
        raise HTTPAnswerError(f"the body is compressed ({reply.headers['content-encoding']}), which nobody asked for")
    if "content-length" not in reply.headers:
        yield "the answer has no Content-Length"
    if reply.closing:
        yield "the server does not keep the connection"


def _check_content_type(reply: Reply) -> Iterator[str]:
    value = reply.headers.get("content-type", "")
    media_type, _, parameters = value.partition(";")
    if media_type.strip().lower() != "text/xml":
        raise HTTPAnswerError(f"the Content-Type is {value!r} instead of text/xml; charset=utf-8 ({reply.status})")
    charset = parameters.replace(" ", "").replace('"', "").lower()
    if "charset=utf-8" not in charset.split(";"):
        yield f"the Content-Type is {value!r}: it does not say charset=utf-8"


def check_fault_status(reply: Reply, *, fault: bool) -> Iterator[str]:
    """A fault travels with HTTP 500, an answer with 200."""
    if fault and reply.status != _HTTP_ERROR:
        yield f"the SOAP fault came with HTTP status {reply.status} instead of 500"
    if not fault and reply.status != _HTTP_OK:
        yield f"the answer came with HTTP status {reply.status} instead of 200"


def check_null(method: str, answer: Answer) -> Iterator[str]:
    """Null results where the Web Connector would read a meaning into them."""
    if answer.text is None and method not in MAY_BE_NULL:
        yield "the result is null"


def check_authenticate(members: tuple[str, ...]) -> Iterator[str]:
    """Judges the array of authenticate as the client sees it."""
    if len(members) < _MIN_MEMBERS:
        yield f"the array has {len(members)} of at least 2 strings: QBWC1012, Index Out Of Range"
        return
    if len(members) > _MAX_MEMBERS:
        yield f"the array has {len(members)} strings; a Web Connector knows four"
    if not members[0]:
        yield "there is no ticket; one is given even on failure"
    status = members[1]
    if status.strip().lower() in STATUS_WORDS:
        if status not in STATUS_WORDS:
            yield f"the status {status!r} is not in lower case"
    elif status and not _PATH.match(status):
        yield f"the status {shorten(status)!r} is no known word: it would be opened as a company file"
    for position, text in enumerate(members[_MIN_MEMBERS:_MAX_MEMBERS], start=_MIN_MEMBERS):
        if text and not text.isdecimal():
            yield f"element {position} is {shorten(text)!r}, not a number of seconds"


def check_client_version(text: str) -> Iterator[str]:
    """Judges the answer to clientVersion: "", W:text, E:text or O:version."""
    if text and text[:2] not in ("W:", "E:", "O:"):
        yield f'{shorten(text)!r} is none of "", W:, E: and O: (QBWC1046)'
    elif text.startswith("W:"):
        yield "a W: opens a dialog, at which an unattended Web Connector stands still"


def check_request(text: str) -> Iterator[str]:
    """Judges a qbXML request: what QuickBooks would refuse at the door, and whatever would write."""
    if not text.startswith("<?xml"):
        yield "the qbXML does not start with <?xml"
    if not _QBXML_PI.search(text[:500]):
        yield 'the qbXML has no <?qbxml version="…"?>'
    try:
        root = parse_hardened(text.encode())
    except EnvelopeError as error:
        yield f"the qbXML is refused by a parser: {error}"
        return
    messages = root.find("QBXMLMsgsRq")
    if root.tag != "QBXML" or messages is None:
        yield "the qbXML is not a QBXML document with a QBXMLMsgsRq"
        return
    if messages.get("onError") not in ("stopOnError", "continueOnError"):
        yield "QBXMLMsgsRq has no onError"
    if not len(messages):
        yield "QBXMLMsgsRq is empty"
    for request in messages:
        if not str(request.tag).endswith("QueryRq"):
            yield f"{request.tag} asks QuickBooks for more than reading"


def check_progress(number: int, answer: str) -> Iterator[str]:
    """Judges the number of receiveResponseXML, given the answer it was returned for."""
    if number > DONE:
        yield f"receiveResponseXML returned {number}; above 100 is undefined"
    elif number == DONE and _REMAINING.search(answer):
        yield "receiveResponseXML returned 100 while the iterator has records left"
