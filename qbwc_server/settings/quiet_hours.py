"""When nothing is read by itself: parts of the week, written as EXAMPLE is."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final, Self

from qbwc_server.settings.office_hours import FORM, MIDNIGHT, days_of

LONGEST: Final = 80
EXAMPLE: Final = "mon-fri 22:00-06:00; sat,sun 00:00-24:00"
_WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Part:
    """The same hours of some days; those that end before they begin go on into the next day.

    Attributes:
        days: days of the week on which it begins, 0 is Monday.
        begin: when it begins.
        end: when it ends; midnight (00:00) is the end of the day.
    """

    days: tuple[int, ...]
    begin: time
    end: time

    def covers(self, weekday: int, clock: time) -> bool:
        """Tell whether a time of the office's clock lies in it."""
        if self.begin < self.end:
            return weekday in self.days and self.begin <= clock < self.end
        return (weekday in self.days and clock >= self.begin) or (
            (weekday - 1) % _WEEK in self.days and clock < self.end
        )


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Parts of the week, in some time zone; they may overlap, and never are the whole week.

    Attributes:
        parts: at least one.
        text: as it was written, in small letters.
    """

    parts: tuple[Part, ...]
    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one or more parts, with a semicolon between them.

        Raises:
            ValueError: it is written otherwise, is too long, or leaves no hour of the week.
        """
        plain = "; ".join(" ".join(part.split()) for part in text.lower().split(";"))
        parts = [_part(part) for part in plain.split("; ")]
        found = tuple(part for part in parts if part is not None)
        if len(plain) > LONGEST or len(found) != len(parts) or _is_whole_week(found):
            message = f"{text!r} are no quiet hours; write them as {EXAMPLE}"
            raise ValueError(message)
        return cls(found, plain)

    def __str__(self) -> str:
        return self.text

    def covers(self, moment: datetime, zone: tzinfo) -> bool:
        """Tell whether a moment is quiet."""
        local = moment.astimezone(zone)
        return any(part.covers(local.weekday(), local.time()) for part in self.parts)

    def end(self, moment: datetime, zone: tzinfo) -> datetime:
        """Return the first moment from this one on that is not quiet; in UTC."""
        if not self.covers(moment, zone):
            return moment.astimezone(UTC)
        day = moment.astimezone(zone).date()
        # A part ends within a week and a day; clocks that change may put that off once more.
        ends = sorted(
            datetime.combine(day + timedelta(days=ahead), part.end, zone).astimezone(UTC)
            for part in self.parts
            for ahead in range(2 * _WEEK + 1)
        )
        return next(end for end in ends if end > moment and not self.covers(end, zone))


def _part(text: str) -> Part | None:
    found = FORM.fullmatch(text)
    days = None if found is None else days_of(found[1])
    if found is None or days is None:
        return None
    try:
        begin = time.fromisoformat(found[2])
        end = time.fromisoformat("00:00" if found[3] == MIDNIGHT else found[3])
    except ValueError:
        return None
    return None if begin == end and found[3] != MIDNIGHT else Part(days, begin, end)


def _is_whole_week(parts: tuple[Part, ...]) -> bool:
    # What is free begins where a part ends.
    clocks = [(day, part.end) for day in range(_WEEK) for part in parts]
    return all(any(part.covers(day, clock) for part in parts) for day, clock in clocks)
