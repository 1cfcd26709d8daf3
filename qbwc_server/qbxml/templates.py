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
DELETED: Final = "deleted"
DELETED_FILE: Final = "list_deleted_query.xml"

# What must stand in the request of each way, for the program to fill it: in each list's own file ...
_OF_A_LIST: Final = {
    BY_LIST_ID: ("ListID",),
    BY_FULL_NAME: ("FullName",),
    FIND: ("MaxReturned", "ActiveStatus", "NameFilter/Name"),
    PAGE: ("MaxReturned", "ActiveStatus", "FromModifiedDate"),
}
# ... and in the one that all lists share.
_OF_ALL: Final = {DELETED: ("ListDelType", "DeletedDateRangeFilter/FromDeletedDate")}

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
        file = DELETED_FILE if way in _OF_ALL else kind.template
        ways = self._ways.get(file)
        if ways is None:
            ways = self._ways[file] = self._read(file)
        return parse_small(ways[way])

    def _read(self, file: str) -> dict[str, bytes]:
        try:
            root = parse_small(self._load(FOLDER, file))
        except NotXML as error:
            raise TemplateError(f"{FOLDER}/{file}: {error}; put it back as it was installed") from None
        # At start and again whenever a template is read for sending, whichever of its requests is wanted.
        check_element(root)
        ways = {request.get("requestID", ""): request for request in root.iterfind("QBXMLMsgsRq/*")}
        wanted = _OF_ALL if file == DELETED_FILE else _OF_A_LIST
        for way, needed in wanted.items():
            request = ways.get(way)
            missing = [way] if request is None else [path for path in needed if request.find(path) is None]
            if missing:
                raise TemplateError(f"{FOLDER}/{file} lacks {', '.join(missing)}; put it back as it was installed")
        return {
            way: etree.tostring(ways[way], encoding="ascii", xml_declaration=False, with_tail=False) for way in wanted
        }

    def check(self) -> None:
        """Read every template and pass it through the read-only gate; done at start.

        Raises:
            NotReadOnly: one holds a request that is not on the closed list.
            TemplateError: one is no qbXML document or lacks a way of asking.
        """
        for file in (*(kind.template for kind in LISTS), DELETED_FILE):
            self._read(file)


@lru_cache(maxsize=1)
def installed() -> Templates:
    """Give the templates that the program was installed with."""
    return Templates()
