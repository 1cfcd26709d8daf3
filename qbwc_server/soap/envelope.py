"""Reads one SOAP 1.1 request as a stream.

The answer of QuickBooks may be tens of megabytes inside one element of the envelope. It goes, unescaped, into a
temporary file while the envelope is still being read, so that memory does not follow its size; everything else of an
envelope is a few short strings. Source: QBWC guide ch. 10; SOAP 1.1 sections 3 and 4.
"""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast
from xml.parsers import expat

from qbwc_server.qbxml.characters import Cleaner
from qbwc_server.qbxml.errors import NotXML
from qbwc_server.soap import errors

INTUIT = "http://developer.intuit.com/"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"

# With a blank as its namespace separator expat names an element "namespace local".
_ENVELOPE, _HEADER, _BODY, _FAULT = (f"{SOAP} {name}" for name in ("Envelope", "Header", "Body", "Fault"))
_METHOD = INTUIT + " "
_NIL = "http://www.w3.org/2001/XMLSchema-instance nil"
_RECEIVE = "receiveResponseXML"
_STREAMED = "response"

# Bytes of QuickBooks' answer that stay in memory, and the longest that any other parameter may be, in characters.
_IN_MEMORY = 1 << 20
_LONGEST = 1 << 20
_LONGEST_HCP = 16 << 20
_MAX_ELEMENTS = 1000
_MAX_PARAMETERS = 16
_MAX_ATTRIBUTES = 64
_MAX_DEPTH = 32
# expat scans an unfinished tag or comment from its start with each chunk, so one must not grow long (in bytes).
_MAX_TAG = 256 << 10
_TEXT_BUFFER = 32 << 10
_DEPTH_BODY, _DEPTH_METHOD, _DEPTH_PARAMETER = 2, 3, 4
# The first bytes of UTF-16 (and UTF-32) in either order, and of gzip.
_FOREIGN = (b"\xfe\xff", b"\xff\xfe", b"\x1f\x8b")


@dataclass(slots=True)
class Call:
    """One request as read: which method, with what.

    Attributes:
        method: the method's name, without its namespace.
        values: the text of each parameter by name; absent ones are missing, nil ones "".
        response: receiveResponseXML's `response`, unescaped, as UTF-8 and at its start; None when absent or nil.
        trouble: why `response` could not be kept (a full disk, say).
        is_cut_off: there is no more of the request than was read.
    """

    method: str = ""
    values: dict[str, str] = field(default_factory=dict)
    response: BinaryIO | None = None
    trouble: OSError | None = None
    is_cut_off: bool = False

    def close(self) -> None:
        """Gives up the temporary file."""
        if self.response is not None:
            # Closing writes what is still buffered, which a full disk refuses; nobody wants it any more.
            with contextlib.suppress(OSError):
                self.response.close()
            self.response = None

    def rewind(self) -> None:
        """Puts the answer at its start, now that all of it has come."""
        if self.response is not None:
            try:
                self.response.seek(0)
            except OSError as trouble:
                self.trouble = trouble


class _Reader:
    """The handlers of one parse; what they find goes into `call`."""

    __slots__ = ("_bodies", "_depth", "_elements", "_in_header", "_limit", "_name", "_nil", "_parts", "_size", "call")

    def __init__(self, call: Call) -> None:
        self.call = call
        self._depth = self._elements = self._bodies = self._size = 0
        self._limit = _LONGEST
        self._in_header = self._nil = False
        self._name = ""
        self._parts: list[str] = []

    def parser(self) -> expat.XMLParserType:
        """Returns a parser that calls this reader."""
        parser = expat.ParserCreate("utf-8", " ")
        parser.buffer_text = True
        parser.buffer_size = _TEXT_BUFFER
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.XmlDeclHandler = _declaration
        parser.StartDoctypeDeclHandler = _doctype
        parser.ProcessingInstructionHandler = _instruction
        return parser

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        depth = self._depth = self._depth + 1
        self._elements += 1
        if self._elements > _MAX_ELEMENTS:
            raise errors.TooMuchMarkupError("more elements")
        if len(attributes) > _MAX_ATTRIBUTES:
            raise errors.TooMuchMarkupError("more attributes in one element")
        if depth > _MAX_DEPTH:
            raise errors.TooMuchMarkupError("elements nested deeper")
        if self._in_header:
            return
        if depth == _DEPTH_PARAMETER:
            self._start_parameter(name, attributes)
        elif depth == _DEPTH_METHOD:
            self._start_method(name)
        elif depth == _DEPTH_BODY:
            self._start_part(name)
        elif depth > _DEPTH_PARAMETER:
            raise errors.StructureError("elements inside a parameter")
        elif name != _ENVELOPE:
            raise errors.VersionError

    def _start_part(self, name: str) -> None:
        """Begins a child of Envelope."""
        if name == _BODY:
            self._bodies += 1
            if self._bodies > 1:
                raise errors.StructureError("more than one Body")
        elif name == _HEADER and not self._bodies:
            self._in_header = True
        else:
            raise errors.StructureError("something other than a Header and a Body")

    def _start_method(self, name: str) -> None:
        """Begins the child of Body."""
        if self.call.method:
            raise errors.StructureError("more than one element in its Body")
        if name == _FAULT:
            raise errors.StructureError("a Fault in its Body")
        if not name.startswith(_METHOD):
            raise errors.UnknownMethodError
        self.call.method = name[len(_METHOD) :]

    def _start_parameter(self, name: str, attributes: dict[str, str]) -> None:
        """Begins a child of the method's element."""
        # Some senders leave a parameter's namespace out.
        local = name.removeprefix(_METHOD)
        if local in self.call.values:
            raise errors.StructureError("the same parameter twice")
        if len(self.call.values) >= _MAX_PARAMETERS:
            raise errors.TooMuchMarkupError("more parameters")
        self._name = local
        self._nil = bool(attributes) and attributes.get(_NIL, "").strip() in ("true", "1")
        self._limit = _LONGEST_HCP if local == "strHCPResponse" else _LONGEST
        self._size = 0
        self._parts = []
        if local == _STREAMED and self.call.method == _RECEIVE and not self._nil:
            self.call.values[local] = ""
            self.call.response = cast("BinaryIO", SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115 -- Call.close

    def _end(self, _name: str) -> None:
        depth = self._depth
        self._depth = depth - 1
        if depth == _DEPTH_PARAMETER and not self._in_header:
            self.call.values[self._name] = "" if self._nil else "".join(self._parts)
            self._name = ""
        elif depth == _DEPTH_BODY:
            self._in_header = False

    def _text(self, text: str) -> None:
        if self._in_header:
            return
        if self._depth != _DEPTH_PARAMETER:
            if text.strip(" \t\r\n"):
                raise errors.StructureError("text beside its elements")
            return
        if self._name == _STREAMED and self.call.response is not None:
            self._keep(text)
            return
        self._size += len(text)
        if self._size > self._limit:
            raise errors.ParameterTooLongError(self._limit)
        self._parts.append(text)

    def _keep(self, text: str) -> None:
        """Writes a piece of the answer into the temporary file, as long as that is possible."""
        if self.call.trouble is None and self.call.response is not None:
            try:
                self.call.response.write(text.encode())
            except OSError as trouble:
                self.call.trouble = trouble


def _declaration(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding is not None and encoding.lower() not in ("utf-8", "utf8"):
        raise errors.EncodingError


def _doctype(*_declared: object) -> None:
    raise errors.DoctypeError


def _instruction(_target: str, _data: str) -> None:
    raise errors.InstructionError


def read_envelope(chunks: Iterable[bytes]) -> Call:
    """Reads one request, given as the bytes of its body in pieces of at most 64 KiB.

    The caller closes the result.

    Raises:
        EnvelopeError: the request is not one call in a SOAP 1.1 envelope; the subclass and its text say why.
    """
    call = Call()
    try:
        _parse(chunks, call)
        call.rewind()
    except BaseException:
        call.close()
        raise
    return call


def _parse(chunks: Iterable[bytes], call: Call) -> None:
    """Feeds the pieces through the cleaner to the parser."""
    parser = _Reader(call).parser()
    cleaner = Cleaner()
    fed = 0
    try:
        for chunk in _as_far_as_it_came(chunks, call):
            if not fed:
                _check_start(chunk)
            clean = cleaner.feed(chunk)
            fed += len(clean)
            parser.Parse(clean, False)
            if fed - parser.CurrentByteIndex > _MAX_TAG:
                raise errors.TooMuchMarkupError("a longer tag or comment")
        if call.is_cut_off:
            return
        if not fed:
            raise errors.EmptyBodyError
        parser.Parse(cleaner.close(), True)
    except NotXML:
        # The only thing the cleaner refuses.
        raise errors.DoctypeError from None
    except expat.ExpatError as error:
        raise errors.NotXMLError(error.lineno, error.offset) from None
    if not call.method:
        raise errors.StructureError("no method")


def _as_far_as_it_came(chunks: Iterable[bytes], call: Call) -> Iterator[bytes]:
    """Yields the pieces; an answer of QuickBooks that breaks off is trouble of that call, which is known by then."""
    try:
        yield from chunks
    except OSError as trouble:
        if call.response is None:
            raise
        call.trouble, call.is_cut_off = trouble, True


def _check_start(chunk: bytes) -> None:
    """Refuses UTF-16 and UTF-32, from which the cleaner would take the zero bytes, and gzip."""
    if chunk.startswith(_FOREIGN) or b"\0" in chunk[:4]:
        raise errors.EncodingError
