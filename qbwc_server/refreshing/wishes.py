"""What can be asked for, and what is wrong with a wish that cannot."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from qbwc_server.lines import is_line
from qbwc_server.qbxml.lists import LISTS, list_type
from qbwc_server.qbxml.request import LIST_ID_LENGTH, is_full_name, is_list_id
from qbwc_server.refreshing import errors
from qbwc_server.store.tables import LISTS_READ

MOST_WISHES: Final = 1000
_NAMED: Final = ("full_name", "find")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants refreshed; `way` is list_id, full_name, find, all, changed or sweep."""

    company: str
    list: str
    way: str
    value: str = ""


def checked(wishes: Sequence[Wish]) -> list[Wish]:
    """Return the wishes, each once, or say what is wrong with one.

    Raises:
        BadWish
    """
    if not wishes:
        raise errors.BadWish("nothing")
    if len(wishes) > MOST_WISHES:
        raise errors.BadWish("too_many", most=MOST_WISHES)
    for wish in wishes:
        fault = fault_of(wish.list, wish.way, wish.value)
        if fault is not None:
            raise fault
    return list(dict.fromkeys(wishes))


def fault_of(list_name: str, way: str, value: str) -> errors.BadWish | None:
    """Return what keeps a list from being asked for this, None for nothing.

    A door that names the field in which the fault is asks this before `checked` does.

    Args:
        list_name: of a list of LISTS.
        way: list_id, full_name, find, all, changed or sweep.
        value: the ListID, the name or the text; "" for what reads a list.
    """
    names = [one.name for one in LISTS]
    if list_name not in names:
        return errors.BadWish("list", list=list_name, lists=", ".join(names))
    if way in LISTS_READ:
        return None
    if way == "list_id":
        return _fault_of_list_id(value)
    return _fault_of_name(list_name, value) if way in _NAMED else errors.BadWish("way", way=way)


def _fault_of_list_id(value: str) -> errors.BadWish | None:
    fault = _fault_of_text(value, LIST_ID_LENGTH)
    if fault is not None or is_list_id(value):
        return fault
    return errors.BadWish("blanks" if value != value.strip() else "characters")


def _fault_of_name(list_name: str, value: str) -> errors.BadWish | None:
    # A text to find that is longer than any name is in none.
    fault = _fault_of_text(value, list_type(list_name).field("FullName").type.max_length or 0)
    return fault if fault is not None or is_full_name(list_name, value) else errors.BadWish("characters")


def _fault_of_text(value: str, longest: int) -> errors.BadWish | None:
    if not value.strip():
        return errors.BadWish("empty")
    if len(value) > longest:
        return errors.BadWish("long", beginning=value[:20], longest=longest)
    return None if is_line(value) else errors.BadWish("characters")
