"""Answers customer and item queries: look-ups, filters, truncation, the pages of an iterator."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from qbwc_server.rehearsal.company_faults import Faults
from qbwc_server.rehearsal.company_iterators import (
    Found,
    Iterator,
    Session,
    lose_if_ordered,
    next_page,
    nothing_to_iterate,
)
from qbwc_server.rehearsal.company_records import Record, RecordList, Values
from qbwc_server.rehearsal.company_requests import ListQuery
from qbwc_server.rehearsal.company_status import (
    BAD_DATE,
    BAD_OBJECT_ID,
    BAD_STRING_RANGE,
    BAD_VALUE,
    FROM_LATER_THAN_TO,
    NOT_ALL_FOUND,
    NOTHING_MATCHED,
    OK,
    QueryStatusError,
    status,
)
from qbwc_server.rehearsal.company_time import instant

_COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "LessThan": lambda balance, amount: balance < amount,
    "LessThanEqual": lambda balance, amount: balance <= amount,
    "Equal": lambda balance, amount: balance == amount,
    "GreaterThan": lambda balance, amount: balance > amount,
    "GreaterThanEqual": lambda balance, amount: balance >= amount,
}
_MATCH: dict[str, Callable[[str, str], bool]] = {
    "StartsWith": str.startswith,
    "Contains": str.__contains__,
    "EndsWith": str.endswith,
}


class ListAnswers:
    """Finds records.

    Args:
        offset_hours: the standard time offset of the machine, for date filters.
        values_of: gives all elements of a record, for the filters that look inside.
    """

    def __init__(self, offset_hours: int, faults: Faults, values_of: Callable[[Record], Values]) -> None:
        self._offset_hours = offset_hours
        self._faults = faults
        self._values_of = values_of

    def find(self, records: RecordList, kinds: frozenset[str], query: ListQuery, session: Session) -> Found:
        """Answer one query.

        Args:
            records: the customers or the items.
            kinds: the record names (without Ret) that this query returns.

        Raises:
            QueryStatusError: if the query ends with an error status.
        """
        if query.iterator is not None:
            return self._iterate(records, kinds, query, session)
        if query.list_ids:
            return self._looked_up(query.list_ids, records.get, kinds)
        if query.full_names:
            return self._looked_up(query.full_names, records.named, kinds)
        matched = list(self._matched(records, kinds, query))[: query.max_returned]
        return Found(status(OK if matched else NOTHING_MATCHED), matched, len(matched))

    def _looked_up(self, keys: Iterable[str], get: Callable[[str], Record | None], kinds: frozenset[str]) -> Found:
        found: dict[str, Record] = {}
        missing = ""
        for key in keys:
            if not key:
                raise QueryStatusError(BAD_OBJECT_ID)
            record = get(key)
            if record is None or record.ret not in kinds or self._faults.status_for_list_id.get(key) == NOT_ALL_FOUND:
                missing = missing or key
            else:
                found[record.list_id] = record
        outcome = status(NOT_ALL_FOUND, missing) if missing else status(OK)
        return Found(outcome, list(found.values()), len(found))

    def _iterate(self, records: RecordList, kinds: frozenset[str], query: ListQuery, session: Session) -> Found:
        if query.list_ids or query.full_names:
            raise QueryStatusError(BAD_VALUE, "iterator")
        if query.iterator == "Start":
            return self._start(records, kinds, query, session)
        iterator_id = query.iterator_id or ""
        iterator = session.find(iterator_id, records.name, kinds)
        if query.iterator == "Stop":
            del session.iterators[iterator_id]
            return Found(status(OK), remaining=0, iterator_id=iterator_id)
        if query.criteria != iterator.criteria:
            raise QueryStatusError(BAD_VALUE, "iterator")
        lose_if_ordered(self._faults, session, iterator_id)
        return next_page(records, session, iterator_id, self._faults)

    def _start(self, records: RecordList, kinds: frozenset[str], query: ListQuery, session: Session) -> Found:
        if query.max_returned is None:
            raise QueryStatusError(BAD_VALUE, "MaxReturned")
        snapshot = [record.list_id for record in self._matched(records, kinds, query)]
        iterator_id = session.new_id()
        if not snapshot:
            return nothing_to_iterate(iterator_id, self._faults)
        session.iterators[iterator_id] = Iterator(records.name, kinds, query.criteria, snapshot)
        return next_page(records, session, iterator_id, self._faults)

    def _matched(self, records: RecordList, kinds: frozenset[str], query: ListQuery) -> Iterable[Record]:
        matched = self._modified(records, query)
        if kinds != records.tables.keys():
            matched = filter(lambda record: record.ret in kinds, matched)
        if query.active_status != "All":
            wanted = query.active_status == "ActiveOnly"
            matched = filter(lambda record: record.is_active == wanted, matched)
        for test in (*_name_tests(query), *self._inner_tests(query)):
            matched = filter(test, matched)
        return matched

    def _modified(self, records: RecordList, query: ListQuery) -> Iterable[Record]:
        limits: list[int | None] = []
        for text, end in zip(query.modified, (False, True), strict=True):
            limit = None if text is None else instant(text, self._offset_hours, end=end)
            if text is not None and limit is None:
                raise QueryStatusError(BAD_DATE, text)
            limits.append(limit)
        first, last = limits
        if first is not None and last is not None and first > last:
            raise QueryStatusError(FROM_LATER_THAN_TO)
        return records if first is None and last is None else records.modified_between(first, last)

    def _inner_tests(self, query: ListQuery) -> list[Callable[[Record], bool]]:
        tests: list[Callable[[Record], bool]] = []
        values_of = self._values_of
        if query.balance is not None:
            operator, amount = query.balance
            compare = _COMPARE[operator]
            tests.append(lambda record: compare(Decimal(str(values_of(record).get("TotalBalance", "0"))), amount))
        for name, choice in (("CurrencyRef", query.currency), ("ClassRef", query.classes)):
            if choice is not None:
                tests.append(_reference_test(name, choice, values_of))
        return tests


def _reference_test(
    name: str, choice: tuple[str, tuple[str, ...]], values_of: Callable[[Record], Values]
) -> Callable[[Record], bool]:
    element, texts = choice
    key = "ListID" if element.startswith("ListID") else "FullName"
    wanted = {text.casefold() for text in texts}
    below = tuple(f"{text}:" for text in wanted) if element == "FullNameWithChildren" else ()

    def test(record: Record) -> bool:
        reference: Mapping[str, Any] = values_of(record).get(name, {})
        text = str(reference.get(key, "")).casefold()
        return text in wanted or text.startswith(below)

    return test


def _name_tests(query: ListQuery) -> list[Callable[[Record], bool]]:
    tests: list[Callable[[Record], bool]] = []
    if query.name_filter is not None:
        criterion, part = query.name_filter
        match, wanted = _MATCH[criterion], part.casefold()
        tests.append(lambda record: match(record.full_name.casefold(), wanted))
    if query.name_range is not None:
        first, last = (text.casefold() for text in query.name_range)
        if first and last and first > last:
            raise QueryStatusError(BAD_STRING_RANGE)
        tests.append(lambda record: record.full_name.casefold() >= first)
        if last:
            tests.append(lambda record: record.full_name.casefold() <= last)
    return tests
