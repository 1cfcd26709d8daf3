"""When a list is to be read again by itself: every so many minutes, or once a day at a time of the office's clock.

Theory of operation
-------------------
QBWC is the clock: what is due is decided when it polls, and nothing happens in between. So each function says the
first moment, from now on, at which a task is to be asked for; it is due if that is now.

Every so many minutes is counted from when it was asked for last, less a slack: a Web Connector that polls every ten
minutes comes a second early now and then, and would otherwise be served only every second time.

A full read has a window that begins once a day. It is asked for once in each window, in pages of the usual size. A
window without a poll is missed; after a day without a full read it is asked for at any time, in small pages, since
somebody may be at work in QuickBooks then.

A list that is not held whole does not wait for a window. Reading it may fail each time, in the middle of the day, so it
is tried again ever later: after ten minutes, an hour, six hours.

A day's window begins at one moment, also where clocks are put forward over that time (it then begins as much later as
they were put forward) or back over it (it begins at the first of the two). Our own clock may have been wrong: what was
done in the future counts as done now.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final, Self
from zoneinfo import ZoneInfo

from qbwc_server.settings import OfficeHours, QuietHours, Settings

WINDOW: Final = timedelta(hours=3)
"""How long after its time a full read is begun in pages of the usual size."""

MOST_SLACK: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
_TRIED_AGAIN_AFTER: Final = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
_ROUNDS: Final = 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where the office is: its clocks, and its hours.

    Attributes:
        zone: its time zone.
        office: when it works.
        quiet: when nothing is read by itself.
    """

    zone: tzinfo
    office: OfficeHours
    quiet: QuietHours | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return where an installation is."""
        return cls(ZoneInfo(settings.time_zone), settings.office_hours)

    def free(self, moment: datetime, *, in_office_hours: bool = False) -> datetime:
        """Return the first moment from this one on that is not quiet, and in office hours if that is wanted; in UTC.

        Where no moment of the coming weeks is both, a later one that is not: looked at then, it is not free either.
        """
        found = moment.astimezone(UTC)
        for _ in range(_ROUNDS):
            before = found
            if self.quiet is not None:
                found = self.quiet.end(found, self.zone)
            if in_office_hours:
                found = self.office.opening(found, self.zone)
            if found == before:
                break
        return found


@dataclass(frozen=True, slots=True)
class Full:
    """A full read to come.

    Attributes:
        at: when it is due; in UTC.
        small: whether in small pages; it is known only for what is due now.
    """

    at: datetime
    small: bool = False


def next_every(
    minutes: int, asked_at: datetime | None, now: datetime, place: Place, *, in_office_hours: bool = False
) -> datetime:
    """Return the first moment from `now` on at which a task of every so many minutes is to be asked for; in UTC.

    Args:
        minutes: 1 or more.
        asked_at: when it was last asked for, None for never.
        now: the present.
        place: whose clocks and hours.
        in_office_hours: whether it is asked for in office hours only.
    """
    begin = now
    if asked_at is not None:
        begin = max(now, min(asked_at, now) + _slackened(timedelta(minutes=minutes)))
    return place.free(begin, in_office_hours=in_office_hours)


def next_try(asked: Sequence[datetime], now: datetime, place: Place) -> datetime:
    """Return the first moment from `now` on at which a list that is not held whole may be read in full; in UTC.

    Args:
        asked: when the schedule asked for that before; what is a day ago, or in the future, does not count.
        now: the present.
        place: whose clocks and hours.
    """
    tried = [one for one in asked if now - _DAY < one <= now]
    if not tried:
        return place.free(now)
    after = _TRIED_AGAIN_AFTER[min(len(tried), len(_TRIED_AGAIN_AFTER)) - 1]
    return place.free(max(now, max(tried) + _slackened(after)))


def next_full(at: time, asked_at: datetime | None, read_at: datetime, now: datetime, place: Place) -> Full:
    """Return the first moment from `now` on at which a list that was read is to be read in full again.

    Args:
        at: when the window begins, by the clock of the place.
        asked_at: when a full read was last asked for by the schedule, None for never.
        read_at: when the list was last read in full, whoever asked.
        now: the present.
        place: whose clocks and hours.
    """
    asked = None if asked_at is None else min(asked_at, now)
    read = _believed(read_at, asked, now)
    last = read if asked is None else max(asked, read)
    latest = _latest(at, now, place.zone)
    if last < latest and in_window(at, now, place.zone):
        return Full(place.free(now))
    # Not oftener than once a day: what fails, or is cancelled, must not begin again at each poll.
    again = now if asked is None else asked + _DAY
    at_any_time = max(again, _missed_from(at, read, place.zone))
    if at_any_time <= now:
        return Full(place.free(now), small=True)
    return Full(place.free(min(at_any_time, _following(at, now, place.zone))))


def missed_since(at: time, read_at: datetime | None, now: datetime, zone: tzinfo) -> datetime | None:
    """Return since when a full read is missing, once that is a day ago; None where none is, or none ever was."""
    if read_at is None or _missed_from(at, min(read_at, now), zone) > now:
        return None
    return _following(at, read_at, zone)


def in_window(at: time, now: datetime, zone: tzinfo) -> bool:
    """Tell whether full reads are begun in pages of the usual size now."""
    return now < _latest(at, now, zone) + WINDOW


def _slackened(length: timedelta) -> timedelta:
    return length - min(length / 10, MOST_SLACK)


def _believed(read_at: datetime, asked: datetime | None, now: datetime) -> datetime:
    """Return when a list was read, or where that is in the future, when that was asked for."""
    return read_at if read_at <= now else asked or now


def _missed_from(at: time, read_at: datetime, zone: tzinfo) -> datetime:
    """Return from when on a full read is missed: a day, and a window, after the first window without one began."""
    first = _following(at, read_at, zone)
    return max(first + _DAY, _following(at, first, zone))


def _following(at: time, moment: datetime, zone: tzinfo) -> datetime:
    """Return when the first window after a moment begins; in UTC."""
    return next(begin for begin in _around(at, moment, zone) if begin > moment)


def _latest(at: time, moment: datetime, zone: tzinfo) -> datetime:
    """Return when the last window until a moment began; in UTC."""
    return next(begin for begin in reversed(_around(at, moment, zone)) if begin <= moment)


def _around(at: time, moment: datetime, zone: tzinfo) -> list[datetime]:
    day = moment.astimezone(zone).date()
    # Two days each way, since clocks may be put forward over a whole one.
    return [datetime.combine(day + timedelta(days=ahead), at, zone).astimezone(UTC) for ahead in range(-2, 4)]
