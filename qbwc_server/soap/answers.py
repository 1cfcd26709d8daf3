"""Writes the SOAP answers directly as bytes. Source: QBWC guide ch. 10; SOAP 1.1 section 4.4."""

import re
from collections.abc import Sequence

from qbwc_server.soap.envelope import INTUIT, SOAP

Answer = str | int | Sequence[str]

_HEAD = f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{SOAP}"><soap:Body>'
_TAIL = "</soap:Body></soap:Envelope>"
# What XML 1.0 has no way to say (section 2.2).
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def escape(text: str) -> str:
    """Returns text as it stands in an element, without the characters XML cannot carry.

    Raises:
        TypeError: it is no text.
    """
    if not isinstance(text, str):
        raise TypeError(f"an answer holds a {type(text).__name__} where the protocol has a string")
    text = _FORBIDDEN.sub("", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # A bare carriage return would come out of the other side's parser as a line feed.
    return text.replace("\r", "&#13;")


def write_answer(method: str, answer: Answer) -> bytes:
    """Returns the envelope that answers a call of method: a string, an xs:int, or an ArrayOfString.

    Every element, the members of the array too, is in Intuit's namespace: QBWC sees no other.

    Raises:
        TypeError: the answer holds something else.
    """
    if isinstance(answer, int) and not isinstance(answer, bool):
        content = str(answer)
    elif isinstance(answer, tuple | list):
        content = "".join([f"<string>{escape(member)}</string>" for member in answer])
    else:
        content = escape(answer)  # type: ignore[arg-type]  # escape refuses what is no str
    return (
        f'{_HEAD}<{method}Response xmlns="{INTUIT}"><{method}Result>{content}</{method}Result></{method}Response>'
        f"{_TAIL}"
    ).encode()


def write_fault(code: str, text: str) -> bytes:
    """Returns the envelope of a fault; code is one of SOAP 1.1's (Client, Server, VersionMismatch)."""
    return (
        f"{_HEAD}<soap:Fault><faultcode>soap:{escape(code)}</faultcode><faultstring>{escape(text)}</faultstring>"
        f"</soap:Fault>{_TAIL}"
    ).encode()
