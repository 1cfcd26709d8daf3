"""Turns a record's values into what a page shows: groups of labelled fields, and changes before and after."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from qbwc_server import words
from qbwc_server.qbxml.lists import ListType
from qbwc_server.refreshing import FieldChange
from qbwc_server.web.wording import Wording

# Where everything goes that no group names.
_REST: Final = "further"
# Group (its heading is record.<group> in the catalogue) and the fields in it; "X." stands for all that begin so.
_GROUPS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (
        "identity",
        (
            "Type",
            "Name",
            "FullName",
            "Parent.ListID",
            "Sublevel",
            "IsActive",
            "CompanyName",
            "Salutation",
            "FirstName",
            "MiddleName",
            "LastName",
            "JobTitle",
            "CustomerType",
            "Class",
            "JobStatus",
            "ManufacturerPartNumber",
            "BarCodeValue",
            "SpecialItemType",
            "AccountNumber",
        ),
    ),
    (
        "contact",
        (
            "Email",
            "Cc",
            "Phone",
            "AltPhone",
            "Fax",
            "Contact",
            "AltContact",
            "PreferredDeliveryMethod",
        ),
    ),
    ("billing", ("BillAddress.",)),
    (
        "shipping",
        (
            "ShipAddress.",
            "ShipToAddresses",
        ),
    ),
    (
        "description",
        (
            "Description",
            "PurchaseDesc",
            "Notes",
        ),
    ),
    (
        "prices",
        (
            "Price",
            "PricePercent",
            "UnitOfMeasureSet",
            "PurchaseCost",
            "AverageCost",
            "CostBasis",
        ),
    ),
    ("stock", ("Quantity",)),
    ("composition", ("Lines",)),
    (
        "money",
        (
            "Balance",
            "TotalBalance",
            "CreditLimit",
            "Account",
            "IncomeAccount",
            "ExpenseAccount",
            "COGSAccount",
            "AssetAccount",
            "DepositToAccount",
            "PrefVendor",
            "VendorOrPayeeName",
        ),
    ),
    (
        "terms",
        (
            "Terms",
            "SalesRep",
            "PriceLevel",
            "Currency",
            "SalesTaxCode",
            "IsTaxIncluded",
            "TaxRate",
            "TaxVendor",
            "TaxRegistrationNumber",
            "ResaleNumber",
            "PreferredPaymentMethod",
        ),
    ),
    (_REST, ()),
    ("custom", ("Custom",)),
    (
        "dates",
        (
            "TimeCreated",
            "TimeModified",
            "EditSequence",
            "ListID",
        ),
    ),
)
_BEGINNINGS: Final = (".", "Quantity")
_NUMBERS: Final = frozenset({"money", "price", "quantity", "percent", "int"})
_LINE_HEADS: Final = (("full_name", "line_item"), ("quantity", "line_quantity"), ("unit", "line_unit"))
_MINUTES: Final = len("2026-11-24T10:20")


@dataclass(frozen=True, slots=True)
class Table:
    """A value that is itself a table: the lines of a group, further addresses, custom fields."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """One field as shown.

    Attributes:
        name: The qbXML name.
        label: What people read.
        text: The value on one line, "" for none.
        number: Whether it is a figure.
        private: Whether it is private in QuickBooks.
        table: The value as a table, if it is one.
    """

    name: str
    label: str
    text: str
    number: bool
    private: bool
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Fields under one heading."""

    heading: str
    fields: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field before and after, as text; "" stands for nothing."""

    list_id: str
    label: str
    before: str
    after: str


def groups(wording: Wording, kind: ListType, values: Mapping[str, object]) -> tuple[Group, ...]:
    """Return the fields a record has, grouped, in the order of the list's own declaration.

    What people may not see is not among `values`: `refreshing` leaves it out.
    """
    found: dict[str, list[Shown]] = {}
    for each in kind.fields:
        value = values.get(each.name)
        if value not in (None, "", [], {}):
            found.setdefault(_group_of(each.name), []).append(_shown(wording, kind, each.name, value))
    return tuple(Group(wording.text(f"record.{each}"), tuple(found[each])) for each, _ in _GROUPS if each in found)


def differences(wording: Wording, kind: ListType, changes: Iterable[FieldChange]) -> tuple[Difference, ...]:
    """Return changes as text, before and after."""
    found = []
    for each in changes:
        texts = (written(wording, kind, each.field, value) for value in (each.before, each.after))
        found.append(Difference(each.list_id, wording.label(each.field), *texts))
    return tuple(found)


def written(wording: Wording, kind: ListType, name: str, value: object) -> str:
    """Write one value on one line, as the reader's language does; nothing gives ""."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return wording.text("app.yes" if value else "app.no")
    if isinstance(value, Mapping):
        return "; ".join(f"{label}: {text}" for label, text in _plain_rows(value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "; ".join(_line(wording, each) for each in value)
    return _leaf(wording, kind, name, str(value))


def is_figure(kind: ListType, name: str) -> bool:
    """Tell whether a field's values are figures, which stand under each other by their digits."""
    return _type(kind, name) in _NUMBERS


def _leaf(wording: Wording, kind: ListType, name: str, text: str) -> str:
    shape = _type(kind, name)
    if shape == "money":
        return words.money(wording.language, text)
    if shape in ("price", "quantity", "percent"):
        return words.number(wording.language, text)
    if shape == "date":
        return _day(wording, text)
    if shape == "time":
        # QuickBooks's own clock; its offset is known to be wrong around summer time, so it is left out.
        return text[:_MINUTES].replace("T", " ")
    if name == "Type" and words.has(wording.language, f"item_type.{text}"):
        return wording.text(f"item_type.{text}")
    return text


def _shown(wording: Wording, kind: ListType, name: str, value: object) -> Shown:
    return Shown(
        name,
        wording.label(name),
        written(wording, kind, name, value),
        number=is_figure(kind, name),
        private=kind.field(name).private,
        table=_table(wording, value),
    )


def _table(wording: Wording, value: object) -> Table | None:
    if isinstance(value, Mapping):
        return Table((), tuple(_plain_rows(value)))
    if not isinstance(value, Sequence) or isinstance(value, str):
        return None
    rows = [each for each in value if isinstance(each, Mapping)]
    if any("quantity" in each or "full_name" in each for each in rows):
        heads = tuple(wording.text(f"record.{key}") for _, key in _LINE_HEADS)
        return Table(heads, tuple(tuple(_cell(wording, each, key) for key, _ in _LINE_HEADS) for each in rows))
    return Table((), tuple((_line(wording, each),) for each in rows))


def _cell(wording: Wording, row: Mapping[str, object], key: str) -> str:
    text = str(row.get(key) or "")
    return words.number(wording.language, text) if key == "quantity" and text else text


def _plain_rows(value: Mapping[str, object]) -> list[tuple[str, str]]:
    return [(str(name), "" if each is None else str(each)) for name, each in value.items()]


def _line(wording: Wording, row: object) -> str:
    if not isinstance(row, Mapping):
        return str(row)
    if "quantity" in row or "full_name" in row:
        cells = (_cell(wording, row, key) for key in ("quantity", "unit", "full_name"))
        return " ".join(cell for cell in cells if cell)
    return ", ".join(str(each) for each in row.values() if isinstance(each, str) and each)


def _type(kind: ListType, name: str) -> str:
    try:
        return kind.field(name).type.name
    except KeyError:
        return "text"


def _group_of(name: str) -> str:
    for group, names in _GROUPS:
        if any(name == each or (each.endswith(_BEGINNINGS) and name.startswith(each)) for each in names):
            return group
    return _REST


def _day(wording: Wording, text: str) -> str:
    try:
        return words.day(wording.language, date.fromisoformat(text))
    except ValueError:
        return text
