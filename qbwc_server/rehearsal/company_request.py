"""Reads a message set as strictly as QuickBooks does: every element known, in order, and old enough.

Nothing here tells the caller what was wrong; the reason goes to `NotParsableError` for whoever runs the rehearsal.
Source: qbXML reference, "Envelope" and "Element order".
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lxml import etree

from qbwc_server.rehearsal.company_errors import NotParsableError
from qbwc_server.rehearsal.schema import OLDEST, Version, version_tuple

_ON_ERROR = frozenset({"stopOnError", "continueOnError"})
_SET_ATTRIBUTES = frozenset({"onError", "newMessageSetID", "oldMessageSetID", "responseData"})
_DECLARATION = re.compile(r"<\?xml\s+version\s*=")
_VERSION = re.compile(r'\s*version\s*=\s*(["\'])(?P<version>[A-Z]{0,2}\d+\.\d+)\1\s*')
_WRITE = re.compile(r"[A-Z]\w*?(?:Add|Mod|Del|Void|Merge|Set|Clear\w*)Rq")


@dataclass(frozen=True, slots=True)
class Node:
    """An element of a request: its name, its text if it holds no elements, and its elements."""

    name: str
    text: str
    children: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Rq:
    """One request: `name` is without the Rq, `attributes` as they were sent."""

    name: str
    attributes: dict[str, str]
    body: tuple[Node, ...]

    @property
    def request_id(self) -> str | None:
        """What the answer echoes."""
        return self.attributes.get("requestID")


@dataclass(frozen=True, slots=True)
class MessageSet:
    """All requests of one text; `stop_on_error` is what onError says."""

    version: Version
    stop_on_error: bool
    requests: tuple[Rq, ...]


Check = Callable[[Node, Version], None]


@dataclass(frozen=True, slots=True)
class Part:
    """A place in the order of a request's elements.

    Attributes:
        name: the element.
        check: looks at its value.
        since: the qbXML version in which it appeared.
        many: whether it may repeat.
        required: whether it must be there.
        rivals: earlier elements beside which it may not stand.
    """

    name: str
    check: Check
    since: Version = OLDEST
    many: bool = False
    required: bool = False
    rivals: frozenset[str] = frozenset()


def is_write(name: str) -> bool:
    """Whether a request of this element name would change the company file."""
    return _WRITE.fullmatch(name) is not None


def read_message_set(text: str, supported: Sequence[str]) -> MessageSet:
    """Read a message set down to its requests; the requests' own elements are checked by `check_order`.

    Args:
        text: what the Web Connector was given.
        supported: the qbXML versions this QuickBooks speaks.

    Raises:
        NotParsableError: if QuickBooks would refuse the whole set.
    """
    if _DECLARATION.match(text) is None:
        raise NotParsableError("the text does not begin with an XML declaration")
    root = _parse(text)
    version = _declared_version(root, supported)
    if root.tag != "QBXML" or root.attrib or _stray_text(root):
        raise NotParsableError(f"the root is {root.tag!r}, not a bare QBXML")
    sets = _elements(root)
    if len(sets) != 1 or sets[0].tag != "QBXMLMsgsRq":
        raise NotParsableError("QBXML must hold exactly one QBXMLMsgsRq")
    message_set = sets[0]
    on_error = message_set.get("onError")
    if on_error not in _ON_ERROR:
        raise NotParsableError(f"onError is {on_error!r}")
    if not set(message_set.attrib) <= _SET_ATTRIBUTES or _stray_text(message_set):
        raise NotParsableError("QBXMLMsgsRq has an attribute or text that does not belong there")
    requests = tuple(_request(element) for element in _elements(message_set))
    if not requests:
        raise NotParsableError("QBXMLMsgsRq holds no request")
    return MessageSet(version, on_error == "stopOnError", requests)


def check_order(nodes: Sequence[Node], parts: Sequence[Part], version: Version, where: str) -> None:
    """Check elements against their order, versions, rivals and values.

    Raises:
        NotParsableError: at the first that does not fit.
    """
    names = [part.name for part in parts]
    at = 0
    seen: set[str] = set()
    for node in nodes:
        if node.name not in names[at:]:
            why = "is out of order or repeated" if node.name in names else "does not belong there"
            raise NotParsableError(f"{node.name} in {where} {why}")
        index = names.index(node.name, at)
        part = parts[index]
        if part.since > version:
            raise NotParsableError(f"{node.name} in {where} is newer than version {version[0]}.{version[1]}")
        if part.rivals & seen:
            raise NotParsableError(f"{node.name} in {where} may not stand beside {sorted(part.rivals & seen)}")
        part.check(node, version)
        seen.add(node.name)
        at = index if part.many else index + 1
    missing = [part.name for part in parts if part.required and part.name not in seen]
    if missing:
        raise NotParsableError(f"{where} lacks {', '.join(missing)}")


def structure(*parts: Part) -> Check:
    """A check for an element that holds other elements in this order."""

    def check(node: Node, version: Version) -> None:
        if node.text.strip():
            raise NotParsableError(f"{node.name} holds text")
        check_order(node.children, parts, version, node.name)

    return check


def value(pattern: str) -> Check:
    """A check for an element whose whole text must match the pattern."""
    compiled = re.compile(pattern, re.DOTALL | re.ASCII)

    def check(node: Node, _version: Version) -> None:
        if node.children or compiled.fullmatch(node.text) is None:
            raise NotParsableError(f"{node.name} has a value that qbXML does not allow: {node.text[:60]!r}")

    return check


def _parse(text: str) -> etree._Element:
    parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True, huge_tree=True)
    try:
        parser.feed(text.encode("utf-8"))
        root = parser.close()
    except (etree.XMLSyntaxError, UnicodeEncodeError) as error:
        raise NotParsableError(f"it is not well-formed XML: {error}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotParsableError("a DOCTYPE is not allowed")
    return root


def _declared_version(root: etree._Element, supported: Sequence[str]) -> Version:
    before = root.getprevious()
    found = None
    while before is not None:
        if getattr(before, "target", None) == "qbxml":
            found = _VERSION.fullmatch(before.text or "")
            break
        before = before.getprevious()
    if found is None:
        raise NotParsableError("there is no <?qbxml version?> instruction before the root")
    if found["version"] not in supported:
        raise NotParsableError(f"this QuickBooks does not speak qbXML {found['version']}")
    return version_tuple(found["version"])


def _elements(parent: etree._Element) -> list[etree._Element]:
    for child in parent:
        if isinstance(child, etree._ProcessingInstruction | etree._Entity):  # noqa: SLF001
            raise NotParsableError("there is a processing instruction or entity among the elements")
    return [child for child in parent if isinstance(child.tag, str)]


def _stray_text(parent: etree._Element) -> bool:
    return bool((parent.text or "").strip()) or any((child.tail or "").strip() for child in parent)


def _request(element: etree._Element) -> Rq:
    if not element.tag.endswith("Rq"):
        raise NotParsableError(f"{element.tag} is no request")
    if _stray_text(element):
        raise NotParsableError(f"{element.tag} holds text")
    attributes = {str(name): str(text) for name, text in element.attrib.items()}
    return Rq(element.tag.removesuffix("Rq"), attributes, tuple(_node(child) for child in _elements(element)))


def _node(element: etree._Element) -> Node:
    if element.attrib:
        raise NotParsableError(f"{element.tag} has attributes")
    children = _elements(element)
    if children and _stray_text(element):
        raise NotParsableError(f"{element.tag} mixes text and elements")
    text = "" if children else "".join([element.text or "", *(inside.tail or "" for inside in element)])
    return Node(str(element.tag), text, tuple(_node(child) for child in children))
