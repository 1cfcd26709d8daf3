"""A company's schedule, as doors show and change it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import Final, Literal

from sqlalchemy import Connection

from qbwc_server.refreshing.errors import RefreshingError
from qbwc_server.rhythm import Place, missed_since
from qbwc_server.settings import QuietHours
from qbwc_server.settings.quiet_hours import LONGEST
from qbwc_server.settings.zones import zone_named
from qbwc_server.store import companies, schedules
from qbwc_server.store.schedules import DEFAULTS, NEVER, TASKS, Read, Rhythm, Task, default_rhythm

OFF: Final = "off"
DEFAULT: Final = "default"
MOST_MINUTES: Final = 24 * 60
_MINUTES: Final = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)
_CLOCK: Final = re.compile(r"[0-9]{2}:[0-9]{2}", re.ASCII)

Kind = Literal["minutes", "clock", "time_zone", "quiet_hours", "stock"]


class BadSchedule(RefreshingError):
    """A part of a schedule cannot be as it was given.

    Attributes:
        kind: what it was to be; the sentence for people is `schedule.bad.` and that.
        value: as it was given; only its beginning where it is very long.
    """

    def __init__(self, kind: Kind, value: str) -> None:
        self.kind = kind
        self.value = value if len(value) <= LONGEST else f"{value[:LONGEST]}…"
        super().__init__(
            f"{self.value!r} cannot be taken for {kind} in a schedule; 'qbwc company schedule --help' says more."
        )


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """What of a list is read by itself.

    Attributes:
        list: "customer" or "item".
        task: "changed", "sweep" (the stock) or "all".
        rhythm: how often.
        asked_at: when it was last asked for.
        due_at: when it is due next; None for never, or where only the next poll decides.
        last_full_read_at: when the list was last read in full.
        missed_since: since when a full read is missing, once that is a day ago.
    """

    list: str
    task: str
    rhythm: Rhythm
    asked_at: datetime | None
    due_at: datetime | None
    last_full_read_at: datetime | None
    missed_since: datetime | None


@dataclass(frozen=True, slots=True)
class CompanySchedule:
    """A company's schedule.

    Attributes:
        company: the company.
        time_zone: whose clocks count.
        own_time_zone: the company's own, None where it has the installation's.
        quiet_hours: when nothing is read by itself, None for never.
        office_hours: when the office works.
        tasks: by list.
    """

    company: str
    time_zone: str
    own_time_zone: str | None
    quiet_hours: str | None
    office_hours: str
    tasks: tuple[ScheduleView, ...]

    @property
    def missed(self) -> tuple[ScheduleView, ...]:
        """The full reads that are missing."""
        return tuple(each for each in self.tasks if each.missed_since is not None)


@dataclass(frozen=True, slots=True)
class ScheduleChange:
    """What is to be otherwise.

    Attributes:
        rhythms: by list and task.
        company: columns of the company: time_zone, quiet_hours; None is the installation's, or no quiet hours.
    """

    rhythms: Mapping[tuple[str, str], Rhythm] = field(default_factory=dict)
    company: Mapping[str, str | None] = field(default_factory=dict)


def schedule_of(connection: Connection, company: str, installation: Place, now: datetime) -> CompanySchedule:
    """Return a company's schedule.

    Raises:
        UnknownCompany: of the store.
    """
    owner = companies.get(connection, company)
    place = schedules.place_of(owner, installation)
    reads = schedules.reads(connection, company)
    return CompanySchedule(
        company=company,
        time_zone=str(place.zone),
        own_time_zone=owner.time_zone,
        quiet_hours=owner.quiet_hours,
        office_hours=str(place.office),
        tasks=tuple(
            _view(task, reads.get(task.list, Read()), place, now) for task in schedules.of_company(connection, company)
        ),
    )


def change_schedule(connection: Connection, company: str, wanted: ScheduleChange) -> tuple[str, ...]:
    """Change a company's schedule; the next poll decides anew what is due.

    Args:
        connection: in a writing transaction.
        company: whose schedule.
        wanted: what is to be otherwise.

    Returns:
        what is otherwise now: "item.sweep", "time_zone"; empty where all of it was so before.

    Raises:
        UnknownCompany: of the store.
    """
    owner = companies.lock(connection, company)
    before = {(task.list, task.task): task for task in schedules.of_company(connection, company)}
    rhythms = {key: rhythm for key, rhythm in wanted.rhythms.items() if before[key].rhythm != rhythm}
    columns = {name: value for name, value in wanted.company.items() if getattr(owner, name) != value}
    # Another clock, or other quiet hours, move everything.
    moved = before if columns else rhythms
    for key in moved:
        rhythm = rhythms.get(key, before[key].rhythm)
        schedules.keep(connection, company, replace(before[key], rhythm=rhythm, due_at=None))
    if rhythms or columns:
        companies.change(connection, company, **columns, next_due_at=None)
    return (*(".".join(key) for key in rhythms), *columns)


def defaults(lists: tuple[str, ...] = tuple(TASKS)) -> dict[tuple[str, str], Rhythm]:
    """Return the rhythms of a company that never chose any."""
    return {(list_name, task): default_rhythm(list_name, task) for list_name in lists for task in TASKS[list_name]}


def read_rhythm(task: str, text: str) -> Rhythm:
    """Read a rhythm as people give it: minutes, a time of day for a full read, "off" for never.

    Raises:
        BadSchedule: it is neither.
    """
    plain = text.strip().lower()
    if plain in ("", OFF):
        return NEVER
    if task == "all":
        return Rhythm(at=_clock(plain))
    if not _MINUTES.fullmatch(plain) or int(plain) > MOST_MINUTES:
        raise BadSchedule("minutes", text)
    return replace(DEFAULTS[task], every_minutes=int(plain))


def read_time_zone(text: str) -> str | None:
    """Read the name of a time zone; "default" or nothing for the installation's.

    Raises:
        BadSchedule: no such zone is known here.
    """
    plain = text.strip()
    if plain.lower() in ("", DEFAULT):
        return None
    try:
        return zone_named(plain).key
    except (KeyError, ValueError, OSError):
        raise BadSchedule("time_zone", text) from None


def read_quiet_hours(text: str) -> str | None:
    """Read quiet hours; "off" or nothing for none.

    Raises:
        BadSchedule: they are written otherwise, or leave no hour of the week.
    """
    if text.strip().lower() in ("", OFF):
        return None
    try:
        return str(QuietHours.parse(text))
    except ValueError:
        raise BadSchedule("quiet_hours", text) from None


def _clock(text: str) -> str:
    if not _CLOCK.fullmatch(text):
        raise BadSchedule("clock", text)
    try:
        return f"{time.fromisoformat(text):%H:%M}"
    except ValueError:
        raise BadSchedule("clock", text) from None


def _view(task: Task, read: Read, place: Place, now: datetime) -> ScheduleView:
    full = task.task == "all"
    missed = None
    if full and task.rhythm.at is not None:
        missed = missed_since(time.fromisoformat(task.rhythm.at), read.full_at, now, place.zone)
    due = task.due_at if task.due_at is not None and task.due_at > now else None
    return ScheduleView(task.list, task.task, task.rhythm, task.asked_at, due, read.full_at if full else None, missed)
