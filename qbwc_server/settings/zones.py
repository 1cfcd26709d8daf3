"""Time zones by their names."""

from typing import Final
from zoneinfo import ZoneInfo

# Files beside the zones that mean what the machine is set to, or nothing.
_NO_PLACES: Final = frozenset({"localtime", "posixrules", "Factory"})


def zone_named(name: str) -> ZoneInfo:
    """Return a time zone.

    Raises:
        KeyError, ValueError, OSError: no such zone is known here.
    """
    if name in _NO_PLACES:
        raise KeyError(name)
    return ZoneInfo(name)
