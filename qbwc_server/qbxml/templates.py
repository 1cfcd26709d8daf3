"""The files of qbxml_templates: whole qbXML documents, parsed once and filled by copying.

Each holds one request per way of asking, told apart by its requestID.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from lxml import etree

from qbwc_server.qbxml.characters import Element, parse_small
from qbwc_server.qbxml.errors import NotXML, TemplateError
from qbwc_server.qbxml.gate import check_element
from qbwc_server.qbxml.lists import LISTS, ListType
from qbwc_server.resources import resource_bytes

FOLDER: Final = "qbxml_templates"
BY_LIST_ID: Final = "by-list-id"
BY_FULL_NAME: Final = "by-full-name"
FIND: Final = "find"
PAGE: Final = "page"

# What must stand in the request of each way, for the program to fill it.
_NEEDED: Final = {
    BY_LIST_ID: ("ListID",),
    BY_FULL_NAME: ("FullName",),
    FIND: ("MaxReturned", "ActiveStatus", "NameFilter/Name"),
    PAGE: ("MaxReturned", "ActiveStatus"),
}

Loader = Callable[[str, str], bytes]


class Templates:
    """The templates as ``load`` gives them; each is read when it is first used.

    Args:
        load: gives the bytes of a file from its folder and name.
    """

    def __init__(self, load: Loader = resource_bytes) -> None:
        self._load = load
        # As bytes: a parsed tree is not shared between threads.
        self._ways: dict[str, dict[str, bytes]] = {}

    def request(self, kind: ListType, way: str) -> Element:
        """Give a fresh copy of the request element for one way of asking.

        Raises:
            NotReadOnly: the file holds a request that is not on the closed list.
            TemplateError: the file is no qbXML document or lacks that way.
        """
        ways = self._ways.get(kind.name)
        if ways is None:
            ways = self._ways[kind.name] = self._read(kind)
        return parse_small(ways[way])

    def _read(self, kind: ListType) -> dict[str, bytes]:
        try:
            root = parse_small(self._load(FOLDER, kind.template))
        except NotXML as error:
            raise TemplateError(f"{FOLDER}/{kind.template}: {error}; put it back as it was installed") from None
        # At start and again whenever a template is read for sending, whichever of its requests is wanted.
        check_element(root)
        ways = {request.get("requestID", ""): request for request in root.iterfind("QBXMLMsgsRq/*")}
        for way, needed in _NEEDED.items():
            request = ways.get(way)
            missing = [way] if request is None else [path for path in needed if request.find(path) is None]
            if missing:
                raise TemplateError(
                    f"{FOLDER}/{kind.template} lacks {', '.join(missing)}; put it back as it was installed"
                )
        return {
            way: etree.tostring(ways[way], encoding="ascii", xml_declaration=False, with_tail=False) for way in _NEEDED
        }

    def check(self) -> None:
        """Read every template and pass it through the read-only gate; done at start.

        Raises:
            NotReadOnly: one holds a request that is not on the closed list.
            TemplateError: one is no qbXML document or lacks a way of asking.
        """
        for kind in LISTS:
            self._read(kind)


@lru_cache(maxsize=1)
def installed() -> Templates:
    """Give the templates that the program was installed with."""
    return Templates()
