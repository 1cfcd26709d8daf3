"""The users: who may sign in, what each may do, and where each is signed in. For administrators.

There is no page for the first user: whoever adds one is signed in already.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from qbwc_server.store import sessions, users
from qbwc_server.store.accounts import AccountError
from qbwc_server.store.companies import make_password
from qbwc_server.store.tables import ROLES
from qbwc_server.store.users import User
from qbwc_server.web.browsers import browser_of
from qbwc_server.web.shared import need, note, now, shared, wording
from qbwc_server.web.troubles import told

pages = Blueprint("users", __name__)


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed into the form for a new user."""

    name: str = ""
    role: str = "viewer"
    email: str = ""


@pages.get("/users")
def show() -> str:
    """List the users, those switched off too."""
    need("admin")
    with shared().database.read() as connection:
        found, seen = users.everyone(connection), sessions.last_seen(connection)
    return render_template("users.html", users=[(each, seen.get(each.name)) for each in found])


@pages.get("/users/add")
def form() -> str:
    """Show the form for a new user."""
    need("admin")
    return _form(Typed())


@pages.post("/users/add")
def add() -> ResponseReturnValue:
    """Add a user; a password that is made here is shown this once."""
    need("admin")
    typed = Typed(
        request.form.get("user", "").strip(), request.form.get("role", ""), request.form.get("email", "").strip()
    )
    secret, made = _password()
    try:
        with shared().database.write() as connection:
            at = shared().database.now(connection)
            users.add(connection, typed.name, typed.role, secret, at, email=typed.email or None)
            note(connection, "user_added", subject=typed.name, detail={"role": typed.role})
    except AccountError as trouble:
        return _form(typed, wording().text(told(trouble), name=typed.name)), 422
    said = wording().text("users.added", name=typed.name)
    return _done(typed.name, said, secret if made else None)


@pages.get("/users/user")
def one() -> ResponseReturnValue:
    """Show one user: role, password, whether switched off, and where signed in."""
    admin = need("admin")
    with shared().database.read() as connection:
        found = _found(connection, request.args.get("user", ""))
        signed = sessions.of(connection, found.name, now())
        seen = sessions.last_seen(connection).get(found.name)
    return render_template(
        "user.html",
        user=found,
        seen=seen,
        own=found.name == admin.name,
        sessions=[(each, browser_of(each.browser), False) for each in signed],
        roles=ROLES,
        least=users.MINIMUM_PASSWORD,
        most=users.MAXIMUM_PASSWORD,
    )


@pages.post("/users/role")
def role() -> ResponseReturnValue:
    """Let a user do more or less."""
    wanted = request.form.get("role", "")

    def change(connection: Connection, user: User) -> None:
        if wanted != "admin":
            users.keep_an_admin(connection, user.name)
        users.set_role(connection, user.name, wanted)
        if wanted != user.role:
            note(connection, "role_changed", subject=user.name, detail={"from": user.role, "to": wanted})

    return _change("users.role_changed", change)


@pages.post("/users/disable")
def disable() -> ResponseReturnValue:
    """Switch a user off."""

    def change(connection: Connection, user: User) -> None:
        users.keep_an_admin(connection, user.name)
        users.disable(connection, user.name)
        note(connection, "user_disabled", subject=user.name)

    return _change("users.disabled", change)


@pages.post("/users/enable")
def enable() -> ResponseReturnValue:
    """Switch a user on again."""

    def change(connection: Connection, user: User) -> None:
        users.enable(connection, user.name)
        note(connection, "user_enabled", subject=user.name)

    return _change("users.enabled", change)


@pages.post("/users/password")
def password() -> ResponseReturnValue:
    """Give a user another password; one that is made here is shown this once."""
    secret, made = _password()

    def change(connection: Connection, user: User) -> None:
        users.set_password(connection, user.name, secret)
        note(connection, "password_changed", subject=user.name)

    return _change("users.password_changed", change, secret if made else None)


@pages.post("/users/sessions/end")
def end_session() -> ResponseReturnValue:
    """Sign a user out on one browser."""

    def change(connection: Connection, user: User) -> None:
        _note_ended(connection, user, sessions.end_one(connection, user.name, request.form.get("session", "")))

    return _change("users.session_ended", change)


@pages.post("/users/sessions/all")
def end_all() -> ResponseReturnValue:
    """Sign a user out everywhere."""

    def change(connection: Connection, user: User) -> None:
        _note_ended(connection, user, users.end_sessions(connection, user.name))

    return _change("users.sessions_ended", change)


def _change(said: str, change: Callable[[Connection, User], None], secret: str | None = None) -> ResponseReturnValue:
    """Do a change to the user named in the form; administrators are kept from changing themselves by accident."""
    admin, name = need("admin"), request.form.get("user", "")
    if name == admin.name:
        flash(wording().text("users.not_yourself"))
        return redirect(_page_of(name), 303)
    try:
        with shared().database.write() as connection:
            change(connection, _found(connection, name))
    except AccountError as trouble:
        flash(wording().text(told(trouble), name=name))
        return redirect(_page_of(name), 303)
    return _done(name, wording().text(said, name=name), secret)


def _done(name: str, said: str, secret: str | None) -> ResponseReturnValue:
    if secret is not None:
        return render_template("user_password.html", name=name, said=said, secret=secret)
    flash(said)
    return redirect(_page_of(name), 303)


def _password() -> tuple[str, bool]:
    """Return the password typed, or one made, and whether it was made."""
    typed = request.form.get("password", "")
    return (typed, False) if typed else (make_password(), True)


def _note_ended(connection: Connection, user: User, ended: int) -> None:
    if ended:
        note(connection, "session_revoked", subject=user.name, detail={"sessions": ended})


def _found(connection: Connection, name: str) -> User:
    try:
        return users.get(connection, name)
    except users.UnknownUser:
        abort(404)


def _form(typed: Typed, trouble: str | None = None) -> str:
    return render_template(
        "user_add.html",
        typed=typed,
        trouble=trouble,
        roles=ROLES,
        least=users.MINIMUM_PASSWORD,
        most=users.MAXIMUM_PASSWORD,
        longest_email=users.LONGEST_EMAIL,
    )


def _page_of(name: str) -> str:
    return url_for("users.one", user=name)
