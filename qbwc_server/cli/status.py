"""`qbwc status`: the databases, the companies, the queue and the publishing at a glance."""

from typing import Any, Final

import click

from qbwc_server.cli.console import json_option, local
from qbwc_server.cli.shown import what_of
from qbwc_server.cli.workplace import Workplace, workplace
from qbwc_server.publish import Website, WebsiteError
from qbwc_server.refreshing import CompanyView, saying
from qbwc_server.refreshing.lists_read import lists_read
from qbwc_server.refreshing.schedules import schedule_of
from qbwc_server.rhythm import Place
from qbwc_server.store.migrate import revision, stream_id

_LIST_KEYS: Final = ("company", "list", "last_full_read_at", "last_changed_read_at", "last_swept_at")
_HEADS: Final = ("company", "list", "read whole", "read for changes", "swept")


@click.command("status")
@json_option
def command(*, as_json: bool) -> None:
    """Show the databases, the companies and their connection, the queue, and the publishing."""
    with workplace(as_json=as_json, opens_website=True) as here:
        trouble = _website_trouble(here)
        companies = here.refreshing.companies()
        counts = here.refreshing.counts()
        publishing = here.refreshing.publishing()
        reading = here.refreshing.reading()
        lists = [one for view in companies for one in _lists(here, view.company)]
        here.console.answer(
            {
                "database": {"ok": True, "revision": revision(here.database)},
                "website_database": {"ok": trouble is None, "problem": trouble},
                "companies": [_of(view) for view in companies],
                "queue": dict(counts),
                "reading": [one.as_json(here.settings.language) for one in reading],
                "lists": lists,
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
        if lists:
            here.console.say("")
            here.console.table(_HEADS, ([one[name] for name in _LIST_KEYS] for one in lists), empty="")
        for one in lists:
            if one["missed_since"] is not None:
                title = here.text(f"list.{one['list']}.title")
                here.say("schedule.missed", list=title, since=local(one["missed_since"]))
        here.console.say("")
        for run in reading:
            what = what_of(here.settings.language, run)
            here.console.say(f"Being read: {what}, {saying.progress(here.settings.language, run)} (request {run.id})")
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


def _lists(here: Workplace, company: str) -> list[dict[str, Any]]:
    """Return when each list of a company was read, and since when a full read is missing."""
    with here.database.read() as connection:
        found = lists_read(connection, company)
        now = here.database.now(connection)
        schedule = schedule_of(connection, company, Place.of(here.settings), now)
    missed = {each.list: each.missed_since for each in schedule.missed} if here.settings.schedules == "on" else {}
    return [
        {
            "company": company,
            "list": one.list,
            "last_full_read_at": one.whole_at,
            "last_changed_read_at": one.changed_at,
            "last_swept_at": one.swept_at,
            "complete": one.complete,
            "missed_since": missed.get(one.list),
        }
        for one in found
    ]


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
