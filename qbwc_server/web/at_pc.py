"""The page for the person at the QuickBooks PC: what to click, and that we hear the Web Connector; no data at all.

Whoever has the link sees it, without an account. It names neither the company nor anything of it, and changes nothing.
"""

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue

from qbwc_server.refreshing import CompanyView
from qbwc_server.store import setup_links
from qbwc_server.store.setup_links import SetupLink
from qbwc_server.web.first_call import FirstCall, first_call
from qbwc_server.web.pace import polled
from qbwc_server.web.shared import companies, now, shared, wording
from qbwc_server.web.states import Badge

pages = Blueprint("at_pc", __name__)
# What htmx takes for the end of polling.
_STOP_POLLING = 286


@pages.get("/at-the-pc/<secret>")
def show(secret: str) -> ResponseReturnValue:
    """Show the steps, and what was heard."""
    link = _link(secret)
    if link is None:
        return render_template("at_pc_over.html"), 404
    return render_template("at_pc.html", link=link, secret=secret, heard=_heard(link), n=0)


@pages.get("/at-the-pc/<secret>/heard")
def heard(secret: str) -> ResponseReturnValue:
    """Answer the page's poll: what was heard; only the poll goes on where that is what the page shows."""
    link, n = _link(secret), polled()
    if link is None:
        return render_template("_heard_over.html"), _STOP_POLLING
    badge = _heard(link)
    answer = make_response(render_template("_heard.html", secret=secret, heard=badge, n=n))
    if request.args.get("seen") == badge.text:
        answer.headers["HX-Reswap"] = "none"
    return answer


def _link(secret: str) -> SetupLink | None:
    with shared().database.read() as connection:
        return setup_links.find(connection, secret, now())


def _heard(link: SetupLink) -> Badge:
    """Return what was heard since the link was made, in words that tell nothing of the company."""
    owner = next(each for each in companies() if each.company == link.company)
    call = first_call(wording(), owner, asked=False)
    return Badge(_said(call, owner, link), call.badge.tone if _since(owner, link, call) else "quiet")


def _said(call: FirstCall, owner: CompanyView, link: SetupLink) -> str:
    reader, seen = wording(), owner.connection
    if not _since(owner, link, call) or call.stage == "renewed":
        return reader.text("at_pc.listening")
    if call.stage == "wrong_password":
        return reader.text("at_pc.wrong_password")
    if call.stage == "trouble" and call.trouble is not None:
        step = call.trouble.steps[0] if call.trouble.steps else ""
        return f"{reader.text('at_pc.trouble')} {step}".rstrip()
    if call.stage == "connected":
        return reader.text("at_pc.open")
    return reader.text("at_pc.hear", at=reader.at(seen.last_seen_at or reader.now))


def _since(owner: CompanyView, link: SetupLink, call: FirstCall) -> bool:
    """Tell whether anything was heard since the link was made; what was before tells the reader nothing."""
    seen = owner.connection
    last = seen.wrong_password_at if call.stage == "wrong_password" else seen.last_seen_at
    return last is not None and last >= link.created_at
