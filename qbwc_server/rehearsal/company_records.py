"""One list of a company file: its records, found by ListID or full name, and what was deleted from it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from qbwc_server.rehearsal.company_errors import WrongSampleDataError
from qbwc_server.rehearsal.company_order import ModifiedOrder
from qbwc_server.rehearsal.schema import Element

Values = dict[str, Any]
_ONE_MOMENT = 60  # seconds
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
        created, modified: seconds since 1970, UTC; `modified` is EditSequence too. Only its list may change it.
        build: gives the elements that are nowhere else in this class.
        overrides: what was changed since; None means removed.
        position: its place in the list, given by the list.
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
    position: int = 0

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
        self._children: dict[str, dict[str, None]] = {}
        self._gone: dict[str, Record] = {}
        self._order: ModifiedOrder[Record] = ModifiedOrder()
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

    def children(self, list_id: str) -> list[Record]:
        """The records right below one, in the order in which they came there."""
        return [self._records[child] for child in self._children.get(list_id, ())]

    def modified_between(self, first: int | None, last: int | None) -> list[Record]:
        """The records modified from `first` to `last` (seconds since 1970, UTC; None is no limit), in list order."""
        return self._order.between(first, last, self)

    @property
    def gone(self) -> list[str]:
        """The ListIDs that `revive` can bring back, in the order in which they went."""
        return list(self._gone)

    def insert(self, record: Record) -> None:
        """Take a record in, at the end of the list.

        Raises:
            WrongSampleDataError: if its ListID or full name is taken.
        """
        key = record.full_name.casefold()
        if record.list_id in self._records or key in self._by_name:
            message = f"the simulated company already has a {self.name} {record.list_id} or {record.full_name!r}"
            raise WrongSampleDataError(message)
        self._numbers += 1
        record.position = self._numbers
        self._records[record.list_id] = record
        self._by_name[key] = record.list_id
        if record.parent_id is not None:
            self._children.setdefault(record.parent_id, {})[record.list_id] = None
        self._gone.pop(record.list_id, None)
        self._order.add(record)

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

    def touch(self, record: Record, now: int) -> None:
        """Move a record's times to `now`; within a minute of its last change, to the second after that change.

        Several changes in one second thus differ in EditSequence, yet a clock that was turned back shows.
        """
        self._order.remove(record)
        record.modified = record.modified + 1 if now <= record.modified < now + _ONE_MOMENT else now
        self._order.add(record)

    def remove(self, list_id: str, now: int, *, reported: bool = True) -> None:
        """Delete a record; ListDeletedQuery then tells of it if it is `reported`."""
        record = self.one(list_id)
        if reported:
            self.deleted.append(Deleted(record.ret, list_id, record.full_name, record.created, now))
        self._order.remove(record)
        del self._records[list_id]
        del self._by_name[record.full_name.casefold()]
        if record.parent_id is not None:
            del self._children[record.parent_id][list_id]
        self._gone[list_id] = record

    def revive(self, list_id: str) -> None:
        """Bring a deleted record back as it was, below its parent's present name; ListDeletedQuery forgets it.

        Raises:
            WrongSampleDataError: if nothing is known of it, its parent is gone or its full name is taken.
        """
        record = self._gone.get(list_id)
        if record is None:
            message = f"the simulated company did not delete a {self.name} {list_id}"
            raise WrongSampleDataError(message)
        if record.parent_id is not None:
            parent = self.one(record.parent_id)
            record.full_name, record.sublevel = f"{parent.full_name}:{record.name}", parent.sublevel + 1
        self.insert(record)
        self.deleted[:] = [gone for gone in self.deleted if gone.list_id != list_id]

    def merge(self, loser: Record, survivor: Record, now: int, *, reported: bool) -> None:
        """Let one record vanish in another; what was below it moves below the survivor, times unchanged.

        Raises:
            WrongSampleDataError: if they are of different types, the same, one above the other, or have children of
                the same name.
        """
        moving = self.children(loser.list_id)
        if loser.ret != survivor.ret or loser is survivor or self._is_below(survivor, loser):
            message = f"the simulated company cannot merge {loser.full_name!r} into {survivor.full_name!r}"
            raise WrongSampleDataError(message)
        for child in moving:
            self._check_free(f"{survivor.full_name}:{child.name}")
        for child in moving:
            self._move(child, survivor)
        self.remove(loser.list_id, now, reported=reported)

    def rename(self, record: Record, name: str) -> None:
        """Give a record another name; the full names of everything below it follow, their times do not.

        Raises:
            WrongSampleDataError: if another record has that full name.
        """
        head, colon, _ = record.full_name.rpartition(":")
        full_name = f"{head}{colon}{name}"
        if full_name.casefold() != record.full_name.casefold():
            self._check_free(full_name)
        record.name = name
        self._set_full_name(record, full_name)

    def _is_below(self, record: Record, above: Record) -> bool:
        while record.parent_id is not None and record.parent_id in self._records:
            if record.parent_id == above.list_id:
                return True
            record = self._records[record.parent_id]
        return False

    def _move(self, child: Record, parent: Record) -> None:
        if child.parent_id is not None:
            del self._children[child.parent_id][child.list_id]
        child.parent_id = parent.list_id
        self._children.setdefault(parent.list_id, {})[child.list_id] = None
        self._set_full_name(child, f"{parent.full_name}:{child.name}", parent.sublevel + 1)

    def _set_full_name(self, record: Record, full_name: str, sublevel: int | None = None) -> None:
        """Set it for the record and, as follows from it, for everything below."""
        del self._by_name[record.full_name.casefold()]
        record.full_name = full_name
        self._by_name[full_name.casefold()] = record.list_id
        record.sublevel = record.sublevel if sublevel is None else sublevel
        for child in self.children(record.list_id):
            self._set_full_name(child, f"{full_name}:{child.name}", record.sublevel + 1)

    def _check_free(self, full_name: str) -> None:
        if full_name.casefold() in self._by_name:
            message = f"the simulated company already has a {self.name} {full_name!r}"
            raise WrongSampleDataError(message)
