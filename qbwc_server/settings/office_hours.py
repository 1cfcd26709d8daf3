"""When the office works: days of the week and hours of the day, written as "mon-fri 08:00-18:00"."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, Self

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS: Final = "always"
FORM: Final = re.compile(r"([a-z,-]+) ([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})", re.ASCII)
MIDNIGHT: Final = "24:00"


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """Days and hours, in some time zone.

    Attributes:
        days: Days of the week, 0 is Monday.
        begin: When a day begins.
        end: When it ends; midnight (00:00) is the end of the day.
    """

    days: tuple[int, ...]
    begin: time
    end: time

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "mon-fri 08:00-18:00", "mon,wed 09:00-24:00" or "always".

        Raises:
            ValueError: It is written otherwise, or ends before it begins.
        """
        plain = text.strip().lower()
        if plain == ALWAYS:
            return cls(tuple(range(len(DAYS))), time(0), time(0))
        found = FORM.fullmatch(plain)
        hours = cls._from(*found.groups()) if found is not None else None
        if hours is None:
            message = f"{text!r} are no office hours; write them as mon-fri 08:00-18:00"
            raise ValueError(message)
        return hours

    @classmethod
    def _from(cls, days: str, begin: str, end: str) -> Self | None:
        found = days_of(days)
        if found is None:
            return None
        try:
            first, last = time.fromisoformat(begin), time.fromisoformat("00:00" if end == MIDNIGHT else end)
        except ValueError:
            return None
        return cls(found, first, last) if last == time(0) or last > first else None

    def __str__(self) -> str:
        if self.days == tuple(range(len(DAYS))) and self.begin == self.end == time(0):
            return ALWAYS
        days = ",".join(DAYS[day] for day in self.days)
        end = MIDNIGHT if self.end == time(0) else f"{self.end:%H:%M}"
        return f"{days} {self.begin:%H:%M}-{end}"

    def covers(self, moment: datetime, zone: tzinfo) -> bool:
        """Tell whether the office works at a moment."""
        local = moment.astimezone(zone)
        begin, end = self._of(local.date())
        return local.weekday() in self.days and begin <= local.replace(tzinfo=None) < end

    def opening(self, moment: datetime, zone: tzinfo) -> datetime:
        """Return the first moment from this one on at which the office works; in UTC."""
        if self.covers(moment, zone):
            return moment.astimezone(UTC)
        day = moment.astimezone(zone).date()
        # Within a week, unless clocks that are put forward pass over the hours of the one day.
        begins = (
            self._of(day + timedelta(days=ahead))[0].replace(tzinfo=zone).astimezone(UTC)
            for ahead in range(2 * len(DAYS) + 1)
        )
        return next(begin for begin in begins if begin > moment and self.covers(begin, zone))

    def worked(self, since: datetime, until: datetime, zone: tzinfo) -> timedelta:
        """Return how much of the time between two moments the office worked; an hour is one also when clocks change."""
        day, last = since.astimezone(zone).date(), until.astimezone(zone).date()
        total = timedelta()
        while day <= last:
            if day.weekday() in self.days:
                begin, end = (local.replace(tzinfo=zone).astimezone(UTC) for local in self._of(day))
                total += max(timedelta(), min(end, until) - max(begin, since))
            day += timedelta(days=1)
        return total

    def _of(self, day: date) -> tuple[datetime, datetime]:
        """Return when the office begins and ends on a day, on its own clocks."""
        begin, end = datetime.combine(day, self.begin), datetime.combine(day, self.end)
        return begin, end + timedelta(days=1) if self.end == time(0) else end


def days_of(text: str) -> tuple[int, ...] | None:
    """Read "mon-fri,sun"; None where these are no days, or run backwards."""
    if not all(name in DAYS for part in text.split(",") for name in part.split("-")):
        return None
    parts = [_days(part) for part in text.split(",")]
    return tuple(sorted({day for part in parts for day in part})) if all(parts) else None


def _days(part: str) -> range:
    """Return the days of "mon" or "mon-fri"; none where they run backwards."""
    first, _, last = part.partition("-")
    begin = DAYS.index(first)
    return range(begin, (DAYS.index(last) if last else begin) + 1)
