"""What of a company's lists is read by itself: shown to everybody, changed by administrators."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qbwc_server.refreshing import BadSchedule, CompanySchedule
from qbwc_server.refreshing.schedules import (
    MOST_MINUTES,
    ScheduleChange,
    change_schedule,
    defaults,
    read_quiet_hours,
    read_rhythm,
    read_time_zone,
    schedule_of,
)
from qbwc_server.rhythm import Place
from qbwc_server.settings.quiet_hours import EXAMPLE, LONGEST
from qbwc_server.store.schedules import TASKS
from qbwc_server.web.shared import companies, company, need, note, shared, wording

pages = Blueprint("schedule", __name__)


@pages.get("/connection/<company_name>/schedule")
def show(company_name: str) -> str:
    """Show a company's schedule."""
    company(company_name)
    return _page(company_name)


@pages.post("/connection/<company_name>/schedule")
def change(company_name: str) -> ResponseReturnValue:
    """Change a company's schedule, or set it back to the default."""
    need("admin")
    company(company_name)
    given = request.form
    try:
        wanted = (
            ScheduleChange(defaults(), {"time_zone": None, "quiet_hours": None}) if "reset" in given else _read(given)
        )
    except BadSchedule as bad:
        said = wording().text(f"schedule.bad.{bad.kind}", value=bad.value, example=EXAMPLE)
        # What is longer than any field takes did not come from the form.
        again = {name: value[:LONGEST] for name, value in given.items()}
        return _page(company_name, trouble=said, given=again), 422
    with shared().database.write() as connection:
        new = change_schedule(connection, company_name, wanted)
        if new:
            note(connection, "schedule_changed", company=company_name, detail={"changed": list(new)})
    flash(wording().text("schedule.saved" if new else "schedule.same"))
    return redirect(url_for("schedule.show", company_name=company_name), 303)


def missed() -> dict[str, tuple[str, ...]]:
    """Return what is to be said of each company whose full read is missing."""
    if shared().settings.schedules == "off":
        return {}
    reader = wording()
    found = {each.company: _schedule(each.company).missed for each in companies()}
    return {
        name: tuple(
            reader.text(
                "schedule.missed",
                list=reader.text(f"list.{each.list}.title"),
                since=reader.spoken(each.missed_since) if each.missed_since else "",
            )
            for each in views
        )
        for name, views in found.items()
    }


def _read(given: Mapping[str, str]) -> ScheduleChange:
    # What the page did not ask for stays as it is.
    rhythms = {
        (list_name, task): read_rhythm(task, given[f"{list_name}.{task}"])
        for list_name, tasks in TASKS.items()
        for task in tasks
        if f"{list_name}.{task}" in given
    }
    own: dict[str, str | None] = {}
    if "time_zone" in given:
        own["time_zone"] = read_time_zone(given["time_zone"])
    if "quiet_hours" in given:
        own["quiet_hours"] = read_quiet_hours(given["quiet_hours"])
    return ScheduleChange(rhythms, own)


def _schedule(company_name: str) -> CompanySchedule:
    with shared().database.read() as connection:
        now = shared().database.now(connection)
        return schedule_of(connection, company_name, Place.of(shared().settings), now)


def _page(company_name: str, *, trouble: str | None = None, given: Mapping[str, str] | None = None) -> str:
    return render_template(
        "schedule.html",
        company=company(company_name),
        schedule=_schedule(company_name),
        on=shared().settings.schedules == "on",
        missed=missed().get(company_name, ()),
        trouble=trouble,
        given=given or {},
        default_zone=shared().settings.time_zone,
        most_minutes=MOST_MINUTES,
        longest=LONGEST,
        example=EXAMPLE,
    )
