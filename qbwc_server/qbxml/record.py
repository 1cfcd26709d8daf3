"""A record as QuickBooks showed it once, and its form for storing."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from qbwc_server.qbxml.fields import Value
from qbwc_server.qbxml.lists import ListType

LIST_ID_LENGTH: Final = 36


@dataclass(frozen=True, slots=True)
class Observation:
    """A record as seen once.

    Attributes:
        list: the list's name, ``customer`` or ``item``.
        list_id: QuickBooks's identity of the record within the list of one company file.
        ret: the element it came in, ``ItemServiceRet``.
        values: field name -> value; a field that QuickBooks has nothing in is absent. ``ListID``, ``Name``,
            ``FullName``, ``IsActive``, ``EditSequence``, ``TimeCreated``, ``TimeModified`` are always there,
            and ``Type`` for items. Of a light sweep none but fields that it asked for.
        asked: the fields that this answer speaks about; all others keep the value they had.
        warnings: what could not be read; names fields, never holds their text.
        unread: the names of the fields that could not be read.
        mark: what tells its element from any other that was asked for alike; None where nobody wanted to know.
    """

    list: str
    list_id: str
    ret: str
    values: Mapping[str, Value]
    asked: frozenset[str]
    warnings: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    mark: str | None = None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A record whose element is letter for letter the one that was read before; it is not read again.

    Attributes:
        list: the list's name.
        list_id: its ListID.
        mark: of its element.
        time_modified: its TimeModified, as QuickBooks prints it.
    """

    list: str
    list_id: str
    mark: str
    time_modified: str


def is_identity(list_id: object) -> bool:
    """Whether what came as a ListID can be one: not empty, and not longer than any of QuickBooks's."""
    return isinstance(list_id, str) and 0 < len(list_id) <= LIST_ID_LENGTH


def to_json(values: Mapping[str, Value]) -> dict[str, object]:
    """Give values as JSON can hold them: decimals become text in QuickBooks's own digits."""
    return {name: format(value, "f") if isinstance(value, Decimal) else value for name, value in values.items()}


def from_json(list_type: ListType, stored: Mapping[str, object]) -> dict[str, Value]:
    """Give back what to_json was given; a field that the list no longer has is left out.

    Raises:
        BadValue: a value is not the JSON form of its field's type.
    """
    known = list_type.field_names
    return {
        name: list_type.field(name).type.from_json(value)
        for name, value in stored.items()
        if name in known and value is not None
    }
