"""What of a company's schedule is due, decided when its Web Connector polls.

Theory of operation
-------------------
A poll compares one column of the company's row with the clock; only if that time has come are the tasks looked at, with
the company's row held. So does a visit that has nothing to hand out, since one that is held open keeps polls away. What
is due is asked for as anybody would ask, by "schedule", behind what people want. A task is left out while its list is
being read already, and looked at again a little later. A full read does what the others do, so they count as asked for
with it; they make no sense of a list that is not held whole: one that was never read to its end, or of which something
was missed. Where its changes are due, all of it is read, also where its owner has nothing read in full otherwise. How
often that was asked for counts, not what came of it, so that neither a reading that fails each time nor a list that is
doubted each time has it begin again at each poll.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from sqlalchemy import Connection

from qbwc_server.rhythm import Full, Place, in_window, next_every, next_full, next_try
from qbwc_server.store import companies, refreshes, schedules
from qbwc_server.store.companies import Company
from qbwc_server.store.schedules import ASKED_BY, Read, Run, Task

LOOK_AGAIN = timedelta(minutes=1)
TRIES_COUNT = timedelta(days=1)
# Looked at this often at least, so that a clock that was wrong puts nothing off for long.
LOOK_AT_LEAST = timedelta(hours=1)


def is_due(company: Company, now: datetime) -> bool:
    """Tell whether the schedule is to be looked at."""
    return company.next_due_at is None or not now < company.next_due_at <= now + 2 * LOOK_AT_LEAST


def ask_if_due(connection: Connection, company: Company, now: datetime, installation: Place | None) -> bool:
    """Look at the schedule if it is time to; the arguments and the answer are those of `ask_due`."""
    if installation is None or company.is_paused(now) or not is_due(company, now):
        return False
    return ask_due(connection, company, now, installation)


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
        look = _Look(connection, name, list_name, now, place, reads.get(list_name, Read()), runs)
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
        self,
        connection: Connection,
        company: str,
        list_name: str,
        now: datetime,
        place: Place,
        read: Read,
        runs: Sequence[Run],
    ) -> None:
        self.connection = connection
        self.company = company
        self.now = now
        self.place = place
        self.read = read
        self.runs = runs
        self.asked = False
        self.tries: tuple[datetime, ...] = ()
        if not read.complete:
            self.tries = schedules.full_reads_asked(connection, company, list_name, now - TRIES_COUNT)

    def at(self, tasks: Sequence[Task]) -> list[Task]:
        """Ask for what is due of them, and return them as they stand then."""
        by_name = {task.task: self._believed(task) for task in tasks}
        full = self._full(by_name.pop("all"))
        if not self.read.complete and not self.asked:
            full = self._instead(full, by_name["changed"])
        whole_asked = self.asked
        return [full] + [self._other(task, with_full=whole_asked) for task in by_name.values()]

    def _full(self, task: Task) -> Task:
        if task.rhythm.at is None:
            return replace(task, due_at=None)
        at = time.fromisoformat(task.rhythm.at)
        due = self._next_full(at, task.asked_at)
        if self._open("all"):
            self._narrow(at)
            return replace(task, due_at=max(due.at, self._later()))
        if due.at > self.now:
            return replace(task, due_at=due.at)
        after = self._ask_whole(task, small=due.small)
        return replace(after, due_at=self._next_full(at, self.now).at)

    def _next_full(self, at: time, asked_at: datetime | None) -> Full:
        if self.read.full_at is None:
            return Full(self._next_try())
        due = next_full(at, asked_at, self.read.full_at, self.now, self.place)
        return due if self.read.complete else replace(due, at=max(due.at, self._next_try()))

    def _next_try(self) -> datetime:
        return next_try(self.tries, self.now, self.place)

    def _instead(self, full: Task, changed: Task) -> Task:
        """Ask for all of a list that is not held whole where its changes are due; returns the full read's task."""
        if changed.rhythm.is_never or self._next(changed) > self.now or self._open("all", "changed"):
            return full
        if self._next_try() > self.now:
            return full
        at = full.rhythm.at
        at_night = at is not None and in_window(time.fromisoformat(at), self.now, self.place.zone)
        return self._ask_whole(full, small=self.read.full_at is not None and not at_night)

    def _ask_whole(self, task: Task, *, small: bool) -> Task:
        self._ask(task, small=small)
        self.tries = (*self.tries, self.now)
        return replace(task, asked_at=self.now)

    def _other(self, task: Task, *, with_full: bool) -> Task:
        if task.rhythm.every_minutes is None:
            return replace(task, due_at=None)
        if with_full:
            task = replace(task, asked_at=self.now)
        due = self._next(task)
        if not self.read.complete:
            # Only all of the list is asked for; this is when that is looked at again.
            return replace(task, due_at=max(due, self._next_try(), self._later()))
        if due > self.now:
            return replace(task, due_at=due)
        if self._open("all", task.task):
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
