"""Reads the HCP answer: what QBWC sends of QuickBooks, the company file and its preferences in the first call.

Source: qbXML SDK facts, "HostRet, CompanyRet"; the company's FileID stands in DataExtRet under our OwnerID.
Tax numbers (EIN, SSN), addresses and subscriptions are in it too, and are not read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from qbwc_server.qbxml.characters import Cleaner, Element, events_of, new_pull_parser, tidy
from qbwc_server.qbxml.errors import NotXML

SINGLE_USER: Final = "SingleUser"
_HOST: Final = "QBXMLMsgsRs/HostQueryRs/HostRet"
_COMPANY: Final = "QBXMLMsgsRs/CompanyQueryRs/CompanyRet"
_PREFERENCES: Final = "QBXMLMsgsRs/PreferencesQueryRs/PreferencesRet"
_FILE_ID: Final = "FileID"


@dataclass(frozen=True, slots=True)
class HCP:
    """What the HCP answer says; a part that is absent or unreadable is empty or None.

    Attributes:
        product: ``QuickBooks Pro 2014``.
        major: the product's major version as text, ``24``.
        minor: its minor version as text.
        country: ``US``, ``CA``, ``UK``, ``AU``, or empty.
        supported_versions: SupportedQBXMLVersion in QuickBooks's order.
        file_mode: ``SingleUser`` or ``MultiUser``.
        company_name: the company's name.
        file_ids: OwnerID -> FileID, both as plain_guid gives them.
        is_automatic_login: whether QuickBooks was opened by the Web Connector itself.
        multi_currency: whether the company uses several currencies.
        personal_data: whether this program may read personal data.
        readable: whether the whole text could be read.
    """

    product: str = ""
    major: str = ""
    minor: str = ""
    country: str = ""
    supported_versions: tuple[str, ...] = ()
    file_mode: str = ""
    company_name: str = ""
    file_ids: Mapping[str, str] = field(default_factory=dict)
    is_automatic_login: bool | None = None
    multi_currency: bool | None = None
    personal_data: bool | None = None
    readable: bool = False


def plain_guid(text: str) -> str:
    """Give a GUID as it is compared: lower case, without braces or blanks."""
    return text.strip().strip("{}").strip().lower()


def read_hcp(text: str) -> HCP:
    """Read an HCP answer; never raises: what cannot be read is left out and ``readable`` is false."""
    parser = new_pull_parser(("start",), ("QBXML",))
    cleaner = Cleaner()
    readable = True
    try:
        parser.feed(cleaner.feed(text.encode("utf-8", "replace")))
        parser.feed(cleaner.close())
        parser.close()
    except (etree.XMLSyntaxError, NotXML):
        readable = False
    root = next((element for _event, element in events_of(parser) if element.getparent() is None), None)
    if root is None:
        return HCP()
    return HCP(
        product=_text(root, f"{_HOST}/ProductName"),
        major=_text(root, f"{_HOST}/MajorVersion"),
        minor=_text(root, f"{_HOST}/MinorVersion"),
        country=_text(root, f"{_HOST}/Country"),
        supported_versions=tuple(tidy(each.text or "") for each in root.iterfind(f"{_HOST}/SupportedQBXMLVersion")),
        file_mode=_text(root, f"{_HOST}/QBFileMode"),
        company_name=_text(root, f"{_COMPANY}/CompanyName"),
        file_ids=_file_ids(root),
        is_automatic_login=_bool(root, f"{_HOST}/IsAutomaticLogin"),
        multi_currency=_bool(root, f"{_PREFERENCES}/MultiCurrencyPreferences/IsMultiCurrencyOn"),
        personal_data=_bool(root, f"{_PREFERENCES}/CurrentAppAccessRights/IsPersonalDataAccessAllowed"),
        readable=readable,
    )


def _text(root: Element, path: str) -> str:
    return tidy(root.findtext(path) or "").strip()


def _bool(root: Element, path: str) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(_text(root, path))


def _file_ids(root: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for extension in root.iterfind(f"{_COMPANY}/DataExtRet"):
        owner, value = _text(extension, "OwnerID"), _text(extension, "DataExtValue")
        if _text(extension, "DataExtName") == _FILE_ID and owner and value:
            found.setdefault(plain_guid(owner), plain_guid(value))
    return found
