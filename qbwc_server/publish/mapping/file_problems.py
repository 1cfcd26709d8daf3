"""What is wrong with a mapping file: all of it, each with its place and its cure."""

from dataclasses import dataclass, field
from typing import Final

from qbwc_server import words

_AREA: Final = "mapping_file"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a mapping file.

    Attributes:
        place: where, such as "publish.customers.columns.city".
        code: the key of its sentence in the catalogue, under `mapping_file`.
        values: what the sentence's placeholders stand for; never a secret.
    """

    place: str
    code: str
    values: tuple[tuple[str, str], ...] = ()

    def said(self, language: str = words.DEFAULT_LANGUAGE) -> str:
        """Return the place, what is wrong and the cure, in a language of the catalogue."""
        sentence = words.text(language, f"{_AREA}.{self.code}", **dict(self.values))
        return words.text(language, f"{_AREA}.at", place=self.place, sentence=sentence)


class BadMapping(Exception):
    """A mapping file cannot be followed; nothing of it is used.

    Attributes:
        problems: all that is wrong, in the order it was found. `str()` gives one a line, in English.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(problem.said() for problem in problems))
        self.problems = problems

    def said(self, language: str) -> tuple[str, ...]:
        """Return a sentence for each problem in a language of the catalogue."""
        return tuple(problem.said(language) for problem in self.problems)


@dataclass(slots=True)
class Found:
    """Gathers the problems while a file is read."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, place: str, code: str, **values: str) -> None:
        """Note a problem, once."""
        problem = Problem(_plain(place), code, tuple((name, _plain(value)) for name, value in values.items()))
        if problem not in self.problems:
            self.problems.append(problem)


def _plain(text: str) -> str:
    """Return a text of the file as it may stand in a sentence: line ends and the like would break a log line."""
    return "".join(each if each.isprintable() else "\ufffd" for each in text)
