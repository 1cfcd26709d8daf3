"""One record: its fields, its refreshes, and the button that asks QuickBooks for it anew."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from qbwc_server.qbxml.lists import ListType
from qbwc_server.refreshing import Asked, CompanyView, RecordView, Refresh, UnknownRecord, Wish
from qbwc_server.refreshing.lists_read import list_read
from qbwc_server.web.alerts import keep_wish
from qbwc_server.web.fields import Difference, Group, differences, groups
from qbwc_server.web.live import Live, live
from qbwc_server.web.rows import Row, rows
from qbwc_server.web.shared import LISTING_PART, company, listed, need, shared, wording
from qbwc_server.web.states import is_silent, when_asked

pages = Blueprint("record", __name__)
_HISTORY: Final = 20


@dataclass(frozen=True, slots=True)
class Detail:
    """What the page of one record shows.

    Attributes:
        kind: The list.
        company: Its company.
        list_id: Its ListID.
        name: What it is called here; the ListID while that is unknown.
        record: The record as last seen, or None if QuickBooks was only just asked for it.
        groups: Its fields.
        history: Its refreshes, newest first.
        changes: What the latest of them changed.
        live: How the latest one stands, or None.
        list_read_at: When its list was last read for changes, or None.
    """

    kind: ListType
    company: CompanyView
    list_id: str
    name: str
    record: RecordView | None
    groups: tuple[Group, ...]
    history: tuple[Row, ...]
    changes: tuple[Difference, ...]
    live: Live | None
    list_read_at: datetime | None

    @property
    def first_seen(self) -> bool:
        """Whether the latest refresh brought the record for the first time: there is no before."""
        return self.latest is not None and any(each.first for each in self.latest.changes)

    @property
    def latest(self) -> Refresh | None:
        """The newest refresh of the record."""
        return self.history[0].refresh if self.history else None


def detail(kind: ListType, owner: CompanyView, list_id: str) -> Detail | None:
    """Gather the page of one record; None if nothing is known of it."""
    refreshing, reader = shared().refreshing, wording()
    history = refreshing.list(company=owner.company, list_name=kind.name, list_id=list_id, limit=_HISTORY)
    try:
        record = refreshing.record(owner.company, kind.name, list_id)
    except UnknownRecord:
        if not history:
            return None
        record = None
    latest = history[0] if history else None
    return Detail(
        kind=kind,
        company=owner,
        list_id=list_id,
        name=_name(record, latest, list_id),
        record=record,
        groups=groups(reader, kind, record.values) if record is not None else (),
        history=rows(history),
        changes=differences(reader, kind, latest.changes) if latest is not None and latest.is_final else (),
        live=live(reader, latest, owner.connection, on_record=True) if latest is not None else None,
        list_read_at=_list_read_at(owner.company, kind.name),
    )


@pages.get(f"/{LISTING_PART}/<company_name>/<list_id>")
def show(listing: str, company_name: str, list_id: str) -> str:
    """Show one record."""
    owner = company(company_name)
    found = detail(listed(listing), owner, list_id)
    if found is None:
        raise UnknownRecord(listed(listing).name, list_id)
    return render_template(
        "record.html",
        detail=found,
        told=when_asked(wording(), owner.connection),
        offline=is_silent(owner.connection),
    )


@pages.get(f"/{LISTING_PART}/<company_name>/<list_id>/refresh")
def confirm(listing: str, company_name: str, list_id: str) -> str:
    """Ask whether it is meant, on a page of its own: what the dialog says, without JavaScript."""
    need("operator")
    kind, owner = listed(listing), company(company_name)
    found = detail(kind, owner, list_id)
    return render_template(
        "confirm.html",
        kind=kind,
        company_name=company_name,
        list_id=list_id,
        name=found.name if found is not None else list_id,
        offline=is_silent(owner.connection),
        told=when_asked(wording(), owner.connection),
    )


@pages.post(f"/{LISTING_PART}/<company_name>/<list_id>/refresh")
def ask(listing: str, company_name: str, list_id: str) -> ResponseReturnValue:
    """Ask QuickBooks for the record and go back to its page, where the answer will show."""
    user, kind = need("operator"), listed(listing)
    if not list_id.strip():
        abort(400)
    wish = Wish(company(company_name).company, kind.name, "list_id", list_id)
    asked = shared().refreshing.ask([wish], user.name)[0]
    keep_wish(asked)
    _tell_joined(asked, user.name)
    place = url_for("record.show", listing=listing, company_name=company_name, list_id=list_id, _anchor="live")
    return redirect(place, 303)


def _list_read_at(company_name: str, list_name: str) -> datetime | None:
    with shared().database.read() as connection:
        return list_read(connection, company_name, list_name).changed_at


def _tell_joined(asked: Asked, name: str) -> None:
    if not asked.joined:
        return
    first, reader = asked.refresh.asked_by, wording()
    key = "refresh.joined_own" if first == name else "refresh.joined"
    flash(reader.text(key, user=first, ago=reader.ago(asked.refresh.asked_at)))


def _name(record: RecordView | None, latest: Refresh | None, list_id: str) -> str:
    if record is not None:
        return record.full_name or record.name or list_id
    return (latest.full_name if latest is not None else None) or list_id
