"""The two SOAP calls that the checks make: both leave nothing behind."""

import re
from html import unescape
from typing import Final

from lxml import etree

INTUIT: Final = "http://developer.intuit.com/"
_WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"
_WSDL_SOAP: Final = "http://schemas.xmlsoap.org/wsdl/soap/"
_HEAD: Final = (
    '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
    "<soap:Body>"
)
_TAIL: Final = "</soap:Body></soap:Envelope>"
_RESULT: Final = re.compile(rb"<(?:\w+:)?(\w+)Result(?:\s[^>]*)?>([^<]*)</")
# No visit has it: tickets are longer and made at random.
_NO_TICKET: Final = "doctor"


def version_asked() -> bytes:
    """Return the call of serverVersion."""
    return f'{_HEAD}<serverVersion xmlns="{INTUIT}" />{_TAIL}'.encode()


def long_answer(size: int) -> bytes:
    """Return a call of receiveResponseXML of a visit that never was, with so many bytes of answer."""
    before = f'{_HEAD}<receiveResponseXML xmlns="{INTUIT}"><ticket>{_NO_TICKET}</ticket><response>'
    after = f"</response><hresult /><message /></receiveResponseXML>{_TAIL}"
    return before.encode() + b"x" * size + after.encode()


def headers(method: str) -> dict[str, str]:
    """Return the headers of a call."""
    return {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{INTUIT}{method}"'}


def result(method: str, body: bytes) -> str | None:
    """Return what a method answered; None if the body is no answer of it."""
    found = _RESULT.search(body)
    if found is None or found[1].decode("ascii", "replace") != method:
        return None
    return unescape(found[2].decode("utf-8", "replace")).strip()


def wsdl_address(body: bytes) -> str | None:
    """Return the address that a description of the Web Connector's service names; None if it is no such thing."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.XML(body, parser)
    except etree.XMLSyntaxError:
        return None
    if root.tag != f"{{{_WSDL}}}definitions" or root.get("targetNamespace") != INTUIT:
        return None
    found = next(root.iter(f"{{{_WSDL_SOAP}}}address"), None)
    return None if found is None else found.get("location")
