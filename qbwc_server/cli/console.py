"""What all commands share: where words and JSON go, and plain tables."""

import codecs
import io
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])
# What a Windows code page lacks of our own sentences, and what stands for it there.
_STAND_INS: Final = str.maketrans({"\u202f": " ", "\u00a0": " ", "→": "->", "\u2019": "'", "…": "..."})
_ERRORS: Final = "qbwc.stand_ins"


class WrongUse(click.ClickException):
    """The command was given something it cannot take; exit status 2 and the sentence alone."""

    exit_code = 2


def json_option(command: _Command) -> _Command:
    """Add `--json`, passed on as `as_json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON object or array on standard output, nothing else."
    )(command)


def _stand_in(problem: UnicodeError) -> tuple[str, int]:
    if not isinstance(problem, UnicodeEncodeError):
        raise problem
    missing = problem.object[problem.start : problem.end].translate(_STAND_INS)
    return "".join(character if character.isascii() else "?" for character in missing), problem.end


codecs.register_error(_ERRORS, _stand_in)


def let_streams_take_everything() -> None:
    """Keep a character that the output cannot hold (a file on Windows, for one) from ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ERRORS)


class Console:
    """Where a command's answer goes: to people, or as JSON.

    Args:
        as_json: whether the answer is JSON; words for people then go to standard error.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def say(self, line: str) -> None:
        """Print a line for people."""
        click.echo(line, err=self.as_json)

    def answer(self, value: object) -> None:
        """Print the JSON answer; nothing when the answer is for people."""
        if self.as_json:
            # A stand-in would change a name, so JSON's own escapes are used where the output cannot hold everything.
            narrow = codecs.lookup(getattr(sys.stdout, "encoding", None) or "ascii").name != "utf-8"
            click.echo(json.dumps(value, ensure_ascii=narrow, default=_plain))

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
        """Print a table for people, or a sentence when there is no row."""
        if self.as_json:
            return
        lines = [[_shown(cell) for cell in row] for row in rows]
        if not lines:
            click.echo(empty)
            return
        widths = [max(len(line[at]) for line in [list(heads), *lines]) for at in range(len(heads))]
        for line in [list(heads), *lines]:
            padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            click.echo("  ".join(padded).rstrip())


def local(moment: datetime | None) -> str:
    """Return a time as people of this machine read it."""
    return "" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def iso(moment: datetime | None) -> str | None:
    """Return a time as JSON holds it: ISO 8601 in UTC."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_password(*, from_stdin: bool, what: str = "Password") -> str:
    """Return a password from standard input, or ask for it twice without showing it.

    Raises:
        WrongUse: there is nobody to ask, or nothing was given.
    """
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = click.prompt(what, hide_input=True, confirmation_prompt=True, err=True)
    else:
        message = "There is no terminal to ask for the password. Give it on standard input with --password-stdin."
        raise WrongUse(message)
    if not password:
        message = "The password is empty. Give it as one line."
        raise WrongUse(message)
    return str(password)


def _shown(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else ""
    return local(cell) if isinstance(cell, datetime) else str(cell)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return iso(value)
    raise TypeError(type(value).__name__)
