"""How many records to ask for on one page of a list.

A page is as long as comes near to a megabyte, as far as QuickBooks needs no more than some seconds for it, by what
the pages before took. A list that was never measured begins with a short page. Each send that went unanswered halves
the page: QuickBooks may have died of it.

Source: qbXML SDK facts, "Iterators": every Continue repeats the MaxReturned of the Start, so the size is chosen once
an iteration.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from qbwc_server.store.refreshes import QueuedRefresh

FIRST_PAGE: Final = 50
SHORTEST_PAGE: Final = 5
LONGEST_PAGE: Final = 2000
PAGE_BYTES: Final = 1_000_000
PAGE_MICROS: Final = 12_000_000
# Of a list read in the office's hours: short enough that whoever works in QuickBooks does not notice.
SMALL_PARTS: Final = 8
# Of fewer records than these the time and the bytes of everything around them would be taken for theirs.
_TELLING: Final = 20
_LONGEST_TOOK: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Measure:
    """What a record takes on the way.

    Attributes:
        record_bytes: of qbXML.
        micros: until it has arrived, in microseconds.
    """

    record_bytes: int | None = None
    micros: int | None = None

    def after(self, size: int, count: int, took: timedelta, asked: int) -> "Measure":
        """Return the measure after an answer of so many bytes and records that took so long.

        What grew counts at once, what shrank by half. A PC that slept meanwhile says little of QuickBooks.

        Args:
            size: bytes.
            count: records.
            took: until it had arrived.
            asked: how many records were asked for.
        """
        if count < min(_TELLING, asked):
            return self
        took = min(took, _LONGEST_TOOK)
        return Measure(
            _weighed(self.record_bytes, max(1, size // count)),
            _weighed(self.micros, max(0, took // timedelta(microseconds=count))),
        )


def _weighed(before: int | None, found: int) -> int:
    return found if before is None or found > before else (before + found) // 2


def page_size(measure: Measure, run: QueuedRefresh) -> int:
    """Return how many records the pages of a run are to have."""
    if measure.record_bytes is None:
        return FIRST_PAGE
    fitting = min(PAGE_BYTES // measure.record_bytes, PAGE_MICROS // max(1, measure.micros or 1), LONGEST_PAGE)
    if run.small:
        fitting //= SMALL_PARTS
    # Whatever came, if only a word, tells that it was not too long.
    return max(SHORTEST_PAGE, fitting >> run.unanswered if run.trouble is None else fitting)
