"""A QuickBooks company file and its request processor, simulated.

It answers qbXML the way QuickBooks Desktop does and shares no code with the server that it tries.
"""

import random
import time
from collections import deque

from qbwc_server.rehearsal.company_answers import Answers
from qbwc_server.rehearsal.company_errors import NotParsableError, RequestProcessorError
from qbwc_server.rehearsal.company_faults import NOT_PARSABLE, Faults, apply_faults
from qbwc_server.rehearsal.company_iterators import Session
from qbwc_server.rehearsal.company_office import Office
from qbwc_server.rehearsal.company_random import Edit, edit_at_random
from qbwc_server.rehearsal.company_request import MessageSet, is_write, read_message_set
from qbwc_server.rehearsal.company_self import Identity
from qbwc_server.rehearsal.schema import version_tuple

SUPPORTED = (
    "1.0", "1.1", "2.0", "2.1", "3.0", "4.0", "4.1", "5.0", "6.0", "7.0", "8.0", "9.0", "10.0", "11.0", "12.0", "13.0",
)  # fmt: skip
_MOST_REMEMBERED = 1000


class SimulatedCompany(Office):
    """One company file, open in one QuickBooks.

    Every method may be called from any thread. The clock and the people are those of `Office`.

    Attributes:
        title, path: the company's name and its file on the Windows machine.
        country: `US` or `CA`.
        product, major, minor: of the QuickBooks that has it open.
        supported: the qbXML versions it speaks, oldest first; may be replaced.
        file_mode: `MultiUser`, or `SingleUser` while one user has the file to himself.
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
        super().__init__()
        self.title = title
        self.path = path
        self.country = country
        self.product = product
        self.major = major
        self.minor = minor
        self.supported: tuple[str, ...] = SUPPORTED if country == "US" else ("CA2.0", "CA3.0", *SUPPORTED)
        self.file_mode = "MultiUser"
        self.faults = Faults()
        self.write_attempts: list[str] = []
        self.refusals: list[str] = []
        self.message_sets: deque[str] = deque(maxlen=_MOST_REMEMBERED)
        self.set_count = 0
        self.file_ids: dict[str, str] = {}
        self._session = Session(0)

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

    def edit_at_random(self, rng: random.Random, list_name: str, count: int) -> list[Edit]:
        """A busy day: changes, renames, deactivations, reactivations, deletions, revivals, merges and additions.

        Parents are renamed too, which moves the full names below them and no times there. A record with others below
        it is never deleted.

        Args:
            rng: the same one, in the same state, makes the same edits to the same list at the same time.
            list_name: `customer` or `item`.
            count: how many edits.

        Returns:
            What was done, in order.

        Raises:
            WrongSampleDataError: if there is no such list, or nothing in it that could be edited.
        """
        with self._lock:
            return edit_at_random(self, self._list(list_name), rng, count)

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
            file_mode=self.file_mode,
            file_ids=dict(self.file_ids),
        )
        return Answers(identity, self.lists, self.faults, message_set.version)
