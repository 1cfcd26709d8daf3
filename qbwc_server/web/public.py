"""Pages without sign-in: help for the person at the QuickBooks PC, and whether the server lives."""

from flask import Blueprint, Response, render_template

from qbwc_server.web.shared import shared

pages = Blueprint("public", __name__)


@pages.get("/support")
def support() -> str:
    """Say what to do when nothing arrives; the .qwc file names this address."""
    return render_template("support.html")


@pages.get("/healthz")
def healthz() -> Response:
    """Say that the process answers."""
    return _plain(well=True)


@pages.get("/readyz")
def readyz() -> Response:
    """Say whether the databases can be reached, and no more."""
    return _plain(well=shared().ready())


def _plain(*, well: bool) -> Response:
    return Response("ok\n" if well else "not ok\n", 200 if well else 503, mimetype="text/plain")
