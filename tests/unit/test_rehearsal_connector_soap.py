from __future__ import annotations

import pytest

from qbwc_server.rehearsal.connector_soap import (
    Answer,
    EnvelopeError,
    SoapFaultError,
    build_envelope,
    escape,
    read_answer,
)

HEAD = (
    '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>'
)
TAIL = "</soap:Body></soap:Envelope>"
NS = 'xmlns="http://developer.intuit.com/"'


def wrap(inner: str) -> bytes:
    return (HEAD + inner + TAIL).encode()


def result(method: str, inner: str) -> bytes:
    return wrap(f"<{method}Response {NS}>{inner}</{method}Response>")


def test_a_call_without_parameters_is_one_empty_element() -> None:
    assert build_envelope("serverVersion", {}).decode() == f"{HEAD}<serverVersion {NS} />{TAIL}"


def test_parameters_stand_in_order_on_one_line_and_empty_ones_are_self_closed() -> None:
    envelope = build_envelope("receiveResponseXML", {"ticket": "t", "response": "<a>", "hresult": "", "message": ""})
    assert envelope.decode() == (
        f"{HEAD}<receiveResponseXML {NS}><ticket>t</ticket><response>&lt;a&gt;</response><hresult /><message />"
        f"</receiveResponseXML>{TAIL}"
    )


def test_a_null_parameter_is_left_out_and_zero_is_not() -> None:
    envelope = build_envelope("x", {"a": None, "b": 0}).decode()
    assert "<a" not in envelope
    assert "<b>0</b>" in envelope


def test_forbidden_characters_travel_as_references_as_dotnet_writes_them() -> None:
    assert escape("a\x1f\x02b\t\r\n\uffff'\"&<>") == "a&#x1F;&#x2;b\t\r\n&#xFFFF;'\"&amp;&lt;&gt;"


def test_text_outside_ascii_is_written_as_utf_8() -> None:
    assert "Vélo".encode() in build_envelope("authenticate", {"strUserName": "Vélo"})


def test_a_string_result_is_read() -> None:
    answer = read_answer(
        "serverVersion", result("serverVersion", "<serverVersionResult>1 &amp; 2</serverVersionResult>")
    )
    assert answer == Answer("1 & 2")


@pytest.mark.parametrize("inner", ["", '<clientVersionResult xsi:nil="true" />'])
def test_an_absent_or_nil_result_is_null(inner: str) -> None:
    assert read_answer("clientVersion", result("clientVersion", inner)).text is None


def test_an_empty_result_is_not_null() -> None:
    assert read_answer("clientVersion", result("clientVersion", "<clientVersionResult />")).text == ""


def test_the_array_is_read_with_nil_as_empty() -> None:
    inner = '<authenticateResult><string>t</string><string></string><string xsi:nil="true" /></authenticateResult>'
    assert read_answer("authenticate", result("authenticate", inner)).strings == ("t", "", "")


def test_array_members_of_another_namespace_are_not_seen() -> None:
    arrays = "http://schemas.microsoft.com/2003/10/Serialization/Arrays"
    inner = f'<authenticateResult><a:string xmlns:a="{arrays}">t</a:string></authenticateResult>'
    answer = read_answer("authenticate", result("authenticate", inner))
    assert answer.strings == ()
    assert arrays in answer.remarks[0]


def test_a_result_of_another_namespace_is_null_with_a_remark() -> None:
    answer = read_answer(
        "getLastError", result("getLastError", '<getLastErrorResult xmlns="urn:x">a</getLastErrorResult>')
    )
    assert answer.text is None
    assert "urn:x" in answer.remarks[0]


@pytest.mark.parametrize("text", ["-1", " 7 ", "+3", "007"])
def test_an_int_is_read_as_xml_schema_writes_it(text: str) -> None:
    inner = f"<receiveResponseXMLResult>{text}</receiveResponseXMLResult>"
    assert read_answer("receiveResponseXML", result("receiveResponseXML", inner)).number == int(text)


@pytest.mark.parametrize("text", [None, "", "1.0", "done", "2147483648"])
def test_what_is_no_int_is_refused(text: str | None) -> None:
    with pytest.raises(EnvelopeError, match="xs:int"):
        _ = Answer(text).number


def test_a_fault_is_raised_with_its_code_and_text() -> None:
    body = wrap("<soap:Fault><faultcode>soap:Server</faultcode><faultstring>it \n broke</faultstring></soap:Fault>")
    with pytest.raises(SoapFaultError) as caught:
        read_answer("getLastError", body)
    assert (caught.value.code, caught.value.text) == ("Server", "it broke")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not well-formed"),
        (b"<html><br></html>", "not well-formed"),
        (b"<html/>", "not the Envelope of SOAP 1.1"),
        (b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"/>', "not the Envelope of SOAP 1.1"),
        (wrap(""), "no Body"),
        (wrap(f"<otherResponse {NS}/>"), "otherResponse instead of"),
        (wrap("<serverVersionResponse/>"), "instead of"),
        (result("serverVersion", "<serverVersionResult><QBXML/></serverVersionResult>"), "not escaped"),
        (result("serverVersion", "<serverVersionResult>&#x1F;</serverVersionResult>"), "not well-formed"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "DOCTYPE"),
    ],
)
def test_what_a_dotnet_client_cannot_read_is_refused_with_the_reason(body: bytes, why: str) -> None:
    with pytest.raises(EnvelopeError, match=why):
        read_answer("serverVersion", body)


def test_a_text_beyond_ten_megabytes_is_read() -> None:
    text = "x" * 11_000_000
    answer = read_answer(
        "sendRequestXML", result("sendRequestXML", f"<sendRequestXMLResult>{text}</sendRequestXMLResult>")
    )
    assert answer.text == text
