"""ListIDs, times and references of sample records, each following from a number alone."""

from collections.abc import Sequence

_DAY = 86_400
_FIRST_DAY = 1_262_610_000  # 4 January 2010, 8:00 in New York
_LAST_CHANGE = 1_767_225_600  # 1 January 2026
_ROUNDS = 60
_OLD_SHAPE_EVERY = 10
_OLD_SHAPE_BELOW = 0x4000
_KNUTH = 2_654_435_761


def created_at(number: int) -> int:
    """When record `number` was created, seconds since 1970; spread over the seasons, so summer time is met."""
    return _FIRST_DAY + (number % _ROUNDS) * 50 * _DAY + number * 900


def modified_at(number: int, created: int, seed: int) -> int:
    """When it was last changed: between its creation and the end of 2025."""
    return created + ((number + 1) * _KNUTH + seed * 97) % max(1, _LAST_CHANGE - created)


def list_id_of(number: int, created: int) -> str:
    """QuickBooks's shape: a hexadecimal count and the second of creation; some have the shape of older releases."""
    count = number + 1
    if count % _OLD_SHAPE_EVERY == 0 and count < _OLD_SHAPE_BELOW:
        return f"{count:X}0000-{created}"
    return f"{0x80000000 + count:X}-{created}"


def reference(kind: str, place: int, names: Sequence[str]) -> dict[str, str]:
    """A reference to an entry of a small list (terms, classes, accounts …) that the company itself does not answer."""
    epoch = _FIRST_DAY + sum(kind.encode()) * 61
    return {"ListID": f"{0x80000000 + place + 1:X}-{epoch}", "FullName": names[place % len(names)]}
