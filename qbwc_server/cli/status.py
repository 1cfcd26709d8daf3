"""`qbwc status`: the databases, the companies, the queue and the publishing at a glance."""

from typing import Any

import click

from qbwc_server.cli.console import json_option, local
from qbwc_server.cli.workplace import Workplace, workplace
from qbwc_server.publish import Website, WebsiteError
from qbwc_server.refreshing import CompanyView
from qbwc_server.store.migrate import revision, stream_id


@click.command("status")
@json_option
def command(*, as_json: bool) -> None:
    """Show the databases, the companies and their connection, the queue, and the publishing."""
    with workplace(as_json=as_json, opens_website=True) as here:
        trouble = _website_trouble(here)
        companies = here.refreshing.companies()
        counts = here.refreshing.counts()
        publishing = here.refreshing.publishing()
        here.console.answer(
            {
                "database": {"ok": True, "revision": revision(here.database)},
                "website_database": {"ok": trouble is None, "problem": trouble},
                "companies": [_of(view) for view in companies],
                "queue": dict(counts),
                "publishing": {
                    "waiting": publishing.waiting,
                    "set_aside": publishing.set_aside,
                    "oldest_due_at": publishing.oldest_due_at,
                    "last_error": publishing.last_error,
                },
            }
        )
        if as_json:
            return
        here.console.say(f"Our database: in order (revision {revision(here.database)})")
        here.console.say(trouble or "The website's database: in order")
        here.console.say("")
        here.console.table(
            ("company", "connection", "last seen", "next expected"),
            (
                (
                    view.company,
                    _word(here, view.connection.state),
                    view.connection.last_seen_at,
                    view.connection.next_expected_at,
                )
                for view in companies
            ),
            empty=here.text("cli.no_company_yet"),
        )
        here.console.say("")
        here.console.say("Queue: " + (", ".join(f"{n} {state}" for state, n in counts.items() if n) or "empty"))
        since = f", the oldest since {local(publishing.oldest_due_at)}" if publishing.oldest_due_at else ""
        here.console.say(f"Publishing: {publishing.waiting} waiting{since}, {publishing.set_aside} set aside")


def _of(view: CompanyView) -> dict[str, Any]:
    return {
        "name": view.company,
        "title": view.title,
        "paused": view.paused,
        "connection": view.connection.state,
        "last_seen_at": view.connection.last_seen_at,
        "next_expected_at": view.connection.next_expected_at,
    }


def _word(here: Workplace, state: str) -> str:
    return here.text(f"connection.{'attention' if state == 'needs_attention' else state}")


def _website_trouble(here: Workplace) -> str | None:
    with here.database.read() as connection:
        stream = stream_id(connection)
    try:
        website = Website(here.settings.website_database_url.get_secret_value(), stream, frozenset())
    except WebsiteError as problem:
        return str(problem)
    try:
        website.check()
    except WebsiteError as problem:
        return str(problem)
    finally:
        website.close()
    return None
