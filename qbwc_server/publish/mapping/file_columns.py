"""The lines below `columns`: what one column of a table is filled with."""

from decimal import Decimal
from typing import Final

from qbwc_server.publish.mapping import transforms
from qbwc_server.publish.mapping.file_fields import REFERENCE, Vocabulary
from qbwc_server.publish.mapping.file_section import Section, nearest
from qbwc_server.publish.mapping.model import (
    GENERATED,
    ColumnRule,
    ColumnType,
    Constant,
    Empty,
    Lookup,
    Transform,
    When,
)
from qbwc_server.qbxml.fields import Kind
from qbwc_server.qbxml.lists import LISTS

EMPTY_WORDS: Final = ("null", "keep", "")
LONGEST_NAME: Final = 64

_WHEN: Final[tuple[When, ...]] = ("always", "changed", "insert")
_TYPES: Final[tuple[ColumnType, ...]] = ("text", "decimal", "int", "bool", "date", "datetime", "json")
_OF_FIELDS: Final = ("transform", "empty", "private", "scale", "lookup")
_MOST_SCALE: Final = 30
_INTEGER_BITS: Final = 63
_FORM: Final = '{ from = "Phone", transform = ["phone:US"] }'
_LOOKUP: Final = '{ table = "categories", match = "name", give = "id" }'


def columns(target: Section, source: str | None, known: Vocabulary) -> tuple[ColumnRule, ...]:
    """Read `columns` of a target; faults go to the section's problems.

    Args:
        target: the target's table.
        source: its list; None if it is not known, so that no field can be judged.
        known: the fields there are.
    """
    section = target.section("columns", required=True, example='[publish.columns] city = "BillAddress.City"')
    if section is None:
        return ()
    rules = [_column(section, name, value, source, known) for name, value in section.items() if named(section, name)]
    return tuple(rule for rule in rules if rule is not None)


def named(section: Section, column: str) -> bool:
    """Tell whether a column can have this name; note a problem if not."""
    good = bool(column.strip()) and len(column) <= LONGEST_NAME and column.isprintable()
    if not good:
        section.problem(column, "bad_name", most=str(LONGEST_NAME))
    return good


def empty(section: Section) -> Empty | None:
    """Read `empty`; None where it is absent."""
    word = section.chosen("empty", EMPTY_WORDS)
    if word is None:
        return None
    return "null" if word == "null" else "keep" if word == "keep" else "text"


def constant(section: Section, key: str, value: object, generated: tuple[str, ...] = GENERATED) -> Constant | None:
    """Return a constant if a value can be one; note a problem if not.

    Args:
        section: the table it stands in.
        key: its key there.
        value: as tomllib gives it.
        generated: the "@" words that may stand here.
    """
    if isinstance(value, str):
        if not value.startswith(REFERENCE) or value in generated:
            return value
        near = nearest(value, generated)
        section.problem(key, "generated_near" if near else "generated", near=near, known=", ".join(generated))
        return None
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, bool | int) and -(2**_INTEGER_BITS) <= value < 2**_INTEGER_BITS:
        return value
    section.problem(key, "bad_constant")
    return None


def _column(section: Section, name: str, value: object, source: str | None, known: Vocabulary) -> ColumnRule | None:
    if isinstance(value, str):
        return _from_field(Section(section.at(name), {"from": value}, section.found), name, source, known, short=True)
    if not isinstance(value, dict):
        section.problem(name, "column_form", example=_FORM)
        return None
    line = Section(section.at(name), value, section.found)
    if "from" in value and "value" in value:
        line.problem(None, "from_and_value")
        return None
    if "from" not in value and "value" not in value:
        if any(isinstance(below, dict) for below in value.values()) and not set(value) & {"lookup"}:
            line.problem(None, "dotted_column")
        else:
            line.problem(None, "no_from", example=_FORM)
        return None
    return _from_field(line, name, source, known) if "from" in value else _from_constant(line, name)


def _from_constant(line: Section, name: str) -> ColumnRule | None:
    value = constant(line, "value", line.take("value"))
    when = line.choice("when", _WHEN, "always")
    kind = line.chosen("type", _TYPES)
    for key in _OF_FIELDS:
        if line.take(key) is not None:
            line.problem(key, "only_with_from")
    line.close()
    return None if value is None else ColumnRule(name, value=value, when=when, type=kind)


def _from_field(
    line: Section, name: str, source: str | None, known: Vocabulary, *, short: bool = False
) -> ColumnRule | None:
    field = line.text("from", required=True)
    rule = ColumnRule(
        name,
        field,
        when=line.choice("when", _WHEN, "always"),
        transforms=_transforms(line),
        empty=empty(line),
        type=line.chosen("type", _TYPES),
        scale=line.whole("scale", _MOST_SCALE),
        private=line.flag("private"),
        lookup=_lookup(line),
    )
    line.take("value")
    line.close()
    if field is None or source is None:
        return None
    if not known.check(line.found, line.place, source, field):
        return None
    _judge(line, rule, source, known, short=short)
    return rule


def _judge(line: Section, rule: ColumnRule, source: str, known: Vocabulary, *, short: bool) -> None:
    """Note what does not go together in the line of a field that exists."""
    name = rule.field or ""
    private = known.private(source, name)
    if private and not rule.private:
        line.problem(None, "private_short" if short else "private_missing", name=name)
    if rule.private and not private:
        line.problem("private", "private_public", name=name)
    kind = kind_of(source, name)
    if kind == "json" and (rule.transforms or rule.lookup):
        line.problem("transform" if rule.transforms else "lookup", "json_field", name=name)
    if rule.scale is not None and (rule.type or kind) not in ("decimal", None):
        line.problem("scale", "scale_without_decimal")


def kind_of(source: str, name: str) -> Kind | None:
    """Return what a field's values are; custom fields are text; None if it is not known here."""
    if name.startswith("Custom."):
        return "text"
    return next(
        (field.type.kind for kind in LISTS if kind.name == source for field in kind.fields if field.name == name), None
    )


def _transforms(line: Section) -> tuple[Transform, ...]:
    given = line.take("transform")
    if given is None:
        return ()
    read: list[Transform] = []
    for each in given if isinstance(given, list) else [given]:
        try:
            read.append(transforms.read(each))
        except transforms.BadTransform as bad:
            known = ", ".join(transforms.NAMES)
            code = f"transform_{bad.fault}" + ("_near" if bad.fault == "unknown" and bad.near else "")
            line.problem("transform", code, given=bad.given, near=bad.near, known=known)
    return tuple(read)


def _lookup(line: Section) -> Lookup | None:
    section = line.section("lookup", example=_LOOKUP)
    if section is None:
        return None
    table, match, give = (section.text(key, required=True) for key in ("table", "match", "give"))
    missing = section.choice("missing", ("null", "hold"), "null")
    section.close()
    if table is None or match is None or give is None:
        return None
    return Lookup(table, match, give, "hold" if missing == "hold" else "null")
