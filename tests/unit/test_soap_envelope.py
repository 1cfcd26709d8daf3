"""The reader of SOAP requests."""

import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qbwc_server.soap import errors
from qbwc_server.soap.envelope import Call, read_envelope

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
INTUIT = "http://developer.intuit.com/"
HEAD = f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{SOAP}" xmlns:xsi="{XSI}">'
TAIL = "</soap:Envelope>"


def envelope(method: str, parameters: str = "") -> str:
    return f'{HEAD}<soap:Body><{method} xmlns="{INTUIT}">{parameters}</{method}></soap:Body>{TAIL}'


def pieces(body: bytes, size: int) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))


@contextlib.contextmanager
def read(body: str | bytes, size: int = 65536) -> Iterator[Call]:
    data = body.encode() if isinstance(body, str) else body
    with contextlib.closing(read_envelope(pieces(data, size))) as call:
        yield call


def refusal(body: str | bytes) -> errors.EnvelopeError:
    with pytest.raises(errors.EnvelopeError) as caught, read(body):
        pass
    return caught.value


def receive(answer: str) -> str:
    return envelope("receiveResponseXML", f"<ticket>t</ticket><response>{answer}</response><hresult /><message />")


def test_method_and_parameters_are_read() -> None:
    with read(envelope("authenticate", "<strUserName>Ann</strUserName><strPassword>a&lt;b</strPassword>")) as call:
        assert call.method == "authenticate"
        assert call.values == {"strUserName": "Ann", "strPassword": "a<b"}
        assert call.response is None


def test_a_method_without_parameters_is_read() -> None:
    with read(f'{HEAD}<soap:Body><serverVersion xmlns="{INTUIT}" /></soap:Body>{TAIL}') as call:
        assert (call.method, call.values) == ("serverVersion", {})


def test_prefixed_intuit_names_and_unqualified_parameters_are_read() -> None:
    body = (
        f'{HEAD}<soap:Body><q1:getLastError xmlns:q1="{INTUIT}"><ticket>t</ticket></q1:getLastError></soap:Body>{TAIL}'
    )
    with read(body) as call:
        assert (call.method, call.values) == ("getLastError", {"ticket": "t"})


def test_a_header_is_passed_over() -> None:
    body = envelope("getLastError", "<ticket>t</ticket>").replace(
        "<soap:Body>", "<soap:Header><a>text<ticket>no</ticket></a></soap:Header><soap:Body>"
    )
    with read(body) as call:
        assert call.values == {"ticket": "t"}


def test_blanks_between_elements_and_a_byte_order_mark_are_passed_over() -> None:
    body = envelope("getLastError", "\n <ticket> t </ticket>\r\n").replace("<soap:Body>", "\n\t<soap:Body>\n")
    with read(b"\xef\xbb\xbf" + body.encode()) as call:
        assert call.values == {"ticket": " t "}


@pytest.mark.parametrize(
    ("nil", "expected"), [("true", ""), ("1", ""), (" true ", ""), ("false", "text"), ("0", "text")]
)
def test_nil_is_empty_text_and_not_nil_is_the_text(nil: str, expected: str) -> None:
    with read(envelope("getLastError", f'<ticket xsi:nil="{nil}">text</ticket>')) as call:
        assert call.values == {"ticket": expected}


def test_a_nil_answer_of_quickbooks_has_no_stream() -> None:
    body = envelope("receiveResponseXML", '<ticket>t</ticket><response xsi:nil="true" /><hresult>0x80040400</hresult>')
    with read(body) as call:
        assert call.response is None
        assert call.values == {"ticket": "t", "response": "", "hresult": "0x80040400"}


def test_the_answer_of_quickbooks_is_unescaped_into_a_stream() -> None:
    with read(receive('&lt;QBXML a="&#233;"&gt;é &amp;amp; 😀]]&gt;&lt;/QBXML&gt;')) as call:
        assert call.response is not None
        assert call.response.read().decode() == '<QBXML a="é">é &amp; 😀]]></QBXML>'
        assert call.values == {"ticket": "t", "response": "", "hresult": "", "message": ""}


def test_an_answer_in_cdata_is_read_as_text() -> None:
    with read(receive("<![CDATA[<QBXML>&amp;</QBXML>]]>")) as call:
        assert call.response is not None
        assert call.response.read() == b"<QBXML>&amp;</QBXML>"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_what_is_read_does_not_depend_on_how_the_body_is_cut(size: int) -> None:
    answer = "&lt;a&gt;é😀&#x1F;&#31;&#0;&#65;&#x41;\x01&amp;#x1F;&#xD;\n&lt;/a&gt;"
    with read(receive(answer), size) as call:
        assert call.response is not None
        # The doubly escaped reference is the inner reader's business.
        assert call.response.read().decode() == "<a>é😀AA&#x1F;\r\n</a>"
        assert call.method == "receiveResponseXML"


@pytest.mark.parametrize("bad", ["&#x1F;", "&#x001f;", "&#31;", "&#0;", "\x0b", "\x00", "&#xB;"])
def test_control_characters_are_dropped_from_every_parameter(bad: str) -> None:
    with read(envelope("connectionError", f"<ticket>a{bad}b</ticket><message>{bad}</message>")) as call:
        assert call.values == {"ticket": "ab", "message": ""}


def test_a_long_answer_is_kept_outside_memory() -> None:
    line = "&lt;Name&gt;Zoë &amp;amp; Sons&lt;/Name&gt;\n"
    expected = "<Name>Zoë &amp; Sons</Name>\n".encode()
    with read(receive(line * 100_000)) as call:
        assert call.response is not None
        assert vars(call.response)["_rolled"] is True
        assert call.response.read() == expected * 100_000


def broken_off(body: str) -> Iterator[bytes]:
    """What comes of a request for which the server finds no room."""
    yield body.encode()
    raise OSError(28, "No space left on device")


def test_a_request_that_breaks_off_within_the_answer_is_still_that_call() -> None:
    body = receive("x" * 5000)
    with contextlib.closing(read_envelope(broken_off(body[:-4000]))) as call:
        assert (call.method, call.values["ticket"]) == ("receiveResponseXML", "t")
        assert isinstance(call.trouble, OSError)


def test_a_request_that_breaks_off_elsewhere_is_no_call() -> None:
    with pytest.raises(OSError, match="No space"):
        read_envelope(broken_off(envelope("authenticate", "<strUserName>Ann</strUserName>")[:-30]))


def test_a_disk_that_takes_no_more_is_reported_and_the_envelope_is_still_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with read(receive("x" * (3 << 20)).replace("<message />", "<message>m</message>")) as call:
        assert isinstance(call.trouble, OSError)
        assert call.values["message"] == "m"


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("", errors.EmptyBodyError),
        ("no xml", errors.NotXMLError),
        (envelope("getLastError")[:-4], errors.NotXMLError),
        (envelope("getLastError")[:80], errors.NotXMLError),
        (envelope("getLastError") + "<more/>", errors.NotXMLError),
        (envelope("getLastError", "<ticket>&nbsp;</ticket>"), errors.NotXMLError),
        (envelope("getLastError", "<ticket>&#xFFFFFFFF;</ticket>"), errors.NotXMLError),
        (envelope("getLastError", "<ticket>é</ticket>").encode("latin-1"), errors.NotXMLError),
        (envelope("getLastError", "<ticket>").encode() + b"\xed\xa0\x80", errors.NotXMLError),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", errors.EncodingError),
        (envelope("getLastError").encode("utf-16"), errors.EncodingError),
        (envelope("getLastError").encode("utf-16-le"), errors.EncodingError),
        (envelope("getLastError").encode("utf-32-be"), errors.EncodingError),
        (envelope("getLastError").replace("utf-8", "iso-8859-1"), errors.EncodingError),
        (envelope("getLastError").replace("utf-8", "martian"), errors.EncodingError),
        (f"<!DOCTYPE x>{envelope('getLastError')[38:]}", errors.DoctypeError),
        (f'<!DOCTYPE x [<!ENTITY e "e">]>{envelope("getLastError")[38:]}', errors.DoctypeError),
        (envelope("getLastError").replace("<soap:Body>", "<?php echo ?><soap:Body>"), errors.InstructionError),
        ("<html><body>hello</body></html>", errors.VersionError),
        (envelope("getLastError").replace(SOAP, "http://www.w3.org/2003/05/soap-envelope"), errors.VersionError),
        (f"{HEAD}{TAIL}", errors.StructureError),
        (f"{HEAD}<soap:Header/>{TAIL}", errors.StructureError),
        (f"{HEAD}<soap:Body/>{TAIL}", errors.StructureError),
        (f"{HEAD}<soap:Body>text</soap:Body>{TAIL}", errors.StructureError),
        (f"{HEAD}<soap:Body/><soap:Body/>{TAIL}", errors.StructureError),
        (f"{HEAD}<soap:Body/><soap:Header/>{TAIL}", errors.StructureError),
        (f"{HEAD}<soap:Body><soap:Fault/></soap:Body>{TAIL}", errors.StructureError),
        (envelope("getLastError").replace("</soap:Body>", f'<a xmlns="{INTUIT}"/></soap:Body>'), errors.StructureError),
        (envelope("getLastError", "text"), errors.StructureError),
        (envelope("getLastError", "<ticket>a<b/></ticket>"), errors.StructureError),
        (envelope("getLastError", "<ticket>a</ticket><ticket>b</ticket>"), errors.StructureError),
        (f'{HEAD}<soap:Body><getLastError xmlns="http://example.org/"/></soap:Body>{TAIL}', errors.UnknownMethodError),
        (f"{HEAD}<soap:Body><getLastError/></soap:Body>{TAIL}", errors.UnknownMethodError),
        (envelope("getLastError", f"<ticket>{'x' * ((1 << 20) + 1)}</ticket>"), errors.ParameterTooLongError),
        (envelope("getLastError", "".join(f"<p{n}/>" for n in range(17))), errors.TooMuchMarkupError),
    ],
)
def test_what_is_no_honest_request_is_refused_with_its_cause(
    body: str | bytes, cause: type[errors.EnvelopeError]
) -> None:
    assert type(refusal(body)) is cause


def hostile() -> dict[str, bytes]:
    many = "".join(f' a{n}=""' for n in range(100_000))
    few = "".join(f' a{n}=""' for n in range(10_000))
    return {
        "100,000 attributes": envelope("getLastError").replace("<soap:Body>", f"<soap:Body{many}>").encode(),
        "10,000 attributes": envelope("getLastError").replace("<soap:Body>", f"<soap:Body{few}>").encode(),
        "100,000 elements": envelope("getLastError", "<ticket/>" * 100_000).encode(),
        "100,000 header elements": HEAD.encode() + b"<soap:Header>" + b"<a/>" * 100_000,
        "deep nesting": HEAD.encode() + b"<soap:Header>" + b"<a>" * 100_000,
        "an endless attribute": HEAD.encode() + b'<soap:Body a="' + b"x" * (20 << 20),
        "an endless comment": HEAD.encode() + b"<!--" + b"x" * (20 << 20),
        "an endless name": b"<" + b"x" * (20 << 20),
        "an endless reference": HEAD.encode() + b"<soap:Body>&#" + b"0" * (20 << 20),
        "many ampersands": HEAD.encode() + b"<soap:Body>" + b"&" * (20 << 20),
        "many namespaces": (
            HEAD + "<soap:Body" + "".join(f' xmlns:n{n}="urn:{n}"' for n in range(8000)) + ">"
        ).encode(),
    }


@pytest.mark.parametrize("attack", sorted(hostile()))
def test_a_hostile_body_is_refused_quickly(attack: str) -> None:
    body = hostile()[attack]
    start = time.perf_counter()
    refusal(body)
    assert time.perf_counter() - start < 1


def test_no_refusal_repeats_anything_of_the_request() -> None:
    secret = "Xyzzy"
    bodies = (
        envelope(secret, f"<{secret}>{secret}<b/></{secret}>"),
        envelope("getLastError", secret),
        envelope("getLastError", f"<ticket>&{secret};</ticket>"),
        f"<{secret}>",
        envelope("getLastError").replace("utf-8", secret),
        f'<!DOCTYPE {secret} [<!ENTITY {secret} "{secret}">]><a/>',
    )
    for body in bodies:
        error = refusal(body)
        assert secret not in str(error)
        assert error.__cause__ is None


def test_a_company_description_of_several_megabytes_is_read() -> None:
    text = "h" * (15 << 20)
    with read(envelope("sendRequestXML", f"<strHCPResponse>{text}</strHCPResponse>")) as call:
        assert call.values["strHCPResponse"] == text
