"""What a list of QuickBooks is to this program."""

from dataclasses import dataclass, field

from qbwc_server.qbxml.fields import Field
from qbwc_server.qbxml.versions import has


@dataclass(frozen=True, slots=True)
class ListType:
    """A list that can be refreshed.

    Attributes:
        name: ``customer``.
        query: ``CustomerQuery``; the request element is this with Rq, the answer this with Rs.
        template: the file in qbxml_templates.
        rets: the elements that a record can be.
        fields: every field, those of the default table first, in its order.
        table: the default table of the website; also the list's part of the pages' addresses, ``/customers``.
        deleted: the ListDelType values that report its deletions.
        deleted_later: those of them that are younger than ListDeletedQuery itself (2.0), with their version.
        shown: the fields that the pages show beside the name where they show the whole list, a few.
    """

    name: str
    query: str
    template: str
    rets: tuple[str, ...]
    fields: tuple[Field, ...]
    table: str
    deleted: tuple[str, ...]
    deleted_later: tuple[tuple[str, str], ...] = ()
    shown: tuple[str, ...] = ()
    _by_name: dict[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the fields by name."""
        object.__setattr__(self, "_by_name", {each.name: each for each in self.fields})

    def field(self, name: str) -> Field:
        """Give the field of that name.

        Raises:
            KeyError: the list has no such field.
        """
        return self._by_name[name]

    @property
    def field_names(self) -> frozenset[str]:
        """The names of all fields."""
        return frozenset(self._by_name)

    @property
    def request_element(self) -> str:
        """The element that asks."""
        return f"{self.query}Rq"

    @property
    def answer_element(self) -> str:
        """The element that answers."""
        return f"{self.query}Rs"

    def deleted_at(self, version: str) -> tuple[str, ...]:
        """Give the ListDelType values that the version knows."""
        unknown = {name for name, since in self.deleted_later if not has(version, since)}
        return tuple(name for name in self.deleted if name not in unknown)

    @property
    def columns(self) -> tuple[Field, ...]:
        """The fields that have a column of their own in the default table, in its order."""
        return tuple(each for each in self.fields if each.column is not None)

    @property
    def has_types(self) -> bool:
        """Whether records are of several types (items), so that ``Type`` is one of the fields."""
        return len(self.rets) > 1
