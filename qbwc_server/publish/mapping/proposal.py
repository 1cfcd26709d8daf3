"""A mapping to begin with: what was guessed for one table, each line with its reason, and its text as TOML.

What is doubtful stands in the text as a comment, so that the file can be read as it is and everything in it that
counts was at least likely.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from qbwc_server import words
from qbwc_server.publish.mapping.model import ColumnRule, Constant, Transform

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Note:
    """Why a line stands there, or does not.

    Attributes:
        code: the catalogue has a text for each, `mapping_suggest.CODE`.
        values: what the text needs; whole numbers are written as the language does.
    """

    code: str
    values: Mapping[str, str | int] = field(default_factory=dict)

    def said(self, language: str) -> str:
        """Return its sentence, always one line."""
        plain = {
            name: words.number(language, value) if isinstance(value, int) else value
            for name, value in self.values.items()
        }
        return words.text(language, f"mapping_suggest.{self.code}", **plain)


@dataclass(frozen=True, slots=True)
class Guess:
    """One line.

    Attributes:
        column: of the table.
        note: why.
        rule: what fills it; None where nothing is known.
        is_live: it counts; otherwise it stands there as a comment.
    """

    column: str
    note: Note
    rule: ColumnRule | None = None
    is_live: bool = True


@dataclass(frozen=True, slots=True)
class Adoption:
    """One rule of `adopt`.

    Attributes:
        column: of the table.
        field: of QuickBooks.
        note: why.
        is_live: it counts.
    """

    column: str
    field: str
    note: Note
    is_live: bool = True


@dataclass(frozen=True, slots=True)
class Proposal:
    """A target.

    Attributes:
        name: of the target.
        list: the list.
        table: the website's table.
        key: the column that takes the ListID.
        key_note: why it.
        columns: in the table's order.
        schema: of the table; None for the connection's own.
        adopt: the rules, in this order.
        types: of items; () leaves the line out.
        types_note: why these.
        only: whether jobs are left out: None says nothing, False as a comment.
        inactive: columns and constants.
        inactive_note: why.
        inactive_is_live: it counts.
    """

    name: str
    list: str
    table: str
    key: str
    key_note: Note
    columns: tuple[Guess, ...]
    schema: str | None = None
    adopt: tuple[Adoption, ...] = ()
    types: tuple[str, ...] = ()
    types_note: Note | None = None
    only: bool | None = None
    inactive: tuple[tuple[str, Constant], ...] = ()
    inactive_note: Note | None = None
    inactive_is_live: bool = True


def toml(proposals: Iterable[Proposal], language: str) -> str:
    """Return the whole text of a mapping.toml; read by `parse_mapping` if each proposal has a live column.

    Args:
        proposals: the targets, in this order.
        language: of the comments.
    """
    lines = [f"# {Note('head').said(language)}", f"# {Note('marks').said(language)}", "", "version = 1"]
    for proposal in proposals:
        lines += ["", *_target(proposal, language)]
    return "\n".join(lines) + "\n"


def _target(proposal: Proposal, language: str) -> Iterator[str]:
    yield "[[publish]]"
    yield f"name = {text(proposal.name)}"
    yield f"source = {text(proposal.list)}"
    yield f"table = {text(proposal.table)}"
    if proposal.schema is not None:
        yield f"schema = {text(proposal.schema)}"
    yield _line(f"key = {{ {bare(proposal.key)} = {text('ListID')} }}", proposal.key_note, language)
    if proposal.types:
        yield _line(f"types = [{', '.join(map(text, proposal.types))}]", proposal.types_note, language)
    if proposal.only is not None:
        yield _line('only = { Sublevel = ["0"] }', Note("only"), language, is_live=proposal.only)
    yield from _adopt(proposal.adopt, language)
    if proposal.inactive:
        given = ", ".join(f"{bare(name)} = {constant(value)}" for name, value in proposal.inactive)
        yield _line(
            f"inactive = {{ set = {{ {given} }} }}", proposal.inactive_note, language, is_live=proposal.inactive_is_live
        )
    yield ""
    yield "[publish.columns]"
    if not any(guess.is_live and guess.rule for guess in proposal.columns):
        yield f"# {Note('nothing').said(language)}"
    for guess in proposal.columns:
        if guess.rule is None:
            yield f"# {bare(guess.column)}: {guess.note.said(language)}"
        else:
            line = f"{bare(guess.column)} = {filled(guess.rule)}"
            yield _line(line, guess.note, language, is_live=guess.is_live)


def _adopt(rules: tuple[Adoption, ...], language: str) -> Iterator[str]:
    live = [f"{{ {bare(rule.column)} = {text(rule.field)} }}" for rule in rules if rule.is_live]
    for rule in rules:
        if not rule.is_live or len(live) > 1:
            yield f"# adopt: {bare(rule.column)} = {text(rule.field)}: {rule.note.said(language)}"
    if live:
        only = next(rule for rule in rules if rule.is_live)
        yield _line(f"adopt = [ {', '.join(live)} ]", only.note if len(live) == 1 else None, language)


def _line(line: str, note: Note | None, language: str, *, is_live: bool = True) -> str:
    whole = line if note is None else f"{line}  # {note.said(language)}"
    return whole if is_live else f"# {whole}"


def filled(rule: ColumnRule) -> str:
    """Return what stands behind a column's `=`."""
    if rule.field is not None and rule == ColumnRule(rule.column, rule.field):
        return text(rule.field)
    return f"{{ {', '.join(_parts(rule))} }}"


def _parts(rule: ColumnRule) -> Iterator[str]:
    if rule.field is not None:
        yield f"from = {text(rule.field)}"
    if rule.value is not None:
        yield f"value = {constant(rule.value)}"
    if rule.transforms:
        yield f"transform = [{', '.join(map(_transform, rule.transforms))}]"
    if rule.lookup is not None:
        look = rule.lookup
        names = f"table = {text(look.table)}, match = {text(look.match)}, give = {text(look.give)}"
        yield f"lookup = {{ {names}, missing = {text(look.missing)} }}"
    if rule.empty is not None:
        yield f"empty = {text('' if rule.empty == 'text' else rule.empty)}"
    if rule.type is not None:
        yield f"type = {text(rule.type)}"
    if rule.scale is not None:
        yield f"scale = {rule.scale}"
    if rule.when != "always":
        yield f"when = {text(rule.when)}"
    if rule.private:
        yield "private = true"


def _transform(transform: Transform) -> str:
    if transform.words:
        pairs = ", ".join(f"{bare(word)} = {text(becomes)}" for word, becomes in transform.words)
        return f"{{ map = {{ {pairs} }} }}"
    return text(f"{transform.name}:{transform.argument}" if transform.argument else transform.name)


def constant(value: Constant) -> str:
    """Return a constant as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        digits = format(value, "f")
        return digits if "." in digits else f"{digits}.0"
    return str(value) if isinstance(value, int) else text(value)


def bare(name: str) -> str:
    """Return a name as it stands before a `=`."""
    return name if _BARE.fullmatch(name) else text(name)


def text(value: str) -> str:
    """Return a text as TOML quotes it."""
    return json.dumps(value, ensure_ascii=False)
