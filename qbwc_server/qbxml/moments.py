"""QuickBooks's own times: what its machine's wall clock showed, never an instant.

Theory of operation
-------------------
QuickBooks prints local time with an offset that is known to be wrong in summer,
so the offset is left out: a moment is the text `yyyy-mm-ddThh:mm:ss`. Sent back
without an offset it is read by the same clock. Moments compare as texts. None of
ours compares with one, but to tell that QuickBooks's clock ran ahead.

Changes are asked for from `from_here`: the newest moment that was seen, less an
overlap. Two hours cover the hour that comes twice in autumn and a clock that is
put right by minutes; what a list changed while it was being read is covered by
the time that took. A moment that lies in the future is not the newest: what
changes once the clock is right again would otherwise be passed over. Where our
own clock is the wrong one, more is asked for than was needed.

Source: qbXML SDK facts, "Time zones"; FromModifiedDate is inclusive.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

OVERLAP: Final = timedelta(hours=2)
# No wall clock on Earth is further ahead of UTC.
_FURTHEST_AHEAD: Final = timedelta(hours=26)
# A clock of a known place may run ahead by the hour that changes in spring and autumn, and by some minutes.
_ABOUT_RIGHT: Final = timedelta(hours=2)
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}")
_LENGTH: Final = 19
_FORM: Final = "%Y-%m-%dT%H:%M:%S"
_EARLIEST: Final = "1970-01-01T00:00:00"


def latest(now: datetime, zone: tzinfo | None) -> str:
    """Return the latest moment that a clock which is about right can show.

    Args:
        now: aware.
        zone: where QuickBooks is; None where nobody said, so that it may be anywhere.
    """
    local = now.astimezone(UTC) + _FURTHEST_AHEAD if zone is None else now.astimezone(zone) + _ABOUT_RIGHT
    return local.strftime(_FORM)


def newest(texts: Iterable[object], latest: str, before: str | None = None) -> str | None:
    """Return the newest moment among times as QuickBooks prints them, `before` included; None if there is none.

    Args:
        texts: as printed; what is no time is passed over.
        latest: a later one was given by a wrong clock and does not count.
        before: the newest so far.
    """
    shown = {text[:_LENGTH] for text in texts if isinstance(text, str)}
    for one in sorted((one for one in shown if one <= latest), reverse=True):
        if before is not None and one <= before:
            return before
        if moment(one) is not None and _parsed(one) is not None:
            return one
    return before


def moment(text: object) -> str | None:
    """Return what the wall clock showed, by a time as QuickBooks prints it; None if it has not that form."""
    shown = text[:_LENGTH] if isinstance(text, str) else ""
    return shown if _MOMENT.fullmatch(shown) is not None else None


def from_here(newest_seen: str, reading_took: timedelta) -> str:
    """Return from which moment on to ask next time, given the newest that was seen and how long reading took."""
    seen = _parsed(newest_seen)
    earliest = _parsed(_EARLIEST)
    if seen is None or earliest is None:
        return _EARLIEST
    back = OVERLAP + max(reading_took, timedelta(0))
    # QuickBooks knows no time before 1970.
    return (seen - back).strftime(_FORM) if seen - earliest > back else _EARLIEST


def _parsed(shown: str) -> datetime | None:
    try:
        return datetime.strptime(shown, _FORM)  # noqa: DTZ007 - a wall clock has no zone
    except ValueError:
        return None
