"""The words of a mapping file that name QuickBooks's side: fields, custom fields and types of items."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from qbwc_server.publish.mapping.file_problems import Found
from qbwc_server.qbxml.fields import Field
from qbwc_server.qbxml.lists import LISTS, ListType

FIELDS: Final[Mapping[str, bool]] = MappingProxyType(
    {f"{kind.name}.{field.name}": field.private for kind in LISTS for field in kind.fields}
)
"""Every field there is, as "customer.Balance", and whether it is private."""

CUSTOM: Final = "Custom"
REFERENCE: Final = "@"
_ALIKE: Final = 0.6


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The fields that a mapping may name.

    Attributes:
        fields: as `FIELDS`.
    """

    fields: Mapping[str, bool]

    def check(self, found: Found, place: str, source: str, name: str) -> bool:
        """Note a problem unless the list has the field; return whether it has.

        Args:
            found: where problems go.
            place: where the name stands.
            source: the list.
            name: the field, such as "BillAddress.City" or "Custom.Colour".
        """
        if name.startswith(REFERENCE):
            found.add(place, "reference_here")
            return False
        if self.private(source, name) is not None:
            return True
        if name.startswith(f"{CUSTOM}.") and not name.removeprefix(f"{CUSTOM}.").strip():
            found.add(place, "custom_name")
            return False
        near = self._near(source, name)
        found.add(place, "unknown_field_near" if near else "unknown_field", name=name, source=source, near=near)
        return False

    def private(self, source: str, name: str) -> bool | None:
        """Return whether a field is private; None if the list has no such field."""
        head, dot, own = name.partition(".")
        if head == CUSTOM and dot:
            return self.fields.get(f"{source}.{CUSTOM}") if own.strip() else None
        return self.fields.get(f"{source}.{name}")

    def _near(self, source: str, name: str) -> str:
        head, _, own = name.partition(".")
        prefix = f"{source}."
        aliases = {alias: known for known, alias in self._aliases(source)}
        if own and difflib.get_close_matches(head.casefold(), [CUSTOM.casefold()], cutoff=0.8):
            return f"{CUSTOM}.{own}" if f"{prefix}{CUSTOM}" in self.fields else ""
        near = difflib.get_close_matches(_bare(name), aliases, n=1, cutoff=_ALIKE)
        return aliases[near[0]] if near else ""

    def _aliases(self, source: str) -> list[tuple[str, str]]:
        """Return what people write for each field: its column in the default table, or what qbXML calls it."""
        kind = next((each for each in LISTS if each.name == source), None)
        declared = {field.name: field for field in kind.fields} if kind else {}
        names = [name.partition(".")[2] for name in self.fields if name.startswith(f"{source}.")]
        others = [(name, alias) for name in names if name in declared for alias in _others(declared[name])]
        # A field's own name last: of two that are written alike, it counts.
        return [*others, *((name, _bare(name)) for name in names)]


def list_names() -> tuple[str, ...]:
    """Return the lists that can be published."""
    return tuple(kind.name for kind in LISTS)


def types_of(source: str) -> dict[str, str]:
    """Return the types of a list's records: as the file has them, "sales_tax", to the field Type, "ItemSalesTax"."""
    kind = next((each for each in LISTS if each.name == source), None)
    if kind is None or not kind.has_types:
        return {}
    return {_type_word(kind, ret): ret.removesuffix("Ret") for ret in kind.rets}


def type_named(source: str, given: str) -> str | None:
    """Return the field Type for a type as somebody wrote it, "Non-Inventory" or "ItemNonInventory"; None for none."""
    by_word = {_bare(word): value for word, value in types_of(source).items()}
    bare = _bare(given)
    return by_word.get(bare) or by_word.get(bare.removeprefix(source))


def _type_word(kind: ListType, ret: str) -> str:
    bare = ret.removesuffix("Ret").removeprefix(kind.name.capitalize())
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in bare).lstrip("_")


def _others(field: Field) -> list[str]:
    """Return the names by which a field may be meant: its column, and the elements it stands in."""
    ends = [path.replace("/", ".").removesuffix(".FullName") for path in field.paths]
    leaves = [path.removesuffix("/FullName").rpartition("/")[2] for path in field.paths]
    return [_bare(each) for each in (field.column or "", *ends, *leaves) if each]


def _bare(name: str) -> str:
    return "".join(each for each in name.casefold() if each.isalnum() or each == ".")
