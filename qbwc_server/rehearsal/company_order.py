"""The records of a list in the order of their TimeModified, so that a query for changes need not walk the list."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from operator import attrgetter
from typing import Generic, Protocol, TypeVar


class Dated(Protocol):
    """What is put in order: by `modified`, and by `position` where that is the same."""

    modified: int
    position: int


_modified = attrgetter("modified")
_place = attrgetter("modified", "position")
_position = attrgetter("position")


R = TypeVar("R", bound=Dated)


class ModifiedOrder(Generic[R]):
    """Sorted when it is first asked, and kept so from then on.

    A record must be removed before its `modified` or `position` changes, and added again after.
    """

    def __init__(self) -> None:
        self._sorted: list[R] | None = None

    def add(self, record: R) -> None:
        """Take a record in."""
        if self._sorted is not None:
            insort(self._sorted, record, key=_place)

    def remove(self, record: R) -> None:
        """Leave a record out."""
        if self._sorted is not None:
            del self._sorted[bisect_left(self._sorted, _place(record), key=_place)]

    def between(self, first: int | None, last: int | None, everyone: Iterable[R]) -> list[R]:
        """The records modified from `first` to `last`, both included, by position.

        Args:
            first, last: seconds since 1970, UTC; None is no limit.
            everyone: all records, by position; walked only at the first call.
        """
        if self._sorted is None:
            self._sorted = sorted(everyone, key=_modified)
        begin = 0 if first is None else bisect_left(self._sorted, first, key=_modified)
        end = len(self._sorted) if last is None else bisect_right(self._sorted, last, key=_modified)
        return sorted(self._sorted[begin:end], key=_position)
