"""The order in which QuickBooks prints elements, and the qbXML version each appeared in.

This is the simulated company's own knowledge of qbXML, written apart from the server's field tables, so that one can
witness against the other. Source: qbXML operation schema, United States and Canadian annotations.
"""

from collections.abc import Mapping
from dataclasses import dataclass

PLAIN_TYPES = (
    "id",
    "time",
    "text",
    "bool",
    "int",
    "amount",
    "price",
    "quantity",
    "percent",
    "date",
    "enum",
    "guid",
)

Version = tuple[int, int]
OLDEST: Version = (1, 0)


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a record, in its place.

    Attributes:
        name: the element's name.
        kind: one of the plain types (`text`, `amount`, …) or the name of a structure (`ref`, `address`, …).
        since: the qbXML version in which it appeared.
        many: whether it may repeat.
        country: `US` or `CA` if only that edition prints it, else empty.
        children: the elements inside a structure, in order.
    """

    name: str
    kind: str
    since: Version = OLDEST
    many: bool = False
    country: str = ""
    children: tuple["Element", ...] = ()


Structures = Mapping[str, tuple[Element, ...]]


def version_tuple(version: str) -> Version:
    """`13.0` (or `CA3.0`) as numbers that compare.

    Raises:
        ValueError: if the text is not a version.
    """
    major, dot, minor = version.lstrip("ACUKZO").partition(".")
    if not dot:
        message = f"{version!r} is no qbXML version; write it as 13.0"
        raise ValueError(message)
    return int(major), int(minor)


def table(text: str, structures: Structures) -> tuple[Element, ...]:
    """Read a table: a line per element, `Name[*] kind [since] [US|CA]`, in wire order; `*` marks one that repeats."""
    return tuple(_element(line.split(), structures) for line in text.splitlines() if line.strip())


def _element(words: list[str], structures: Structures) -> Element:
    name, kind, *rest = words
    country = rest.pop() if rest and rest[-1] in {"US", "CA"} else ""
    since = version_tuple(rest[0]) if rest else OLDEST
    children = () if kind in PLAIN_TYPES else structures[kind]
    return Element(name.rstrip("*"), kind, since, name.endswith("*"), country, children)


_ADDRESS_LINES = """
Addr1 text
Addr2 text
Addr3 text
Addr4 text 2.0
Addr5 text 6.0
City text
State text
PostalCode text
Country text
Note text 6.0
"""

_BASE: dict[str, tuple[Element, ...]] = {}
_BASE["ref"] = table("ListID id\nFullName text", {})
_BASE["address"] = table(_ADDRESS_LINES, {})
_BASE["block"] = table("Addr1 text\nAddr2 text\nAddr3 text\nAddr4 text\nAddr5 text", {})
_BASE["dataext"] = table("OwnerID guid\nDataExtName text\nDataExtType enum\nDataExtValue text", {})
_BASE["shipto"] = table(f"Name text\n{_ADDRESS_LINES}\nDefaultShipTo bool", {})
_BASE["contactref"] = table("ContactName text\nContactValue text", {})

BASE: Structures = _BASE
