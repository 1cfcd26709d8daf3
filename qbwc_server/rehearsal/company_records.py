"""One list of a company file: its records, found by ListID or full name, and what was deleted from it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from qbwc_server.rehearsal.company_errors import WrongSampleDataError
from qbwc_server.rehearsal.schema import Element

Values = dict[str, Any]
_OWN = frozenset({"ListID", "TimeCreated", "TimeModified", "EditSequence", "Name", "FullName", "ParentRef", "Sublevel"})


def merged(old: Any, new: Any) -> Any:
    """The new value as a record keeps it: inner elements that a mapping does not name stay as they are."""
    if isinstance(new, Mapping):
        kept = dict(old) if isinstance(old, Mapping) else {}
        return {**kept, **{key: merged(kept.get(key), value) for key, value in new.items()}}
    if isinstance(new, list | tuple):
        return [merged(None, value) for value in new]
    if isinstance(new, bool) or new is None:
        return new
    return str(new)


@dataclass(slots=True)
class Record:
    """A customer or an item.

    What queries choose by is held here; the rest is built only when the record is printed, so that a company of
    200,000 records costs little.

    Attributes:
        list_id: unique within its list only, as in QuickBooks.
        ret: `Customer`, `ItemService`, …
        name, parent_id: the full name follows from them.
        created, modified: seconds since 1970, UTC; `modified` is EditSequence too.
        build: gives the elements that are nowhere else in this class.
        overrides: what was changed since; None means removed.
    """

    list_id: str
    ret: str
    name: str
    full_name: str
    sublevel: int
    parent_id: str | None
    is_active: bool
    created: int
    modified: int
    build: Callable[[], Values]
    overrides: Values = field(default_factory=dict)

    def elements(self) -> Values:
        """The elements beside the common head: nested mappings and lists of text, without the removed ones."""
        values = self.build()
        values.update(self.overrides)
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Deleted:
    """A record that ListDeletedQuery still knows; times are seconds since 1970, UTC."""

    kind: str
    list_id: str
    full_name: str
    created: int
    deleted: int


class RecordList:
    """The customers, or the items, of a company file.

    Args:
        name: `customer` or `item`.
        tables: record name without Ret to its elements in wire order.
    """

    def __init__(self, name: str, tables: Mapping[str, tuple[Element, ...]]) -> None:
        self.name = name
        self.tables = tables
        self.deleted: list[Deleted] = []
        self._records: dict[str, Record] = {}
        self._by_name: dict[str, str] = {}
        self._numbers = 0

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records.values())

    def get(self, list_id: str) -> Record | None:
        """The record, or None if there is no such ListID."""
        return self._records.get(list_id)

    def named(self, full_name: str) -> Record | None:
        """The record of that full name, whatever its capitals, or None."""
        list_id = self._by_name.get(full_name.casefold())
        return None if list_id is None else self._records[list_id]

    def one(self, list_id: str) -> Record:
        """The record.

        Raises:
            WrongSampleDataError: if there is none.
        """
        record = self._records.get(list_id)
        if record is None:
            message = f"the simulated company has no {self.name} {list_id}; ask find() for a ListID"
            raise WrongSampleDataError(message)
        return record

    def insert(self, record: Record) -> None:
        """Take a new record in.

        Raises:
            WrongSampleDataError: if its ListID or full name is taken.
        """
        key = record.full_name.casefold()
        if record.list_id in self._records or key in self._by_name:
            message = f"the simulated company already has a {self.name} {record.list_id} or {record.full_name!r}"
            raise WrongSampleDataError(message)
        self._records[record.list_id] = record
        self._by_name[key] = record.list_id
        self._numbers += 1

    def check_names(self, ret: str, names: Iterable[str]) -> None:
        """Check that these elements of a record may be set.

        Raises:
            WrongSampleDataError: if the list has no such type, or the type no such element.
        """
        table = self.tables.get(ret)
        if table is None:
            message = f"the simulated {self.name} list has no type {ret!r}"
            raise WrongSampleDataError(message)
        unknown = sorted(set(names) - ({element.name for element in table} - _OWN))
        if unknown:
            message = f"a simulated {ret} cannot be given {', '.join(unknown)}"
            raise WrongSampleDataError(message)

    def next_number(self) -> int:
        """The number, never given twice, that the next record's ListID begins with."""
        return self._numbers + 1

    def remove(self, list_id: str, now: int) -> None:
        """Delete a record; ListDeletedQuery then tells of it."""
        record = self.one(list_id)
        self.deleted.append(Deleted(record.ret, list_id, record.full_name, record.created, now))
        del self._records[list_id]
        del self._by_name[record.full_name.casefold()]

    def rename(self, record: Record, name: str) -> None:
        """Give a record another name; the full names of everything below it follow, their times do not."""
        head, colon, _ = record.full_name.rpartition(":")
        self._set_full_name(record, f"{head}{colon}{name}")
        record.name = name
        self._rename_children(record)

    def _rename_children(self, parent: Record) -> None:
        for child in [record for record in self if record.parent_id == parent.list_id]:
            self._set_full_name(child, f"{parent.full_name}:{child.name}")
            self._rename_children(child)

    def _set_full_name(self, record: Record, full_name: str) -> None:
        del self._by_name[record.full_name.casefold()]
        if full_name.casefold() in self._by_name:
            self._by_name[record.full_name.casefold()] = record.list_id
            message = f"the simulated company already has a {self.name} {full_name!r}"
            raise WrongSampleDataError(message)
        record.full_name = full_name
        self._by_name[full_name.casefold()] = record.list_id
