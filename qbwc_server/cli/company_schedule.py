"""`qbwc company schedule`: what of a company's lists is read by itself."""

from typing import Any

import click

from qbwc_server.cli.console import WrongUse, json_option, local
from qbwc_server.cli.refresh import asker
from qbwc_server.cli.workplace import Workplace, workplace
from qbwc_server.refreshing import BadSchedule, CompanySchedule, ScheduleView
from qbwc_server.refreshing.schedules import (
    ScheduleChange,
    change_schedule,
    defaults,
    read_quiet_hours,
    read_rhythm,
    read_time_zone,
    schedule_of,
)
from qbwc_server.rhythm import Place
from qbwc_server.settings.quiet_hours import EXAMPLE
from qbwc_server.store import audit
from qbwc_server.store.schedules import TASKS, Rhythm


@click.command("schedule")
@click.argument("name")
@click.option("--list", "list_name", type=click.Choice(tuple(TASKS)), help="Change this list only; all if left out.")
@click.option("--changed", metavar="MINUTES|off", help="How often what changed is read.")
@click.option(
    "--sweep",
    metavar="MINUTES|off",
    help="How often stock, balances and full names are read, in office hours.",
)
@click.option("--full", metavar="HH:MM|off", help="When the whole list is read, once a day.")
@click.option("--time-zone", metavar="ZONE|default", help="The office's time zone, for example America/Toronto.")
@click.option("--quiet", metavar="HOURS|off", help="When nothing is read by itself, for example 'mon-fri 22:00-06:00'.")
@click.option("--default", "reset", is_flag=True, help="Go back to the default before anything else is changed.")
@json_option
def schedule(
    name: str,
    list_name: str | None,
    changed: str | None,
    sweep: str | None,
    full: str | None,
    time_zone: str | None,
    quiet: str | None,
    *,
    reset: bool,
    as_json: bool,
) -> None:
    """Show or change what is read by itself, at the Web Connector's calls."""
    lists = tuple(TASKS) if list_name is None else (list_name,)
    with workplace(as_json=as_json) as here:
        try:
            company: dict[str, str | None] = {}
            rhythms: dict[tuple[str, str], Rhythm] = {}
            if reset:
                rhythms |= defaults(lists)
                company |= {"time_zone": None, "quiet_hours": None} if list_name is None else {}
            rhythms |= _rhythms(lists, {"changed": changed, "sweep": sweep, "all": full})
            company |= {} if time_zone is None else {"time_zone": read_time_zone(time_zone)}
            company |= {} if quiet is None else {"quiet_hours": read_quiet_hours(quiet)}
        except BadSchedule as bad:
            raise WrongUse(here.text(f"schedule.bad.{bad.kind}", value=bad.value, example=EXAMPLE)) from None
        with here.database.write() as connection:
            now = here.database.now(connection)
            wanted = ScheduleChange(rhythms, company)
            new = change_schedule(connection, name, wanted) if rhythms or company else ()
            if new:
                audit.note(connection, asker(), "schedule_changed", now, company=name, detail={"changed": list(new)})
            found = schedule_of(connection, name, Place.of(here.settings), now)
        if rhythms or company:
            here.say("schedule.saved" if new else "schedule.same")
        _show(here, found)


def _rhythms(lists: tuple[str, ...], given: dict[str, str | None]) -> dict[tuple[str, str], Rhythm]:
    return {
        (list_name, task): read_rhythm(task, text)
        for list_name in lists
        for task, text in given.items()
        if text is not None
    }


def _show(here: Workplace, found: CompanySchedule) -> None:
    on = here.settings.schedules == "on"
    here.console.answer(
        {
            "company": found.company,
            "schedules": here.settings.schedules,
            "time_zone": found.time_zone,
            "own_time_zone": found.own_time_zone,
            "quiet_hours": found.quiet_hours,
            "office_hours": found.office_hours,
            "tasks": [_task(each) for each in found.tasks],
        }
    )
    here.console.table(
        ("list", "task", "how often", "last asked for", "due next"),
        (
            (each.list, each.task, _rhythm(here, each.rhythm), each.asked_at, _due(here, each) if on else "")
            for each in found.tasks
        ),
        empty="",
    )
    if here.console.as_json:
        return
    here.console.say("")
    places = {
        "time_zone": found.time_zone,
        "office_hours": found.office_hours,
        "quiet_hours": found.quiet_hours or here.text("schedule.none"),
    }
    for name, value in places.items():
        here.say("schedule.line", name=here.text(f"schedule.{name}"), value=value)
    if not on:
        here.say("schedule.off")
    for each in found.missed if on else ():
        here.say("schedule.missed", list=here.text(f"list.{each.list}.title"), since=local(each.missed_since))


def _rhythm(here: Workplace, rhythm: Rhythm) -> str:
    if rhythm.at is not None:
        return here.text("schedule.daily", clock=rhythm.at)
    if rhythm.every_minutes is None:
        return here.text("schedule.never")
    return here.text("schedule.every_office" if rhythm.office_hours else "schedule.every", minutes=rhythm.every_minutes)


def _due(here: Workplace, each: ScheduleView) -> str:
    if each.due_at is not None:
        return local(each.due_at)
    return "" if each.rhythm.is_never else here.text("schedule.at_next_call")


def _task(each: ScheduleView) -> dict[str, Any]:
    return {
        "list": each.list,
        "task": each.task,
        "every_minutes": each.rhythm.every_minutes,
        "at": each.rhythm.at,
        "office_hours": each.rhythm.office_hours,
        "asked_at": each.asked_at,
        "due_at": each.due_at,
        "last_full_read_at": each.last_full_read_at,
        "missed_since": each.missed_since,
    }
