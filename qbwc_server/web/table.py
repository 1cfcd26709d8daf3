"""The lists: searching, paging, choosing several, asking QuickBooks for more."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qbwc_server.qbxml.lists import ListType
from qbwc_server.refreshing import RecordView, UnknownRecord, Wish
from qbwc_server.store.schedules import TASKS
from qbwc_server.store.tables import LISTS_READ
from qbwc_server.web.alerts import keep_wish
from qbwc_server.web.fields import is_figure, written
from qbwc_server.web.shared import LISTING_PART, companies, company, listed, need, shared, wording
from qbwc_server.web.states import when_asked
from qbwc_server.web.wording import Wording

pages = Blueprint("table", __name__)
_PAGE: Final = 50
_LONGEST_SEARCH: Final = 100
_SCOPE: Final = f"<any({', '.join(LISTS_READ)}):scope>"


@dataclass(frozen=True, slots=True)
class Row:
    """One record in the list; a cell is (heading, text, whether it is a figure)."""

    record: RecordView
    key: str
    cells: tuple[tuple[str, str, bool], ...]


@pages.get(f"/{LISTING_PART}")
def show(listing: str) -> str:
    """Show one page of a list; `q` searches, `after` and `before` are the places to go on from."""
    kind, reader = listed(listing), wording()
    query = request.args.get("q", "").strip()[:_LONGEST_SEARCH]
    chosen = request.args.get("company") or None
    if chosen is not None:
        company(chosen)
    found = shared().refreshing.search(
        kind.name,
        company=chosen,
        q=query,
        after=request.args.get("after") or None,
        before=request.args.get("before") or None,
        limit=_PAGE,
    )
    return render_template(
        "list.html",
        kind=kind,
        query=query,
        chosen=chosen,
        page=found,
        scopes=_scopes(kind),
        columns=tuple((reader.heading(field), is_figure(kind, field)) for field in kind.shown),
        rows=tuple(_row(reader, kind, each) for each in found.records),
    )


@pages.get(f"/{LISTING_PART}/refresh")
def confirm(listing: str) -> ResponseReturnValue:
    """Ask whether the records chosen in the list are meant."""
    need("operator")
    kind = listed(listing)
    records = _chosen(kind, request.args.getlist("record"))
    if not records:
        flash(wording().text("page.list.choose"))
        return redirect(url_for("table.show", listing=listing), 303)
    names = dict.fromkeys(each.company for each in records)
    told = tuple((each, when_asked(wording(), each.connection)) for each in companies() if each.company in names)
    return render_template("confirm_many.html", kind=kind, records=records, told=told)


@pages.post(f"/{LISTING_PART}/refresh")
def ask(listing: str) -> ResponseReturnValue:
    """Ask for the records chosen."""
    user, kind = need("operator"), listed(listing)
    wishes = [Wish(name, kind.name, "list_id", list_id) for name, list_id in _keys(request.form.getlist("record"))]
    if not wishes:
        abort(400)
    asked = shared().refreshing.ask(wishes, user.name)
    flash(wording().plural("page.list.asked", len(asked)))
    return redirect(url_for("queue.show"), 303)


@pages.post(f"/{LISTING_PART}/find")
def find(listing: str) -> ResponseReturnValue:
    """Have QuickBooks searched for a part of a name."""
    user, kind = need("operator"), listed(listing)
    text = request.form.get("q", "").strip()[:_LONGEST_SEARCH]
    if not text:
        abort(400)
    wish = Wish(_named(request.form.get("company")), kind.name, "find", text)
    asked = shared().refreshing.ask([wish], user.name)
    return redirect(url_for("queue.one", refresh_id=asked[0].refresh.id), 303)


@pages.get(f"/{LISTING_PART}/{_SCOPE}")
def confirm_list(listing: str, scope: str) -> str:
    """Ask whether the whole list, what changed of it, or its stock is meant."""
    need("operator")
    kind = _with(listing, scope)
    owner = company(_named(request.args.get("company")))
    told = when_asked(wording(), owner.connection)
    return render_template("confirm_list.html", kind=kind, scope=scope, owner=owner, told=told)


@pages.post(f"/{LISTING_PART}/{_SCOPE}")
def fetch(listing: str, scope: str) -> ResponseReturnValue:
    """Have the whole list fetched, or what changed of it, or its stock."""
    user, kind = need("operator"), _with(listing, scope)
    wish = Wish(_named(request.form.get("company")), kind.name, scope, "")
    asked = shared().refreshing.ask([wish], user.name)
    keep_wish(asked[0])
    if scope != asked[0].refresh.scope:
        flash(wording().text("refresh.whole"))
    return redirect(url_for("queue.one", refresh_id=asked[0].refresh.id), 303)


def fetch_key(scope: str) -> str:
    """Return the name of the words of the button that fetches a list so."""
    return "fetch" if scope == "all" else f"fetch_{scope}"


def _scopes(kind: ListType) -> tuple[str, ...]:
    return tuple(scope for scope in LISTS_READ if scope in TASKS[kind.name])


def _with(listing: str, scope: str) -> ListType:
    kind = listed(listing)
    if scope not in _scopes(kind):
        abort(404)
    return kind


def _named(named: str | None) -> str:
    return company(named).company if named else shared().refreshing.only_company()


def _row(reader: Wording, kind: ListType, record: RecordView) -> Row:
    cells = tuple(
        (reader.heading(field), written(reader, kind, field, record.values.get(field)), is_figure(kind, field))
        for field in kind.shown
    )
    return Row(record, f"{record.company}/{record.list_id}", cells)


def _keys(chosen: Sequence[str]) -> list[tuple[str, str]]:
    pairs = (each.partition("/") for each in dict.fromkeys(chosen[:_PAGE]))
    return [(name, list_id) for name, _, list_id in pairs if name and list_id]


def _chosen(kind: ListType, chosen: Sequence[str]) -> list[RecordView]:
    records = []
    for name, list_id in _keys(chosen):
        try:
            records.append(shared().refreshing.record(name, kind.name, list_id))
        except UnknownRecord:
            continue
    return records
