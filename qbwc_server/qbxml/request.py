"""Builds the qbXML that is sent: one message set with any number of queries.

Source: qbXML SDK facts, "Envelope" and "Queries": the order of elements is QuickBooks's, and one element out of
place has the whole message set refused.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lxml import etree

from qbwc_server.qbxml import templates as ways
from qbwc_server.qbxml.asking import CUSTOM_FIELD, asked_fields, elements
from qbwc_server.qbxml.characters import Element, parse_small, sendable
from qbwc_server.qbxml.errors import NotReadOnly, TemplateError
from qbwc_server.qbxml.gate import check_read_only
from qbwc_server.qbxml.lists import ListType, list_type
from qbwc_server.qbxml.queries import ByFullName, ByListID, Count, Deleted, Find, Page, Request
from qbwc_server.qbxml.templates import Templates, installed
from qbwc_server.qbxml.versions import ITERATORS_SINCE, METADATA_SINCE, OLDEST, has, version_key

# QuickBooks refuses a longer requestID with status 1060.
REQUEST_ID_LENGTH: Final = 50
LIST_ID_LENGTH: Final = 36
MASK: Final = "***"
# QuickBooks reads a moment without an offset by its own clock, and refuses a Z or a fraction.
_WALL_CLOCK: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}")
_MASKED: Final = ("FullName", "NameFilter/Name", "NameRangeFilter/FromName", "NameRangeFilter/ToName")


@dataclass(frozen=True, slots=True)
class _Settings:
    version: str
    private: frozenset[str]
    limit_elements: bool
    country: str


def build_message_set(
    requests: Sequence[Request],
    *,
    version: str,
    private: frozenset[str] = frozenset(),
    limit_elements: bool = True,
    country: str = "US",
    templates: Templates | None = None,
) -> str:
    """Give the whole document for ``requests``, in their order.

    Args:
        requests: at least one; their requestIDs differ.
        version: the qbXML version to declare.
        private: the private fields that the owner publishes, ``customer.Balance``.
        limit_elements: name the wanted elements (IncludeRetElement); off after QuickBooks refused that.
        country: QuickBooks's country (US, CA, UK, AU).
        templates: other templates than the installed ones.

    Returns:
        ASCII text, other characters as decimal references.

    Raises:
        NotReadOnly: the document would hold a request that is not on the closed list.
        TemplateError: a template lacks what is needed.
        ValueError: a request that QuickBooks would refuse (no ListID, a requestID too long or used twice, a moment
            in another form), or that the version does not have (an iterator below 5.0, a Count below 4.0).
    """
    _check(requests)
    source = installed() if templates is None else templates
    settings = _Settings(version, private, limit_elements, country)
    root = etree.Element("QBXML")
    messages = etree.SubElement(root, "QBXMLMsgsRq", onError="continueOnError")
    for request in requests:
        messages.append(_fill(request, source, settings))
    etree.indent(root, space="")
    body = etree.tostring(root, encoding="ascii", xml_declaration=False).decode("ascii")
    version_key(version)
    text = f'<?xml version="1.0" encoding="utf-8"?>\n<?qbxml version="{version}"?>\n{body}\n'
    check_read_only(text)
    return text


def check_templates() -> None:
    """Read the installed templates and pass them through the read-only gate; done at start.

    Raises:
        NotReadOnly: one holds a request that is not on the closed list.
        TemplateError: one is no qbXML document or lacks a way of asking.
    """
    installed().check()


def mask(text: str) -> str:
    """Give a request's text with the names in it masked, for the list of what was sent."""
    start = text.find("<QBXML")
    root = parse_small(text.encode("ascii", "xmlcharrefreplace"))
    for path in _MASKED:
        for element in root.iterfind(f"QBXMLMsgsRq/*/{path}"):
            element.text = MASK
    return text[: max(start, 0)] + etree.tostring(root, encoding="ascii", xml_declaration=False).decode("ascii") + "\n"


def is_list_id(text: str) -> bool:
    """Whether the text can be a ListID: QuickBooks refuses a whole message set for one that is too long."""
    return 0 < len(text) <= LIST_ID_LENGTH and text == sendable(text) and text == text.strip()


def is_full_name(list: str, text: str) -> bool:  # noqa: A002 - the word of the whole program for it
    """Whether the text can be the FullName of an entry of the list."""
    longest = list_type(list).field("FullName").type.max_length or 0
    return 0 < len(text) <= longest and text == sendable(text) and not text.isspace()


def _check(requests: Sequence[Request]) -> None:
    ids = [request.request_id for request in requests]
    if not ids or len(set(ids)) != len(ids):
        msg = "a message set needs at least one request, each with a requestID of its own"
        raise ValueError(msg)
    if any(not 0 < len(request_id) <= REQUEST_ID_LENGTH for request_id in ids):
        msg = f"a requestID has 1 to {REQUEST_ID_LENGTH} characters"
        raise ValueError(msg)


def _fill(request: Request, source: Templates, settings: _Settings) -> Element:
    kind = list_type(request.list)
    element: Element
    match request:
        case ByListID():
            element = source.request(kind, ways.BY_LIST_ID)
            _repeat(element, "ListID", request.list_ids)
        case ByFullName():
            element = source.request(kind, ways.BY_FULL_NAME)
            _repeat(element, "FullName", (request.full_name,))
        case Find():
            element = source.request(kind, ways.FIND)
            _set(element, "MaxReturned", str(request.limit))
            _set(element, "NameFilter/Name", request.text)
        case Page():
            element = source.request(kind, ways.PAGE)
            _fill_page(element, request, settings.version)
        case Count():
            # From the template of a page, so that it counts by the same filters.
            element = source.request(kind, ways.PAGE)
            _fill_count(element, request, settings.version)
        case Deleted():
            element = source.request(kind, ways.DELETED)
            _fill_deleted(element, kind, request, settings.version)
    element.set("requestID", request.request_id)
    if not isinstance(request, Count | Deleted):
        _limit(element, kind, settings, volatile=isinstance(request, Page) and request.volatile)
    return element


def _fill_page(element: Element, request: Page, version: str) -> None:
    if (request.iterator in ("Continue", "Stop")) != (request.iterator_id is not None):
        msg = "an iteratorID belongs to Continue and Stop, and to them alone"
        raise ValueError(msg)
    if request.iterator is None:
        etree.strip_attributes(element, "iterator")
        _drop(element, "MaxReturned")
    else:
        _need(version, ITERATORS_SINCE, "an iterator")
        element.set("iterator", request.iterator)
        _set(element, "MaxReturned", str(request.max_returned))
    if request.iterator_id is not None:
        element.set("iteratorID", request.iterator_id)
    _since(element, "FromModifiedDate", request.modified_since)


def _fill_count(element: Element, request: Count, version: str) -> None:
    _need(version, METADATA_SINCE, "a Count")
    etree.strip_attributes(element, "iterator")
    element.set("metaData", "MetaDataOnly")
    for tag in ("MaxReturned", "IncludeRetElement", "OwnerID"):
        _drop(element, tag)
    _since(element, "FromModifiedDate", request.modified_since)


def _fill_deleted(element: Element, kind: ListType, request: Deleted, version: str) -> None:
    _need(version, OLDEST, "a query for deletions")
    _repeat(element, "ListDelType", kind.deleted_at(version))
    if request.since is None:
        _drop(element, "DeletedDateRangeFilter")
    else:
        _since(element, "DeletedDateRangeFilter/FromDeletedDate", request.since)


def _need(version: str, since: str, what: str) -> None:
    if not has(version, since):
        raise ValueError(f"qbXML {version} does not have {what}; {since} and later do")


def _limit(element: Element, kind: ListType, settings: _Settings, *, volatile: bool) -> None:
    """Name the wanted elements, and ask for custom fields only if one of them is wanted."""
    version, private, country = settings.version, settings.private, settings.country
    wanted: tuple[str, ...] = ()
    if settings.limit_elements:
        wanted = elements(kind, version=version, private=private, country=country, volatile=volatile)
    _repeat(element, "IncludeRetElement", wanted, optional=True)
    asked = asked_fields(kind.name, version=version, private=private, country=country, volatile=volatile)
    if CUSTOM_FIELD not in asked:
        _drop(element, "OwnerID")


def _since(element: Element, path: str, moment: str | None) -> None:
    """Put a moment into its place, or take the place out."""
    if moment is None:
        _drop(element, path)
        return
    if _WALL_CLOCK.fullmatch(moment) is None:
        msg = "a moment is asked for as yyyy-mm-ddThh:mm:ss, by QuickBooks's own clock and without an offset"
        raise ValueError(msg)
    _set(element, path, moment)


def _drop(element: Element, tag: str) -> None:
    for found in element.findall(tag):
        element.remove(found)


def _set(element: Element, path: str, text: str) -> None:
    found = element.find(path)
    if found is not None:
        found.text = sendable(text)


def _repeat(element: Element, tag: str, texts: Sequence[str], *, optional: bool = False) -> None:
    """Put one ``tag`` per text in the place where the template has its sample."""
    if not texts and not optional:
        raise ValueError(f"nothing to put into {tag}")
    samples = element.findall(tag)
    if not samples:
        return
    at = element.index(samples[0])
    for sample in samples:
        element.remove(sample)
    for offset, text in enumerate(texts):
        new = etree.Element(tag)
        new.text = sendable(text)
        element.insert(at + offset, new)


__all__ = [
    "ByFullName",
    "ByListID",
    "Count",
    "Deleted",
    "Find",
    "NotReadOnly",
    "Page",
    "Request",
    "TemplateError",
    "Templates",
    "asked_fields",
    "build_message_set",
    "check_read_only",
    "check_templates",
    "is_full_name",
    "is_list_id",
    "mask",
]
