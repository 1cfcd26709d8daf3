"""`qbwc token`: tokens for the API."""

import click

from qbwc_server.cli.console import json_option
from qbwc_server.cli.refresh import asker
from qbwc_server.cli.workplace import workplace
from qbwc_server.store import audit, tokens
from qbwc_server.store.tables import ROLES


@click.group("token")
def command() -> None:
    """Tokens for programs that use the API."""


@command.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="operator", show_default=True, help="viewer only looks.")
@click.option("--company", help="The one company it may see; all if left out.")
@json_option
def add(name: str, role: str, company: str | None, *, as_json: bool) -> None:
    """Make a token; it is shown this once."""
    with workplace(as_json=as_json) as here:
        with here.database.write() as connection:
            at = here.database.now(connection)
            secret = tokens.add(connection, name, role, company, at)
            audit.note(connection, asker(), "token_added", at, company=company, subject=name, detail={"role": role})
        here.console.answer({"name": name, "token": secret, "role": role, "company": company})
        here.say("cli.token_added", name=name)
        if not as_json:
            here.say("cli.token_once", token=secret)


@command.command("list")
@json_option
def show(*, as_json: bool) -> None:
    """List the tokens, the revoked ones too."""
    with workplace(as_json=as_json) as here:
        with here.database.read() as connection:
            made = tokens.everyone(connection)
        here.console.answer(
            [
                {
                    "name": token.name,
                    "role": token.role,
                    "company": token.company,
                    "created_at": token.created_at,
                    "revoked_at": token.revoked_at,
                }
                for token in made
            ]
        )
        here.console.table(
            ("token", "role", "company", "since", "revoked"),
            ((token.name, token.role, token.company, token.created_at, token.revoked_at) for token in made),
            empty=here.text("cli.no_token_yet"),
        )


@command.command("revoke")
@click.argument("name")
@json_option
def revoke(name: str, *, as_json: bool) -> None:
    """Make a token void at once."""
    with workplace(as_json=as_json) as here:
        with here.database.write() as connection:
            at = here.database.now(connection)
            tokens.revoke(connection, name, at)
            audit.note(connection, asker(), "token_revoked", at, subject=name)
        here.console.answer({"name": name, "revoked": True})
        here.say("cli.token_revoked", name=name)
