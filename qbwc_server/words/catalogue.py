"""Reads the catalogue of each language, all files of its folder, and hands out their texts."""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from babel import Locale

from qbwc_server.words.formats import number

LANGUAGES: Final = ("en", "fr")
LANGUAGE_NAMES: Final[Mapping[str, str]] = MappingProxyType({"en": "English", "fr": "Français"})
DEFAULT_LANGUAGE: Final = "en"

_Catalogue = Mapping[str, str | tuple[str, ...]]


class MissingText(KeyError):
    """A text, or a value a text needs, is not there: a mistake of the program, not of the person who reads it.

    Attributes:
        key: The key that was asked for.
    """

    def __init__(self, key: str, reason: str) -> None:
        self.key = key
        self.reason = reason
        super().__init__(f"The text {key!r} {reason}.")

    def __str__(self) -> str:
        return f"The text {self.key!r} {self.reason}."


def text(language: str, key: str, /, **values: object) -> str:
    """Returns a sentence with its values filled in.

    Args:
        language: One of LANGUAGES; any other, and a text not yet translated, gives the English one.
        key: The path to the text, for example "refresh.waiting".
        **values: What the placeholders stand for. They are inserted as they are and never read as placeholders.

    Raises:
        MissingText: No such text, or a value it needs was not given.
    """
    found = _find(language, key)
    if not isinstance(found, str):
        raise MissingText(key, "is not one text; add it to words/en and words/fr, or use texts() for a list")
    return _fill(key, found, values)


def texts(language: str, key: str, /, **values: object) -> tuple[str, ...]:
    """Returns a list of sentences, such as the steps of a cure; an absent list is an empty one.

    Args:
        language: As for text().
        key: The path to the list, for example "code.0x80040408.steps".
        **values: As for text().

    Raises:
        MissingText: The key names a single text, or a value was not given.
    """
    found = _find(language, key)
    if found is None:
        return ()
    if isinstance(found, str):
        raise MissingText(key, "is a single text, not a list")
    return tuple(_fill(key, sentence, values) for sentence in found)


def plural(language: str, key: str, n: int | Decimal, /, **values: object) -> str:
    """Returns the form of a text that goes with a number; `{n}` in it is the number written in the language.

    Args:
        language: As for text(). In French 0 takes the singular, in English the plural.
        key: The path above `one` and `other`, for example "refresh.fields_changed".
        n: The number.
        **values: Further values.

    Raises:
        MissingText: No such text, or a value was not given.
    """
    spoken = language if language in LANGUAGES and has(language, f"{key}.other") else DEFAULT_LANGUAGE
    form = _locale(spoken).plural_form(n)
    if not isinstance(_catalogue(spoken).get(f"{key}.{form}"), str):
        form = "other"
    return text(spoken, f"{key}.{form}", **{"n": number(spoken, n), **values})


def field_label(language: str, name: str) -> str:
    """Returns the label of a qbXML field, for example "City (billing)" for "BillAddress.City".

    A custom field ("Custom.Colour") carries its own name; a field without a label keeps its qbXML name.
    """
    key = f"field.{name}"
    if isinstance(_find(language, key), str):
        return text(language, key)
    container, _, own = name.partition(".")
    if container == "Custom" and own:
        return text(language, "app.custom_field", name=own)
    return name


def has(language: str, key: str) -> bool:
    """Tells whether the catalogue of one language, on its own, holds a text or a list under a key."""
    return language in LANGUAGES and key in _catalogue(language)


def keys(language: str, under: str = "") -> tuple[str, ...]:
    """Returns the keys of one language's catalogue, sorted; `under` limits them to an area, for example "field"."""
    start = f"{under}." if under else ""
    return tuple(sorted(key for key in _catalogue(language) if key.startswith(start)))


def _find(language: str, key: str) -> str | tuple[str, ...] | None:
    found = _catalogue(language).get(key) if language in LANGUAGES else None
    return found if found is not None else _catalogue(DEFAULT_LANGUAGE).get(key)


def _fill(key: str, sentence: str, values: Mapping[str, object]) -> str:
    try:
        return sentence.format_map(values)
    except KeyError as missing:
        raise MissingText(key, f"needs a value for {missing.args[0]!r}") from None


@cache
def _catalogue(language: str) -> _Catalogue:
    folder = files(__package__ or "qbwc_server.words").joinpath(language)
    flat: dict[str, str | tuple[str, ...]] = {}
    for file in folder.iterdir():
        if file.name.endswith(".toml"):
            flat.update(_flat("", tomllib.loads(file.read_text("utf-8"))))
    return MappingProxyType(flat)


def _flat(path: str, table: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    flat: dict[str, str | tuple[str, ...]] = {}
    for name, value in table.items():
        key = f"{path}.{name}" if path else name
        if isinstance(value, dict):
            flat.update(_flat(key, value))
        elif isinstance(value, list):
            flat[key] = tuple(str(sentence) for sentence in value)
        else:
            flat[key] = str(value)
    return flat


@cache
def _locale(language: str) -> Locale:
    return Locale(language)
