"""The check-up: what `qbwc doctor` finds, on a page."""

import itertools
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from qbwc_server.checking import Finding, check_all, worded
from qbwc_server.web.shared import need, shared, wording

pages = Blueprint("checkup", __name__)
_LEAST_THREADS: Final = 2
_RUNNING: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class Checked:
    """A finding for the reader.

    Attributes:
        state: "ok", "fault" or "skipped".
        message: What was found.
        cure: What to do; None unless it is a fault.
    """

    state: str
    message: str
    cure: str | None


@pages.get("/checkup")
def show() -> str:
    """Offer to check the whole installation."""
    need("admin")
    return render_template("checkup.html", found=())


@pages.post("/checkup")
def check() -> ResponseReturnValue:
    """Check the whole installation and show what was found; it takes seconds."""
    need("admin")
    refreshing, settings = shared().refreshing, shared().settings
    found = alone(lambda: check_all(settings, lambda _: refreshing.companies()))
    return render_template("checkup.html", found=checked(found)) if found else refused("checkup.show")


def alone(look: Callable[[], tuple[Finding, ...]]) -> tuple[Finding, ...]:
    """Return what a check-up finds; nothing while another one runs, or with a single thread.

    A check-up calls this very server, so it takes two threads; several at once would keep the Web Connector waiting.
    """
    if shared().settings.threads < _LEAST_THREADS or not _RUNNING.acquire(blocking=False):
        return ()
    try:
        return look()
    finally:
        _RUNNING.release()


def refused(page: str) -> ResponseReturnValue:
    """Go back to a page and say there why no check-up was made."""
    single = shared().settings.threads < _LEAST_THREADS
    flash(wording().text("checkup.one_thread" if single else "checkup.running"))
    return redirect(url_for(page), 303)


def checked(found: Iterable[Finding]) -> tuple[Checked, ...]:
    """Word findings; what the same thing kept from being checked is said once."""
    reader = wording()
    told = []
    for finding in found:
        said = worded(finding, reader.language, reader.zone)
        told.append(Checked(finding.state, said.message, said.cure))
    return tuple(one for one, _ in itertools.groupby(told))
