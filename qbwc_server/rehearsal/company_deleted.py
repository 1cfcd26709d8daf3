"""Answers ListDeletedQuery. Source: qbXML reference, "ListDeletedQueryRq"."""

from collections.abc import Iterable

from qbwc_server.rehearsal.company_records import Deleted, RecordList, Values
from qbwc_server.rehearsal.company_request import Rq
from qbwc_server.rehearsal.company_status import BAD_DATE, FROM_LATER_THAN_TO, QueryStatusError
from qbwc_server.rehearsal.company_time import instant, wall_clock


def find_deleted(lists: Iterable[RecordList], rq: Rq, offset_hours: int) -> list[Deleted]:
    """The deletions of the types and within the dates asked for, in the order of the lists.

    Raises:
        QueryStatusError: if the dates make no sense.
    """
    types = {node.text for node in rq.body if node.name == "ListDelType"}
    first, last = _limits(rq, offset_hours)
    return [one for records in lists for one in records.deleted if one.kind in types and first <= one.deleted <= last]


def deleted_values(one: Deleted, offset_hours: int) -> Values:
    """ListDeletedRet."""
    return {
        "ListDelType": one.kind,
        "ListID": one.list_id,
        "TimeCreated": wall_clock(one.created, offset_hours),
        "TimeDeleted": wall_clock(one.deleted, offset_hours),
        "FullName": one.full_name,
    }


def _limits(rq: Rq, offset_hours: int) -> tuple[float, float]:
    limits = {"FromDeletedDate": float("-inf"), "ToDeletedDate": float("inf")}
    for outer in rq.body:
        for node in outer.children if outer.name == "DeletedDateRangeFilter" else ():
            moment = instant(node.text, offset_hours, end=node.name == "ToDeletedDate")
            if moment is None:
                raise QueryStatusError(BAD_DATE, node.text)
            limits[node.name] = moment
    first, last = limits["FromDeletedDate"], limits["ToDeletedDate"]
    if first > last:
        raise QueryStatusError(FROM_LATER_THAN_TO)
    return first, last
