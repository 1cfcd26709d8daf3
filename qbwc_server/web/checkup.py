"""The check-up: what `qbwc doctor` finds, on a page."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, render_template

from qbwc_server.checking import Finding, check_all, worded
from qbwc_server.web.shared import need, shared, wording

pages = Blueprint("checkup", __name__)


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
def check() -> str:
    """Check the whole installation and show what was found; it takes seconds."""
    need("admin")
    refreshing = shared().refreshing
    return render_template(
        "checkup.html", found=checked(check_all(shared().settings, lambda _: refreshing.companies()))
    )


def checked(found: Iterable[Finding]) -> tuple[Checked, ...]:
    """Word findings; what the same thing kept from being checked is said once."""
    reader = wording()
    told = []
    for finding in found:
        said = worded(finding, reader.language, reader.zone)
        told.append(Checked(finding.state, said.message, said.cure))
    return tuple(one for one, _ in itertools.groupby(told))
