"""`qbwc user`: accounts for the pages."""

import click
from sqlalchemy import Connection

from qbwc_server.cli.console import WrongUse, json_option, read_password
from qbwc_server.cli.refresh import asker
from qbwc_server.cli.workplace import Workplace, workplace
from qbwc_server.store import audit, users
from qbwc_server.store.tables import ROLES

_from_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from standard input, one line.")


@click.group("user")
def command() -> None:
    """Accounts for the pages."""


@command.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True, help="viewer looks; operator also refreshes.")
@click.option("--email", help="Where to write to; 'user email' changes it.")
@_from_stdin
@json_option
def add(name: str, role: str, email: str | None, *, password_stdin: bool, as_json: bool) -> None:
    """Add somebody who may sign in."""
    with workplace(as_json=as_json) as here:
        password = _password(here, from_stdin=password_stdin)
        with here.database.write() as connection:
            users.add(connection, name, role, password, here.database.now(connection), email=email)
            _note(here, connection, "user_added", name, role=role)
        here.console.answer({"user": name, "role": role})
        here.say("cli.user_added", name=name, role=role)


@command.command("list")
@json_option
def show(*, as_json: bool) -> None:
    """List the users, those switched off too."""
    with workplace(as_json=as_json) as here:
        with here.database.read() as connection:
            found = users.everyone(connection)
        here.console.answer([_of(user) for user in found])
        here.console.table(
            ("user", "role", "disabled", "e-mail", "alerts", "since"),
            ((user.name, user.role, user.disabled, user.email, user.alerts, user.created_at) for user in found),
            empty=here.text("cli.no_user_yet"),
        )


@command.command("password")
@click.argument("name")
@_from_stdin
@json_option
def password(name: str, *, password_stdin: bool, as_json: bool) -> None:
    """Give a user a new password and sign that user out everywhere."""
    with workplace(as_json=as_json) as here:
        secret = _password(here, from_stdin=password_stdin)
        with here.database.write() as connection:
            users.set_password(connection, name, secret)
            _note(here, connection, "password_changed", name)
        _answer(here, name)
        here.say("cli.password_changed", name=name)


@command.command("disable")
@click.argument("name")
@json_option
def disable(name: str, *, as_json: bool) -> None:
    """Switch a user off and sign that user out everywhere."""
    with workplace(as_json=as_json) as here:
        with here.database.write() as connection:
            users.disable(connection, name)
            _note(here, connection, "user_disabled", name)
        _answer(here, name)
        here.say("cli.user_disabled", name=name)


@command.command("enable")
@click.argument("name")
@json_option
def enable(name: str, *, as_json: bool) -> None:
    """Switch a user on again, with the password of before."""
    with workplace(as_json=as_json) as here:
        with here.database.write() as connection:
            users.enable(connection, name)
            _note(here, connection, "user_enabled", name)
        _answer(here, name)
        here.say("cli.user_enabled", name=name)


@command.command("email")
@click.argument("name")
@click.argument("address", required=False)
@click.option("--none", "no_address", is_flag=True, help="Take the address away.")
@click.option(
    "--alerts/--no-alerts", default=None, help="Write there when something is wrong, or not; as before if neither."
)
@json_option
def email(name: str, address: str | None, *, no_address: bool, alerts: bool | None, as_json: bool) -> None:
    """Set the ADDRESS of mail of a user, and whether to write there when something is wrong."""
    if no_address == (address is not None):
        message = "Give either the ADDRESS of mail, or --none to take it away."
        raise WrongUse(message)
    with workplace(as_json=as_json) as here:
        with here.database.write() as connection:
            before = users.get(connection, name).alerts and address is not None
            wanted = before if alerts is None else alerts
            users.set_contact(connection, name, address, alerts=wanted)
            _note(here, connection, "contact_changed", name, alerts=wanted)
        _answer(here, name)
        here.say("cli.user_email", name=name)


def _note(here: Workplace, connection: Connection, what: audit.What, name: str, **detail: str | bool) -> None:
    at = here.database.now(connection)
    audit.note(connection, asker(), what, at, subject=name, detail=detail or None)


def _password(here: Workplace, *, from_stdin: bool) -> str:
    return read_password(from_stdin=from_stdin, what=here.text("cli.password_prompt"))


def _answer(here: Workplace, name: str) -> None:
    with here.database.read() as connection:
        here.console.answer(_of(users.get(connection, name)))


def _of(user: users.User) -> dict[str, object]:
    return {
        "user": user.name,
        "role": user.role,
        "disabled": user.disabled,
        "email": user.email,
        "alerts": user.alerts,
        "created_at": user.created_at,
    }
