"""How fast a page that waits for a first call polls: quickly at first, then ever more slowly."""

from typing import Final

from flask import request

# Up to this many polls, they are this many seconds apart.
_PACE: Final = ((40, 3), (100, 10))
_SLOWEST: Final = 30
_MOST: Final = 10_000


def polled() -> int:
    """Return how many polls the page has made, this one with it; 0 for the page itself."""
    return min(max(request.args.get("n", 0, type=int), 0), _MOST)


def seconds(n: int) -> int:
    """Return how long to wait after so many polls."""
    return next((pace for until, pace in _PACE if n < until), _SLOWEST)
