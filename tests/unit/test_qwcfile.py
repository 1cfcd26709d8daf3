import re
from xml.etree import ElementTree as ET

import pytest

from qbwc_server import qwcfile
from qbwc_server.qwcfile import QwcError, new_guid, write_qwc

OWNER = "{0D6C6763-ECBB-48A6-9B11-04CD9724BC6C}"
FILE = "{DE877890-2E81-4EA1-AE64-E735E01316E8}"


def written(**changes: object) -> bytes:
    values: dict[str, object] = {
        "app_name": "Acme to website",
        "public_url": "https://books.example.com/acme",
        "description": "Copies customers and items to the website",
        "user_name": "acme",
        "owner_id": OWNER,
        "file_id": FILE,
    }
    return write_qwc(**(values | changes))  # type: ignore[arg-type]


def read(source: bytes) -> dict[str, str | None]:
    root = ET.fromstring(source)  # noqa: S314 - our own output
    assert root.tag == "QBWCXML"
    return {element.tag: element.text for element in root.iter()}


def test_it_follows_the_rules_of_the_web_connector() -> None:
    source = written()
    values = read(source)

    assert values["AppURL"] == "https://books.example.com/acme/qbwc"
    assert values["AppSupport"] == "https://books.example.com/acme/support"
    assert values["AppID"] is None
    assert values["UserName"] == "acme"
    assert (values["OwnerID"], values["FileID"]) == (OWNER, FILE)
    assert (values["QBType"], values["Style"]) == ("QBFS", "Document")
    assert values["PersonalDataPref"] == "pdpNotNeeded"
    assert values["UnattendedModePref"] == "umpOptional"
    assert values["IsReadOnly"] == "false"
    assert values["RunEveryNMinutes"] == "5"
    assert "AuthFlags" not in values
    assert source.startswith(b'<?xml version="1.0"?>\n<QBWCXML>')
    assert b"<!--" not in source


def test_the_same_company_always_gets_the_same_file() -> None:
    assert written() == written()


def test_texts_are_escaped_and_ascii() -> None:
    source = written(app_name="Acmé & <fils>")

    assert source.isascii()
    assert read(source)["AppName"] == "Acmé & <fils>"


def test_a_long_description_is_cut_at_80_characters() -> None:
    text = read(written(description="word " * 40))["AppDescription"]

    assert text is not None
    assert len(text) <= 80
    assert text.endswith("…")


def test_guids_are_written_in_braces_however_they_come() -> None:
    assert read(written(owner_id=OWNER.strip("{}")))["OwnerID"] == OWNER


@pytest.mark.parametrize("bad", ["", "acme", "{123}", OWNER + "0", OWNER[:-1] + "<"])
def test_what_is_no_guid_is_refused(bad: str) -> None:
    with pytest.raises(QwcError, match="FileID must be a GUID"):
        written(file_id=bad)


def test_a_new_guid_is_in_braces_and_never_the_same() -> None:
    first, second = new_guid(), new_guid()

    assert re.fullmatch(r"\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}", first)
    assert first != second


def test_the_first_interval_can_be_chosen() -> None:
    assert read(written(minutes=15))["RunEveryNMinutes"] == "15"
    with pytest.raises(QwcError, match="use 1 or more"):
        written(minutes=0)


def test_a_character_xml_cannot_hold_is_refused() -> None:
    with pytest.raises(QwcError, match="AppName holds a character"):
        written(app_name="Acme\x01")


@pytest.mark.parametrize(
    ("template", "complaint"),
    [
        (b"<QBWCXML><AppName/></QBWCXML>", "must have the element AppURL exactly once"),
        (b"<QBWCXML><AppName/>", "is not valid XML"),
        (b"<!DOCTYPE x><QBWCXML/>", "has a DOCTYPE"),
    ],
)
def test_a_spoilt_template_is_named_with_the_cure(
    monkeypatch: pytest.MonkeyPatch, template: bytes, complaint: str
) -> None:
    monkeypatch.setattr(qwcfile, "resource_bytes", lambda _folder, _name: template)

    with pytest.raises(QwcError, match=complaint):
        written()
