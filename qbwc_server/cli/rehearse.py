"""`qbwc rehearse`: a simulated Web Connector with a simulated company against any server."""

import re
from typing import BinaryIO, Final
from urllib.parse import urlsplit

import click

from qbwc_server.cli.console import Console, WrongUse, json_option, read_password
from qbwc_server.rehearsal import scenarios
from qbwc_server.rehearsal.company import SimulatedCompany, sample_company
from qbwc_server.rehearsal.connector import Outcome
from qbwc_server.rehearsal.connector_adding import NotAdded, add_application

_PATH: Final = "/qbwc"


@click.command("rehearse")
@click.option("--url", help="The server's address; /qbwc is added unless it ends so.")
@click.option("--user", help="The Web Connector's user name.")
@click.option("--qwc", type=click.File("rb"), help="Add this .qwc file, instead of --url and --user.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, one line.")
@click.option("--customers", type=click.IntRange(min=0), default=60, show_default=True, help="How many customers.")
@click.option("--items", type=click.IntRange(min=0), default=80, show_default=True, help="How many items.")
@click.option("--scenario", "name", default="ordinary", show_default=True, help="What goes wrong; 'list' shows all.")
@click.option("--sessions", type=click.IntRange(min=1), default=1, show_default=True, help="How many times.")
@json_option
def command(
    url: str | None,
    user: str | None,
    qwc: BinaryIO | None,
    name: str,
    customers: int,
    items: int,
    sessions: int,
    *,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Call a server as a Web Connector does, and tell where it departs from the protocol (exit status 1)."""
    console = Console(as_json=as_json)
    if name == "list":
        console.answer([{"scenario": one.name, "what": one.what} for one in scenarios.SCENARIOS])
        console.table(("scenario", "what"), ((one.name, one.what) for one in scenarios.SCENARIOS), empty="")
        return
    chosen = scenarios.scenario(name)
    company = sample_company(customers=customers, items=items)
    address, account = _account(url, user, qwc, company, console)
    report = scenarios.run(
        chosen,
        url=address,
        user=account,
        password=read_password(from_stdin=password_stdin),
        company=company,
        sessions=sessions,
        on_event=lambda call: console.say(f"{call.name:<20} {call.seconds:7.3f} s  {call.result}"),
    )
    console.answer(
        {
            "scenario": chosen.name,
            "sessions": report.sessions,
            "calls": report.calls,
            "violations": list(report.violations),
            "outcomes": [str(visit.outcome) for visit in report.visits],
        }
    )
    for visit in report.visits:
        console.say(f"visit: {visit.outcome}" + (f" ({visit.status})" if visit.status else ""))
    for sentence in report.violations:
        console.say(f"violation: {sentence}")
    visits, violations = _counted(report.sessions, "visit"), _counted(len(report.violations), "violation")
    console.say(f"{visits}, {_counted(report.calls, 'call')}, {violations}")
    refused = report.visits[-1].outcome is Outcome.REFUSED
    if refused:
        console.say("The server took neither --user nor the password: `qbwc company list` there shows the users,")
        console.say("`qbwc company password NAME` makes a new password.")
    if report.violations or refused:
        raise SystemExit(1)


def _account(
    url: str | None, user: str | None, qwc: BinaryIO | None, company: SimulatedCompany, console: Console
) -> tuple[str, str]:
    """Return what is called and as whom; a .qwc file is added first, and marks the simulated company file.

    Raises:
        WrongUse: both were given, or neither, or the Web Connector would refuse the file.
    """
    if qwc is None:
        if url is None or user is None:
            message = "Say which server: --url and --user, or the .qwc file it gives, with --qwc FILE."
            raise WrongUse(message)
        return connector_url(url), user
    if url is not None or user is not None:
        message = "The .qwc file says which server and user: leave --url and --user out, or --qwc."
        raise WrongUse(message)
    try:
        added = add_application(qwc.read())
    except NotAdded as problem:
        message = f"The Web Connector would not add this file. {problem}"
        raise WrongUse(message) from None
    company.register(added.owner_id, added.file_id)
    console.say(f"added: {added.name}, {added.url}, user {added.user}")
    return added.url, added.user


def connector_url(url: str) -> str:
    """Return the address that a Web Connector calls, given it or the public address of the server.

    Raises:
        WrongUse: it is no address of a server.
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or re.search(r"\s", url):
        message = (
            f"{url!r} is no address of a server. Give --url as https://books.example.com or http://localhost:8080."
        )
        raise WrongUse(message)
    path = parts.path.rstrip("/")
    return parts._replace(path=path if path.endswith(_PATH) else path + _PATH).geturl()


def _counted(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
