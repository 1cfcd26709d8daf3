"""Records that are known are taken out of an answer before it is parsed, and nothing else of it changes."""

import io
from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbwc_server.qbxml.answer import Context, ListQueryContext
from qbwc_server.qbxml.asking import asked_fields
from qbwc_server.qbxml.errors import NotXML, Truncated
from qbwc_server.qbxml.record import Observation, Unchanged
from qbwc_server.qbxml.response import AnswerEnd, AnswerHead, Part, read_answer

HEAD = '<?xml version="1.0" ?>\n<QBXML>\n<QBXMLMsgsRs>\n'
TAIL = "</QBXMLMsgsRs>\n</QBXML>\n"
COUNT = 20


class Slow(io.RawIOBase):
    """Gives a stream in small pieces of a given size."""

    def __init__(self, data: bytes, size: int) -> None:
        self._stream = io.BytesIO(data)
        self._size = size

    def read(self, _size: int = -1, /) -> bytes:
        return self._stream.read(self._size)


def context(name: str = "customer", *private: str) -> ListQueryContext:
    allowed = frozenset(private)
    return ListQueryContext(name, asked_fields(name, version="13.0", private=allowed, country="CA"), allowed)


def list_id(number: int) -> str:
    return f"8000{number:04}-1400000000"


def customer(number: int, phone: str = "555-0100", *, tag: str = "CustomerRet", before: str = "") -> str:
    return (
        f"<{tag}>\n{before}<ListID>{list_id(number)}</ListID>\n<TimeCreated>2014-07-19T07:21:56-05:00</TimeCreated>\n"
        f"<TimeModified>2014-07-20T07:{number:02}:56-05:00</TimeModified>\n<EditSequence>1405768916</EditSequence>\n"
        f"<Name>Dupont {number}</Name>\n<FullName>Dupont {number}</FullName>\n<IsActive>true</IsActive>\n"
        f"<ParentRef>\n<ListID>{list_id(0)}</ListID>\n</ParentRef>\n<Phone>{phone}</Phone>\n</{tag}>\n"
    )


def answer(body: str, *, query: str = "CustomerQuery", request_id: str = "1") -> str:
    return (
        f'<{query}Rs requestID="{request_id}" statusCode="0" statusSeverity="Info" statusMessage="Status OK">\n'
        f"{body}</{query}Rs>\n"
    )


def read(
    text: str,
    known: Mapping[str, str],
    expected: Mapping[str, Context] | None = None,
    *,
    size: int = 1 << 20,
) -> list[Part]:
    def marks(_list: str, list_ids: Sequence[str]) -> Mapping[str, str]:
        return {one: known[one] for one in list_ids if one in known}

    return list(read_answer(Slow(text.encode(), size), expected or {"1": context()}, marks))


def observed(parts: Sequence[Part]) -> dict[str, Observation]:
    return {part.list_id: part for part in parts if isinstance(part, Observation)}


def unchanged(parts: Sequence[Part]) -> dict[str, Unchanged]:
    return {part.list_id: part for part in parts if isinstance(part, Unchanged)}


def marks_of(parts: Sequence[Part]) -> dict[str, str]:
    return {one.list_id: one.mark for one in observed(parts).values() if one.mark is not None}


PAGE = HEAD + answer("".join(map(customer, range(COUNT)))) + TAIL
KNOWN = marks_of(read(PAGE, {}))


def test_a_record_that_is_read_has_a_mark_of_its_own() -> None:
    assert len(set(KNOWN.values())) == COUNT


def test_what_comes_as_it_is_known_is_not_read_again() -> None:
    head, *parts, end = read(PAGE, KNOWN)
    assert isinstance(head, AnswerHead)
    assert end == AnswerEnd("1", COUNT, 0)
    assert unchanged(parts).keys() == KNOWN.keys()
    one = unchanged(parts)[list_id(7)]
    assert one == Unchanged("customer", list_id(7), KNOWN[list_id(7)], "2014-07-20T07:07:56-05:00")


@given(edited=st.sets(st.integers(0, COUNT - 1)), gone=st.sets(st.integers(0, COUNT - 1)), size=st.integers(1, 5000))
def test_whatever_was_edited_is_read_however_the_bytes_come(edited: set[int], gone: set[int], size: int) -> None:
    numbers = [number for number in range(COUNT) if number not in gone]
    body = "".join(customer(number, "555-0199" if number in edited else "555-0100") for number in numbers)
    parts = read(HEAD + answer(body) + TAIL, KNOWN, size=size)
    assert observed(parts).keys() | unchanged(parts).keys() == set(map(list_id, numbers))
    assert not observed(parts).keys() & unchanged(parts).keys()
    assert not unchanged(parts).keys() & set(map(list_id, edited))
    # Until the beginning of the answer has been parsed, and the next record begins, nothing can be taken out.
    late = set(map(list_id, numbers[: 2 + size // len(customer(0))]))
    assert observed(parts).keys() <= set(map(list_id, edited)) | late
    for number in set(numbers) & edited:
        assert observed(parts)[list_id(number)].values["Phone"] == "555-0199"
    assert parts[-1] == AnswerEnd("1", len(numbers), 0)


@given(size=st.integers(1, 5000))
def test_marks_do_not_depend_on_how_the_bytes_come(size: int) -> None:
    assert marks_of(read(PAGE, {}, size=size)).items() <= KNOWN.items()


@given(cuts=st.sets(st.integers(1, len(PAGE) - 1), max_size=6), known=st.booleans())
def test_no_byte_is_lost_wherever_the_stream_is_cut(cuts: set[int], *, known: bool) -> None:
    pieces = [PAGE[start:end].encode() for start, end in pairwise([0, *sorted(cuts), len(PAGE)])]

    class Cut(io.RawIOBase):
        def read(self, _size: int = -1, /) -> bytes:
            return pieces.pop(0) if pieces else b""

    marks = KNOWN if known else {}
    parts = list(read_answer(Cut(), {"1": context()}, lambda _, ids: {one: marks[one] for one in ids if one in marks}))
    assert observed(parts).keys() | unchanged(parts).keys() == KNOWN.keys()
    assert parts[-1] == AnswerEnd("1", COUNT, 0)


def test_an_attribute_may_hold_the_end_of_a_tag() -> None:
    text = PAGE.replace("Status OK", "a > b")
    assert unchanged(read(text, KNOWN)).keys() == KNOWN.keys()


def test_a_mark_belongs_to_what_was_asked_for() -> None:
    parts = read(PAGE, KNOWN, {"1": context("customer", "customer.Balance")})
    assert observed(parts).keys() == KNOWN.keys()


@pytest.mark.parametrize(
    "body",
    [
        customer(3).replace("<Phone>", "<!-- <CustomerRet> --><Phone>"),
        customer(3).replace("555-0100", "<![CDATA[</CustomerRet>]]>"),
        customer(3, before="<ParentRef><ListID>80000009-1</ListID></ParentRef>"),
        customer(3).replace("<CustomerRet>", '<CustomerRet note="a">'),
        customer(3).replace("</CustomerRet>", "</CustomerRet >"),
        f"<Odd>{customer(3)}</Odd>{customer(3)}",
        customer(3).replace("<Phone>", f"<Odd>{customer(4)}</Odd><Phone>"),
    ],
    ids=[
        "comment",
        "CDATA",
        "ListID not first",
        "attribute",
        "blank in the end tag",
        "within another",
        "around another",
    ],
)
def test_what_looks_otherwise_is_read_whole(body: str) -> None:
    text = HEAD + answer(customer(1) + body + customer(2)) + TAIL
    plainly = list(read_answer(io.BytesIO(text.encode()), {"1": context()}))
    parts = read(text, {})
    assert observed(parts)[list_id(3)].values["Name"] == "Dupont 3"
    assert observed(parts).keys() == observed(plainly).keys() == {list_id(1), list_id(2), list_id(3)}
    again = read(text, marks_of(parts))
    assert observed(again).keys() | unchanged(again).keys() == observed(plainly).keys()


def test_a_record_that_comes_twice_and_differs_has_no_mark() -> None:
    parts = read(HEAD + answer(customer(1) + customer(1, "555-0199")) + TAIL, {})
    assert marks_of(parts) == {}


def test_each_answer_of_a_message_set_has_its_own_marks() -> None:
    item = customer(5, tag="ItemServiceRet")
    expected: dict[str, Context] = {"1": context(), "2": context(), "3": context("item")}
    empty = '<CustomerQueryRs requestID="1" statusCode="0" statusSeverity="Info" statusMessage="" retCount="2" />\n'
    page = answer(customer(1) + customer(2), request_id="2")
    text = HEAD + empty + page + answer(item, query="ItemQuery", request_id="3") + TAIL
    first = read(text, {}, expected)
    marks = marks_of(first)
    assert marks.keys() == {list_id(1), list_id(2), list_id(5)}
    again = read(text, marks, expected)
    assert unchanged(again).keys() == marks.keys()
    ends = [part for part in again if isinstance(part, AnswerEnd)]
    assert ends == [AnswerEnd("1", 0, 0), AnswerEnd("2", 2, 0), AnswerEnd("3", 1, 0)]
    assert unchanged(again)[list_id(5)].list == "item"


def test_a_fault_behind_known_records_is_told_with_its_line() -> None:
    broken = HEAD + answer("".join(map(customer, range(COUNT))) + "<CustomerRet></Name>") + TAIL
    with pytest.raises(NotXML) as told:
        read(broken, {})
    with pytest.raises(NotXML) as again:
        read(broken, KNOWN)
    assert str(again.value) == str(told.value)


def test_an_answer_that_stops_behind_known_records_is_cut_off() -> None:
    with pytest.raises(Truncated):
        read(PAGE[: PAGE.index(list_id(9))], KNOWN)
