"""`qbwc user`: accounts for the pages."""

import click

from qbwc_server.cli.console import json_option, read_password
from qbwc_server.cli.workplace import Workplace, workplace
from qbwc_server.store import users
from qbwc_server.store.tables import ROLES

_from_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from standard input, one line.")


@click.group("user")
def command() -> None:
    """Accounts for the pages."""


@command.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True, help="viewer looks; operator also refreshes.")
@_from_stdin
@json_option
def add(name: str, role: str, *, password_stdin: bool, as_json: bool) -> None:
    """Add somebody who may sign in."""
    with workplace(as_json=as_json) as here:
        password = _password(here, from_stdin=password_stdin)
        with here.database.write() as connection:
            users.add(connection, name, role, password, here.database.now(connection))
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
            ("user", "role", "disabled", "since"),
            ((user.name, user.role, user.disabled, user.created_at) for user in found),
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
        _answer(here, name)
        here.say("cli.user_disabled", name=name)


def _password(here: Workplace, *, from_stdin: bool) -> str:
    return read_password(from_stdin=from_stdin, what=here.text("cli.password_prompt"))


def _answer(here: Workplace, name: str) -> None:
    with here.database.read() as connection:
        here.console.answer(next(_of(user) for user in users.everyone(connection) if user.name == name))


def _of(user: users.User) -> dict[str, object]:
    return {"user": user.name, "role": user.role, "disabled": user.disabled, "created_at": user.created_at}
