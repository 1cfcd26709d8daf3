"""Which language a page is in: the address, else the session's choice, else the account's, else the browser's."""

from flask import Blueprint, Response, g, redirect, request, session

from qbwc_server import words
from qbwc_server.store import users
from qbwc_server.web.shared import now, person, shared
from qbwc_server.web.targets import local_target
from qbwc_server.web.wording import Wording

pages = Blueprint("language", __name__)
_KEY = "language"


def choose() -> None:
    """Settle the language of this request, before anything is shown."""
    asked = request.args.get("lang", "")
    if asked in words.LANGUAGES and request.endpoint != "static":
        session[_KEY] = asked
    g.wording = Wording(_chosen(), shared().settings.time_zone, now())


def settle_again() -> None:
    """Choose anew once it is known who is signed in."""
    g.wording = Wording(_chosen(), shared().settings.time_zone, g.wording.now)


@pages.get("/language")
def switch() -> Response:
    """Keep the language chosen and go back to where the reader was."""
    chosen = request.args.get("lang", "")
    if chosen in words.LANGUAGES:
        session[_KEY] = chosen
        user = person()
        if user is not None and user.language != chosen:
            with shared().database.write() as connection:
                users.set_language(connection, user.name, chosen)
    return redirect(local_target(request.args.get("next")), 303)  # type: ignore[return-value]


def _chosen() -> str:
    user = person()
    kept = (session.get(_KEY), user.language if user is not None else None)
    for each in kept:
        if each in words.LANGUAGES:
            return str(each)
    return request.accept_languages.best_match(words.LANGUAGES) or shared().settings.language
