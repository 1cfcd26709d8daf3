"""Reads an answer as a stream: heads, records, ends; memory does not follow the answer's size.

Source: qbXML SDK facts, "Envelope", "Iterators", "Status codes".
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from lxml import etree

from qbwc_server.qbxml.answer import DELETED_ANSWER, AnswerEnd, AnswerHead, Context, DeletedContext, ListQueryContext
from qbwc_server.qbxml.characters import Cleaner, Element, Readable, events_of, new_pull_parser, tidy
from qbwc_server.qbxml.deletions import DELETED_RET, Deletion, DeletionReader
from qbwc_server.qbxml.errors import (
    EmptyAnswer,
    ForeignAnswer,
    NotAnAnswer,
    NotXML,
    Truncated,
    UnreadableRecord,
    WrongKind,
)
from qbwc_server.qbxml.lists import LISTS, list_type
from qbwc_server.qbxml.marks import Known, Sieve
from qbwc_server.qbxml.reading import RecordReader
from qbwc_server.qbxml.record import Observation, Unchanged

# Some hundred records: so many are looked up together.
CHUNK: Final = 1 << 19
_COUNT_DIGITS: Final = 12
# QBXMLMsgsRs begins in the first few dozen bytes of an answer.
_LONGEST_PROLOG: Final = 1 << 20
_CLOSING: Final = b"</QBXML>"
_TAIL: Final = 64
_ROOT: Final = "QBXML"
_MESSAGES: Final = "QBXMLMsgsRs"
_ANSWERS: Final = frozenset({DELETED_ANSWER, *(kind.answer_element for kind in LISTS)})
_LIST_ANSWERS: Final = "|".join(kind.answer_element for kind in LISTS)
_OPENING: Final = re.compile(rf"""<(?:{_LIST_ANSWERS})\b(?:[^>"']|"[^"]*"|'[^']*')*>""".encode())
_TAGS: Final = (_ROOT, _MESSAGES, *_ANSWERS, DELETED_RET, *(ret for kind in LISTS for ret in kind.rets))

Part = AnswerHead | Observation | Unchanged | Deletion | AnswerEnd
_Reader: TypeAlias = RecordReader | DeletionReader


def read_answer(source: Readable, expected: Mapping[str, Context], known: Known | None = None) -> Iterator[Part]:
    """Read the answer to a message set.

    For each request a head, its records or deletions, its end. One without a usable ListID is skipped and counted.
    Nothing may be applied before the iteration has come to its end: only then is the answer known to be whole and to
    be ours.

    Args:
        source: UTF-8 bytes, from their start; an encoding that the document declares is not believed.
        expected: what is awaited, by requestID.
        known: which records are known, so that those come as `Unchanged` which are letter for letter as they were;
            None where every record is to be read. Asked about so many at once.

    Raises:
        NotAnAnswer: by the subclass that says why: EmptyAnswer, NotXML, Truncated, ForeignAnswer, WrongKind.
    """
    reader = _AnswerReader(expected, known)
    parser = new_pull_parser(("start", "end"), _TAGS)
    cleaner = Cleaner()
    while chunk := source.read(CHUNK):
        reader.took(chunk)
        yield from _feed(parser, cleaner.feed(chunk), reader)
    if cleaner.is_empty:
        msg = "QuickBooks sent an empty answer"
        raise EmptyAnswer(msg)
    yield from _feed(parser, cleaner.close(), reader, last=True)
    try:
        parser.close()
    except etree.XMLSyntaxError as error:
        # Some faults inside the text are told at the end only; then the closing tag is there.
        if cleaner.looks_like_xml and not reader.has_closing_tag:
            raise Truncated(f"the answer stops in the middle (line {error.lineno})") from None
        raise NotXML(f"the answer cannot be read as XML (line {error.lineno})") from None
    yield from reader.drain(parser)
    reader.finish()


def _feed(parser: etree.XMLPullParser, data: bytes, reader: "_AnswerReader", *, last: bool = False) -> Iterator[Part]:
    for piece in reader.sift(data, last=last):
        try:
            parser.feed(piece)
        except etree.XMLSyntaxError as error:
            raise NotXML(f"the answer cannot be read as XML (line {error.lineno})") from None
        yield from reader.drain(parser)
    reader.prune()


class _AnswerReader:
    """Turns the parser's events into parts, and keeps the tree small."""

    def __init__(self, expected: Mapping[str, Context], known: Known | None) -> None:
        self._expected = expected
        self._known = known
        self._sieve: Sieve | None = None
        # What a sieve had held back when its answer ended.
        self._left = b""
        # Of what was fed to the parser, by ListID, and what was kept from it.
        self._marks: Mapping[str, str | None] = {}
        self._unchanged: list[Unchanged] = []
        self._readers: dict[Context, _Reader] = {}
        self._answered: set[str] = set()
        self._root: Element | None = None
        self._messages: Element | None = None
        self._answer: Element | None = None
        self._head: AnswerHead | None = None
        self._reader: _Reader | None = None
        self._count = 0
        self._unreadable = 0
        self._size = 0
        self._tail = b""

    @property
    def has_closing_tag(self) -> bool:
        """Whether the bytes so far end as an answer does."""
        return self._tail.rstrip().endswith(_CLOSING)

    def took(self, chunk: bytes) -> None:
        """Count the bytes; a document that has not begun like an answer by now is not read on."""
        self._size += len(chunk)
        self._tail = (self._tail + chunk)[-_TAIL:]
        if self._messages is None and self._size > _LONGEST_PROLOG:
            msg = "the answer is no QBXML document"
            raise ForeignAnswer(msg)

    def sift(self, data: bytes, *, last: bool) -> Iterator[bytes]:
        """Give what of the next bytes is to be parsed, piece by piece; each is to be drained before the next.

        Args:
            last: there are no more.
        """
        while data or self._left or (last and self._sieve is not None):
            data, self._left = self._left + data, b""
            if self._sieve is None:
                # What was asked for is known once the beginning of the answer has been parsed.
                opening = _OPENING.search(data) if self._known is not None else None
                ready = len(data) if opening is None else opening.end()
                parsed, data = data[:ready], data[ready:]
            else:
                parsed, self._marks, unchanged, rest = self._sieve.feed(data, last=last)
                self._unchanged += unchanged
                self._sieve = self._sieve if rest is None and not last else None
                data = rest or b""
            yield parsed

    def drain(self, parser: etree.XMLPullParser) -> Iterator[Part]:
        """Give the parts that were kept from the parser, and those that it has seen whole."""
        self._count += len(self._unchanged)
        yield from self._unchanged
        self._unchanged = []
        for event, element in events_of(parser):
            if event == "start":
                head = self._start(element)
                if head is not None:
                    yield head
            elif element.getparent() is self._answer and self._answer is not None:
                record = self._record(element)
                if record is not None:
                    yield record
            elif element is self._answer and self._head is not None:
                self._answer = None
                self._drop_sieve()
                yield AnswerEnd(self._head.request_id, self._count, self._unreadable)

    def _drop_sieve(self) -> None:
        """Sift no more; what the sieve had held back comes next."""
        if self._sieve is not None:
            self._left += self._sieve.close()
        self._sieve, self._marks = None, {}

    def prune(self) -> None:
        """Drop what has been read; refuse what does not belong here.

        The last child always stays: the parser may still be adding to it.
        """
        if self._messages is None:
            return
        for child in self._messages:
            if child.tag not in _ANSWERS:
                raise self._foreign(child)
        if len(self._messages):
            last = self._messages[-1]
            del last[:-1]
        del self._messages[:-1]

    def finish(self) -> None:
        """Refuse an answer that is whole but does not answer everything.

        Raises:
            EmptyAnswer: it answers nothing.
            ForeignAnswer: it is another document, or leaves a request unanswered.
        """
        if self._root is None:
            msg = "the answer is XML, but no QBXML document"
            raise ForeignAnswer(msg)
        missing = [request_id for request_id in self._expected if request_id not in self._answered]
        if missing and not self._answered:
            msg = "QuickBooks sent a document without an answer in it"
            raise EmptyAnswer(msg)
        if missing:
            raise ForeignAnswer(f"the answer leaves {len(missing)} of {len(self._expected)} requests unanswered")

    def _start(self, element: Element) -> AnswerHead | None:
        parent = element.getparent()
        if parent is None:
            if element.tag == _ROOT:
                self._root = element
        elif parent is self._root and element.tag == _MESSAGES:
            self._messages = element
        elif parent is self._messages and element.tag in _ANSWERS:
            return self._begin(element)
        return None

    def _begin(self, element: Element) -> AnswerHead:
        request_id = element.get("requestID")
        context = self._expected.get(request_id) if request_id is not None else None
        if request_id is None or context is None:
            raise self._foreign(element)
        if element.tag != context.answer_element:
            raise self._foreign(element)
        if request_id in self._answered:
            msg = "the answer answers one of our requests twice"
            raise ForeignAnswer(msg)
        self._answered.add(request_id)
        reader = self._readers.get(context)
        if reader is None:
            reader = self._readers[context] = _reader(context)
        self._reader = reader
        self._drop_sieve()
        if self._known is not None and isinstance(context, ListQueryContext) and not context.volatile:
            self._sieve = Sieve(context, self._known)
        self._answer, self._count, self._unreadable = element, 0, 0
        self._head = _head(element, request_id)
        return self._head

    def _record(self, element: Element) -> Observation | Deletion | None:
        reader = self._reader
        if reader is None or element.tag not in reader.rets:
            return None
        record: Observation | Deletion
        try:
            record = reader.read(element, self._marks) if isinstance(reader, RecordReader) else reader.read(element)
        except UnreadableRecord:
            self._unreadable += 1
            return None
        self._count += 1
        return record

    def _foreign(self, element: Element) -> NotAnAnswer:
        tag = str(element.tag)[:60]
        request_id = element.get("requestID")
        if request_id is None:
            return ForeignAnswer(f"the answer holds a {tag} without a requestID")
        context = self._expected.get(request_id)
        if context is None:
            return ForeignAnswer(f"the answer holds a {tag} to a request that is not outstanding")
        return WrongKind(f"a {tag} came where a {context.answer_element} was asked for")


def _reader(context: Context) -> _Reader:
    kind = list_type(context.list)
    if isinstance(context, DeletedContext):
        return DeletionReader(kind)
    return RecordReader(kind, context.asked, context.private, volatile=context.volatile)


def _head(element: Element, request_id: str) -> AnswerHead:
    status = _count(element.get("statusCode"))
    if status is None:
        raise ForeignAnswer(f"the answer holds a {element.tag} without a status")
    return AnswerHead(
        element=str(element.tag),
        request_id=request_id,
        status_code=status,
        severity=element.get("statusSeverity", ""),
        message=tidy(element.get("statusMessage", "")),
        iterator_id=element.get("iteratorID"),
        remaining=_count(element.get("iteratorRemainingCount")),
        ret_count=_count(element.get("retCount")),
    )


def _count(text: str | None) -> int | None:
    bare = (text or "").strip()
    return int(bare) if bare.isascii() and bare.isdecimal() and len(bare) <= _COUNT_DIGITS else None


__all__ = [
    "AnswerEnd",
    "AnswerHead",
    "Context",
    "DeletedContext",
    "Deletion",
    "EmptyAnswer",
    "ForeignAnswer",
    "Known",
    "ListQueryContext",
    "NotAnAnswer",
    "NotXML",
    "Part",
    "Truncated",
    "Unchanged",
    "WrongKind",
    "read_answer",
]
