"""A QuickBooks company file and its request processor, simulated.

It answers qbXML the way QuickBooks Desktop does and shares no code with the server that it tries.
"""

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from qbwc_server.rehearsal.company_answers import Answers
from qbwc_server.rehearsal.company_errors import (
    NotParsableError,
    RequestProcessorError,
    WrongSampleDataError,
)
from qbwc_server.rehearsal.company_faults import NOT_PARSABLE, Faults, apply_faults
from qbwc_server.rehearsal.company_lists import Session
from qbwc_server.rehearsal.company_records import Deleted, Record, RecordList, Values, merged
from qbwc_server.rehearsal.company_request import MessageSet, is_write, read_message_set
from qbwc_server.rehearsal.company_self import Identity
from qbwc_server.rehearsal.schema import version_tuple
from qbwc_server.rehearsal.schema_customers import CUSTOMER
from qbwc_server.rehearsal.schema_items import ITEMS

if TYPE_CHECKING:
    from collections.abc import Callable

SUPPORTED = (
    "1.0", "1.1", "2.0", "2.1", "3.0", "4.0", "4.1", "5.0", "6.0", "7.0", "8.0", "9.0", "10.0", "11.0", "12.0", "13.0",
)  # fmt: skip
_MOST_REMEMBERED = 1000


class SimulatedCompany:
    """One company file, open in one QuickBooks.

    Every method may be called from any thread.

    Attributes:
        title, path: the company's name and its file on the Windows machine.
        country: `US` or `CA`.
        product, major, minor: of the QuickBooks that has it open.
        supported: the qbXML versions it speaks, oldest first; may be replaced.
        offset_hours: the machine's standard time offset.
        clock: gives seconds since 1970; may be replaced.
        faults: what shall go wrong; see `Faults`.
        write_attempts: element names such as `CustomerAddRq` of all requests that would have changed something.
        refusals: why message sets were refused with 0x80040400; QuickBooks itself never says.
        message_sets: the last 1000 texts given to `process`.
        set_count: how many there were in all.
    """

    def __init__(
        self,
        title: str,
        *,
        path: str = r"C:\Books\Sample Hardware.qbw",
        country: str = "US",
        product: str = "QuickBooks Pro 2014",
        major: int = 24,
        minor: int = 0,
    ) -> None:
        self.title = title
        self.path = path
        self.country = country
        self.product = product
        self.major = major
        self.minor = minor
        self.supported: tuple[str, ...] = SUPPORTED if country == "US" else ("CA2.0", "CA3.0", *SUPPORTED)
        self.offset_hours = -5
        self.clock: Callable[[], float] = time.time
        self.faults = Faults()
        self.write_attempts: list[str] = []
        self.refusals: list[str] = []
        self.message_sets: deque[str] = deque(maxlen=_MOST_REMEMBERED)
        self.set_count = 0
        self.file_ids: dict[str, str] = {}
        self.lists = {
            "customer": RecordList("customer", {"Customer": CUSTOMER}),
            "item": RecordList("item", ITEMS),
        }
        self._lock = threading.RLock()
        self._session = Session(0)

    # --- the request processor ---

    def begin_session(self) -> None:
        """What the Web Connector does once per update, when it first needs QuickBooks.

        Raises:
            RequestProcessorError: if a fault says that the session cannot begin.
        """
        with self._lock:
            if self.faults.next_session_hresults:
                raise RequestProcessorError(*self.faults.next_session_hresults.pop(0))
            self._session = Session(self._session.number + 1)

    def end_session(self) -> None:
        """The end of the update; its iterators are gone."""
        with self._lock:
            self._session = Session(self._session.number + 1)

    def process(self, qbxml: str) -> str:
        """Answer one message set.

        Args:
            qbxml: the text, as the Web Connector got it from sendRequestXML.

        Returns:
            The answer: ASCII with decimal references, LF line ends.

        Raises:
            RequestProcessorError: if the whole set was refused; there is no answer then.
            SimulatedCrash: if a fault says that QuickBooks dies over it.
        """
        if self.faults.slow_seconds:
            time.sleep(self.faults.slow_seconds)
        with self._lock:
            self.message_sets.append(qbxml)
            self.set_count += 1
            if self.faults.next_hresults:
                raise RequestProcessorError(*self.faults.next_hresults.pop(0))
            try:
                message_set = read_message_set(qbxml, self.supported)
                self._note_writes(message_set)
                apply_faults(self.faults, message_set)
                text = self._answers(message_set).answer_set(message_set, self._session)
            except NotParsableError as error:
                self.refusals.append(str(error))
                raise RequestProcessorError(*NOT_PARSABLE) from error
            return self.faults.answer_text.pop(0) if self.faults.answer_text else text

    def hcp_response(self) -> str:
        """The Host, Company and Preferences answer that the Web Connector gives with its first sendRequestXML."""
        with self._lock:
            if self.faults.hcp_text is not None:
                return self.faults.hcp_text
            newest = max(version_tuple(version) for version in self.supported)
            return self._answers(MessageSet(newest, stop_on_error=False, requests=())).hcp()

    def register(self, owner_id: str, file_id: str) -> None:
        """What adding the .qwc does: the company file keeps the FileID under the OwnerID; the first one stays."""
        with self._lock:
            self.file_ids.setdefault(owner_id, file_id)

    def _note_writes(self, message_set: MessageSet) -> None:
        for rq in message_set.requests:
            if is_write(f"{rq.name}Rq"):
                self.write_attempts.append(f"{rq.name}Rq")

    def _answers(self, message_set: MessageSet) -> Answers:
        identity = Identity(
            title=self.title,
            country=self.country,
            product=self.product,
            major=self.major,
            minor=self.minor,
            supported=self.supported,
            offset_hours=self.offset_hours,
            file_ids=dict(self.file_ids),
        )
        return Answers(identity, self.lists, self.faults, message_set.version)

    # --- the people in the office ---

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
                self._touch(record)

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
            now = int(self.clock())
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
            self._list(list_name).remove(list_id, int(self.clock()))

    def deactivate(self, list_name: str, list_id: str) -> None:
        """Make a record inactive."""
        self.change(list_name, list_id, IsActive=False)

    def rename(self, list_name: str, list_id: str, name: str) -> None:
        """Rename a record. The full names of its children follow, but their TimeModified does not move."""
        with self._lock:
            records = self._list(list_name)
            record = records.one(list_id)
            records.rename(record, name)
            self._touch(record)

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
        values = self._answers(MessageSet((13, 0), stop_on_error=False, requests=())).values(records, record)
        return values if record.ret == "Customer" else {"Type": record.ret, **values}

    def _list(self, list_name: str) -> RecordList:
        try:
            return self.lists[list_name]
        except KeyError:
            message = f"the simulated company has no list {list_name!r}, only customer and item"
            raise WrongSampleDataError(message) from None

    def _touch(self, record: Record) -> None:
        record.modified = max(int(self.clock()), record.modified + 1)
