"""`qbwc forget`: takes away what is held of one customer or item."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from qbwc_server.cli.console import WrongUse, json_option
from qbwc_server.cli.refresh import asker
from qbwc_server.cli.workplace import Workplace, workplace
from qbwc_server.publish import UnsupportedDatabase, Website, WebsiteError
from qbwc_server.qbxml.lists import LISTS
from qbwc_server.refreshing import Wish
from qbwc_server.refreshing.wishes import checked
from qbwc_server.store import audit
from qbwc_server.store.forgetting import BeingPublished, Forgotten, forget
from qbwc_server.store.migrate import stream_id

_LISTS: Final = tuple(kind.name for kind in LISTS)
_COUNTED: Final = ("records", "changes", "outbox", "deliveries", "refreshes", "cancelled", "staged")


@click.command("forget")
@click.argument("list_name", metavar="|".join(_LISTS), type=click.Choice(_LISTS))
@click.argument("list_id", metavar="LIST_ID")
@click.option("--company", help="The company; may be left out if there is only one.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@json_option
def command(list_name: str, list_id: str, company: str | None, *, yes: bool, as_json: bool) -> None:
    """Take away what is held of a record, and say what the website still shows.

    QuickBooks and the website are not changed. Delete the record in QuickBooks first, or take the person's particulars
    out there: otherwise the next reading brings them back.

    Exit status 1: nothing is known of the record, or it is being published at this moment and nothing was forgotten.
    """
    with workplace(as_json=as_json, opens_website=True) as here:
        owner = company if company is not None else here.refreshing.only_company()
        checked([Wish(owner, list_name, "list_id", list_id)])
        if not yes:
            _confirm(here, list_name, list_id, owner)
        done = _forget(here, owner, list_name, list_id)
        held, problem = _on_website(here, owner, list_name, list_id)
        here.console.answer(
            {
                "company": owner,
                "list": list_name,
                "list_id": list_id,
                **{name: getattr(done, name) for name in _COUNTED},
                "jobs": list(done.jobs),
                "website": held,
                "website_problem": problem,
            }
        )
        _tell(here, done, list_name, list_id)
        _tell_website(here, held, problem)
        if not done.anything:
            raise SystemExit(1)


def is_terminal() -> bool:
    """Tell whether there is somebody to ask."""
    return sys.stdin.isatty()


def _confirm(here: Workplace, list_name: str, list_id: str, company: str) -> None:
    if here.console.as_json or not is_terminal():
        message = "This cannot be undone, and there is no terminal to ask whether it is meant. Add --yes if it is."
        raise WrongUse(message)
    what = here.text(f"list.{list_name}.name")
    here.say("forget.before")
    click.confirm(here.text("forget.confirm", what=what, list_id=list_id, company=company), abort=True, err=True)


def _forget(here: Workplace, company: str, list_name: str, list_id: str) -> Forgotten:
    try:
        with here.database.write() as connection:
            now = here.database.now(connection)
            done = forget(connection, company, list_name, list_id, now)
            if done.anything:
                detail = {"list": list_name}
                audit.note(connection, asker(), "forgotten", now, company=company, subject=list_id, detail=detail)
    except BeingPublished as problem:
        what = here.text(f"list.{list_name}.name")
        raise click.ClickException(here.text("forget.being_published", what=what, list_id=list_id)) from problem
    return done


def _on_website(
    here: Workplace, company: str, list_name: str, list_id: str
) -> tuple[Sequence[Mapping[str, Any]] | None, str | None]:
    """Return what the website's tables hold of the record, or None and why that cannot be said."""
    with here.database.read() as connection:
        stream = stream_id(connection)
    try:
        website = Website(here.settings.website_database_url.get_secret_value(), stream, frozenset())
    except UnsupportedDatabase as problem:
        return None, str(problem)
    try:
        key = {"company": company, "list_id": list_id}
        return [{**one, "key": key} for one in website.held(company, list_name, list_id)], None
    except WebsiteError as problem:
        return None, str(problem)
    finally:
        website.close()


def _tell(here: Workplace, done: Forgotten, list_name: str, list_id: str) -> None:
    what = here.text(f"list.{list_name}.name")
    if not done.anything:
        here.say("forget.nothing", what=what, list_id=list_id)
        return
    here.say("forget.done", what=what, list_id=list_id)
    for name in _COUNTED:
        if getattr(done, name):
            here.say(f"forget.{name}", n=getattr(done, name))
    if done.jobs:
        here.say("forget.jobs", ids=", ".join(done.jobs))
    here.say("forget.comes_back")


def _tell_website(here: Workplace, held: Sequence[Mapping[str, Any]] | None, problem: str | None) -> None:
    if held is None:
        here.say("forget.website_away", problem=problem)
    elif not held:
        here.say("forget.website_nothing")
    else:
        here.say("forget.website")
        for one in held:
            here.say("forget.website_row", table=one["table"], columns=", ".join(one["columns"]))
        here.say("forget.website_what")
