"""Answers the requests of one message set, one after the other, each with its own status."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qbwc_server.rehearsal import company_requests as shapes
from qbwc_server.rehearsal.company_deleted import deleted_values, find_deleted
from qbwc_server.rehearsal.company_errors import NotParsableError
from qbwc_server.rehearsal.company_faults import Faults
from qbwc_server.rehearsal.company_iterators import Found, Session
from qbwc_server.rehearsal.company_lists import ListAnswers
from qbwc_server.rehearsal.company_printer import Printer, answer, attributes, document
from qbwc_server.rehearsal.company_records import RecordList, Values
from qbwc_server.rehearsal.company_request import MessageSet, Rq, check_order, is_write
from qbwc_server.rehearsal.company_self import Identity, company_values, host_values, preferences_values
from qbwc_server.rehearsal.company_status import (
    EARLIER_ONE_FAILED,
    NOT_ALL_FOUND,
    NOTHING_MATCHED,
    OK,
    REQUEST_ID_TOO_LONG,
    WRITE_REFUSED,
    QueryStatusError,
    Status,
    status,
)
from qbwc_server.rehearsal.company_values import record_values
from qbwc_server.rehearsal.schema import Version
from qbwc_server.rehearsal.schema_company import COMPANY, DELETED_TYPES, HOST, LIST_DELETED, PREFERENCES
from qbwc_server.rehearsal.schema_items import ITEM_SINCE

_LONGEST_REQUEST_ID = 50
_LIST_DELETED_SINCE: Version = (2, 0)
_PREFERENCES_SINCE: Version = (1, 1)
_UNKNOWN_TYPE = ("<ItemRentalRet>", "<ListID>8FFFFFFF-1</ListID>", "<Name>Rental</Name>", "</ItemRentalRet>")


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer: how the request ended, and the lines inside its Rs element."""

    status: Status
    lines: Sequence[str] = ()
    ret_count: int | None = None
    remaining: int | None = None
    iterator_id: str | None = None


class Answers:
    """Answers one message set.

    Args:
        identity: for the Host and Company answers.
        lists: the customers and the items.
        faults: what shall go wrong.
        version: the qbXML version that the set declares.
    """

    def __init__(self, identity: Identity, lists: Mapping[str, RecordList], faults: Faults, version: Version) -> None:
        self._identity = identity
        self._lists = lists
        self._faults = faults
        self._version = version
        self._printer = Printer(version, identity.country, faults)
        self._handlers: dict[str, Callable[[Rq, Session], Answered]] = {
            "HostQuery": self._host,
            "CompanyQuery": self._company,
            "PreferencesQuery": self._preferences,
            "ListDeletedQuery": self._list_deleted,
            "CustomerQuery": self._customers,
            "ItemQuery": self._items,
        }
        for kind in lists["item"].tables:
            self._handlers[f"{kind}Query"] = self._items

    def answer_set(self, message_set: MessageSet, session: Session) -> str:
        """The whole answer.

        Raises:
            NotParsableError: if any request in the set does not follow the schema.
        """
        self._check_all(message_set)
        answers: list[str] = []
        failed = False
        for rq in message_set.requests:
            if failed and message_set.stop_on_error:
                answered = Answered(status(EARLIER_ONE_FAILED))
            else:
                answered = self._answer(rq, session)
            failed = failed or answered.status.is_error
            answers.append(_printed(rq, answered))
        return document(answers)

    def hcp(self) -> str:
        """The Host, Company and Preferences answers, numbered 0, 1 and 2, with every FileID that was registered."""
        owners = frozenset(owner_id.upper() for owner_id in self._identity.file_ids)
        answered = (
            ("HostQuery", self._printer.record("Host", HOST, host_values(self._identity))),
            ("CompanyQuery", self._printer.record("Company", COMPANY, company_values(self._identity, owners))),
            ("PreferencesQuery", self._printer.record("Preferences", PREFERENCES, preferences_values(self._identity))),
        )
        return document(
            [
                _printed(Rq(name, {"requestID": str(number)}, ()), Answered(status(OK), lines))
                for number, (name, lines) in enumerate(answered)
            ]
        )

    def _check_all(self, message_set: MessageSet) -> None:
        """QuickBooks judges the whole set by the schema before it works on any of it."""
        for rq in message_set.requests:
            if is_write(f"{rq.name}Rq"):
                continue
            if rq.name not in self._handlers:
                raise NotParsableError(f"{rq.name}Rq is not known")
            if rq.name in {"CustomerQuery", "ItemQuery"} or rq.name.startswith("Item"):
                order = shapes.CUSTOMER_ORDER if rq.name == "CustomerQuery" else shapes.ITEM_ORDER
                if ITEM_SINCE.get(rq.name.removesuffix("Query"), self._version) > self._version:
                    raise NotParsableError(f"{rq.name}Rq is newer than the declared version")
                shapes.read_list_query(rq, self._version, order)
            else:
                self._check_other(rq)

    def _check_other(self, rq: Rq) -> None:
        order, since = {
            "HostQuery": (shapes.HOST_ORDER, (1, 0)),
            "CompanyQuery": (shapes.COMPANY_ORDER, (1, 0)),
            "PreferencesQuery": (shapes.PREFERENCES_ORDER, _PREFERENCES_SINCE),
            "ListDeletedQuery": (shapes.DELETED_ORDER, _LIST_DELETED_SINCE),
        }[rq.name]
        allowed = {"requestID", "metaData"} if rq.name == "ListDeletedQuery" else {"requestID"}
        shapes.check_attributes(rq, self._version, frozenset(allowed))
        if since > self._version:
            raise NotParsableError(f"{rq.name}Rq is newer than the declared version")
        check_order(rq.body, order, self._version, f"{rq.name}Rq")
        types = {node.text for node in rq.body if node.name == "ListDelType"}
        if not types <= DELETED_TYPES:
            raise NotParsableError(f"ListDelType does not know {sorted(types - DELETED_TYPES)}")

    def _answer(self, rq: Rq, session: Session) -> Answered:
        if self._faults.iterator_lost_after_interleaving:
            session.keep_only(rq.attributes.get("iteratorID"))
        if len(rq.request_id or "") > _LONGEST_REQUEST_ID:
            return Answered(status(REQUEST_ID_TOO_LONG))
        if is_write(f"{rq.name}Rq"):
            return Answered(status(WRITE_REFUSED))
        fault = self._fault_of(rq)
        if fault is not None:
            return Answered(fault)
        try:
            return self._handlers[rq.name](rq, session)
        except QueryStatusError as error:
            return Answered(error.status)

    def _fault_of(self, rq: Rq) -> Status | None:
        faults = self._faults
        if faults.next_statuses:
            return status(faults.next_statuses.pop(0))
        for key in (f"{rq.name}Rq", rq.request_id or ""):
            if key in faults.status_for_request:
                return status(faults.status_for_request[key])
        for node in rq.body:
            code = faults.status_for_list_id.get(node.text) if node.name == "ListID" else None
            # A missing record spoils only itself; the look-up leaves it out.
            if code is not None and code != NOT_ALL_FOUND:
                return status(code, node.text)
        return None

    def _customers(self, rq: Rq, session: Session) -> Answered:
        return self._listed("customer", frozenset({"Customer"}), rq, session)

    def _items(self, rq: Rq, session: Session) -> Answered:
        name = rq.name.removesuffix("Query")
        kinds = frozenset(self._lists["item"].tables) if name == "Item" else frozenset({name})
        old = frozenset(kind for kind in kinds if ITEM_SINCE.get(kind, self._version) > self._version)
        return self._listed("item", kinds - old, rq, session)

    def _listed(self, name: str, kinds: frozenset[str], rq: Rq, session: Session) -> Answered:
        records = self._lists[name]
        order = shapes.CUSTOMER_ORDER if name == "customer" else shapes.ITEM_ORDER
        query = shapes.read_list_query(rq, self._version, order)
        offset = self._identity.offset_hours
        finder = ListAnswers(offset, self._faults, lambda record: record_values(records, record, offset))
        found = finder.find(records, kinds, query, session)
        lines = [] if query.meta_data == "MetaDataOnly" else self._records(records, found, query)
        if name == "item" and lines and self._faults.unknown_types:
            lines.extend(_UNKNOWN_TYPE)
        return Answered(
            found.status,
            lines,
            self._ret_count(query.meta_data, found.ret_count),
            found.remaining,
            found.iterator_id,
        )

    def _records(self, records: RecordList, found: Found, query: shapes.ListQuery) -> list[str]:
        lines: list[str] = []
        for record in found.records:
            values = record_values(records, record, self._identity.offset_hours)
            _leave_owned(values, query.owner_ids)
            lines.extend(self._printer.record(record.ret, records.tables[record.ret], values, query.include))
        return lines

    def _host(self, rq: Rq, _session: Session) -> Answered:
        return self._single("Host", HOST, host_values(self._identity), rq)

    def _company(self, rq: Rq, _session: Session) -> Answered:
        owners = frozenset(node.text.upper() for node in rq.body if node.name == "OwnerID")
        return self._single("Company", COMPANY, company_values(self._identity, owners), rq)

    def _preferences(self, rq: Rq, _session: Session) -> Answered:
        return self._single("Preferences", PREFERENCES, preferences_values(self._identity), rq)

    def _single(self, ret: str, elements: Any, values: Values, rq: Rq) -> Answered:
        include = frozenset(node.text for node in rq.body if node.name == "IncludeRetElement")
        return Answered(status(OK), self._printer.record(ret, elements, values, include))

    def _list_deleted(self, rq: Rq, _session: Session) -> Answered:
        gone = find_deleted(self._lists.values(), rq, self._identity.offset_hours)
        include = frozenset(node.text for node in rq.body if node.name == "IncludeRetElement")
        lines: list[str] = []
        for one in gone:
            lines.extend(
                self._printer.record(
                    "ListDeleted", LIST_DELETED, deleted_values(one, self._identity.offset_hours), include
                )
            )
        meta_data = rq.attributes.get("metaData", "NoMetaData")
        return Answered(
            status(OK if gone else NOTHING_MATCHED),
            [] if meta_data == "MetaDataOnly" else lines,
            self._ret_count(meta_data, len(gone)),
        )

    def _ret_count(self, meta_data: str, count: int) -> int | None:
        if meta_data == "NoMetaData" or self._faults.no_metadata:
            return None
        return max(0, count + self._faults.ret_count_lies)


def _leave_owned(values: Values, owner_ids: frozenset[str]) -> None:
    """Leave only the custom fields of the owners asked for; without OwnerID there are none at all."""
    if "DataExtRet" in values:
        values["DataExtRet"] = [one for one in values["DataExtRet"] if one["OwnerID"].upper() in owner_ids]


def _printed(rq: Rq, answered: Answered) -> str:
    head = attributes(
        (
            ("requestID", rq.request_id),
            ("statusCode", answered.status.code),
            ("statusSeverity", answered.status.severity),
            ("statusMessage", answered.status.message),
            ("retCount", answered.ret_count),
            ("iteratorRemainingCount", answered.remaining),
            ("iteratorID", answered.iterator_id),
        )
    )
    return answer(rq.name, head, answered.lines)
