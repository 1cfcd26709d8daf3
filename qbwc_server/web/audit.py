"""What was done: who asked, looked at technical details, changed something. For administrators."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, abort, render_template, request, url_for

from qbwc_server import words
from qbwc_server.qbxml.lists import LISTS, list_type
from qbwc_server.refreshing import saying
from qbwc_server.store import audit
from qbwc_server.store.audit import Entry
from qbwc_server.store.database import Database
from qbwc_server.store.tables import ROLES
from qbwc_server.web.shared import company, need, note, shared, wording
from qbwc_server.web.wording import Wording

pages = Blueprint("audit", __name__)
_PAGE: Final = 50
_MOST_EXPORTED: Final = 100_000
_READ_AT_ONCE: Final = 1000
# What a database counts with; a longer number is no line.
_MOST_LINES: Final = 2**63 - 1
# With these a cell would be a formula to a spreadsheet.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_LISTS: Final = {each.name for each in LISTS}


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is shown.

    Attributes:
        entry: What was noted.
        deed: What was done, in words.
        subject: The address of the page of what it concerns, or None.
        requests: The numbers of the requests it concerns.
        particulars: What else is known, in words.
    """

    entry: Entry
    deed: str
    subject: str | None
    requests: tuple[int, ...]
    particulars: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Which lines are wanted; None for all."""

    name: str | None
    what: str | None
    company: str | None


@pages.get("/audit")
def show() -> str:
    """Show one page of what was done, newest first."""
    need("admin")
    choice, before = _choice(), request.args.get("before", type=int)
    if before is not None and not 0 < before <= _MOST_LINES:
        abort(404)
    with shared().database.read() as connection:
        found = audit.page(
            connection, name=choice.name, what=choice.what, company=choice.company, before=before, limit=_PAGE
        )
    return render_template(
        "audit.html",
        lines=tuple(_line(wording(), each) for each in found.entries),
        choice=choice,
        chosen=choice != Choice(None, None, None),
        older=found.entries[-1].id if found.more else None,
        newest=before is not None,
        deeds=sorted(((each, _deed(wording(), each)) for each in audit.WHAT), key=lambda pair: pair[1]),
        most=_MOST_EXPORTED,
    )


@pages.get("/audit/export")
def export() -> Response:
    """Hand out what was done as CSV, newest first; that it was exported is noted too."""
    need("admin")
    choice, database = _choice(), shared().database
    with database.read() as connection:
        lines, newest = audit.extent(
            connection, name=choice.name, what=choice.what, company=choice.company, most=_MOST_EXPORTED
        )
    # Who only asks whether it is there is handed nothing.
    if request.method == "GET":
        with database.write() as connection:
            note(connection, "audit_exported", detail={"lines": lines})
    answer = Response(_exported(database, wording(), choice, lines, newest), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename="audit.csv")
    return answer


def _exported(database: Database, reader: Wording, choice: Choice, lines: int, newest: int) -> Iterator[str]:
    """Write the lines as CSV, some at a time: there may be very many."""
    # A spreadsheet takes the letters for another alphabet's without the mark at the beginning.
    yield "\ufeff" + _csv([("at", "who", "what", "deed", "company", "subject", "detail")])
    before, left = newest + 1, lines
    while left > 0:
        with database.read() as connection:
            found = audit.page(
                connection,
                name=choice.name,
                what=choice.what,
                company=choice.company,
                before=before,
                limit=min(left, _READ_AT_ONCE),
            )
        yield _csv(tuple(map(_cell, _row(reader, entry))) for entry in found.entries)
        if not found.more:
            return
        before, left = found.entries[-1].id, left - len(found.entries)


def _csv(rows: Iterable[tuple[str, ...]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _choice() -> Choice:
    name, what, owner = (request.args.get(key, "").strip() or None for key in ("name", "what", "company"))
    if what is not None and what not in audit.WHAT:
        abort(404)
    if owner is not None:
        company(owner)
    return Choice(name, what, owner)


def _line(reader: Wording, entry: Entry) -> Line:
    requests = entry.detail.get("requests") or ()
    return Line(
        entry,
        _deed(reader, entry.what),
        _subject(entry),
        tuple(each for each in requests if isinstance(each, int)),
        reader.joined(_particulars(reader, entry)),
    )


def _deed(reader: Wording, what: str) -> str:
    key = f"audit.deed.{what}"
    return reader.text(key) if words.has(reader.language, key) else what


def _subject(entry: Entry) -> str | None:
    if entry.subject is None:
        return None
    kind = entry.detail.get("list")
    if entry.company is not None and kind in _LISTS:
        listing = list_type(kind).table
        return url_for("record.show", listing=listing, company_name=entry.company, list_id=entry.subject)
    return None if entry.what.startswith("token_") else url_for("audit.show", name=entry.subject)


def _particulars(reader: Wording, entry: Entry) -> list[str]:
    """Say of the particulars what has words."""
    given, said = entry.detail, []
    if given.get("list") in _LISTS:
        said.append(reader.text(f"list.{given['list']}.title"))
    said.extend(reader.text(f"role.{given[key]}") for key in ("role", "from", "to") if given.get(key) in ROLES)
    if "from" in given and "to" in given and len(said) == len(("from", "to")):
        said = [reader.text("audit.from_to", before=said[0], after=said[1])]
    if isinstance(given.get("sessions"), int):
        said.append(reader.plural("audit.ended", given["sessions"]))
    if isinstance(given.get("alerts"), bool):
        said.append(reader.text("audit.alerts_on" if given["alerts"] else "audit.alerts_off"))
    if isinstance(given.get("address"), str):
        said.append(given["address"])
    return said


def _row(reader: Wording, entry: Entry) -> tuple[str, ...]:
    detail = json.dumps(dict(entry.detail), ensure_ascii=False, sort_keys=True) if entry.detail else ""
    at = entry.at.isoformat().replace("+00:00", "Z")
    return (
        at,
        saying.asker(reader.language, entry.who),
        entry.what,
        _deed(reader, entry.what),
        entry.company or "",
        entry.subject or "",
        detail,
    )


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
