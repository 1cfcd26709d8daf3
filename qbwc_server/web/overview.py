"""The first page: the connections, what waits, the last results."""

from flask import Blueprint, render_template

from qbwc_server.qbxml.lists import LISTS
from qbwc_server.web.rows import rows
from qbwc_server.web.schedule import missed
from qbwc_server.web.shared import companies, shared, wording
from qbwc_server.web.states import cards

pages = Blueprint("overview", __name__)
_LATEST = 8


@pages.get("/")
def show() -> str:
    """Show how everything stands."""
    refreshing = shared().refreshing
    return render_template(
        "overview.html",
        cards=cards(wording(), companies(), simulated=shared().simulated),
        counts=refreshing.counts(),
        publishing=refreshing.publishing(),
        missed=missed(),
        latest=rows(refreshing.list(limit=_LATEST, quiet=False)),
        known=any(refreshing.search(kind.name, limit=1).total for kind in LISTS),
    )
