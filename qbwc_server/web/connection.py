"""How the Web Connectors are doing, what they were sent, pausing and holding them, and the .qwc file for one."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Final

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qbwc_server import codes
from qbwc_server.conversation.paging import LONGEST_PAGE, PAGE_BYTES, PAGE_MICROS, SHORTEST_PAGE
from qbwc_server.qwcfile import write_qwc
from qbwc_server.refreshing import calls as latest_calls
from qbwc_server.refreshing.calls import Call, Pattern
from qbwc_server.refreshing.lists_read import ListRead, lists_read
from qbwc_server.store import audit, company_files, holds, pauses, visits
from qbwc_server.store import companies as store_companies
from qbwc_server.store.database import Database
from qbwc_server.web.shared import companies, company, need, note, shared, signed_in, wording
from qbwc_server.web.states import cards
from qbwc_server.web.wording import Wording
from qbwc_server.words import number

pages = Blueprint("connection", __name__)
_FREE: Final = timedelta(minutes=15)
_PAGE: Final = 50
# What a database counts with is below that.
_NO_ID: Final = 2**63


@pages.get("/connection")
def show() -> str:
    """Show each company's connection."""
    return render_template(
        "connection.html",
        cards=cards(wording(), companies(), simulated=shared().simulated),
        patterns={each.company: _patterns(each.company) for each in companies()},
        publishing=shared().refreshing.publishing(),
        most_held=holds.MOST_SECONDS,
        reading={each.company: _reading(each.company) for each in companies()} if signed_in().may("admin") else {},
    )


@pages.get("/connection/<company_name>/calls")
def calls(company_name: str) -> str:
    """Show the last times that a company's Web Connector came by."""
    owner = company(company_name)
    with shared().database.read() as connection:
        found = latest_calls.latest(connection, company_name, shared().database.now(connection))
    told = [(call, _trouble(wording(), call)) for call in found]
    return render_template("calls.html", company=owner, calls=told, patterns=_patterns(company_name))


@pages.get("/connection/<company_name>/requests")
def sent(company_name: str) -> str:
    """Show every request that went out to a company, a page at a time."""
    need("admin")
    owner = company(company_name)
    before = request.args.get("before", type=int)
    if before is not None and not 0 < before < _NO_ID:
        abort(400)
    with shared().database.read() as connection:
        found = visits.requests(connection, company_name, before=before, limit=_PAGE + 1)
    older = found[_PAGE - 1].id if len(found) > _PAGE else None
    return render_template("sent.html", company=owner, requests=found[:_PAGE], older=older)


@pages.get("/connection/<company_name>/requests.csv")
def export_sent(company_name: str) -> Response:
    """Hand out every request that went out to a company."""
    need("admin")
    company(company_name)
    _note_handed_out("requests_exported", company_name)
    answer = Response(_sent_rows(shared().database, company_name), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{company_name}-requests.csv")
    return answer


@pages.post("/connection/<company_name>/free")
def free(company_name: str) -> ResponseReturnValue:
    """Leave QuickBooks alone for a quarter of an hour."""
    user = need("operator")
    return _pause(company_name, user.name, _FREE)


@pages.post("/connection/<company_name>/pause")
def pause(company_name: str) -> ResponseReturnValue:
    """Hand out no work until somebody resumes."""
    user = need("admin")
    return _pause(company_name, user.name, None)


def _pause(company_name: str, by: str, length: timedelta | None) -> ResponseReturnValue:
    company(company_name)
    with shared().database.write() as connection:
        now = shared().database.now(connection)
        until = None if length is None else now + length
        paused = pauses.pause(connection, company_name, by=by, now=now, until=until).paused_until
        if paused == until:
            note(connection, "company_paused", company=company_name)
    reader = wording()
    flash(reader.text("pause.paused") if paused is None else reader.text("pause.until", until=reader.at(paused)))
    return _back(company_name)


@pages.post("/connection/<company_name>/resume")
def resume(company_name: str) -> ResponseReturnValue:
    """Hand out work again; a pause without an end is an administrator's to end."""
    user = need("operator")
    company(company_name)
    try:
        with shared().database.write() as connection:
            pauses.resume(connection, company_name, also_without_end=user.may("admin"))
            note(connection, "company_resumed", company=company_name)
    except pauses.PausedWithoutEnd:
        abort(403)
    flash(wording().text("pause.resumed"))
    return _back(company_name)


@pages.post("/connection/<company_name>/hold")
def hold(company_name: str) -> ResponseReturnValue:
    """Keep QuickBooks open for so many seconds after somebody asks, or not at all."""
    need("admin")
    company(company_name)
    seconds = 0
    try:
        seconds = holds.read_seconds(request.form.get("seconds", "").strip())
        with shared().database.write() as connection:
            holds.set_seconds(connection, company_name, seconds)
            note(connection, "hold_changed", company=company_name)
        said = "hold.on" if seconds else "hold.off"
    except holds.BadHold:
        said = "hold.bad"
    flash(wording().text(said, seconds=seconds, most=holds.MOST_SECONDS))
    return _back(company_name)


@pages.get("/connection/<company_name>/qwc")
def qwc(company_name: str) -> Response:
    """Hand out the .qwc file: the same one for ever, since another OwnerID or FileID would be another connection."""
    need("admin")
    owner = company(company_name)
    file = write_qwc(
        app_name=owner.title,
        public_url=shared().settings.public_url,
        description=owner.title,
        user_name=owner.user,
        owner_id=owner.owner_id,
        file_id=owner.file_id,
    )
    _note_handed_out("qwc_downloaded", company_name)
    answer = Response(file, mimetype="application/octet-stream")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{company_name}.qwc")
    return answer


@pages.post("/connection/<company_name>/accept")
def accept(company_name: str) -> ResponseReturnValue:
    """Take the company file seen last for this company's own, on an administrator's word."""
    need("admin")
    company(company_name)
    try:
        with shared().database.write() as connection:
            company_files.accept(connection, company_name)
            note(connection, "file_accepted", company=company_name)
        said = "page.accepted"
    except company_files.ForeignFile:
        said = "page.foreign_file"
    except company_files.NothingToAccept:
        said = "page.nothing_to_accept"
    flash(wording().text(said))
    return _back(company_name)


def _sent_rows(database: Database, company_name: str) -> Iterator[str]:
    """Write the requests as CSV, a page at a time: there may be very many."""
    yield _csv(("sent_at", "visit", "request"))
    before: int | None = None
    while True:
        with database.read() as connection:
            found = visits.requests(connection, company_name, before=before, limit=_PAGE)
        for each in found:
            # A request begins with "<", which no spreadsheet takes for a formula.
            yield _csv((each.at.isoformat(), each.visit, each.text))
        if len(found) < _PAGE:
            return
        before = found[-1].id


def _csv(row: tuple[object, ...]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(row)
    return text.getvalue()


def _note_handed_out(what: audit.What, company_name: str) -> None:
    """Note that a file was handed out; a HEAD asks only about it."""
    if request.method == "GET":
        with shared().database.write() as connection:
            note(connection, what, company=company_name)


def _back(company_name: str) -> ResponseReturnValue:
    return redirect(url_for("connection.show", _anchor=company_name), 303)


def _trouble(reader: Wording, call: Call) -> codes.Explanation | None:
    return None if call.code is None else codes.explain(reader.language, call.code, **call.values)


def _reading(company_name: str) -> tuple[tuple[tuple[str, str], ...], bool]:
    """Say how each list is read, and tell whether QuickBooks keeps its place in one while something else is asked."""
    with shared().database.read() as connection:
        found = lists_read(connection, company_name)
        interleaves = store_companies.get(connection, company_name).interleaves
    return tuple((one.list, _how_read(wording(), one)) for one in found), interleaves


def _how_read(reader: Wording, one: ListRead) -> str:
    times = [("whole", one.whole_at), ("changed", one.changed_at), ("swept", one.swept_at)]
    said = [
        reader.text(f"connection.list_{name}", time=reader.about(at) if at is not None else reader.text("app.never"))
        for name, at in times
    ]
    if one.record_bytes and one.record_micros is not None:
        fitting = min(PAGE_BYTES // one.record_bytes, PAGE_MICROS // max(1, one.record_micros), LONGEST_PAGE)
        size = max(SHORTEST_PAGE, fitting)
        seconds = number(reader.language, str(round(Decimal(size * one.record_micros) / 1_000_000, 1)))
        said.append(reader.plural("connection.list_page", size, seconds=seconds))
    return reader.joined(said)


def _patterns(company_name: str) -> tuple[str, ...]:
    with shared().database.read() as connection:
        found = latest_calls.patterns(connection, company_name, shared().database.now(connection))
    return tuple(_said(wording(), one) for one in found)


def _said(reader: Wording, pattern: Pattern) -> str:
    values = {
        "since": reader.spoken(pattern.since),
        "changed": reader.at(pattern.changed_at) if pattern.changed_at else "",
        "addresses": ", ".join(pattern.addresses),
        "trouble": codes.explain(reader.language, pattern.code).message if pattern.code else "",
    }
    return reader.plural(f"pattern.{pattern.kind}", pattern.n, **values)
