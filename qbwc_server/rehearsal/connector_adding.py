"""Adding an application: reading a .qwc file, and the checks the Web Connector makes before it takes one.

Source: QBWC guide, chapter 4 (the file) and appendix A (QBWC1000 to 1004, 1010, 1039, 1048).
"""

from __future__ import annotations

import http.client
import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

from lxml import etree

if TYPE_CHECKING:
    import ssl

_SECONDS: Final = 30.0
_GOOD: Final = (200, 202)
_GUID: Final = re.compile(r"\{[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}")
_NEEDED: Final = ("AppName", "AppURL", "AppDescription", "AppSupport", "UserName", "OwnerID", "FileID", "QBType")


class NotAdded(Exception):
    """The Web Connector refuses the file; the text begins with the number it shows."""


@dataclass(frozen=True, slots=True)
class AddedApplication:
    """What the Web Connector keeps of a .qwc file.

    Attributes:
        name: How it is listed.
        url: What is called (AppURL).
        support: The page for people (AppSupport).
        user: Sent with the password that is typed in.
        owner_id: Whose mark the company file gets, in braces.
        file_id: The mark, in braces.
    """

    name: str
    url: str
    support: str
    user: str
    owner_id: str
    file_id: str


def add_application(file: bytes, *, ssl_context: ssl.SSLContext | None = None) -> AddedApplication:
    """Reads a .qwc file as "Add an application" does, and opens its pages as that does.

    Args:
        file: The file as downloaded.
        ssl_context: For https with a certificate of one's own.

    Raises:
        NotAdded: The file, an address in it or what answers there is refused.
    """
    found = _read(file)
    try:
        app, support = urlsplit(found.url), urlsplit(found.support)
    except ValueError:
        raise NotAdded("QBWC1039: AppURL or AppSupport is no address.") from None
    if app.hostname != support.hostname:
        raise NotAdded("QBWC1000: AppURL and AppSupport are on different hosts.")
    for code, parts in (("QBWC1001", app), ("QBWC1002", support)):
        if _is_number(parts.hostname or ""):
            raise NotAdded(f"{code}: an IP address stands for the host.")
    if app.scheme != "https" and app.hostname != "localhost":
        raise NotAdded("QBWC1010: http is taken for localhost only.")
    status = _status(found.support, "QBWC1004", ssl_context)
    if status not in _GOOD:
        raise NotAdded(f"QBWC1003: the support page answered {status}.")
    if app.scheme == "https":
        status = _status(found.url, "QBWC1048", ssl_context)
        if status not in _GOOD:
            raise NotAdded(f"QBWC1048: the address answered {status} when its certificate was looked at.")
    return found


def _read(file: bytes) -> AddedApplication:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        parser.feed(file)
        root = parser.close()
    except etree.XMLSyntaxError as problem:
        raise NotAdded(f"QBWC1039: the file is not XML ({problem}).") from None
    texts = {str(child.tag): (child.text or "").strip() for child in root if isinstance(child.tag, str)}
    missing = [name for name in _NEEDED if not texts.get(name)]
    if root.tag != "QBWCXML" or missing or "AppID" not in texts:
        raise NotAdded(f"QBWC1039: the file lacks {', '.join(missing) or 'AppID'}.")
    if not (_GUID.fullmatch(texts["OwnerID"]) and _GUID.fullmatch(texts["FileID"])):
        raise NotAdded("QBWC1039: OwnerID and FileID are GUIDs in braces.")
    if texts.get("IsReadOnly", "false") == "true":
        raise NotAdded("QBWC1039: with IsReadOnly the FileID cannot be registered.")
    return AddedApplication(
        texts["AppName"], texts["AppURL"], texts["AppSupport"], texts["UserName"], texts["OwnerID"], texts["FileID"]
    )


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _status(url: str, code: str, ssl_context: ssl.SSLContext | None) -> int:
    parts = urlsplit(url)
    try:
        if parts.scheme == "https":
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                parts.netloc, timeout=_SECONDS, context=ssl_context
            )
        else:
            connection = http.client.HTTPConnection(parts.netloc, timeout=_SECONDS)
        try:
            connection.request("GET", urlunsplit(("", "", parts.path or "/", parts.query, "")))
            return connection.getresponse().status
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as problem:
        raise NotAdded(f"{code}: {url} does not answer ({problem}).") from None
