"""Webhooks: who is told of what was published, what became of each delivery, and replaying. For administrators."""

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qbwc_server import words
from qbwc_server.publishing.hooks_endpoints import Endpoint
from qbwc_server.store import deliveries
from qbwc_server.store.deliveries import Delivery
from qbwc_server.store.tables import DELIVERY_STATES
from qbwc_server.web.shared import need, note, shared, wording
from qbwc_server.web.states import Badge
from qbwc_server.web.wording import Wording

pages = Blueprint("webhooks", __name__)
_PAGE: Final = 50
# What a database counts with; a longer number is no line.
_MOST_LINES: Final = 2**63 - 1
_ID: Final = f"<int(max={_MOST_LINES}):delivery_id>"
_TONES: Final = {"waiting": "work", "retrying": "wait", "delivered": "good", "failed": "bad"}


@dataclass(frozen=True, slots=True)
class Line:
    """One delivery as it is shown.

    Attributes:
        it: What was to be told.
        to: The host of the webhook, or its name where it is not set any more.
        badge: How it stands.
        trouble: What was wrong the last time and what to do, or "".
    """

    it: Delivery
    to: str
    badge: Badge
    trouble: str


@pages.get("/webhooks")
def show() -> str:
    """Show who is told, and one page of deliveries, newest first."""
    need("admin")
    state, before = request.args.get("state") or None, request.args.get("before", type=int)
    if state not in {None, *DELIVERY_STATES} or (before is not None and not 0 < before <= _MOST_LINES):
        abort(404)
    with shared().database.read() as connection:
        found = deliveries.page(connection, state=state, before=before, limit=_PAGE)
        counts = deliveries.counts(connection)
    hosts = {each.name: each.host for each in _endpoints()}
    return render_template(
        "webhooks.html",
        endpoints=_endpoints(),
        lines=tuple(_line(wording(), each, hosts) for each in found.lines),
        counts=counts,
        state=state,
        states=DELIVERY_STATES,
        older=found.lines[-1].id if found.more else None,
        paged=before is not None,
    )


@pages.post(f"/webhooks/{_ID}/replay")
def replay(delivery_id: int) -> ResponseReturnValue:
    """Have one delivery sent again."""
    need("admin")
    with shared().database.write() as connection:
        found = deliveries.replay(connection, delivery_id, shared().database.now(connection))
        if found is None:
            abort(404)
        note(connection, "webhook_replayed", subject=found.webhook_id)
    _wake()
    flash(wording().text("webhooks.replayed", id=found.webhook_id))
    return redirect(url_for("webhooks.show"), 303)


@pages.post("/webhooks/replay-failed")
def replay_failed() -> ResponseReturnValue:
    """Have all deliveries sent again that were given up."""
    need("admin")
    with shared().database.write() as connection:
        count = deliveries.replay_failed(connection, shared().database.now(connection))
        if count:
            note(connection, "webhook_replayed", detail={"deliveries": count})
    _wake()
    flash(wording().plural("webhooks.replayed_all", count))
    return redirect(url_for("webhooks.show"), 303)


def _endpoints() -> tuple[Endpoint, ...]:
    hooks = shared().hooks
    return () if hooks is None else hooks.endpoints


def _wake() -> None:
    hooks = shared().hooks
    if hooks is not None:
        hooks.wake()


def _line(reader: Wording, it: Delivery, hosts: dict[str, str]) -> Line:
    state = "retrying" if it.state == "waiting" and it.trouble is not None else it.state
    key = f"webhooks.trouble.{it.trouble}"
    # A later release may know more troubles.
    trouble = "" if it.trouble is None else reader.text(key) if words.has("en", key) else it.trouble
    badge = Badge(reader.text(f"webhooks.states.{state}"), _TONES[state])
    return Line(it, hosts.get(it.endpoint, it.endpoint), badge, trouble)
