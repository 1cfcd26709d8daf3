"""Characters that QuickBooks sends and XML forbids, and the safe way to parse a small document.

Source: qbXML SDK facts, "Characters": QuickBooks stores Windows-1252 and writes ASCII with decimal references;
imported data may hold control characters, raw or as references.
"""

import re
from collections.abc import Iterator
from typing import Final, Literal, Protocol, TypeAlias, cast

from lxml import etree

from qbwc_server.qbxml.errors import NotXML

# The type of lxml's elements, which it gives no public name.
Element: TypeAlias = etree._Element  # noqa: SLF001

# References to what XML 1.0 forbids: C0 controls but tab, LF and CR; halves of a surrogate pair; U+FFFE and U+FFFF.
_BAD_REFERENCE: Final = (
    r"&\#(?:"
    r"0*(?:[0-8]|1[124-9]|2[0-9]|3[01]|5529[6-9]|55[3-9][0-9]{2}|56[0-9]{3}|57[0-2][0-9]{2}|573[0-3][0-9]"
    r"|5734[0-3]|6553[45])"
    r"|[xX]0*(?:[0-8bcefBCEF]|1[0-9a-fA-F]|[dD][89a-fA-F][0-9a-fA-F]{2}|[fF]{3}[efEF])"
    r");"
)
_BAD_REFERENCE_BYTES: Final = re.compile(_BAD_REFERENCE.encode("ascii"))
_BAD_REFERENCE_TEXT: Final = re.compile(_BAD_REFERENCE)
_CONTROL_BYTES: Final = bytes(code for code in range(32) if code not in (9, 10, 13))
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_C1: Final = re.compile("[\x80-\x9f]")
# Five codes of the page are undefined; they stay as they are.
_CP1252: Final = {
    code: bytes([code]).decode("cp1252") for code in range(0x80, 0xA0) if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
# The longest reference held back at the end of a chunk; a longer one is no reference that anybody writes.
_LONGEST_REFERENCE: Final = 40
_DOCTYPE: Final = b"<!DOCTYPE"
_BOM: Final = b"\xef\xbb\xbf"
_XML_SPACE: Final = b" \t\r\n"


class Readable(Protocol):
    """A binary stream, as far as this package needs one."""

    def read(self, size: int = -1, /) -> bytes:
        """Give up to ``size`` bytes; none means the end."""


class Cleaner:
    """Makes a stream of UTF-8 XML parseable, chunk by chunk.

    Removes the bytes 00-08, 0B, 0C, 0E-1F and references to them, and blanks or a byte order mark before the first
    tag; refuses a DOCTYPE before a parser sees it. A reference or a tag may lie across two chunks.
    """

    def __init__(self) -> None:
        self._held = b""
        self._started = False
        self._first = b""

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes, give those that are ready.

        Raises:
            NotXML: the document declares a DOCTYPE.
        """
        data = self._held + chunk.translate(None, _CONTROL_BYTES)
        self._held = b""
        if not self._started:
            # All of a byte order mark must be there before it can be told from text.
            if len(data) < len(_BOM) and _BOM.startswith(data):
                self._held = data
                return b""
            data = data.removeprefix(_BOM).lstrip(_XML_SPACE)
            self._started = bool(data)
            self._first = data[:1]
        if _DOCTYPE in data:
            msg = "the answer declares a DOCTYPE, which QuickBooks never does; it was refused unread"
            raise NotXML(msg)
        ready = _ready(data)
        self._held = data[ready:]
        data = data[:ready]
        return _BAD_REFERENCE_BYTES.sub(b"", data) if b"&#" in data else data

    def close(self) -> bytes:
        """Give what was held back; the stream is at its end."""
        held, self._held = self._held, b""
        return _BAD_REFERENCE_BYTES.sub(b"", held)

    @property
    def is_empty(self) -> bool:
        """Whether nothing but blanks has come so far."""
        return not self._started and not self._held

    @property
    def looks_like_xml(self) -> bool:
        """Whether the first character that is no blank opens a tag."""
        return self._first == b"<"


def _ready(data: bytes) -> int:
    """Give how much of the data can go on: not the beginning of a reference or of a DOCTYPE at its end."""
    ready = len(data)
    at = data.rfind(b"&", max(0, ready - _LONGEST_REFERENCE))
    if at >= 0 and b";" not in data[at:]:
        ready = at
    at = data.rfind(b"<", max(0, len(data) - len(_DOCTYPE)))
    if at >= 0 and _DOCTYPE.startswith(data[at:]):
        ready = min(ready, at)
    return ready


def fix_cp1252(text: str) -> str:
    """Map U+0080-009F, which QuickBooks writes for Windows-1252's own characters, to what is meant."""
    return text.translate(_CP1252) if not text.isascii() and _C1.search(text) else text


def tidy(text: str) -> str:
    """A field's text as it is meant: line ends LF, no control characters, Windows-1252 specials mapped.

    Blanks at both ends stay. A reference that was escaped twice stands in the text by now; it is removed if it
    names a control character.
    """
    if "&#" in text:
        text = _BAD_REFERENCE_TEXT.sub("", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.isascii() else fix_cp1252(text)


def sendable(text: str) -> str:
    """The text without the characters that no XML document can hold."""
    return _FORBIDDEN.sub("", text)


def new_pull_parser(events: tuple[Literal["start", "end"], ...], tags: tuple[str, ...]) -> etree.XMLPullParser:
    """Give a parser that reports these elements; nothing is fetched or expanded, long texts are accepted.

    It reads UTF-8 whatever the document declares; feed it through a Cleaner, which refuses a DOCTYPE.
    """
    return etree.XMLPullParser(
        events,
        tag=tags,
        encoding="utf-8",
        huge_tree=True,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
    )


def events_of(parser: etree.XMLPullParser) -> Iterator[tuple[str, Element]]:
    """Give the parser's events so far; with the events used here each comes with an element."""
    return cast("Iterator[tuple[str, Element]]", parser.read_events())


def parse_small(data: bytes) -> Element:
    """Parse a whole document of ours or a short one of QuickBooks; UTF-8 whatever it declares.

    Raises:
        NotXML: it is not XML, or it declares a DOCTYPE.
    """
    cleaner = Cleaner()
    parser = etree.XMLParser(
        encoding="utf-8",
        huge_tree=True,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        parser.feed(cleaner.feed(data))
        parser.feed(cleaner.close())
        return parser.close()
    except etree.XMLSyntaxError as error:
        raise NotXML(f"the document cannot be read as XML (line {error.lineno})") from None
