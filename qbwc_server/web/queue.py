"""The requests to QuickBooks: the queue, one request's way, cancelling and trying again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qbwc_server.qbxml.lists import list_type
from qbwc_server.refreshing import NotAsked, NotFailed, NotWaiting, Refresh
from qbwc_server.refreshing.showing import MOST_CHANGES
from qbwc_server.store import records
from qbwc_server.store.tables import STATES
from qbwc_server.web import record
from qbwc_server.web.fields import Difference, differences
from qbwc_server.web.live import Live, live
from qbwc_server.web.rows import row, rows
from qbwc_server.web.shared import company, need, shared, wording
from qbwc_server.web.targets import local_target, part_of

pages = Blueprint("queue", __name__)
_MOST: Final = 100
# What a database counts with; a longer number is no request.
_ID: Final = f"<int(max={2**63 - 1}):refresh_id>"


@dataclass(frozen=True, slots=True)
class Changes:
    """What a request changed.

    Attributes:
        fields: Field by field.
        names: The full names of the records of a whole list, by ListID; none for one record.
        first: Whether there were records seen for the first time, which are not among the fields.
        more: Whether there may be more than is shown.
    """

    fields: tuple[Difference, ...]
    names: Mapping[str, str]
    first: bool
    more: bool


@pages.get("/refreshes")
def show() -> str:
    """Show the queue, newest first, all states or one; what the schedule asked for in vain only on demand."""
    state = request.args.get("state") or None
    if state is not None and state not in STATES:
        abort(404)
    refreshing = shared().refreshing
    quiet = request.args.get("quiet") == "show"
    found = refreshing.list(state=state, limit=_MOST, quiet=quiet)
    return render_template(
        "queue.html",
        rows=rows(found),
        state=state,
        states=STATES,
        counts=refreshing.counts(),
        most=_MOST,
        quiet=quiet,
        hidden=refreshing.count_quiet() if state in (None, "published") else 0,
    )


@pages.get(f"/refreshes/{_ID}")
def one(refresh_id: int) -> str:
    """Show one request: how it stands, its way so far, what it found or changed."""
    return render_template("refresh.html", **_page(shared().refreshing.get(refresh_id)))


@pages.get(f"/refreshes/{_ID}/status")
def status(refresh_id: int) -> Response:
    """Answer a poll: nothing when nothing changed, else the sentence, and at the end the rest of the page too."""
    found = shared().refreshing.get(refresh_id)
    on_record = request.args.get("page") == "record" and found.list_id is not None
    part_of(row(wording(), found).link if on_record else url_for("queue.one", refresh_id=found.id))
    shown = _live(found, on_record=on_record)
    same = request.args.get("seen") == shown.seen
    level = request.args.get("level") == shown.level
    if same and level and request.args.get("every") == str(shown.every):
        return Response(status=204)
    extra = _rest(found, shown) if not same and found.is_final else {}
    answer = make_response(render_template("_live_answer.html", same=same, level=level, **{**extra, "live": shown}))
    if same:
        answer.headers["HX-Reswap"] = "none"
    return answer


@pages.post(f"/refreshes/{_ID}/cancel")
def cancel(refresh_id: int) -> ResponseReturnValue:
    """Withdraw the reader's request; an administrator's word withdraws everybody's."""
    user, reader = need("operator"), wording()
    try:
        left = shared().refreshing.cancel(refresh_id, user.name, everyone=user.may("admin"))
    except (NotWaiting, NotAsked):
        between = shared().refreshing.get(refresh_id).is_reading
        flash(reader.text("queue.cancel_between" if between else "queue.cancel_too_late"))
    else:
        flash(reader.text("queue.cancelled" if left.state == "cancelled" else "page.others_wait"))
    return redirect(_back(refresh_id), 303)


@pages.post(f"/refreshes/{_ID}/retry")
def retry(refresh_id: int) -> ResponseReturnValue:
    """Ask again for what failed."""
    user, reader = need("operator"), wording()
    try:
        again = shared().refreshing.retry(refresh_id, user.name)
    except NotFailed:
        flash(reader.text("queue.retry_not"))
        return redirect(_back(refresh_id), 303)
    flash(reader.text("queue.retried"))
    return redirect(_back(again.id), 303)


def _back(refresh_id: int) -> str:
    wanted = request.form.get("next")
    return local_target(wanted) if wanted else url_for("queue.one", refresh_id=refresh_id)


def _page(found: Refresh) -> dict[str, object]:
    reader = wording()
    shown = row(reader, found)
    return {
        "row": shown,
        "live": _live(found, on_record=False),
        "owner": company(found.company),
        "steps": _steps(found),
        "changes": _changes(found),
    }


def _changes(found: Refresh) -> Changes:
    """Gather what a request changed; of records seen for the first time only that there were some."""
    told = tuple(each for each in found.changes if not each.first)
    ids = {each.list_id for each in told} if found.scope != "record" else set()
    with shared().database.read() as connection:
        known = records.many(connection, found.company, found.list, ids) if ids else {}
    return Changes(
        differences(wording(), list_type(found.list), told),
        {list_id: each.full_name for list_id, each in known.items()},
        first=len(told) < len(found.changes),
        more=len(told) >= MOST_CHANGES,
    )


def _live(found: Refresh, *, on_record: bool) -> Live:
    return live(wording(), found, company(found.company).connection, on_record=on_record)


def _rest(found: Refresh, shown: Live) -> dict[str, object]:
    if not shown.on_record or found.list_id is None:
        return _page(found)
    return {"detail": record.detail(list_type(found.list), company(found.company), found.list_id)}


def _steps(found: Refresh) -> tuple[tuple[str, datetime | None], ...]:
    last = found.finished_at if found.is_final else None
    steps: list[tuple[str, datetime | None]] = [
        ("queue.step_asked", found.asked_at),
        ("queue.step_sent", found.sent_at),
        ("queue.step_answered", found.answered_at),
    ]
    if found.state in ("failed", "cancelled"):
        steps = [step for step in steps if step[1] is not None]
        steps.append((f"state.{found.state}", last))
    elif found.scope != "find":
        steps.append(("queue.step_published", found.published_at))
    return tuple(steps)
