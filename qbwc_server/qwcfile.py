"""Writes the .qwc file by which the Web Connector learns of this server.

Source: QBWC guide, chapter 4; that IsReadOnly must be false and GUIDs must stay the same was learnt in the field.
"""

import re
import uuid
from io import BytesIO
from typing import Final

from lxml import etree

from qbwc_server.resources import resource_bytes

_FOLDER: Final = "qwc"
_TEMPLATE: Final = "qbwc.qwc"
_DESCRIPTION_LENGTH: Final = 80
_GUID: Final = re.compile(r"\{?([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})\}?")


class QwcError(Exception):
    """The .qwc file cannot be written: a value does not fit into it, or the template lacks an element."""


def new_guid() -> str:
    """Returns a new GUID as a .qwc file has it: in braces, capitals. Store it: a company keeps its own for ever."""
    return f"{{{str(uuid.uuid4()).upper()}}}"


def write_qwc(
    *,
    app_name: str,
    public_url: str,
    description: str,
    user_name: str,
    owner_id: str,
    file_id: str,
    minutes: int | None = None,
) -> bytes:
    """Returns the .qwc file of a company; the same values always give the same bytes.

    Args:
        app_name: The name QuickBooks and the Web Connector show.
        public_url: The checked public address; /qbwc and /support are added, so both are in one domain.
        description: A line for people; what is over 80 characters is cut.
        user_name: The company's Web Connector account.
        owner_id: The GUID of this installation, braces or not.
        file_id: The GUID of this company, the same way.
        minutes: How often the Web Connector calls to begin with; the template's own figure when left out.

    Raises:
        QwcError: A value cannot stand in the file, or the template is not as it should be.
        ResourceMissing: The template is not there.
    """
    base = public_url.rstrip("/")
    values = {
        "AppName": app_name,
        "AppURL": f"{base}/qbwc",
        "AppDescription": _cut(description),
        "AppSupport": f"{base}/support",
        "UserName": user_name,
        "OwnerID": _guid("OwnerID", owner_id),
        "FileID": _guid("FileID", file_id),
    }
    if minutes is not None:
        if minutes < 1:
            raise QwcError(f"The Web Connector cannot call every {minutes} minutes; use 1 or more.")
        values["Scheduler/RunEveryNMinutes"] = str(minutes)
    root = _template()
    for path, value in values.items():
        _put(root, path, value)
    # Nothing but ASCII is written, so that no reader has to guess an encoding.
    return b'<?xml version="1.0"?>\n' + etree.tostring(root, encoding="ascii") + b"\n"


def _template() -> etree._Element:
    source = resource_bytes(_FOLDER, _TEMPLATE)
    if b"<!DOCTYPE" in source:
        raise QwcError(f"{_FOLDER}/{_TEMPLATE} has a DOCTYPE, which the Web Connector does not expect. Take it out.")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.parse(BytesIO(source), parser).getroot()
    except etree.XMLSyntaxError as fault:
        raise QwcError(f"{_FOLDER}/{_TEMPLATE} is not valid XML: {fault.msg}. Correct it, or put it back.") from None
    for element in root.iter():
        # An empty element is written with both its tags, as in Intuit's own samples.
        element.text = element.text or ""
    return root


def _put(root: etree._Element, path: str, value: str) -> None:
    found = root.findall(path)
    if len(found) != 1:
        raise QwcError(f"{_FOLDER}/{_TEMPLATE} must have the element {path} exactly once. Correct it, or put it back.")
    try:
        found[0].text = value
    except ValueError:
        raise QwcError(f"{path} holds a character that cannot stand in a .qwc file. Take it out.") from None


def _guid(element: str, text: str) -> str:
    match = _GUID.fullmatch(text.strip())
    if match is None:
        raise QwcError(f"{element} must be a GUID such as {{00000000-0000-0000-0000-000000000000}}, not {text!r}.")
    return f"{{{match[1]}}}"


def _cut(description: str) -> str:
    line = " ".join(description.split())
    return line if len(line) <= _DESCRIPTION_LENGTH else line[: _DESCRIPTION_LENGTH - 1].rstrip() + "…"
