"""One's own account: password, language, e-mail and alerts, and where one is signed in."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from qbwc_server import words
from qbwc_server.store import sessions, users
from qbwc_server.store.accounts import AccountError
from qbwc_server.web.browsers import browser_of
from qbwc_server.web.shared import address, note, now, shared, signed_in, this_session, wording
from qbwc_server.web.signin import throttle, told_to_wait, until_admitted
from qbwc_server.web.troubles import told

pages = Blueprint("account", __name__)


@pages.get("/account")
def show() -> str:
    """Show one's own account."""
    return _page()


@pages.post("/account/password")
def password() -> ResponseReturnValue:
    """Change one's own password; the old one is asked, and every other session ends."""
    user, wanted = signed_in(), request.form.get("new", "")
    if wanted != request.form.get("again", ""):
        return _page(wording().text("account.not_the_same"), part="password"), 422
    # Who found an open page must not have more tries at the password than who signs in.
    wait = until_admitted(user.name)
    if wait:
        return _page(told_to_wait(wait), part="password"), 429
    with shared().database.read() as connection:
        right = users.check_password(connection, user.name, request.form.get("old", "")) is not None
    if not right:
        _failed(user.name)
        return _page(wording().text("account.old_wrong"), part="password"), 422
    try:
        with shared().database.write() as connection:
            users.set_password(connection, user.name, wanted, but=this_session().key)
            note(connection, "password_changed", subject=user.name)
    except AccountError as trouble:
        return _page(wording().text(told(trouble)), part="password"), 422
    throttle().passed(address(), user.name)
    return _back("account.password_changed")


@pages.post("/account/contact")
def contact() -> ResponseReturnValue:
    """Keep one's own e-mail, and whether to write there when something is wrong."""
    user, email = signed_in(), request.form.get("email", "").strip() or None
    alerts = "alerts" in request.form
    try:
        with shared().database.write() as connection:
            users.set_contact(connection, user.name, email, alerts=alerts)
            note(connection, "contact_changed", subject=user.name, detail={"alerts": alerts})
    except AccountError as trouble:
        return _page(wording().text(told(trouble)), part="contact", email=email or "", alerts=alerts), 422
    return _back("account.saved")


@pages.post("/account/language")
def language() -> ResponseReturnValue:
    """Keep one's own language, here and for the next sign-in."""
    user, chosen = signed_in(), request.form.get("language", "")
    if chosen in words.LANGUAGES:
        session["language"] = chosen
        with shared().database.write() as connection:
            users.set_language(connection, user.name, chosen)
    return redirect(url_for("account.show"), 303)


@pages.post("/account/sessions/end")
def end_session() -> ResponseReturnValue:
    """End one of one's own sessions."""
    user = signed_in()
    with shared().database.write() as connection:
        ended = sessions.end_one(connection, user.name, request.form.get("session", ""))
        if ended:
            note(connection, "session_revoked", subject=user.name, detail={"sessions": ended})
    return _back("account.session_ended" if ended else "account.session_gone")


@pages.post("/account/sessions/others")
def end_others() -> ResponseReturnValue:
    """Sign out everywhere else."""
    user = signed_in()
    with shared().database.write() as connection:
        ended = users.end_sessions(connection, user.name, but=this_session().key)
        if ended:
            note(connection, "session_revoked", subject=user.name, detail={"sessions": ended})
    return _back("account.others_ended")


def _failed(name: str) -> None:
    """Count a wrong password and note it: whoever sits at an open page may be somebody else."""
    waits = throttle().failed(address(), name)
    with shared().database.write() as connection:
        note(connection, "sign_in_failed", subject=name, detail={"address": address()})
        if waits:
            note(connection, "sign_in_throttled", subject=name, detail={"address": address()})


def _page(trouble: str | None = None, *, part: str = "", email: str | None = None, alerts: bool | None = None) -> str:
    user, own = signed_in(), this_session()
    with shared().database.read() as connection:
        found = sessions.of(connection, user.name, now())
    return render_template(
        "account.html",
        trouble=trouble,
        part=part,
        email=user.email or "" if email is None else email,
        alerts=user.alerts if alerts is None else alerts,
        sessions=[(each, browser_of(each.browser), each.key == own.key) for each in found],
        least=users.MINIMUM_PASSWORD,
        most=users.MAXIMUM_PASSWORD,
        longest_email=users.LONGEST_EMAIL,
    )


def _back(said: str) -> ResponseReturnValue:
    flash(wording().text(said))
    return redirect(url_for("account.show"), 303)
