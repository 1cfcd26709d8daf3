"""The part of a page that follows a refresh until it is done.

Theory of operation
-------------------
A small element polls; the sentence is swapped only when it differs from the one shown (else the answer is 204), so a
screen reader hears changes of state and nothing else. How far a list has come stands beside it, where it can change
without a word. The poll slows down with the refresh's age and is not there
any more once the refresh is final. Without JavaScript the page shows the same sentence, and a link to look again.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from qbwc_server.qbxml.lists import list_type
from qbwc_server.refreshing import ConnectionView, Refresh
from qbwc_server.web.fields import differences
from qbwc_server.web.shared import shared
from qbwc_server.web.states import Status, refresh_status
from qbwc_server.web.wording import Wording

# Up to this age in seconds, polls are this many seconds apart.
_PACE: Final = ((30, 2), (120, 5))
_SLOWEST: Final = 15


@dataclass(frozen=True, slots=True)
class Live:
    """How a refresh stands on the page that follows it.

    Attributes:
        refresh: The refresh.
        status: The sentence, the trouble and what to do.
        every: Seconds until the next poll.
        seen: What is shown, in a few characters, for the poll to compare.
        level: The same of how far a list has come.
        on_record: Whether it stands on a record's page, or on the request's own.
    """

    refresh: Refresh
    status: Status
    every: int
    seen: str
    level: str
    on_record: bool

    @property
    def polls(self) -> bool:
        """Whether there is more to come."""
        return not self.refresh.is_final


def live(wording: Wording, refresh: Refresh, connection: ConnectionView, *, on_record: bool) -> Live:
    """Gather what the live part shows of a refresh."""
    changes = differences(wording, list_type(refresh.list), refresh.changes)
    away = refresh.state == "answered" and shared().refreshing.publishing().last_error is not None
    status = refresh_status(wording, refresh, connection, len(changes), website_away=away)
    age = (wording.now - refresh.asked_at).total_seconds()
    every = next((pace for until, pace in _PACE if age <= until), _SLOWEST)
    # Between two pages a list waits: neither that nor one page more is news.
    state = "reading" if refresh.is_reading else f"{refresh.state}\n{refresh.records}"
    seen = _mark(f"{state}\n{status}\n{wording.language}")
    level = _mark(f"{refresh.is_reading} {refresh.records} {refresh.total} {refresh.resumed}")
    return Live(refresh, status, every, seen, level, on_record)


def _mark(shown: str) -> str:
    return hashlib.sha256(shown.encode()).hexdigest()[:12]
