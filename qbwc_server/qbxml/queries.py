"""What QuickBooks can be asked, as values; ``request`` makes qbXML of them.

Source: qbXML SDK facts, "Queries", "Iterators".
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ByListID:
    """Asks for records by their ListIDs, at least one."""

    request_id: str
    list: str
    list_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ByFullName:
    """Asks for one record by its FullName."""

    request_id: str
    list: str
    full_name: str


@dataclass(frozen=True, slots=True)
class Find:
    """Asks for the first records, inactive ones included, whose name contains a text."""

    request_id: str
    list: str
    text: str
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Page:
    """Asks for the next part of a list, inactive records included.

    Attributes:
        iterator: which part; None asks for all of it in one answer, the only way below qbXML 5.0.
        iterator_id: the one of the first answer, for ``Continue`` and ``Stop``; else None.
        max_returned: the most records of a part; not sent without an iterator.
        modified_since: only what was changed at this moment or later: QuickBooks's own wall clock,
            ``yyyy-mm-ddThh:mm:ss``, never with an offset. Each part must repeat it.
        volatile: a light sweep: only what moves without TimeModified.
    """

    request_id: str
    list: str
    iterator: Literal["Start", "Continue", "Stop"] | None
    iterator_id: str | None
    max_returned: int
    modified_since: str | None = None
    volatile: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """Asks how many records a Page with the same ``modified_since`` would give; qbXML 4.0 and later.

    The answer holds ``retCount`` and no record.
    """

    request_id: str
    list: str
    modified_since: str | None = None


@dataclass(frozen=True, slots=True)
class Deleted:
    """Asks what of a list was deleted, as far back as QuickBooks keeps it (about 90 days); qbXML 2.0 and later.

    The types of record that the version does not know are left out (fixed assets below 3.0); the schema ties none
    of them to a country.

    Attributes:
        since: only deletions of this moment or later, in the form of ``Page.modified_since``.
    """

    request_id: str
    list: str
    since: str | None = None


Request = ByListID | ByFullName | Find | Page | Count | Deleted
