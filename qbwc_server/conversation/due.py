"""What of a company's schedule is due, decided when its Web Connector polls.

Theory of operation
-------------------
A poll compares one column of the company's row with the clock; only if that time has come are the tasks looked at, with
the company's row held. What is due is asked for as anybody would ask, by "schedule", behind what people want. A task is
left out while its list is being read already, and looked at again a little later. A full read does what the others do,
so they count as asked for with it; they make no sense before a list was read in full.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from sqlalchemy import Connection

from qbwc_server.rhythm import Place, in_window, next_every, next_full
from qbwc_server.store import companies, refreshes, schedules
from qbwc_server.store.companies import Company
from qbwc_server.store.schedules import ASKED_BY, Read, Run, Task

LOOK_AGAIN = timedelta(minutes=1)
# Looked at this often at least, so that a clock that was wrong puts nothing off for long.
LOOK_AT_LEAST = timedelta(hours=1)


def is_due(company: Company, now: datetime) -> bool:
    """Tell whether the schedule is to be looked at."""
    return company.next_due_at is None or not now < company.next_due_at <= now + 2 * LOOK_AT_LEAST


def ask_due(connection: Connection, company: Company, now: datetime, installation: Place) -> bool:
    """Ask for what is due; the caller holds the company's row.

    Args:
        connection: in a writing transaction.
        company: whose schedule.
        now: the present.
        installation: the clocks and hours of a company without its own.

    Returns:
        whether anything was asked for.
    """
    name = company.company
    place = schedules.place_of(company, installation)
    under_way, reads = schedules.runs(connection, name), schedules.reads(connection, name)
    every = schedules.of_company(connection, name)
    asked, kept = False, []
    for list_name in schedules.TASKS:
        tasks = [task for task in every if task.list == list_name]
        runs = [run for run in under_way if run.list == list_name]
        look = _Look(connection, name, now, place, reads.get(list_name, Read()), runs)
        kept += look.at(tasks)
        asked = asked or look.asked
    for task in kept:
        schedules.keep(connection, name, task)
    due = (task.due_at for task in kept if task.due_at is not None)
    companies.change(connection, name, next_due_at=min((*due, now + LOOK_AT_LEAST)))
    return asked


class _Look:
    """A look at one list's tasks."""

    def __init__(
        self, connection: Connection, company: str, now: datetime, place: Place, read: Read, runs: Sequence[Run]
    ) -> None:
        self.connection = connection
        self.company = company
        self.now = now
        self.place = place
        self.read = read
        self.runs = runs
        self.asked = False

    def at(self, tasks: Sequence[Task]) -> list[Task]:
        """Ask for what is due of them, and return them as they stand then."""
        [full] = [task for task in tasks if task.task == "all"]
        after = self._full(full)
        whole_asked = self.asked
        return [after] + [self._other(task, with_full=whole_asked) for task in tasks if task is not full]

    def _full(self, task: Task) -> Task:
        task = self._believed(task)
        if task.rhythm.at is None:
            return replace(task, due_at=None)
        at = time.fromisoformat(task.rhythm.at)
        due = next_full(at, task.asked_at, self.read.full_at, self.now, self.place)
        if self._open("all"):
            self._narrow(at)
            return replace(task, due_at=max(due.at, self._later()))
        if due.at > self.now:
            return replace(task, due_at=due.at)
        self._ask(task, small=due.small)
        after = replace(task, asked_at=self.now)
        return replace(after, due_at=next_full(at, self.now, self.read.full_at, self.now, self.place).at)

    def _other(self, task: Task, *, with_full: bool) -> Task:
        task = self._believed(task)
        if task.rhythm.every_minutes is None:
            return replace(task, due_at=None)
        if with_full:
            task = replace(task, asked_at=self.now)
        due = self._next(task)
        if due > self.now:
            return replace(task, due_at=due)
        if self._open("all", task.task) or not self.read.complete:
            return replace(task, due_at=self._later())
        self._ask(task)
        after = replace(task, asked_at=self.now)
        return replace(after, due_at=self._next(after))

    def _next(self, task: Task) -> datetime:
        minutes = task.rhythm.every_minutes or 0
        return next_every(minutes, task.asked_at, self.now, self.place, in_office_hours=task.rhythm.office_hours)

    def _believed(self, task: Task) -> Task:
        """Return the task asked for at a time that can be: our clock may have been wrong then."""
        return task if task.asked_at is None else replace(task, asked_at=min(task.asked_at, self.now))

    def _open(self, *ways: str) -> bool:
        return any(run.way in ways for run in self.runs)

    def _later(self) -> datetime:
        return self.place.free(self.now + LOOK_AGAIN)

    def _narrow(self, at: time) -> None:
        """Let what the schedule asked for and nobody began within the window go in small pages."""
        if self.read.full_at is None or in_window(at, self.now, self.place.zone):
            return
        for run in self.runs:
            if run.way == "all" and run.asked_by == ASKED_BY and not (run.joined or run.begun or run.small):
                schedules.make_small(self.connection, run.id)

    def _ask(self, task: Task, *, small: bool = False) -> None:
        refreshes.add(self.connection, self.company, task.list, task.task, "", ASKED_BY, self.now, small=small)
        self.asked = True
