"""When QuickBooks cannot parse a message set (0x80040400): whose fault it is.

Theory of operation
-------------------
The hresult condemns the whole message set without a hint which request is
guilty. Counts and deletions, which nobody asked for, are left out first. A set
of several is halved, until the guilty request stands alone. A
lone request that is refused with IncludeRetElement is asked once without; if it
is taken then, this QuickBooks is not asked with it again. What is refused alone
even without is kept until the visit ends: one such request is guilty itself and
fails; two in one visit, or one before anything was ever accepted at this qbXML
version, mean that the fault is ours: nothing fails, and the next visit speaks
the next lower version. Below the lowest the company needs attention, until
something is accepted after all.

Source: QBWC guide ch. 8; qbXML: wrong element order.
"""

from datetime import datetime

from sqlalchemy import Connection

from qbwc_server.qbxml.versions import LOWEST, lower
from qbwc_server.store import companies, moves, refreshes, visits
from qbwc_server.store.companies import Company
from qbwc_server.store.visits import Visit

REFUSED_CODE = "0x80040400"
REFUSED_IN_EVERY_FORM = "version_too_old"
OUR_FAULT_FROM = 2
BESIDE = ("count", "deleted")


def refuse(connection: Connection, company: Company, visit: Visit, now: datetime) -> None:
    """Deal with a message set that QuickBooks could not parse."""
    group = moves.out(connection, visit.company, visit.visit)
    if not group:
        return
    ids = [one.id for one in group]
    wishes = {(one.list, one.way, one.value) for one in group}
    moves.put_back(connection, ids, counted=False)
    if not visit.bare and any(asked["kind"] in BESIDE for asked in (visit.requests or {}).values()):
        visits.change(connection, visit.company, visit.visit, bare=True)
    elif (named := _suspects(visit)) > 1:
        moves.change(connection, ids, most=named // 2)
    elif len(wishes) > 1:
        moves.change(connection, ids, most=max(1, len(wishes) // 2))
    elif not visit.plain and not company.whole_records:
        visits.change(connection, visit.company, visit.visit, plain=True)
        moves.change(connection, ids, fields_refused=True)
    else:
        moves.change(connection, ids, most=1, held_by_visit=visit.visit, refused_alone=True, fields_refused=False)
        # Leaving out IncludeRetElement did not help: that was not the reason.
        visits.change(connection, visit.company, visit.visit, plain=company.whole_records)
        alone = moves.refused_alone(connection, visit.company, visit.visit)
        # Several people may have asked for the same: that is one request refused.
        refused = {(one.list, one.way, one.value) for one in refreshes.many(connection, alone)}
        if company.accepted_version != visit.version or len(refused) >= OUR_FAULT_FROM:
            _our_fault(connection, visit, alone, now)


def _suspects(visit: Visit) -> int:
    """Return how many suspects of a list run were asked for."""
    return sum(len(asked.get("suspects", ())) for asked in (visit.requests or {}).values())


def settle(connection: Connection, visit: Visit, now: datetime) -> None:
    """At the end of a visit: what is still held as refused alone is guilty itself."""
    guilty = moves.refused_alone(connection, visit.company, visit.visit)
    moves.fail(connection, guilty, {"code": REFUSED_CODE, "values": {}}, now)


def _our_fault(connection: Connection, visit: Visit, alone: tuple[int, ...], now: datetime) -> None:
    moves.change(connection, alone, refused_alone=False, most=refreshes.MOST)
    visits.change(connection, visit.company, visit.visit, no_more=True)
    version = lower(visit.version or LOWEST)
    if version is not None:
        companies.change(connection, visit.company, version_cap=version, qbxml_version=version)
        return
    told = {"attention": REFUSED_IN_EVERY_FORM, "attention_values": None, "attention_at": now}
    companies.notice(connection, visit.company, **told)
