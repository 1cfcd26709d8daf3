"""Takes the characters that XML 1.0 forbids out of a stream of UTF-8 bytes.

The Web Connector's writer does not check characters: a control character that somebody once pasted into QuickBooks
travels raw, or as a reference such as `&#x1F;`, and no XML parser accepts either. Dropping them loses nothing a person
can see.
"""

import re

_FORBIDDEN = bytes(byte for byte in range(32) if byte not in b"\t\n\r")
# Decimal or hexadecimal references to exactly those bytes, with any number of leading zeros.
_REFERENCE = re.compile(rb"&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01])|x0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]));")
# The beginning of a reference, cut off by the end of a chunk.
_CUT = re.compile(rb"&(?:#(?:[0-9]*|x[0-9a-fA-F]*))?\Z")
# No honest writer pads a reference with more zeros than this; longer ones are left for the parser to refuse.
_LONGEST_REFERENCE = 64


class Cleaner:
    """Cleans a stream chunk by chunk, wherever the chunks are cut.

    Not for UTF-16, whose every other byte would be taken out: refuse that first.
    """

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = b""

    def feed(self, chunk: bytes) -> bytes:
        """Returns what may be passed on of the bytes seen so far; the beginning of a reference is held back."""
        data = (self._held + chunk).translate(None, _FORBIDDEN)
        self._held = b""
        if b"&" in data[-_LONGEST_REFERENCE:]:
            cut = _CUT.search(data, max(0, len(data) - _LONGEST_REFERENCE))
            if cut:
                self._held = data[cut.start() :]
                data = data[: cut.start()]
        if b"&#" in data:
            data = _REFERENCE.sub(b"", data)
        return data

    def close(self) -> bytes:
        """Returns what was held back, at the end of the stream."""
        held, self._held = self._held, b""
        return held
