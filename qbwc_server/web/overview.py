"""The first page: the connections, what waits, the last results."""

from flask import Blueprint, render_template

from qbwc_server.qbxml.lists import LISTS
from qbwc_server.web.rows import rows
from qbwc_server.web.shared import companies, shared, wording
from qbwc_server.web.states import connection_badge, connection_sentence, connection_trouble

pages = Blueprint("overview", __name__)
_LATEST = 8


@pages.get("/")
def show() -> str:
    """Show how everything stands."""
    refreshing, reader = shared().refreshing, wording()
    counts = refreshing.counts()
    cards = tuple(
        (
            each,
            connection_badge(reader, each.connection),
            connection_sentence(reader, each.connection),
            connection_trouble(reader, each.connection),
        )
        for each in companies()
    )
    return render_template(
        "overview.html",
        cards=cards,
        counts=counts,
        publishing=refreshing.publishing(),
        latest=rows(refreshing.list(limit=_LATEST)),
        known=any(refreshing.search(kind.name, limit=1).total for kind in LISTS),
    )
