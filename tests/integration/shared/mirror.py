"""Compares what the website shows with what the simulated QuickBooks has, field by field."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from office import Books, Office
from website_columns import plain

from qbwc_server.qbxml.lists import list_type
from qbwc_server.rehearsal.company import SimulatedCompany

LISTS = ("customer", "item")
# What has no full name of its own is called by its name.
_INSTEAD = {"full_name": ("Name",)}


@dataclass(frozen=True, slots=True)
class Shown:
    """What the website has of a list.

    Attributes:
        living: the columns of each record that is no tombstone, by ListID.
        buried: the tombstones.
    """

    living: Mapping[str, Mapping[str, object]]
    buried: frozenset[str]


def volatile(list_name: str) -> frozenset[str]:
    """The columns that move without TimeModified, as far as they are published by themselves."""
    return frozenset(
        str(field.column)
        for field in list_type(list_name).fields
        if field.volatile and field.column and not field.private
    )


def shown(office: Office, books: Books, list_name: str) -> Shown:
    """What the website has of a list; when it was published is left out."""
    return shown_in(office.website.rows(books.name, list_name))


def shown_in(rows: Iterable[Mapping[str, Any]]) -> Shown:
    """What rows of the website show."""
    rows = list(rows)
    living = {
        str(row["list_id"]): {
            name: plain(value) for name, value in row.items() if name not in ("company", "published_at", "is_deleted")
        }
        for row in rows
        if not row["is_deleted"]
    }
    return Shown(living, frozenset(str(row["list_id"]) for row in rows if row["is_deleted"]))


def had(books: Books, list_name: str) -> dict[str, dict[str, object]]:
    """What QuickBooks has of a list, in the website's columns; computed ones and lists of elements are left out."""
    return had_by(books.quickbooks, list_name)


def had_by(quickbooks: SimulatedCompany, list_name: str) -> dict[str, dict[str, object]]:
    """What a company file has of a list, as `had` says."""
    views = quickbooks.customers() if list_name == "customer" else quickbooks.items()
    fields = [one for one in list_type(list_name).fields if one.column and one.paths and not one.private]
    return {
        str(view["ListID"]): {
            str(field.column): plain(_found(view, field.paths + _INSTEAD.get(str(field.column), ())))
            for field in fields
            if field.type.kind != "json" and not field.absent_in
        }
        for view in views
    }


def differing(
    office: Office, books: Books, list_name: str, *, only: Collection[str] | None = None
) -> dict[str, dict[str, tuple[object, object]]]:
    """In which columns the website differs from QuickBooks: ListID to column to (website, QuickBooks).

    A record that only one of them has differs in `list_id`.
    """
    return apart(shown(office, books, list_name).living, had(books, list_name), only=only)


def apart(
    website: Mapping[str, Mapping[str, object]],
    quickbooks: Mapping[str, Mapping[str, object]],
    *,
    only: Collection[str] | None = None,
) -> dict[str, dict[str, tuple[object, object]]]:
    """In which columns living rows and records differ, as `differing` says."""
    found: dict[str, dict[str, tuple[object, object]]] = {}
    for list_id in website.keys() | quickbooks.keys():
        if only is not None and list_id not in only:
            continue
        ours, theirs = website.get(list_id), quickbooks.get(list_id)
        if ours is None or theirs is None:
            found[list_id] = {"list_id": (ours and list_id, theirs and list_id)}
            continue
        columns = {column: (ours[column], value) for column, value in theirs.items() if ours[column] != value}
        if columns:
            found[list_id] = columns
    return found


def _found(view: Mapping[str, Any], paths: tuple[str, ...]) -> object:
    for path in paths:
        value: Any = view
        for name in path.split("/"):
            value = value.get(name) if isinstance(value, Mapping) else None
        if value is not None:
            return value
    return None
