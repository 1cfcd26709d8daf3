"""The Web Connector's door as a WSGI application: POST for SOAP, GET for people and for QBWC's certificate check.

QBWC sends one HTTP request per call, keeps its connection, follows no redirect, and gives up after 100 s.
Source: QBWC guide ch. 5 and 10.
"""

import functools
import html
import logging
from collections.abc import Iterable, Iterator
from importlib import resources
from typing import TYPE_CHECKING, BinaryIO, cast

from lxml import etree

from qbwc_server import words
from qbwc_server.soap.answers import write_fault
from qbwc_server.soap.conversing import Caller, Conversation
from qbwc_server.soap.service import Desk, QBWCService, tell
from qbwc_server.soap.wire import SoapServer, make_server

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

MAX_BODY = 256 << 20
PATH = "/qbwc"

_CHUNK = 64 << 10
_LENGTH_DIGITS = 18
_XML = "text/xml; charset=utf-8"
_HTML = "text/html; charset=utf-8"
_PLAIN = "text/plain; charset=utf-8"
_ALLOW = "GET, HEAD, POST"
_WSDL_SOAP = "http://schemas.xmlsoap.org/wsdl/soap/"

_OK = "200 OK"
_FAULT = "500 Internal Server Error"

_log = logging.getLogger(__name__)


class _RefusedError(Exception):
    """The HTTP request is refused before any SOAP is read; holds the status line and a sentence for its body."""

    def __init__(self, status: str, text: str) -> None:
        super().__init__(text)
        self.status = status


def _too_large(limit: int) -> _RefusedError:
    return _RefusedError("413 Content Too Large", f"The request is longer than {limit} bytes. Send a shorter one.\n")


def make_soap_app(
    conversation: Conversation, *, public_url: str, max_body: int = MAX_BODY, language: str = "en"
) -> "WSGIApplication":
    """Returns the WSGI application that stands at `PATH`, and does not look at the path itself.

    Args:
        conversation: answers the Web Connector's calls; called from several threads at once.
        public_url: the server's address as seen from outside, without `PATH`; it goes into the WSDL.
        max_body: the longest request read, in bytes; a longer one is answered with 413.
        language: of the page and the few sentences that people at QuickBooks read; one of words.LANGUAGES.

    The peer's address is taken as the WSGI server gives it in REMOTE_ADDR.
    """
    home = public_url.rstrip("/")
    desk = Desk(conversation=conversation, trouble=words.text(language, "visit.internal"), home=home + "/")
    server = make_server(QBWCService, desk)
    return _Door(server, _page(language), _wsdl(home + PATH), max_body)


class _Door:
    """The application that `make_soap_app` returns."""

    def __init__(self, server: SoapServer, page: bytes, wsdl: bytes, max_body: int) -> None:
        self._server = server
        self._page = page
        self._wsdl = wsdl
        self._max_body = max_body

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        extra: tuple[tuple[str, str], ...] = ()
        if method == "POST":
            status, kind, body = self._post(environ)
        elif method in ("GET", "HEAD"):
            status, kind, body = self._get(environ)
        else:
            status, kind = "405 Method Not Allowed", _PLAIN
            body = b"Post a SOAP 1.1 request here, or GET this address.\n"
            extra = (("Allow", _ALLOW),)
        start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body))), *extra])
        return () if method == "HEAD" else (body,)

    def _get(self, environ: "WSGIEnvironment") -> tuple[str, str, bytes]:
        query = environ.get("QUERY_STRING", "").lower()
        if query == "wsdl" or query.startswith("wsdl="):
            return _OK, _XML, self._wsdl
        return _OK, _HTML, self._page

    def _post(self, environ: "WSGIEnvironment") -> tuple[str, str, bytes]:
        try:
            chunks = self._body(environ)
            caller = Caller(environ.get("REMOTE_ADDR", ""), environ.get("HTTP_USER_AGENT", ""))
            answered, body = self._server.answer(chunks, caller)
        except _RefusedError as refusal:
            _log.info("refused a request: %s", refusal.status)
            return refusal.status, _PLAIN, str(refusal).encode()
        except Exception as error:  # noqa: BLE001 -- the Web Connector understands nothing but SOAP
            tell("a SOAP request", error)
            return _FAULT, _XML, write_fault("Server", "Something went wrong on the server. Try again later.")
        return (_OK if answered else _FAULT), _XML, body

    def _body(self, environ: "WSGIEnvironment") -> Iterator[bytes]:
        """Checks the request's headers, and returns its body in pieces of at most 64 KiB."""
        if not _is_soap_11(environ.get("CONTENT_TYPE", "")):
            raise _RefusedError("415 Unsupported Media Type", f"Send SOAP 1.1 as {_XML}.\n")
        if environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() not in ("identity", ""):
            raise _RefusedError("415 Unsupported Media Type", "Send the request uncompressed.\n")
        source = cast("BinaryIO", environ["wsgi.input"])
        announced = environ.get("CONTENT_LENGTH", "")
        if not announced and environ.get("wsgi.input_terminated"):
            return _until_end(source, self._max_body)
        announced = announced or "0"
        if not (announced.isascii() and announced.isdigit()):
            raise _RefusedError("400 Bad Request", "Content-Length is not a number.\n")
        if len(announced) > _LENGTH_DIGITS or int(announced) > self._max_body:
            raise _too_large(self._max_body)
        return _exactly(source, int(announced))


def _exactly(source: BinaryIO, length: int) -> Iterator[bytes]:
    """Yields as many bytes as were announced, or fewer when the sender hung up."""
    while length > 0 and (chunk := source.read(min(_CHUNK, length))):
        length -= len(chunk)
        yield chunk


def _until_end(source: BinaryIO, limit: int) -> Iterator[bytes]:
    """Yields what there is, when only the server knows where the body ends."""
    total = 0
    while chunk := source.read(_CHUNK):
        total += len(chunk)
        if total > limit:
            raise _too_large(limit)
        yield chunk


@functools.lru_cache(maxsize=64)
def _is_soap_11(content_type: str) -> bool:
    """Tells whether a Content-Type is that of SOAP 1.1 in UTF-8. SOAP 1.2 has application/soap+xml."""
    main, *parameters = content_type.split(";")
    if main.strip().lower() != "text/xml":
        return False
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip("\"'").lower() not in ("utf-8", "utf8"):
            return False
    return True


def _page(language: str) -> bytes:
    """Returns the page for people who open the Web Connector's address in a browser."""
    title, text = (html.escape(words.text(language, f"qbwc_page.{part}")) for part in ("title", "text"))
    return (
        f'<!doctype html><html lang="{html.escape(language)}"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><h1>{title}</h1><p>{text}</p></body></html>\n"
    ).encode()


def _wsdl(address: str) -> bytes:
    """Returns the description of the service with its address filled in."""
    with resources.files("qbwc_server.soap").joinpath("qbwc.wsdl").open("rb") as file:
        document = etree.parse(file)
    for element in document.iter(f"{{{_WSDL_SOAP}}}address"):
        element.set("location", address)
    return etree.tostring(document, xml_declaration=True, encoding="utf-8")
