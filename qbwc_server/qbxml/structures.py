"""Elements that repeat: ship-to addresses, lines, custom fields. Each becomes one JSON value of the record."""

from collections.abc import Callable
from typing import Final

from qbwc_server.qbxml.characters import Element, tidy
from qbwc_server.qbxml.errors import BadValue
from qbwc_server.qbxml.fields import parse_decimal

Line = dict[str, str | bool]

# The owner of the custom fields that people define in QuickBooks's windows.
PEOPLE: Final = "0"

_ADDRESS: Final = {
    "Name": "name",
    "Addr1": "addr1",
    "Addr2": "addr2",
    "Addr3": "addr3",
    "Addr4": "addr4",
    "Addr5": "addr5",
    "City": "city",
    "State": "state",
    "PostalCode": "postal_code",
    "Country": "country",
    "DefaultShipTo": "default_ship_to",
}
_LINE_REFS: Final = ("ItemRef", "ItemInventoryRef")


def read_address(element: Element) -> Line:
    """Read one ShipToAddress; its note is left out, notes being private."""
    found: Line = {}
    for child in element:
        key = _ADDRESS.get(child.tag)
        value = tidy(child.text or "")
        if key is None or not value or key in found:
            continue
        found[key] = value.strip() in ("true", "1") if key == "default_ship_to" else value
    return found


def read_line(element: Element) -> Line:
    """Read one line of a group, an assembly or a tax group: list_id, full_name, quantity, unit.

    Raises:
        BadValue: the quantity is not a number.
    """
    found: Line = {}
    if element.tag == "ItemSalesTaxRef":
        return _read_ref(element)
    for child in element:
        if child.tag in _LINE_REFS:
            found = {**_read_ref(child), **found}
        elif child.tag == "Quantity" and child.text:
            found["quantity"] = format(parse_decimal(child.text), "f")
        elif child.tag == "UnitOfMeasure" and child.text:
            found["unit"] = tidy(child.text)
    return found


def _read_ref(element: Element) -> Line:
    found: Line = {}
    for child in element:
        if child.tag == "ListID" and child.text:
            found["list_id"] = tidy(child.text)
        elif child.tag == "FullName" and child.text:
            found["full_name"] = tidy(child.text)
    return found


def read_custom(element: Element, allowed: frozenset[str] | None) -> tuple[str, str] | None:
    """Read one DataExtRet: (name, text), or None if it belongs to a program or may not be read."""
    owner, name, value = PEOPLE, "", ""
    for child in element:
        if child.tag == "OwnerID":
            owner = (child.text or "").strip()
        elif child.tag == "DataExtName":
            name = tidy(child.text or "")
        elif child.tag == "DataExtValue":
            value = tidy(child.text or "")
    if owner != PEOPLE or not name or not value or (allowed is not None and name not in allowed):
        return None
    return name, value


READERS: Final[dict[str, Callable[[Element], Line]]] = {"addresses": read_address, "lines": read_line}

__all__ = ["READERS", "BadValue", "read_address", "read_custom", "read_line"]
