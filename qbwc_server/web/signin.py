"""Signing in and out, and the guard that lets nobody pass who has not."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Final, cast

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import Connection

from qbwc_server.store import audit, sessions, users
from qbwc_server.web import language
from qbwc_server.web.security import SESSION_LIFETIME, refuse_nul
from qbwc_server.web.shared import address, afterwards, note, now, person, shared, wording
from qbwc_server.web.targets import READING, here, local_target
from qbwc_server.web.throttle import Throttle

pages = Blueprint("signin", __name__)
csrf = CSRFProtect()

_TOKEN: Final = "token"  # noqa: S105 - a key in the session
# Pages without a session; everything else is denied until somebody signs in.
_OPEN: Final = frozenset(
    {
        "static",
        "signin.form",
        "signin.enter",
        "language.switch",
        "public.support",
        "public.healthz",
        "public.readyz",
        "at_pc.show",
        "at_pc.heard",
        "public.installation",
    }
)
# Asked by machines, often: no session, no cookie, no database.
_BARE: Final = frozenset({"static", "public.healthz", "public.readyz", "public.installation"})
# No account's name is longer.
_LONGEST_NAME: Final = 100
# A name, a password and the address wanted; strangers send no more than that.
_MAX_FORM_BYTES: Final = 16 * 1024
_MINUTE: Final = 60


def guard() -> ResponseReturnValue | None:
    """Deny by default: before every request."""
    language.choose()
    if request.endpoint in _BARE:
        return None
    if request.endpoint == "signin.enter":
        request.max_content_length = _MAX_FORM_BYTES
    refuse_nul()
    _recognise()
    csrf.protect()
    if person() is not None or request.endpoint in _OPEN:
        return None
    if request.headers.get("HX-Request"):
        answer = make_response("", 401)
        answer.headers["HX-Refresh"] = "true"
        return answer
    if request.method not in READING:
        abort(403)
    return redirect(url_for("signin.form", next=here()), 303)


@pages.get("/sign-in")
def form() -> ResponseReturnValue:
    """Show the form; who is signed in already goes on."""
    if person() is not None:
        return redirect(local_target(request.args.get("next")), 303)
    return _form(None)


@pages.post("/sign-in")
def enter() -> ResponseReturnValue:
    """Check the name and the password, begin a session of its own."""
    name, password = request.form.get("user", "").strip(), request.form.get("password", "")
    if len(name) > _LONGEST_NAME:
        return _form(wording().text("sign_in.wrong")), 422
    where = address()
    wait = until_admitted(name)
    if wait:
        return _refused(wait)
    token = _open(name, password, now())
    if token is None:
        _failed(where, name)
        return _form(wording().text("sign_in.wrong")), 422
    throttle().passed(where, name)
    _begin(token)
    return redirect(local_target(request.form.get("next")), 303)


@pages.post("/sign-out")
def leave() -> ResponseReturnValue:
    """End the session, here and in the database."""
    token = session.get(_TOKEN)
    if isinstance(token, str):
        with shared().database.write() as connection:
            sessions.end(connection, token)
            if person() is not None:
                note(connection, "signed_out")
    kept = _language()
    session.clear()
    session.update(kept)
    flash(wording().text("sign_in.signed_out"))
    return redirect(url_for("signin.form"), 303)


def _open(name: str, password: str, at: datetime) -> str | None:
    # A wrong guess is weighed without holding the database; a right one again, so that an old hash is renewed.
    with shared().database.read() as connection:
        if users.check_password(connection, name, password) is None:
            return None
    with shared().database.write() as connection:
        user = users.check_password(connection, name, password)
        if user is None:
            return None
        audit.note(connection, user.name, "signed_in", shared().database.now(connection), detail={"address": address()})
        browser = request.user_agent.string
        return sessions.begin(connection, user, at, SESSION_LIFETIME, address=address(), browser=browser)


def _failed(where: str, name: str) -> None:
    """Count a wrong try, and note it of a name that there is; the first that makes the next ones wait, of any name."""
    waits = throttle().failed(where, name)
    database = shared().database

    def write(connection: Connection) -> None:
        known = name if users.exists(connection, name) else None
        when = database.now(connection)
        if known is not None:
            audit.note(connection, where, "sign_in_failed", when, subject=known)
        if waits:
            audit.note(connection, where, "sign_in_throttled", when, subject=known)

    # Not before the answer: how long it takes would tell which names there are.
    afterwards(write)


def _refused(wait: float) -> ResponseReturnValue:
    answer = _form(told_to_wait(wait))
    answer.headers["Retry-After"] = str(math.ceil(wait))
    return answer, 429


def _begin(token: str) -> None:
    kept = _language()
    session.clear()
    session.update(kept)
    session[_TOKEN] = token
    session.permanent = True
    g.pop("csrf_token", None)


def _language() -> Mapping[str, str]:
    return {"language": session["language"]} if "language" in session else {}


def _recognise() -> None:
    token = session.get(_TOKEN)
    if not isinstance(token, str):
        return
    at = now()
    with shared().database.read() as connection:
        found = sessions.find(connection, token, at)
    if found is not None:
        g.person, g.session = found
        if sessions.is_due(g.session, at):
            key, where = g.session.key, address()
            afterwards(lambda connection: sessions.see(connection, key, where, at))
    language.settle_again()


def throttle() -> Throttle:
    """Return what slows down guessing in this process."""
    return cast("Throttle", current_app.extensions["qbwc_throttle"])


def until_admitted(name: str) -> float:
    """Return how many seconds who asks has to wait before this name's password is weighed; 0 for not at all."""

    def homes() -> frozenset[str]:
        with shared().database.read() as connection:
            return sessions.addresses(connection, name)

    return throttle().admit(address(), name, homes)


def told_to_wait(wait: float) -> str:
    """Say how long to wait, in whole minutes, up, or in seconds when it is less than one."""
    seconds = math.ceil(wait)
    shown = seconds if seconds < _MINUTE else -(-seconds // _MINUTE) * _MINUTE
    return wording().text("sign_in.too_many", wait=wording().duration(shown))


def _form(trouble: str | None) -> Response:
    with shared().database.read() as connection:
        nobody_yet = not users.exists(connection)
    wanted = request.values.get("next", "")
    page = render_template("sign_in.html", trouble=trouble, next=wanted, nobody_yet=nobody_yet)
    return make_response(page)
