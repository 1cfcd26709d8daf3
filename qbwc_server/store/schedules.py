"""Schedules: what of a company's lists is read by itself, when it was asked for, and when it is due again.

A company without rows has the default schedule; its rows are made when it is first looked at by a poll, or changed.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select, update

from qbwc_server.qbxml.lists import LISTS, list_type
from qbwc_server.rhythm import Place
from qbwc_server.settings import QuietHours
from qbwc_server.store.companies import Company
from qbwc_server.store.tables import freshness, refreshes, schedules

ASKED_BY: Final = "schedule"
"""Who asks for what is due."""

TASKS: Final[Mapping[str, tuple[str, ...]]] = {one.name: ("changed", "sweep", "all") for one in LISTS}
"""What each list has: what changed, what moves without a trace (stock, balances, full names), the whole list."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often: every so many minutes, or once a day at a time of the office's clock ("02:00"); never with neither."""

    every_minutes: int | None = None
    at: str | None = None
    office_hours: bool = False

    @property
    def is_never(self) -> bool:
        """Tell whether it is turned off."""
        return self.every_minutes is None and self.at is None


NEVER: Final = Rhythm()
DEFAULTS: Final[Mapping[str, Rhythm]] = {
    "changed": Rhythm(every_minutes=10),
    "sweep": Rhythm(every_minutes=30, office_hours=True),
    "all": Rhythm(at="02:00"),
}
_STOCK: Final = "QuantityOnHand"


def default_rhythm(list_name: str, task: str) -> Rhythm:
    """Return how often a task is done by default: what moves without a trace is swept where there is stock."""
    if task == "sweep" and _STOCK not in list_type(list_name).field_names:
        return NEVER
    return DEFAULTS[task]


@dataclass(frozen=True, slots=True)
class Task:
    """What of a list is read by itself.

    Attributes:
        list: which list.
        task: "changed", "sweep" or "all".
        rhythm: how often.
        asked_at: when it was last asked for, or when something that does as well was.
        due_at: when it is due again, as the last poll found that looked.
    """

    list: str
    task: str
    rhythm: Rhythm
    asked_at: datetime | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """When a list was last read in full, and whether all of it ever was."""

    full_at: datetime | None = None
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """A reading of a list under way: it waits, or QuickBooks has it."""

    id: int
    list: str
    way: str
    asked_by: str
    joined: bool
    small: bool
    begun: bool


def of_company(connection: Connection, company: str) -> tuple[Task, ...]:
    """Return a company's tasks, by list and in the order of TASKS; what has no row is the default."""
    rows = connection.execute(select(schedules).where(schedules.c.company == company))
    found = {(row.list, row.task): _task(row) for row in rows}
    return tuple(
        found.get((list_name, task)) or Task(list_name, task, default_rhythm(list_name, task))
        for list_name, tasks in TASKS.items()
        for task in tasks
    )


def keep(connection: Connection, company: str, task: Task) -> None:
    """Store a task as it stands; the caller holds the company's row."""
    values = {
        "every_minutes": task.rhythm.every_minutes,
        "at": task.rhythm.at,
        "office_hours": task.rhythm.office_hours,
        "asked_at": task.asked_at,
        "due_at": task.due_at,
    }
    key = {"company": company, "list": task.list, "task": task.task}
    same = (schedules.c[name] == value for name, value in key.items())
    if connection.execute(update(schedules).where(*same).values(values)).rowcount == 0:
        connection.execute(schedules.insert().values(key | values))


def reads(connection: Connection, company: str) -> dict[str, Read]:
    """Return when each list was read."""
    rows = connection.execute(select(freshness).where(freshness.c.company == company))
    return {row.list: Read(row.last_full_read_at, row.complete) for row in rows}


def runs(connection: Connection, company: str) -> tuple[Run, ...]:
    """Return the readings of whole lists, of what changed and of the stock that are under way."""
    table = refreshes.c
    query = select(table.id, table.list, table.way, table.asked_by, table.joined, table.small, table.first_sent_at)
    under_way = query.where(
        table.company == company, table.state.in_(("waiting", "sent")), table.way.in_(tuple(DEFAULTS))
    )
    return tuple(
        Run(row.id, row.list, row.way, row.asked_by, row.joined, row.small, row.first_sent_at is not None)
        for row in connection.execute(under_way)
    )


def full_reads_asked(connection: Connection, company: str, list_name: str, since: datetime) -> tuple[datetime, ...]:
    """Return when the schedule asked for a list in full after a moment, whatever came of it."""
    table = refreshes.c
    query = select(table.asked_at).where(
        table.company == company,
        table.list == list_name,
        # Of no record: what people ask all day is looked past.
        table.list_id.is_(None),
        table.way == "all",
        table.asked_by == ASKED_BY,
        table.asked_at > since,
    )
    return tuple(connection.execute(query).scalars())


def make_small(connection: Connection, refresh_id: int) -> None:
    """Let a reading that has not begun go in small pages."""
    connection.execute(update(refreshes).where(refreshes.c.id == refresh_id).values(small=True))


def place_of(company: Company, installation: Place) -> Place:
    """Return a company's clocks and hours."""
    zone, quiet = company.zone or installation.zone, installation.quiet
    # What was right when it was stored may be unknown to another release: the installation's own then.
    with suppress(ValueError):
        quiet = QuietHours.parse(company.quiet_hours) if company.quiet_hours else quiet
    return Place(zone, installation.office, quiet)


def _task(row: Any) -> Task:
    rhythm = Rhythm(row.every_minutes, row.at, row.office_hours)
    return Task(row.list, row.task, rhythm, row.asked_at, row.due_at)
