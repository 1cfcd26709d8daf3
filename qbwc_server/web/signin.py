"""Signing in and out, and the guard that lets nobody pass who has not."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

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

from qbwc_server.store import sessions, users
from qbwc_server.web import language
from qbwc_server.web.security import SESSION_LIFETIME, refuse_nul
from qbwc_server.web.shared import now, person, shared, wording
from qbwc_server.web.targets import READING, here, local_target

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
_TRIES: Final = 10
_WINDOW: Final = timedelta(minutes=5)
_MOST_NAMES: Final = 10_000
# No account's name is longer.
_LONGEST_NAME: Final = 100
# A name, a password and the address wanted; strangers send no more than that.
_MAX_FORM_BYTES: Final = 16 * 1024
_DIGEST_BYTES: Final = 16

ThrottleKey = tuple[str, bytes]


class Throttle:
    """Counts failed sign-ins by address and name, in this process, so that guessing is slow.

    What is kept is bounded whatever strangers send: names only as a digest, and of the pairs of address and name those
    that failed last. A pair stays locked until its tries are old, or so many others failed meanwhile.
    """

    def __init__(self) -> None:
        # By the last failure, oldest first.
        self._failed: OrderedDict[ThrottleKey, tuple[datetime, ...]] = OrderedDict()
        self._lock = threading.Lock()

    @staticmethod
    def key(address: str, name: str) -> ThrottleKey:
        """Return under what the tries of a name from an address are counted, always as short."""
        folded = name.casefold().encode("utf-8", "surrogatepass")
        return address, hashlib.blake2b(folded, digest_size=_DIGEST_BYTES).digest()

    def too_many(self, key: ThrottleKey, at: datetime) -> bool:
        """Tell whether this address has tried this name too often lately."""
        with self._lock:
            return len(self._recent(key, at)) >= _TRIES

    def failed(self, key: ThrottleKey, at: datetime) -> None:
        """Count one wrong try."""
        with self._lock:
            # More than _TRIES tell nothing more, however many arrive at once.
            self._failed[key] = (*self._recent(key, at), at)[-_TRIES:]
            self._failed.move_to_end(key)
            self._forget(at)

    def passed(self, key: ThrottleKey) -> None:
        """Forget what was counted."""
        with self._lock:
            self._failed.pop(key, None)

    def _forget(self, at: datetime) -> None:
        while self._failed:
            oldest = next(iter(self._failed))
            if len(self._failed) <= _MOST_NAMES and self._recent(oldest, at):
                return
            del self._failed[oldest]

    def _recent(self, key: ThrottleKey, at: datetime) -> tuple[datetime, ...]:
        return tuple(each for each in self._failed.get(key, ()) if at - each < _WINDOW)


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
    at, throttle = now(), _throttle()
    key = throttle.key(request.remote_addr or "", name)
    if throttle.too_many(key, at):
        minutes = wording().count(_WINDOW // timedelta(minutes=1))
        return _form(wording().text("sign_in.too_many", minutes=minutes)), 429
    token = _open(name, password, at)
    if token is None:
        throttle.failed(key, at)
        return _form(wording().text("sign_in.wrong")), 422
    throttle.passed(key)
    _begin(token)
    return redirect(local_target(request.form.get("next")), 303)


@pages.post("/sign-out")
def leave() -> ResponseReturnValue:
    """End the session, here and in the database."""
    token = session.get(_TOKEN)
    if isinstance(token, str):
        with shared().database.write() as connection:
            sessions.end(connection, token)
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
        return None if user is None else sessions.begin(connection, user, at, SESSION_LIFETIME)


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
    with shared().database.read() as connection:
        g.person = sessions.user_of(connection, token, now())
    language.settle_again()


def _throttle() -> Throttle:
    throttle = current_app.extensions["qbwc_throttle"]
    if not isinstance(throttle, Throttle):
        raise TypeError(type(throttle).__name__)
    return throttle


def _form(trouble: str | None) -> Response:
    with shared().database.read() as connection:
        nobody_yet = not users.everyone(connection)
    wanted = request.values.get("next", "")
    page = render_template("sign_in.html", trouble=trouble, next=wanted, nobody_yet=nobody_yet)
    return make_response(page)
