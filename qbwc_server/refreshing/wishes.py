"""What can be asked for, and what is wrong with a wish that cannot."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qbwc_server.qbxml.lists import LISTS
from qbwc_server.refreshing import errors

MOST_WISHES = 1000
LIST_ID_LENGTH = 36
NAME_LENGTH = 209
# Control characters, halves of surrogate pairs, and what XML 1.0 leaves out.
_STRANGE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants refreshed; `way` is list_id, full_name, find or all."""

    company: str
    list: str
    way: str
    value: str = ""


def checked(wishes: Sequence[Wish]) -> list[Wish]:
    """Return the wishes, each once, or say what is wrong with one."""
    if not wishes:
        raise errors.BadWish("nothing")
    if len(wishes) > MOST_WISHES:
        raise errors.BadWish("too_many", most=MOST_WISHES)
    for wish in wishes:
        _check(wish)
    return list(dict.fromkeys(wishes))


def _check(wish: Wish) -> None:
    names = [one.name for one in LISTS]
    if wish.list not in names:
        raise errors.BadWish("list", list=wish.list, lists=", ".join(names))
    longest = {"list_id": LIST_ID_LENGTH, "full_name": NAME_LENGTH, "find": NAME_LENGTH, "all": 0}.get(wish.way)
    if longest is None:
        raise errors.BadWish("way", way=wish.way)
    if wish.way != "all" and not wish.value.strip():
        raise errors.BadWish("empty")
    if len(wish.value) > longest:
        raise errors.BadWish("long", beginning=wish.value[:20], longest=longest)
    if _STRANGE.search(wish.value):
        raise errors.BadWish("characters")
