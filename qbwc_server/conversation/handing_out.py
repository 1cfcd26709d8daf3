"""Handing out work: the right company file, the qbXML version, and the next message set.

Before a visit is sent anything, the company file that QuickBooks has open is
checked and the version is chosen; both are kept with the visit, not the process.
"""

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any

from sqlalchemy import Connection

from qbwc_server import protocol
from qbwc_server.conversation import files
from qbwc_server.conversation.due import ask_if_due
from qbwc_server.conversation.files import Verdict
from qbwc_server.conversation.listing import Listing, Packed
from qbwc_server.conversation.paging import Measure
from qbwc_server.conversation.refusals import REFUSED_IN_EVERY_FORM
from qbwc_server.conversation.work import CANDIDATES, pack
from qbwc_server.protocol import Reason, Session, Step, advance
from qbwc_server.qbxml.asking import asked_fields
from qbwc_server.qbxml.errors import QBXMLError
from qbwc_server.qbxml.hcp import HCP, SINGLE_USER, read_hcp
from qbwc_server.qbxml.request import ByFullName, ByListID, Count, Deleted, Find, Page, Request, build_message_set
from qbwc_server.qbxml.versions import LOWEST, choose
from qbwc_server.rhythm import Place
from qbwc_server.store import companies, freshness, holds, moves, schedules, visits
from qbwc_server.store.companies import Company
from qbwc_server.store.refreshes import QueuedRefresh
from qbwc_server.store.visits import Visit

log = logging.getLogger(__name__)

_KINDS: dict[type[Request], str] = {
    ByListID: "list_id",
    ByFullName: "full_name",
    Find: "find",
    Page: "page",
    Count: "count",
    Deleted: "deleted",
}


@dataclass(frozen=True, slots=True)
class Manner:
    """How the server speaks: the language of its sentences, and the private fields that are published.

    `place` has the clocks and hours by which lists are read by themselves; None where none is. `zone` is the time
    zone of companies that have none of their own.
    """

    language: str = "en"
    private: frozenset[str] = frozenset()
    place: Place | None = None
    zone: tzinfo = UTC

    def is_quiet(self, company: Company, now: datetime) -> bool:
        """Tell whether nothing of a company is read by itself now."""
        if self.place is None:
            return holds.is_quiet(company, now, self.zone)
        place = schedules.place_of(company, self.place)
        return place.quiet is not None and place.quiet.covers(now, place.zone)


def greet(
    connection: Connection,
    company: Company,
    visit: Visit,
    hcp_response: str,
    company_file: str,
    country: str,
    now: datetime,
) -> tuple[Visit, Reason | None]:
    """Before anything is sent in a visit: is it the right company file, and which qbXML does it speak?"""
    if company.is_paused(now):
        return visit, Reason("paused")
    known = companies.connection_of(connection, company.company)
    if visit.no_more:
        lowest = known.attention == REFUSED_IN_EVERY_FORM
        return visit, Reason("version_too_old") if lowest else Reason("older_version")
    if visit.file_checked:
        return visit, None
    hcp = read_hcp(hcp_response)
    where = (hcp.country or country)[:8]
    verdict = files.judge(company, hcp, company_file)
    seen = _seen(company, hcp, verdict, where)
    if verdict.reason is not None:
        told = {"attention": verdict.reason.code, "attention_values": dict(verdict.reason.values)}
        companies.notice(connection, company.company, **seen, **told, attention_at=now)
        return visit, verdict.reason
    another = bool(hcp.product) and companies.fitting("product", hcp.product) != known.product
    if another:
        # Another QuickBooks: what the old one refused says nothing about it.
        forgotten: dict[str, Any] = {"version_cap": None, "whole_records": False, "interleaves": True}
        companies.change(connection, company.company, **forgotten)
        company = replace(company, **forgotten)
    if another or known.attention != REFUSED_IN_EVERY_FORM:
        # What was said of the file or of opening it is settled; whether a request is taken, only an answer tells.
        seen |= {"attention": None, "attention_values": None, "attention_at": None}
    companies.notice(connection, company.company, **seen)
    return _admit(connection, company, visit, hcp, verdict, where), None


def _seen(company: Company, hcp: HCP, verdict: Verdict, where: str) -> dict[str, object]:
    """Return what a visit shows of the connection, accepted or not."""
    seen: dict[str, object] = {
        "seen_file": verdict.file,
        "seen_name": verdict.name or None,
        "seen_file_id": hcp.file_ids.get(company.owner_id.strip("{}").lower()),
    }
    told = {"product": hcp.product, "country": where}
    return seen | {name: value for name, value in told.items() if value}


def _admit(connection: Connection, company: Company, visit: Visit, hcp: HCP, verdict: Verdict, where: str) -> Visit:
    """Keep what was accepted, for the company and for the rest of the visit."""
    version = choose(hcp.supported_versions, company.version_cap) if hcp.supported_versions else None
    version = version or company.qbxml_version or LOWEST
    companies.change(
        connection,
        company.company,
        accepted_file=verdict.file or company.accepted_file,
        accepted_name=verdict.name or company.accepted_name,
        qbxml_version=version,
    )
    known: dict[str, Any] = {"file_checked": True, "version": version, "country": where or "US"}
    known |= {"plain": company.whole_records, "single_user": hcp.file_mode == SINGLE_USER}
    visits.change(connection, visit.company, visit.visit, **known)
    return replace(visit, **known)


def take_work(
    manner: Manner,
    connection: Connection,
    company: Company,
    visit: Visit,
    session: Session,
    reason: Reason | None,
    now: datetime,
    *,
    hold: bool,
) -> tuple[Step, Visit]:
    """Claim what waits, build its document and store both, or say why nothing is handed out.

    `hold`: whether QBWC is to wait and ask again when nothing waits.
    """
    if reason is not None:
        return advance(session, protocol.NothingTaken(reason)), visit
    quiet = manner.is_quiet(company, now)
    waiting = moves.waiting(connection, visit.company, visit.visit, CANDIDATES, quiet=quiet)
    if not waiting and ask_if_due(connection, company, now, manner.place):
        waiting = moves.waiting(connection, visit.company, visit.visit, CANDIDATES, quiet=quiet)
    running = int((visit.iterator or {}).get("refresh", 0))
    if running and len(waiting) >= CANDIDATES and all(one.id != running for one in waiting):
        # Behind so many people it would be overlooked, and its iterator with it.
        waiting += moves.waiting_one(connection, visit.company, visit.visit, running, quiet=quiet)
    if not waiting:
        return advance(session, protocol.NothingTaken(protocol.NOTHING_WAITING, hold=hold)), visit
    # Visits of two companies may have the same number; what one was asked must not answer the other.
    message_set = f"{visit.visit}.{visit.sends + 1}.{secrets.token_hex(4)}"
    listing = _listing(connection, company, visit, waiting)
    waiting = tuple(_begun(connection, one, listing, now) for one in waiting)
    packed = pack(waiting, message_set, listing)
    version, country = listing.version, visit.country or "US"
    limit = not visit.plain
    try:
        text = build_message_set(
            packed.requests, version=version, private=manner.private, limit_elements=limit, country=country
        )
    except QBXMLError as problem:
        # A template was altered under the running server: nothing leaves, everything waits.
        log.error("no request can be built: %s", problem)  # noqa: TRY400 - the message says it all
        return advance(session, protocol.NothingTaken(Reason("internal"))), visit
    requests = {
        one.request_id: _to_remember(one, packed, version, country, manner.private, limit=limit)
        for one in packed.requests
    }
    moves.mark_sent(connection, packed.refreshes, visit.visit, now)
    stored: dict[str, Any] = {"outstanding_text": text, "requests": requests, "sends": visit.sends + 1}
    if listing.running is not None and listing.running not in packed.lists:
        stored["iterator"] = {**(listing.iterator or {}), "interleaved": True}
    visits.change(connection, visit.company, visit.visit, **stored)
    return advance(session, protocol.WorkTaken(message_set)), replace(visit, **stored)


def _listing(connection: Connection, company: Company, visit: Visit, waiting: Sequence[QueuedRefresh]) -> Listing:
    measures: dict[str, Measure] = {}
    deleted_from: dict[str, str | None] = {}
    for name in sorted({one.list for one in waiting if one.reads_list}):
        found = freshness.get(connection, company.company, name)
        if found is not None:
            measures[name] = Measure(found.record_bytes, found.record_micros)
            deleted_from[name] = found.deleted_from
    return Listing(
        version=visit.version or LOWEST,
        iterator=visit.iterator,
        measures=measures,
        deleted_from=deleted_from,
        interleaves=company.interleaves,
        bare=visit.bare,
    )


def _begun(connection: Connection, one: QueuedRefresh, listing: Listing, now: datetime) -> QueuedRefresh:
    """Return a list run that begins to read with the moment from which on it does, everything else as it is."""
    if one.scope != "changed" or one.id == listing.running or one.through:
        return one
    since = freshness.changed_from(connection, one.company, one.list, now)
    moves.change(connection, [one.id], modified_since=since)
    return replace(one, modified_since=since)


def _to_remember(
    one: Request, packed: Packed, version: str, country: str, private: frozenset[str], *, limit: bool
) -> dict[str, Any]:
    """Return what an answer is read by: what was asked, and which fields."""
    volatile = isinstance(one, Page) and one.volatile
    asked = asked_fields(
        one.list, version=version, private=private, limit_elements=limit, country=country, volatile=volatile
    )
    fields = {"private": sorted(private), "asked": sorted(asked)}
    return {"kind": _KINDS[type(one)], "list": one.list, **fields, **packed.notes.get(one.request_id, {})}
