"""What the website's columns must show of a record of the simulated QuickBooks."""

from decimal import Decimal
from typing import Any

_CUSTOMER: dict[str, tuple[str, ...]] = {
    "name": ("Name",),
    "full_name": ("FullName",),
    "is_active": ("IsActive",),
    "phone": ("Phone",),
    "email": ("Email",),
    "company_name": ("CompanyName",),
    "bill_address_city": ("BillAddress.City",),
    "customer_type": ("CustomerTypeRef.FullName",),
    "time_modified": ("TimeModified",),
    "edit_sequence": ("EditSequence",),
}
_ITEM: dict[str, tuple[str, ...]] = {
    "type": ("Type",),
    "name": ("Name",),
    "full_name": ("FullName", "Name"),
    "is_active": ("IsActive",),
    "description": ("SalesOrPurchase.Desc", "SalesAndPurchase.SalesDesc", "SalesDesc", "ItemDesc", "AssetDesc"),
    "price": ("SalesOrPurchase.Price", "SalesAndPurchase.SalesPrice", "SalesPrice", "DiscountRate"),
    "quantity_on_hand": ("QuantityOnHand",),
    "time_modified": ("TimeModified",),
    "edit_sequence": ("EditSequence",),
}
COLUMNS = {"customer": _CUSTOMER, "item": _ITEM}
TABLES = {"customer": "customers", "item": "items"}


def first(record: Any, paths: tuple[str, ...]) -> object:
    for path in paths:
        value: Any = record
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if value is not None:
            return plain(value)
    return None


def plain(value: object) -> object:
    """Texts as they are, decimals by their value, booleans as such: SQLite has 1 and 0."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Decimal):
        return value.normalize()
    if isinstance(value, str):
        try:
            return Decimal(value).normalize()
        except ArithmeticError:
            return value
    return value
