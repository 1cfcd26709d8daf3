"""What of an answer could not be read, and how a refresh tells it.

Names of fields and counts only, never what stood there.
"""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from qbwc_server.qbxml.record import Observation

CODE = "bad_record"
MOST_NAMES = 5
MORE = "…"
# More than a query by ListID can ask for; a whole list needs the counts alone.
RECORDS_KEPT = 1000

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Unread:
    """What of the answer to one request could not be read.

    Attributes:
        skipped: records without a usable ListID.
        flawed: records with a value that could not be read.
        fields: the names of those values' fields, in the order they were met.
        records: the same by ListID, for the first records.
    """

    skipped: int = 0
    flawed: int = 0
    fields: dict[str, None] = field(default_factory=dict)
    records: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def note(self, observation: Observation) -> None:
        """Note what could not be read of a record."""
        if not observation.unread:
            return
        self.flawed += 1
        self.fields.update(dict.fromkeys(observation.unread))
        if len(self.records) < RECORDS_KEPT:
            self.records[observation.list_id] = observation.unread

    def error(self, before: Any = None) -> dict[str, object] | None:
        """Return the error of a refresh that this answer is about.

        Args:
            before: the refresh's error so far; what earlier pages brought is added to, another one stays unless this
                answer has its own.
        """
        earlier: Mapping[str, str] = before["values"] if before and before["code"] == CODE else {}
        skipped = self.skipped + int(earlier.get("skipped", 0))
        flawed = self.flawed + int(earlier.get("count", 0))
        named = [name for name in earlier.get("fields", "").split(", ") if name]
        return _error(skipped, flawed, (*named, *self.fields)) or before

    def error_of(self, list_id: str) -> dict[str, object] | None:
        """Return the error of a refresh that is about one record of the answer."""
        names = self.records.get(list_id, ())
        return _error(0, 1 if names else 0, names)


def skipped_before(error: Any) -> int:
    """Return how many records a refresh's earlier pages had that could not be told apart."""
    return int(error["values"].get("skipped", 0)) if error and error["code"] == CODE else 0


def log_unread(company: str, message_set: str | None, unread: Collection[Unread]) -> None:
    """Say once for an answer what could not be read of it."""
    skipped, flawed = sum(one.skipped for one in unread), sum(one.flawed for one in unread)
    names = tuple(name for one in unread for name in one.fields)
    if skipped or flawed:
        log.warning(
            "company %s, answer %s: records skipped for want of a usable ListID: %d; "
            "records with values that cannot be read: %d; fields: %s",
            company,
            message_set,
            skipped,
            flawed,
            _listed(names) or "none",
        )


def _error(skipped: int, flawed: int, names: Collection[str]) -> dict[str, object] | None:
    if not skipped and not flawed:
        return None
    reason = "records" if not flawed else "both" if skipped else "values"
    values = {"reason": reason, "skipped": str(skipped), "count": str(flawed), "fields": _listed(names)}
    return {"code": CODE, "values": values}


def _listed(names: Collection[str]) -> str:
    known = [name for name in dict.fromkeys(names) if name != MORE]
    more = [MORE] if MORE in names or len(known) > MOST_NAMES else []
    return ", ".join(known[:MOST_NAMES] + more)
