"""The SOAP of the simulated Web Connector: envelopes as .NET writes them, answers as .NET reads them.

Source: QBWC guide ch. 5 and 10; envelopes recorded from Web Connectors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

INTUIT = "http://developer.intuit.com/"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_XSD = "http://www.w3.org/2001/XMLSchema"

ARRAY_METHODS = ("authenticate",)
INT_METHODS = ("receiveResponseXML",)

Params = Mapping[str, str | int | None]

_HEAD = (
    f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{SOAP11}"'
    f' xmlns:xsi="{_XSI}" xmlns:xsd="{_XSD}"><soap:Body>'
)
_TAIL = "</soap:Body></soap:Envelope>"

# XmlTextWriter leaves tab, line feed and carriage return as they are and writes what XML 1.0 forbids as a
# reference all the same: that is how a QuickBooks control character gets into an envelope.
_REFERENCED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_INT = re.compile(r"\s*([+-]?[0-9]+)\s*\Z")
_INT32 = 2**31
_FAULT_TEXT = 300


class CallFailedError(Exception):
    """A call that a Web Connector would report as an error and after which its visit ends."""


class EnvelopeError(CallFailedError):
    """The answer is no SOAP 1.1 envelope that a .NET client can read."""


class SoapFaultError(CallFailedError):
    """The server answered with a SOAP fault; ``code`` is the local part of the fault code."""

    def __init__(self, code: str, text: str) -> None:
        self.code = code
        self.text = text
        super().__init__(f"SOAP fault {code}: {text}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a .NET client makes of one answer.

    Attributes:
        text: the result as text; None when it is absent or nil (for receiveResponseXML the digits).
        strings: the members of an ArrayOfString as the client sees them, nil as "".
        remarks: sentences about what departs from the protocol and yet can be read.
    """

    text: str | None
    strings: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """The result as xs:int; raises EnvelopeError when it is none."""
        match = _INT.match(self.text or "")
        if match is None or not -_INT32 <= int(match[1]) < _INT32:
            raise EnvelopeError(f"the result is not an xs:int: {shorten(self.text or '')!r}")
        return int(match[1])


def shorten(text: str, length: int = 60) -> str:
    """The text on one line, cut to ``length`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def escape(text: str) -> str:
    """Escapes text content as .NET's XmlTextWriter does, forbidden characters included."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _REFERENCED.sub(lambda match: f"&#x{ord(match[0]):X};", text)


def build_envelope(method: str, params: Params) -> bytes:
    """One request as the Web Connector's proxy writes it: one line, no header, UTF-8 without a byte order mark.

    Args:
        method: Intuit's method name.
        params: the parameters in their order; "" is written ``<x />``, None is left out.
    """
    written = [
        f"<{name}>{escape(str(value))}</{name}>" if value != "" else f"<{name} />"
        for name, value in params.items()
        if value is not None
    ]
    call = f'<{method} xmlns="{INTUIT}">{"".join(written)}</{method}>' if written else f'<{method} xmlns="{INTUIT}" />'
    return (_HEAD + call + _TAIL).encode()


def parse_hardened(body: bytes) -> etree._Element:
    """Parses a document without following anything; raises EnvelopeError for what is not well-formed or has a DTD."""
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=True, remove_comments=True, remove_pis=True
    )
    try:
        parser.feed(body)
        root: etree._Element = parser.close()
    except etree.XMLSyntaxError as error:
        raise EnvelopeError(f"not well-formed XML: {error.msg}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise EnvelopeError("the document has a DOCTYPE, which a .NET client refuses")
    return root


def read_answer(method: str, body: bytes) -> Answer:
    """Reads the answer to ``method`` as a .NET client with Intuit's proxy does: what it does not know it skips.

    Raises:
        SoapFaultError: the body holds a fault.
        EnvelopeError: not XML, not SOAP 1.1, not the answer to this method, markup where text belongs.
    """
    content = _body_of(parse_hardened(body))
    if content.tag == f"{{{SOAP11}}}Fault":
        code = (content.findtext("faultcode") or "").rpartition(":")[2]
        raise SoapFaultError(code, shorten(content.findtext("faultstring") or "", _FAULT_TEXT))
    if content.tag != f"{{{INTUIT}}}{method}Response":
        raise EnvelopeError(f"the body holds {content.tag} instead of {{{INTUIT}}}{method}Response")
    result = content.find(f"{{{INTUIT}}}{method}Result")
    if result is None:
        return Answer(None, (), _stray_results(content, method))
    if _is_nil(result):
        return Answer(None)
    if method in ARRAY_METHODS:
        return _read_array(result)
    return Answer(_text_of(result))


def _body_of(envelope: etree._Element) -> etree._Element:
    if envelope.tag != f"{{{SOAP11}}}Envelope":
        raise EnvelopeError(f"the root is {envelope.tag}, not the Envelope of SOAP 1.1")
    body = envelope.find(f"{{{SOAP11}}}Body")
    if body is None or not len(body):
        raise EnvelopeError("the envelope has no Body, or an empty one")
    return body[0]


def _stray_results(content: etree._Element, method: str) -> tuple[str, ...]:
    return tuple(
        f"the result stands as {child.tag}, where a client looks for {{{INTUIT}}}{method}Result" for child in content
    )


def _is_nil(element: etree._Element) -> bool:
    return element.get(f"{{{_XSI}}}nil", "").strip() in ("true", "1")


def _text_of(element: etree._Element) -> str:
    if len(element):
        raise EnvelopeError(f"the result holds the element {element[0].tag}: the text was not escaped")
    return element.text or ""


def _read_array(result: etree._Element) -> Answer:
    seen: list[str] = []
    remarks: list[str] = []
    for member in result:
        if member.tag == f"{{{INTUIT}}}string":
            seen.append("" if _is_nil(member) else _text_of(member))
        else:
            remarks.append(f"a member of the ArrayOfString is {member.tag}, not {{{INTUIT}}}string: it is not seen")
    return Answer("", tuple(seen), tuple(remarks))
