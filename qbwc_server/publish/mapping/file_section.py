"""One table of a TOML file, read key by key; whatever nobody asked for is unknown.

Theory of operation: reading a key notes that the key exists in the file's language, so `close` knows both what is left
over and what may have been meant. A bad value is noted as a problem and read as the default, so that one reading finds
every fault.
"""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, TypeVar

from qbwc_server.publish.mapping.file_problems import Found

Table = dict[str, object]
TARGET_NAME: Final = re.compile(r"[a-z0-9_-]{1,40}")
_Choice = TypeVar("_Choice", bound=str)


@dataclass(slots=True)
class Section:
    """A table of the file while it is read.

    Attributes:
        place: where it stands, such as "publish.customers"; "" is the file itself.
        values: as tomllib gives them.
        found: where problems go.
    """

    place: str
    values: Table
    found: Found
    _asked: list[str] = field(default_factory=list)

    def at(self, key: str) -> str:
        """Return the place of a key."""
        return place(self.place, key)

    def problem(self, key: str | None, code: str, **values: str) -> None:
        """Note a problem at a key; None is the table itself."""
        self.found.add(self.place if key is None else self.at(key), code, **values)

    def take(self, key: str) -> object:
        """Return a value as it stands, None if it is absent."""
        self._asked.append(key)
        return self.values.get(key)

    def text(self, key: str, *, required: bool = False) -> str | None:
        """Return a text that is not blank."""
        value = self.take(key)
        if value is None:
            if required:
                self.problem(key, "missing")
            return None
        if not isinstance(value, str) or not value.strip():
            self.problem(key, "not_text")
            return None
        return value

    def choice(self, key: str, among: tuple[_Choice, ...], default: _Choice) -> _Choice:
        """Return one of a closed list of texts; the default where it is absent or something else."""
        return self.chosen(key, among) or default

    def chosen(self, key: str, among: tuple[_Choice, ...]) -> _Choice | None:
        """Return one of a closed list of texts; None where it is absent or something else."""
        value = self.take(key)
        if value is None:
            return None
        if isinstance(value, str) and value in among:
            return value
        near = nearest(value, among) if isinstance(value, str) and value else ""
        known = ", ".join(f'"{each}"' for each in among)
        self.problem(key, "not_among_near" if near else "not_among", near=near, known=known)
        return None

    def flag(self, key: str) -> bool:
        """Return true or false; false where it is absent."""
        value = self.take(key)
        if value is None:
            return False
        if not isinstance(value, bool):
            self.problem(key, "not_flag")
            return False
        return value

    def whole(self, key: str, most: int) -> int | None:
        """Return a whole number from 0."""
        value = self.take(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            self.problem(key, "not_whole", most=str(most))
            return None
        return value

    def section(self, key: str, *, required: bool = False, example: str = "") -> "Section | None":
        """Return a table that has something in it."""
        value = self.take(key)
        if value is None:
            if required:
                self.problem(key, "missing_table", example=example)
            return None
        if not isinstance(value, dict) or not value:
            self.problem(key, "not_table", example=example)
            return None
        return Section(self.at(key), value, self.found)

    def items(self) -> Iterator[tuple[str, object]]:
        """Go through a table whose keys are the owner's own, such as columns."""
        for key in self.values:
            yield key, self.take(key)

    def close(self) -> None:
        """Note the keys that nobody asked for."""
        for key in self.values:
            if key in self._asked:
                continue
            near = nearest(key, self._asked)
            known = ", ".join(self._asked)
            self.problem(key, "unknown_key_near" if near else "unknown_key", near=near, known=known)


def place(before: str, key: str) -> str:
    """Return the place of a key below another place; quoted where it has a dot or is empty, as in the file."""
    shown = f'"{key}"' if not key or "." in key else key
    return f"{before}.{shown}" if before else shown


def target_place(name: object, number: int) -> str:
    """Return the place of a target: by its name, or by its number from 1 where it has no good one."""
    return f"publish.{name}" if isinstance(name, str) and TARGET_NAME.fullmatch(name) else f"publish[{number}]"


def nearest(given: str, known: list[str] | tuple[str, ...]) -> str:
    """Return the known word that was probably meant, or ""."""
    by_word = {word.casefold(): word for word in known}
    near = difflib.get_close_matches(given.casefold().strip(), by_word, n=1)
    return by_word[near[0]] if near else ""


def said(value: object) -> str | None:
    """Return a value as a field's text: numbers in their digits, booleans as true and false; None for all else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else None
    return str(value) if isinstance(value, str | int) else None
