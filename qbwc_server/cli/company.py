"""`qbwc company`: QuickBooks companies and their Web Connector accounts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click
from sqlalchemy import Connection

from qbwc_server import qwcfile
from qbwc_server.cli import company_schedule
from qbwc_server.cli.console import WrongUse, json_option
from qbwc_server.cli.refresh import asker
from qbwc_server.cli.workplace import Workplace, workplace
from qbwc_server.refreshing import CompanyView
from qbwc_server.store import audit, companies, company_files, connector_passwords, holds, pauses

_MOST_MINUTES: Final = 7 * 24 * 60


@click.group("company")
def command() -> None:
    """QuickBooks companies and their Web Connector accounts."""


command.add_command(company_schedule.schedule)


@command.command("add")
@click.argument("name")
@click.option("--title", help="What people see; the name if left out.")
@click.option("--user", help="The Web Connector's user name; the company's name if left out.")
@click.option("--company-file", help="Path of the company file on the QuickBooks PC; 'company file' changes it.")
@json_option
def add(name: str, title: str | None, user: str | None, company_file: str | None, *, as_json: bool) -> None:
    """Add a company; NAME is 1 to 40 of a-z, 0-9 and '-', and never changes."""
    with workplace(as_json=as_json) as here:
        with here.database.write() as connection:
            now = here.database.now(connection)
            made, password = companies.add(
                connection, name, title=title, user_name=user, company_file=company_file, now=now
            )
            _note(here, connection, "company_added", name)
        here.say("cli.company_added", name=name, user=made.user_name)
        _show_password(here, made, password)


@command.command("list")
@json_option
def show(*, as_json: bool) -> None:
    """List the companies."""
    with workplace(as_json=as_json) as here:
        views = here.refreshing.companies()
        here.console.answer([_view(here, view) for view in views])
        here.console.table(
            ("company", "title", "user", "connection", "last seen", "company file"),
            (
                (v.company, v.title, v.user, v.connection.state, v.connection.last_seen_at, v.company_file)
                for v in views
            ),
            empty=here.text("cli.no_company_yet"),
        )


@command.command("pause")
@click.argument("name")
@click.option("--minutes", type=click.IntRange(min=1, max=_MOST_MINUTES), help="Start again by itself after so long.")
@json_option
def pause(name: str, minutes: int | None, *, as_json: bool) -> None:
    """Stop handing out work; requests are kept."""
    with workplace(as_json=as_json) as here:
        with here.database.write() as connection:
            now = here.database.now(connection)
            until = None if minutes is None else now + timedelta(minutes=minutes)
            changed = pauses.pause(connection, name, by=asker(), now=now, until=until)
            _note(here, connection, "company_paused", name)
        here.console.answer(_of(here, changed))
        here.say("cli.company_paused", name=name)


@command.command("resume")
@click.argument("name")
@json_option
def resume(name: str, *, as_json: bool) -> None:
    """Hand out work again."""
    with workplace(as_json=as_json) as here:
        with here.database.write() as connection:
            changed = pauses.resume(connection, name)
            _note(here, connection, "company_resumed", name)
        here.console.answer(_of(here, changed))
        here.say("cli.company_resumed", name=name)


@command.command("hold")
@click.argument("name")
@click.argument("seconds", metavar="SECONDS|off")
@json_option
def hold(name: str, seconds: str, *, as_json: bool) -> None:
    """Keep QuickBooks open for SECONDS (1 to 60) after somebody asks, or do not (off).

    What is asked next then takes seconds instead of the time between two checks of the Web Connector. Meanwhile nobody
    can switch the company file to single-user mode; 'company pause' ends it.
    """
    try:
        wanted = holds.read_seconds(seconds)
    except holds.BadHold as refusal:
        raise WrongUse(str(refusal)) from None
    with workplace(as_json=as_json) as here:
        try:
            with here.database.write() as connection:
                changed = holds.set_seconds(connection, name, wanted)
                _note(here, connection, "hold_changed", name)
        except holds.BadHold as refusal:
            raise WrongUse(str(refusal)) from refusal
        here.console.answer({**_of(here, changed), "hold_seconds": changed.hold_seconds})
        here.say("cli.company_held" if wanted else "cli.company_not_held", name=name, seconds=wanted)


@command.command("password")
@click.argument("name")
@json_option
def password(name: str, *, as_json: bool) -> None:
    """Make a new Web Connector password; the old one holds no longer."""
    with workplace(as_json=as_json) as here:
        with here.database.write() as connection:
            secret = connector_passwords.renew(connection, name, here.database.now(connection))
            changed = companies.get(connection, name)
            _note(here, connection, "connector_password_made", name)
        here.say("cli.password_changed", name=name)
        _show_password(here, changed, secret)


@command.command("accept")
@click.argument("name")
@json_option
def accept(name: str, *, as_json: bool) -> None:
    """Accept the company file seen last as this company's own."""
    with workplace(as_json=as_json) as here:
        try:
            with here.database.write() as connection:
                accepted = company_files.accept(connection, name)
                _note(here, connection, "file_accepted", name)
        except (company_files.ForeignFile, company_files.NothingToAccept) as refusal:
            foreign = isinstance(refusal, company_files.ForeignFile)
            here.console.answer({"company": name, "accepted": False, "company_file": None})
            here.say("cli.foreign_file" if foreign else "cli.nothing_to_accept", name=name)
            raise SystemExit(1) from refusal
        here.console.answer({**_of(here, accepted), "accepted": True, "company_file": accepted.accepted_file})
        here.say("cli.company_accepted", name=name, file=accepted.accepted_file)


@command.command("file")
@click.argument("name")
@click.argument("path", required=False)
@click.option("--any", "any_file", is_flag=True, help="Give no path: whichever company file is open is used.")
@json_option
def file(name: str, path: str | None, *, any_file: bool, as_json: bool) -> None:
    """Set PATH, on the QuickBooks PC, of the company file that the Web Connector is to open.

    A file accepted at another path counts no more, unless it bears our FileID. With --any the one accepted last still
    counts; another without our FileID has to be accepted.
    """
    if any_file == (path is not None):
        message = "Give either the PATH of the company file on the QuickBooks PC, or --any for whichever file is open."
        raise WrongUse(message)
    with workplace(as_json=as_json) as here:
        with here.database.write() as connection:
            changed = company_files.set_file(connection, name, path)
            _note(here, connection, "company_changed", name)
        here.console.answer(_of(here, changed))
        here.say("cli.company_file_any" if path is None else "cli.company_file_set", name=name, file=path)


@command.command("qwc")
@click.argument("name")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
@json_option
def qwc(name: str, output: Path | None, *, as_json: bool) -> None:
    """Print or write the .qwc file, always with the same OwnerID and FileID."""
    with workplace(as_json=as_json) as here:
        with here.database.write() as connection:
            company = companies.get(connection, name)
            _note(here, connection, "qwc_downloaded", name)
        text = qwcfile.write_qwc(
            app_name=company.title,
            public_url=here.settings.public_url,
            description=company.title,
            user_name=company.user_name,
            owner_id=company.owner_id,
            file_id=company.file_id,
        )
        if output is not None:
            output.write_bytes(text)
            here.say("cli.qwc_written", path=output)
        elif not as_json:
            click.echo(text, nl=False)
        path = None if output is None else str(output)
        here.console.answer({**_of(here, company), "file": path, "qwc": text.decode()})


def _note(here: Workplace, connection: Connection, what: audit.What, name: str) -> None:
    audit.note(connection, asker(), what, here.database.now(connection), company=name)


def _show_password(here: Workplace, company: companies.Company, secret: str) -> None:
    here.console.answer({**_of(here, company), "password": secret})
    if not here.console.as_json:
        here.say("cli.password_once", password=secret)
        here.say("cli.password_note")


def _of(here: Workplace, company: companies.Company) -> dict[str, Any]:
    return {
        "company": company.company,
        "title": company.title,
        "user": company.user_name,
        "owner_id": company.owner_id,
        "file_id": company.file_id,
        "app_url": app_url(here.settings.public_url),
        "company_file": company.company_file,
        "paused": company.is_paused(datetime.now(UTC)),
    }


def _view(here: Workplace, view: CompanyView) -> dict[str, Any]:
    return {
        "company": view.company,
        "title": view.title,
        "user": view.user,
        "owner_id": view.owner_id,
        "file_id": view.file_id,
        "app_url": app_url(here.settings.public_url),
        "company_file": view.company_file,
        "paused": view.paused,
        "connection": view.connection.state,
        "last_seen_at": view.connection.last_seen_at,
        "hold_seconds": view.connection.hold_seconds,
    }


def app_url(public_url: str) -> str:
    """Return the address that the Web Connector calls."""
    return public_url.rstrip("/") + "/qbwc"
