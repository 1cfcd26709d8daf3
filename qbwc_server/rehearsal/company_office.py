"""A company file and the people who work in it: they add, change, rename, merge and delete."""

import threading
import time
from typing import TYPE_CHECKING, Any

from qbwc_server.rehearsal.company_errors import WrongSampleDataError
from qbwc_server.rehearsal.company_records import Deleted, Record, RecordList, Values, merged
from qbwc_server.rehearsal.company_values import record_values
from qbwc_server.rehearsal.schema_customers import CUSTOMER
from qbwc_server.rehearsal.schema_items import ITEMS

if TYPE_CHECKING:
    from collections.abc import Callable


class Office:
    """The lists of a company file, and what people do to them.

    Every method may be called from any thread.

    Attributes:
        offset_hours: the machine's standard time offset.
        clock: gives seconds since 1970; may be replaced.
        clock_error: how many seconds the machine's clock is ahead of that; may be set, and set back to 0. Every time
            that QuickBooks writes follows it.
        lists: the customers and the items.
    """

    def __init__(self) -> None:
        self.offset_hours = -5
        self.clock: Callable[[], float] = time.time
        self.clock_error = 0.0
        self.lists = {
            "customer": RecordList("customer", {"Customer": CUSTOMER}),
            "item": RecordList("item", ITEMS),
        }
        self._lock = threading.RLock()

    def change(self, list_name: str, list_id: str, *, touch: bool = True, **elements: Any) -> None:
        """Change elements of a record; TimeModified and EditSequence move.

        Args:
            list_name: `customer` or `item`.
            list_id: which record.
            touch: False for balances and stock, which transactions move without touching the record's times.
            elements: by name; text, numbers, mappings and lists of them. A mapping replaces only the inner elements
                that it names; None removes.

        Raises:
            WrongSampleDataError: if there is no such record or element.
        """
        with self._lock:
            records = self._list(list_name)
            record = records.one(list_id)
            records.check_names(record.ret, elements)
            if "IsActive" in elements:
                record.is_active = bool(elements.pop("IsActive"))
            present = record.elements()
            for name, value in elements.items():
                record.overrides[name] = merged(present.get(name), value)
            if touch:
                records.touch(record, self._now())

    def add(self, list_name: str, ret_name: str, **elements: Any) -> str:
        """Add a record.

        Args:
            list_name: `customer` or `item`.
            ret_name: `Customer`, `ItemService`, … (with or without Ret).
            elements: by name as for `change`; Name is required, ParentRef is the parent's ListID.

        Returns:
            Its ListID.

        Raises:
            WrongSampleDataError: if the name is taken, or an element or the parent is unknown.
        """
        with self._lock:
            records = self._list(list_name)
            ret = ret_name.removesuffix("Ret")
            name = str(elements.pop("Name"))
            parent_id = elements.pop("ParentRef", None)
            is_active = bool(elements.pop("IsActive", True))
            records.check_names(ret, elements)
            parent = None if parent_id is None else records.one(parent_id)
            now = self._now()
            record = Record(
                list_id=f"{0x80000000 + records.next_number():X}-{now}",
                ret=ret,
                name=name,
                full_name=name if parent is None else f"{parent.full_name}:{name}",
                sublevel=0 if parent is None else parent.sublevel + 1,
                parent_id=parent_id,
                is_active=is_active,
                created=now,
                modified=now,
                build=dict,
                overrides={key: merged(None, value) for key, value in elements.items()},
            )
            records.insert(record)
            return record.list_id

    def delete(self, list_name: str, list_id: str) -> None:
        """Delete a record; ListDeletedQuery tells of it from now on."""
        with self._lock:
            self._list(list_name).remove(list_id, self._now())

    def revive(self, list_name: str, list_id: str) -> None:
        """Bring a deleted or merged record back, as a restored backup does: same ListID, same TimeModified as before.

        ListDeletedQuery no longer tells of it.

        Raises:
            WrongSampleDataError: if it was not deleted here, its parent is gone or its full name is taken.
        """
        with self._lock:
            self._list(list_name).revive(list_id)

    def merge(self, list_name: str, losing_id: str, surviving_id: str, *, reported: bool = True) -> None:
        """Merge one record into another of its type: its ListID vanishes, its children move below the survivor.

        No TimeModified moves, neither the survivor's nor the children's: nobody knows that they do.

        Args:
            list_name: `customer` or `item`.
            losing_id: the ListID that vanishes.
            surviving_id: the ListID that stays.
            reported: whether ListDeletedQuery tells of it; nobody knows that either.

        Raises:
            WrongSampleDataError: if QuickBooks would not merge the two.
        """
        with self._lock:
            records = self._list(list_name)
            records.merge(records.one(losing_id), records.one(surviving_id), self._now(), reported=reported)

    def deactivate(self, list_name: str, list_id: str) -> None:
        """Make a record inactive."""
        self.change(list_name, list_id, IsActive=False)

    def rename(self, list_name: str, list_id: str, name: str) -> None:
        """Rename a record. The full names of its children follow, but their TimeModified does not move."""
        with self._lock:
            records = self._list(list_name)
            record = records.one(list_id)
            records.rename(record, name)
            records.touch(record, self._now())

    def find(self, list_name: str, full_name: str) -> str:
        """The ListID of a record.

        Raises:
            WrongSampleDataError: if there is no such full name.
        """
        with self._lock:
            record = self._list(list_name).named(full_name)
            if record is None:
                message = f"the simulated company has no {list_name} {full_name!r}"
                raise WrongSampleDataError(message)
            return record.list_id

    def customers(self) -> list[Values]:
        """All customers as they are now, inactive ones too; see `view`."""
        return self._views("customer")

    def items(self) -> list[Values]:
        """All items as they are now, inactive ones too; each has `Type`, such as `ItemInventory`."""
        return self._views("item")

    def view(self, list_name: str, list_id: str) -> Values:
        """One record as nested dicts of text, by element name, with everything that QuickBooks knows of it."""
        with self._lock:
            return self._view(self._list(list_name).one(list_id))

    def deleted(self) -> list[Deleted]:
        """What ListDeletedQuery knows, oldest first, customers before items."""
        with self._lock:
            return [gone for records in self.lists.values() for gone in records.deleted]

    def _views(self, list_name: str) -> list[Values]:
        with self._lock:
            return [self._view(record) for record in self._list(list_name)]

    def _view(self, record: Record) -> Values:
        records = self.lists["customer" if record.ret == "Customer" else "item"]
        values = record_values(records, record, self.offset_hours)
        return values if record.ret == "Customer" else {"Type": record.ret, **values}

    def _list(self, list_name: str) -> RecordList:
        try:
            return self.lists[list_name]
        except KeyError:
            message = f"the simulated company has no list {list_name!r}, only customer and item"
            raise WrongSampleDataError(message) from None

    def _now(self) -> int:
        return int(self.clock() + self.clock_error)
