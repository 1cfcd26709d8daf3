import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbwc_server.qbxml.characters import Cleaner, fix_cp1252, parse_small, sendable, tidy
from qbwc_server.qbxml.errors import NotXML


def cleaned(*chunks: bytes) -> bytes:
    cleaner = Cleaner()
    return b"".join(cleaner.feed(chunk) for chunk in chunks) + cleaner.close()


@pytest.mark.parametrize(
    "bad",
    [
        b"\x00",
        b"\x08",
        b"\x0b",
        b"\x0c",
        b"\x0e",
        b"\x1f",
        b"&#0;",
        b"&#x1F;",
        b"&#x1f;",
        b"&#X1F;",
        b"&#31;",
        b"&#0031;",
        b"&#x000b;",
        b"&#11;",
        b"&#xD83D;",
        b"&#55357;",
        b"&#57343;",
        b"&#65535;",
        b"&#xFFFE;",
    ],
)
def test_what_xml_forbids_is_removed(bad: bytes) -> None:
    assert cleaned(b"<a>x" + bad + b"y</a>") == b"<a>xy</a>"


@pytest.mark.parametrize(
    "good",
    [
        b"\t",
        b"\n",
        b"\r",
        b"&#9;",
        b"&#xA;",
        b"&#13;",
        b"&#233;",
        b"&#x20;",
        b"&#32;",
        b"&amp;",
        b"&#128512;",
        b"&#55295;",
    ],
)
def test_what_xml_allows_stays(good: bytes) -> None:
    assert cleaned(b"<a>x" + good + b"y</a>") == b"<a>x" + good + b"y</a>"


@given(st.lists(st.integers(1, 60)))
def test_chunks_make_no_difference(cuts: list[int]) -> None:
    text = b"\xef\xbb\xbf \n<a>&#x1F;b&#233;&amp;#x1F;<b/>\x01&#000000031;</a>"
    chunks, at = [], 0
    for cut in cuts:
        chunks.append(text[at : at + cut])
        at += cut
    assert cleaned(*chunks, text[at:]) == b"<a>b&#233;&amp;#x1F;<b/></a>"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 10, 1000])
@pytest.mark.parametrize(
    "text",
    [
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        b"<?xml version='1.0'?><!DOC\x00TYPE a><a/>",
        b"<!-- <a -->                        <!DOCTYPE a><a/>",
    ],
)
def test_a_doctype_is_refused_wherever_chunks_end(text: bytes, size: int) -> None:
    with pytest.raises(NotXML, match="DOCTYPE"):
        cleaned(*(text[at : at + size] for at in range(0, len(text), size)))


def test_blanks_and_a_byte_order_mark_before_the_document_are_dropped() -> None:
    assert cleaned(b"\xef", b"\xbb\xbf\r\n ", b" <a/>") == b"<a/>"


def test_only_blanks_is_empty() -> None:
    cleaner = Cleaner()
    cleaner.feed(b" \n ")
    assert cleaner.is_empty
    cleaner.feed(b"x")
    assert not cleaner.is_empty


def test_windows_characters_are_mapped_and_undefined_ones_stay() -> None:
    assert fix_cp1252("L\x92\x80 \x93a\x94 \x85\x81é") == "L\u2019€ “a” …\x81é"


def test_a_field_keeps_its_blanks_and_gets_plain_line_ends() -> None:
    assert tidy("  a\r\nb\rc\n ") == "  a\nb\nc\n "


def test_a_reference_escaped_twice_is_removed_only_if_it_names_a_control_character() -> None:
    assert tidy("a&#x1F;b&#31;c&#233;d &# e") == "abc&#233;d &# e"


@given(st.text())
def test_what_is_sent_can_stand_in_xml(text: str) -> None:
    bare = sendable(text)
    data = bare.replace("&", "&amp;").replace("<", "&lt;").replace("\r", "&#13;").encode()
    assert (parse_small(b"<a>" + data + b"</a>").text or "") == bare


def test_an_encoding_that_the_document_declares_is_not_believed() -> None:
    assert parse_small("<?xml version='1.0' encoding='utf-16'?><a>é</a>".encode()).text == "é"
