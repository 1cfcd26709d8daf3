"""From the name of a column or a table to what it probably means.

A name counts by its letters and digits alone, without accents: "codePostal", "Code_Postal" and "code_postal" are one.
Where that is no known word, what only repeats the table ("product_name" of `shop_products`) is left out.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from qbwc_server.publish.mapping import synonyms

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_BEHIND_A_PREFIX: Final = 1000
_FOREIGN: Final = "id"


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name in small letters, without accents: "codePostal" gives ("code", "postal")."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", name) if not unicodedata.combining(each))
    return tuple(word.lower() for word in _WORDS.findall(plain))


def squeezed(name: str) -> str:
    """Return a name's letters and digits alone."""
    return "".join(words_of(name))


def rank(column: str, names: tuple[str, ...], list_name: str, *, is_foreign: bool = False) -> int | None:
    """Return how likely a column is one of these names: 0 is likeliest; None if it is none.

    Args:
        column: its name.
        names: known names, the likeliest first.
        list_name: the list whose table it is in.
        is_foreign: it names a row of another table, so "category_id" is the same as "category".
    """
    known = _ranks(names)
    found = [
        known[spelling] + number * _BEHIND_A_PREFIX
        for number, spelling in enumerate(_spellings(column, list_name, is_foreign=is_foreign))
        if spelling in known
    ]
    return min(found, default=None)


def field_of(column: str, list_name: str, *, is_foreign: bool = False) -> tuple[str, int] | None:
    """Return the field that a column probably holds, and how likely; None if its name says nothing."""
    known = _fields(list_name)
    for number, spelling in enumerate(_spellings(column, list_name, is_foreign=is_foreign)):
        if spelling in known:
            field, at = known[spelling]
            return field, at + number * _BEHIND_A_PREFIX
    return None


def table_of(tables: Iterable[str], list_name: str) -> str | None:
    """Return the table that probably holds a list; None if no name says so."""
    found: list[tuple[int, int, str]] = []
    for table in tables:
        words = words_of(table)
        for number, name in enumerate(synonyms.TABLES[list_name]):
            if "".join(words) == name:
                found.append((0, number, table))
            elif len(words) > 1 and words[-1] == name:
                # "shop_customer", as frameworks put the application before it.
                found.append((1, number, table))
    return min(found)[2] if found else None


def list_of(table: str) -> str | None:
    """Return the list that a table is probably for; None if its name does not say."""
    return next((name for name in synonyms.TABLES if table_of([table], name)), None)


def _spellings(column: str, list_name: str, *, is_foreign: bool) -> Iterable[str]:
    words = words_of(column)
    if is_foreign and len(words) > 1:
        words = tuple(word for word in words if word != _FOREIGN)
    yield "".join(words)
    if len(words) > 1 and words[0] in synonyms.TABLES[list_name]:
        yield "".join(words[1:])


@cache
def _ranks(names: tuple[str, ...]) -> Mapping[str, int]:
    return MappingProxyType({squeezed(name): number for number, name in reversed(tuple(enumerate(names)))})


@cache
def _fields(list_name: str) -> Mapping[str, tuple[str, int]]:
    return MappingProxyType(
        {
            squeezed(name): (field, number)
            for field, names in synonyms.OF_LIST[list_name]
            for number, name in enumerate(names)
        }
    )
