"""The writer of SOAP answers."""

import pytest
from lxml import etree

from qbwc_server.soap.answers import escape, write_answer, write_fault

INTUIT = "{http://developer.intuit.com/}"
SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"


def parse(answer: bytes) -> etree._Element:
    return etree.XML(answer)


def test_text_comes_back_as_it_was_given() -> None:
    text = '<?xml version="1.0"?>\r\n<QBXML>é 😀 &amp; "x" \t]]></QBXML>\n'
    result = parse(write_answer("sendRequestXML", text)).find(f".//{INTUIT}sendRequestXMLResult")
    assert result is not None
    assert result.text == text


def test_a_number_is_written_in_digits() -> None:
    assert b"<receiveResponseXMLResult>-1</receiveResponseXMLResult>" in write_answer("receiveResponseXML", -1)


def test_members_of_an_array_are_in_intuits_namespace_in_order() -> None:
    members = parse(write_answer("authenticate", ("t", "", "<60>"))).findall(
        f"{SOAP}Body/{INTUIT}authenticateResponse/{INTUIT}authenticateResult/{INTUIT}string"
    )
    assert [member.text or "" for member in members] == ["t", "", "<60>"]


def test_empty_text_is_an_element_without_text() -> None:
    assert b"<clientVersionResult></clientVersionResult>" in write_answer("clientVersion", "")


@pytest.mark.parametrize("bad", ["\x00", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_characters_xml_cannot_carry_are_left_out(bad: str) -> None:
    assert escape(f"a{bad}b") == "ab"
    parse(write_answer("getLastError", f"a{bad}b"))


@pytest.mark.parametrize("unfit", [None, 1.5, True, b"bytes", ("t", None)])
def test_what_the_protocol_has_no_form_for_is_refused(unfit: object) -> None:
    with pytest.raises(TypeError):
        write_answer("getLastError", unfit)  # type: ignore[arg-type]  # that is the point


def test_a_fault_is_a_soap_11_fault() -> None:
    fault = parse(write_fault("Client", "<no>")).find(f"{SOAP}Body/{SOAP}Fault")
    assert fault is not None
    assert (fault.findtext("faultcode"), fault.findtext("faultstring")) == ("soap:Client", "<no>")
