"""Marks: telling whether a record is the one that was read before, without reading it.

Theory of operation
-------------------
A whole list mostly brings what is known already, and parsing and reading a
record takes longer than anything else of it. So each record that a list run
reads is kept with a mark: a digest of its XML, of what was asked for, and of
the program that read it. Whoever reads a list may say which marks are known; the
bytes of a record that comes with its own are taken out of the stream before it
is parsed, and nothing is read of it but its ListID and its time.

That needs no parser: outside of comments and CDATA sections a "<" is nothing but
the beginning of a tag, so what looks like a record that begins with its ListID
is one, and its end is the next closing tag of its name, unless it holds another
tag of that name. An answer with a comment or such a section (none of QuickBooks's
has one) is parsed as it is, and so is whatever looks otherwise than a record
does: that costs time and loses nothing. What was taken out was parsed
when it came for the first time, letter for letter.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from qbwc_server import __version__
from qbwc_server.qbxml.answer import ListQueryContext
from qbwc_server.qbxml.lists import list_type
from qbwc_server.qbxml.record import Unchanged

Known: TypeAlias = Callable[[str, Sequence[str]], Mapping[str, str]]
"""Gives the marks of those records of a list that are known, by ListID."""

# Hexadecimal digits of the two parts of a mark.
_OF_ASKED: Final = 8
_OF_RECORD: Final = 24
_TIME: Final = re.compile(rb"<TimeModified>([^<&]*)</TimeModified>")
# Comments, CDATA sections and processing instructions; the second byte is rare, and looked for first.
_SECTIONS: Final = ((b"!", b"<!"), (b"?", b"<?"))
# From the tag of a record to the end of its ListID, and from a "<" to the end of its tag.
_LONGEST_HEAD: Final = 256
_LONGEST_TAG: Final = 64
# A record that has no end by then is none.
_LONGEST_RECORD: Final = 1 << 20


class Sifted(NamedTuple):
    """What some bytes of an answer are.

    Attributes:
        parsed: the bytes to be parsed.
        marks: of the records in them by ListID; None of one that comes twice.
        unchanged: the records that were taken out.
        rest: from the closing tag of the answer on; None where it has not come.
    """

    parsed: bytes
    marks: Mapping[str, str | None]
    unchanged: Sequence[Unchanged]
    rest: bytes | None


class Sieve:
    """Takes the records that are known out of the bytes of one answer.

    Args:
        context: what was asked for.
        known: see `Known`.
    """

    def __init__(self, context: ListQueryContext, known: Known) -> None:
        kind = list_type(context.list)
        self._list = context.list
        self._known = known
        asked = (__version__, context.list, *sorted(context.asked), "", *sorted(context.private))
        self._of_asked = hashlib.sha256("\n".join(asked).encode()).hexdigest()[:_OF_ASKED]
        names = "|".join(sorted(kind.rets)).encode("ascii")
        self._tag = re.compile(rb"<(?:%s)>" % names)
        # Within a record, neither another one begins nor does anything end that is called alike.
        self._odd = {name: (b"<" + name, b"</" + name) for name in (ret.encode("ascii") for ret in kind.rets)}
        self._head = re.compile(rb"<(%s)>\s*<ListID>([^<&]*)</ListID>" % names)
        self._closing = b"</" + kind.answer_element.encode("ascii")
        self._held = b""
        self._blind = False

    def feed(self, data: bytes, *, last: bool) -> Sifted:
        """Take the next bytes of the answer, which are clean UTF-8; `last` says that no more come."""
        data = self._held + data
        self._held = b""
        end = data.find(self._closing)
        rest = data[end:] if end >= 0 else None
        data = data if rest is None else data[:end]
        self._blind = self._blind or any(rare in data and section in data for rare, section in _SECTIONS)
        if self._blind:
            return Sifted(data, {}, [], rest)
        records, end = self._records(data)
        if rest is None and not last:
            ready = self._ready(data, end)
            data, self._held = data[:ready], data[ready:]
        return self._sifted(data, records, rest)

    def _records(self, data: bytes) -> tuple[list[tuple[int, int, str]], int]:
        """Return the records that are whole, each with where it begins, where it ends, and its ListID; and the end."""
        found: list[tuple[int, int, str]] = []
        at = 0
        while (head := self._head.search(data, at)) is not None:
            closing = b"</%s>" % head[1]
            end = data.find(closing, head.end())
            if end < 0:
                break
            at = end + len(closing)
            if not any(data.find(odd, head.end(), end) >= 0 for odd in self._odd[head[1]]):
                found.append((head.start(), at, head[2].decode("utf-8", "replace")))
        return found, at

    def close(self) -> bytes:
        """Give what was held back; nothing more of the answer is sifted."""
        held, self._held = self._held, b""
        return held

    def _ready(self, data: bytes, at: int) -> int:
        """Return up to where the bytes go on: a record that has only begun waits for the rest of it.

        Args:
            at: where the last whole record ends.
        """
        size = len(data)
        tag = self._tag.search(data, at)
        if tag is not None:
            head = self._head.match(data, tag.start())
            waits = size - tag.start() < (_LONGEST_HEAD if head is None else _LONGEST_RECORD)
            return tag.start() if waits else size
        last = data.rfind(b"<", max(at, size - _LONGEST_TAG))
        return last if last >= 0 and data.find(b">", last) < 0 else size

    def _sifted(self, data: bytes, records: Sequence[tuple[int, int, str]], rest: bytes | None) -> Sifted:
        known = self._known(self._list, [list_id for _, _, list_id in records]) if records else {}
        marks: dict[str, str | None] = {}
        unchanged: list[Unchanged] = []
        kept: list[bytes] = []
        at = 0
        for start, end, list_id in records:
            record = data[start:end]
            mark = self._of_asked + hashlib.sha256(record).hexdigest()[:_OF_RECORD]
            if known.get(list_id) == mark:
                time = _TIME.search(record)
                unchanged.append(Unchanged(self._list, list_id, mark, "" if time is None else time[1].decode()))
                # Its line ends stay, so that a fault that comes later is told with its line.
                kept += (data[at:start], b"\n" * record.count(b"\n"))
                at = end
            else:
                marks[list_id] = None if list_id in marks else mark
        return Sifted(b"".join((*kept, data[at:])) if kept else data, marks, unchanged, rest)
