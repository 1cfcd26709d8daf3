"""Names a browser shortly, so that its owner recognises a session: "Firefox, Windows"."""

from typing import Final

# What a User-Agent holds, and whose it is; the first that fits, since most hold the names of several.
_PROGRAMS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_LONGEST: Final = 40


def browser_of(user_agent: str | None) -> str:
    """Return the browser and the system, or the beginning of a User-Agent that is neither; "" where there is none."""
    given = user_agent or ""
    found = [next((name for mark, name in names if mark in given), "") for names in (_PROGRAMS, _SYSTEMS)]
    return ", ".join(name for name in found if name) or given[:_LONGEST]
