"""QuickBooks's clock: local wall time with the standard offset, in summer too.

The printed offset is known to be wrong while daylight saving time is in force; the wall clock is right.
Source: qbXML reference, "Time zones".

A date filter without an offset is read as wall time. Two hours of the year are not told apart by that, and what
QuickBooks does with them is not documented; it is assumed here that
- the hour that comes twice in November is read as its first coming, in daylight saving time: a FromModifiedDate then
  gives the records of both hours, a ToModifiedDate only those of the first;
- the hour that does not come in March is read as standard time: half past two is the instant that the clock shows as
  half past three.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_HOUR = 3600
_PATTERN = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:T(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})([+-]\d{1,2}:\d{1,2})?)?)?)?",
    re.ASCII,
)
LATEST_YEAR = 2038
EARLIEST_YEAR = 1970


def wall_clock(epoch: int, offset_hours: int) -> str:
    """The way QuickBooks prints an instant.

    Args:
        epoch: seconds since 1970 in UTC.
        offset_hours: the standard (winter) offset of the machine, such as -5.

    Returns:
        `yyyy-mm-ddThh:mm:ss-05:00`, its offset being the standard one all year.
    """
    summer = _HOUR if _is_summer(epoch, offset_hours) else 0
    wall = datetime.fromtimestamp(epoch + offset_hours * _HOUR + summer, UTC)
    return f"{wall:%Y-%m-%dT%H:%M:%S}{offset_hours:+03d}:00"


def is_datetime(text: str) -> bool:
    """Whether the text has the shape of a DATETIMETYPE: no `Z`, no fractions, all parts after the date optional."""
    return _PATTERN.fullmatch(text) is not None


def instant(text: str, offset_hours: int, *, end: bool) -> int | None:
    """The instant a date filter means, in seconds since 1970 in UTC.

    Args:
        text: a DATETIMETYPE; one without an offset is this machine's wall time, see the module.
        offset_hours: the standard offset of the machine.
        end: for an upper limit; parts that are not given then stand at their highest value.

    Returns:
        The instant, or None if there is no such day or hour, or it is outside 1970 to 2037.
    """
    match = _PATTERN.fullmatch(text)
    if match is None:
        return None
    *parts, offset = match.groups()
    highest = ("", "", "", "23", "59", "59") if end else ("", "", "", "0", "0", "0")
    numbers = [int(part if part is not None else other) for part, other in zip(parts, highest, strict=True)]
    try:
        wall = int(datetime(*numbers, tzinfo=UTC).timestamp())  # type: ignore[misc,arg-type]
    except ValueError:
        return None
    if not EARLIEST_YEAR <= numbers[0] < LATEST_YEAR:
        return None
    if offset is not None:
        hours, minutes = offset[1:].split(":")
        distance = int(hours) * _HOUR + int(minutes) * 60
        return wall - distance if offset[0] == "+" else wall + distance
    winter = wall - offset_hours * _HOUR
    return winter - _HOUR if _is_summer(winter - _HOUR, offset_hours) else winter


def _is_summer(epoch: int, offset_hours: int) -> bool:
    start, stop = _summer(datetime.fromtimestamp(epoch, UTC).year, offset_hours)
    return start <= epoch < stop


@lru_cache(maxsize=256)
def _summer(year: int, offset_hours: int) -> tuple[int, int]:
    """Second Sunday of March, 2:00 standard time, to first Sunday of November, 2:00 daylight time."""
    march = datetime(year, 3, 8, 2, tzinfo=UTC)
    november = datetime(year, 11, 1, 1, tzinfo=UTC)
    start, stop = (day + timedelta(days=(6 - day.weekday()) % 7) for day in (march, november))
    return int(start.timestamp()) - offset_hours * _HOUR, int(stop.timestamp()) - offset_hours * _HOUR
