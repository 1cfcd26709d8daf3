"""Pages without sign-in: help for the person at the QuickBooks PC, and whether the server lives."""

from typing import Final

from flask import Blueprint, Response, current_app, render_template, request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from qbwc_server import codes
from qbwc_server.checking import proof
from qbwc_server.publish import WebsiteError
from qbwc_server.web.shared import shared, wording

pages = Blueprint("public", __name__)
_LONGEST_CODE: Final = 40

_BAD_REQUEST: Final = 400


@pages.get("/support")
def support() -> str:
    """Say what to do when nothing arrives, and what a code means; the .qwc file names this address."""
    asked = " ".join(request.args.get("code", "").split())[:_LONGEST_CODE]
    language = wording().language
    meanings = [codes.explain(language, one) for one in codes.find_all(asked)] if asked else []
    return render_template("support.html", asked=asked, meanings=meanings)


@pages.get("/healthz")
def healthz() -> Response:
    """Say that the process answers."""
    return _plain(well=True)


@pages.get("/readyz")
def readyz() -> Response:
    """Say whether the databases can be reached, and no more."""
    return _plain(well=_databases_answer())


@pages.get(proof.PATH)
def installation() -> Response:
    """Prove to `qbwc doctor` that this is the installation it checks; tells nobody else anything."""
    challenge = request.args.get("challenge", "")
    if not proof.is_challenge(challenge):
        return Response("Send a challenge of 32 hexadecimal digits.\n", _BAD_REQUEST, mimetype="text/plain")
    key: bytes = current_app.config["SECRET_KEY"]
    return Response(f"{proof.prove(key, challenge)}\n", mimetype="text/plain")


def _databases_answer() -> bool:
    website = shared().website
    try:
        with shared().database.read() as connection:
            connection.execute(text("SELECT 1"))
        if website is not None:
            website.check()
    except (SQLAlchemyError, WebsiteError):
        return False
    return True


def _plain(*, well: bool) -> Response:
    return Response("ok\n" if well else "not ok\n", 200 if well else 503, mimetype="text/plain")
