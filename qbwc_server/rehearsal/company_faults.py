"""What can be made to go wrong in a simulated company; all of it is off until a test or scenario sets it."""

from dataclasses import dataclass, field

from qbwc_server.rehearsal.company_errors import NotParsableError, SimulatedCrash
from qbwc_server.rehearsal.company_request import MessageSet
from qbwc_server.rehearsal.schema import version_tuple

NOT_PARSABLE = ("0x80040400", "QuickBooks found an error when parsing the provided XML text stream.")


@dataclass(slots=True)
class Faults:
    """Settable while the company runs.

    Attributes:
        poison: ListIDs; a message set that names one is refused whole with 0x80040400.
        crash_on: ListIDs; a message set that names one raises `SimulatedCrash`.
        next_hresults: (hresult, message) pairs; each coming message set uses up one.
        next_session_hresults: the same for `begin_session`.
        next_statuses: qbXML status codes; each coming request uses up one.
        status_for_list_id: ListID to the status code that any request naming it gets.
        status_for_request: request name (`CustomerQueryRq`) or requestID to the status code it gets.
        refuse_include_ret: refuse with 0x80040400 every message set that has IncludeRetElement.
        refuse_requests: request names (`ListDeletedQueryRq`); a message set with one of them is refused the same way.
        refuse_metadata: refuse with 0x80040400 every message set that asks for meta data.
        max_version: refuse message sets that declare a newer qbXML version, whatever the HCP answer promised.
        slow_seconds: how long each message set takes.
        hcp_text: stands in for the whole HCP answer; "" is QuickBooks not giving one.
        raw_text: (ListID, path such as `Notes` or `BillAddress.City`) to text that is printed unescaped.
        unknown_elements: (name, text) printed in the middle of every record, as a newer QuickBooks would.
        unknown_types: print a record of a type no schema knows, `ItemRentalRet`, in every item answer with data.
        percent_sign: print percentages as `18.0%`.
        c1_references: print `€` and `œ` and their like as references to 128-159.
        omit_is_active: print no IsActive.
        omit_full_name: print no FullName of the record itself.
        bare_empty_iterator: an iterator that matches nothing gets no iterator attributes.
        iterator_ends_early: after so many pages an iterator says that nothing remains, and is gone, though records
            are left.
        iterator_repeats: after so many pages (from 1) an iterator gives its last page again at every Continue, and
            what remains does not change, so that it never ends.
        iterator_repeats_counting_down: what remains goes down nonetheless, so that it ends without the records left.
        remaining_lies: added to the number that remains, which is never below 0. Above 0 it never comes to 0, and a
            Continue after the last page gives an empty one; below 0 it comes to 0 early, while the iterator goes on.
        empty_page_status: the status of that empty page, 1 or 0.
        iterator_lost_after_interleaving: an iterator is gone (3391) as soon as the session answers another request
            than its Continue.
        iterator_lost_once: the so many-th Continue from now, of whichever iterator, finds it gone (3391); counts down
            and is then None.
        no_metadata: no retCount, even where meta data alone were asked for.
        ret_count_lies: added to every retCount, which is never below 0.
        answer_text: stands in for the next answers, in order: truncated or foreign text.
    """

    poison: set[str] = field(default_factory=set)
    crash_on: set[str] = field(default_factory=set)
    next_hresults: list[tuple[str, str]] = field(default_factory=list)
    next_session_hresults: list[tuple[str, str]] = field(default_factory=list)
    next_statuses: list[int] = field(default_factory=list)
    status_for_list_id: dict[str, int] = field(default_factory=dict)
    status_for_request: dict[str, int] = field(default_factory=dict)
    refuse_include_ret: bool = False
    refuse_requests: set[str] = field(default_factory=set)
    refuse_metadata: bool = False
    max_version: str | None = None
    slow_seconds: float = 0.0
    hcp_text: str | None = None
    raw_text: dict[tuple[str, str], str] = field(default_factory=dict)
    unknown_elements: tuple[tuple[str, str], ...] = ()
    unknown_types: bool = False
    percent_sign: bool = False
    c1_references: bool = False
    omit_is_active: bool = False
    omit_full_name: bool = False
    bare_empty_iterator: bool = False
    iterator_ends_early: int | None = None
    iterator_repeats: int | None = None
    iterator_repeats_counting_down: bool = False
    remaining_lies: int = 0
    empty_page_status: int = 1
    iterator_lost_after_interleaving: bool = False
    iterator_lost_once: int | None = None
    no_metadata: bool = False
    ret_count_lies: int = 0
    answer_text: list[str] = field(default_factory=list)

    def fail_next(self, hresult: str, message: str = "", *, times: int = 1) -> None:
        """Let the next message sets end with this hresult."""
        self.next_hresults.extend([(hresult, message or f"The request processor failed with {hresult}.")] * times)


def apply_faults(faults: Faults, message_set: MessageSet) -> None:
    """Apply the faults that strike a whole message set.

    Raises:
        SimulatedCrash: if QuickBooks dies over it.
        NotParsableError: if it is refused.
    """
    named = {node.text for rq in message_set.requests for node in rq.body if node.name == "ListID"}
    if named & faults.crash_on:
        raise SimulatedCrash
    if named & faults.poison:
        raise NotParsableError("a fault is set for a ListID in it (poison)")
    if faults.refuse_requests & {f"{rq.name}Rq" for rq in message_set.requests}:
        raise NotParsableError("a fault is set: a request in it (refuse_requests)")
    if faults.refuse_metadata and any("metaData" in rq.attributes for rq in message_set.requests):
        raise NotParsableError("a fault is set: no meta data")
    if faults.max_version is not None and message_set.version > version_tuple(faults.max_version):
        raise NotParsableError(f"a fault is set: nothing newer than qbXML {faults.max_version}")
    if faults.refuse_include_ret and any(
        node.name == "IncludeRetElement" for rq in message_set.requests for node in rq.body
    ):
        raise NotParsableError("a fault is set: no IncludeRetElement")
