"""The lines of a target that say which row is a record's and which records count: key, adopt, only, types, inactive."""

import re
from typing import Final

from qbwc_server.publish.mapping.file_columns import constant, kind_of, named
from qbwc_server.publish.mapping.file_fields import REFERENCE, Vocabulary, type_named, types_of
from qbwc_server.publish.mapping.file_section import Section, nearest, said
from qbwc_server.publish.mapping.model import NOW, Constant, KeyPart, Test

_REFERENCE: Final = re.compile(r"@([a-z0-9_-]{1,40})\.(.+)")
_KEY: Final = 'key = { qb_list_id = "ListID" }'
_ONLY: Final = 'only = { Sublevel = ["0"] }'
_ADOPT: Final = 'adopt = [ { email = "Email" } ]'
_INACTIVE: Final = "inactive = { set = { active = false } }"


def key(target: Section, source: str | None, known: Vocabulary) -> tuple[KeyPart, ...]:
    """Read `key`."""
    section = target.section("key", required=True, example=_KEY)
    parts = [] if section is None else [_key_part(section, *item, source, known) for item in section.items()]
    return tuple(part for part in parts if part is not None)


def _key_part(section: Section, column: str, value: object, source: str | None, known: Vocabulary) -> KeyPart | None:
    if not named(section, column):
        return None
    if isinstance(value, str) and value.startswith(REFERENCE):
        found = _REFERENCE.fullmatch(value)
        if found is None:
            section.problem(column, "bad_reference", example="@products.id")
            return None
        return KeyPart(column, of_target=found[1], of_column=found[2])
    field = _field(section, column, value, source, known)
    return None if field is None else KeyPart(column, field)


def adopt(target: Section, source: str | None, known: Vocabulary) -> tuple[tuple[tuple[str, str], ...], ...]:
    """Read `adopt`: rules, each of columns and fields."""
    given = target.take("adopt")
    if given is None:
        return ()
    if not isinstance(given, list) or not all(isinstance(rule, dict) and rule for rule in given):
        target.problem("adopt", "not_tables", example=_ADOPT)
        return ()
    rules = []
    for number, rule in enumerate(given, 1):
        section = Section(f"{target.at('adopt')}[{number}]", rule, target.found)
        pairs = [
            (column, _field(section, column, value, source, known))
            for column, value in section.items()
            if named(section, column)
        ]
        rules.append(tuple((column, field) for column, field in pairs if field is not None))
    return tuple(rules)


def _field(section: Section, column: str, value: object, source: str | None, known: Vocabulary) -> str | None:
    """Return the field that stands behind a column, if the list has it."""
    if not isinstance(value, str) or not value.strip():
        section.problem(column, "not_field")
        return None
    if source is None or not known.check(section.found, section.at(column), source, value):
        return None
    if kind_of(source, value) == "json":
        section.problem(column, "json_field", name=value)
    return value


def only(target: Section, source: str | None, known: Vocabulary) -> tuple[Test, ...]:
    """Read `only`."""
    section = target.section("only", example=_ONLY)
    tests = [] if section is None else [_test(section, *item, source, known) for item in section.items()]
    return tuple(test for test in tests if test is not None)


def _test(section: Section, field: str, value: object, source: str | None, known: Vocabulary) -> Test | None:
    if isinstance(value, dict):
        section.problem(field, "dotted_field", name=".".join([field, *list(value)[:1]]))
        return None
    texts = [said(each) for each in value] if isinstance(value, list) else []
    among = tuple(text for text in texts if text is not None)
    if not among or len(among) != len(texts):
        section.problem(field, "not_texts", example=_ONLY)
    if source is None or not known.check(section.found, section.at(field), source, field):
        return None
    if kind_of(source, field) == "json":
        section.problem(field, "json_field", name=field)
    return Test(field, among)


def types(target: Section, source: str | None) -> tuple[str, ...]:
    """Read `types`; gives values of the field Type, such as "ItemInventory"."""
    given = target.take("types")
    if given is None:
        return ()
    known = types_of(source) if source else {}
    if source and not known:
        target.problem("types", "no_types", source=source)
        return ()
    if not isinstance(given, list) or not given or not all(isinstance(each, str) for each in given):
        target.problem("types", "not_texts", example='types = ["inventory", "service"]')
        return ()
    read = []
    for each in given if source else []:
        value = type_named(source or "", each)
        if value is None:
            near = nearest(each, tuple(known))
            code = "unknown_type_near" if near else "unknown_type"
            target.problem("types", code, given=each, near=near, known=", ".join(known))
        else:
            read.append(value)
    return tuple(dict.fromkeys(read))


def inactive(target: Section) -> tuple[tuple[str, Constant], ...]:
    """Read `inactive`."""
    section = target.section("inactive", example=_INACTIVE)
    if section is None:
        return ()
    columns = section.section("set", required=True, example=_INACTIVE)
    section.close()
    if columns is None:
        return ()
    pairs = [(name, constant(columns, name, value, (NOW,))) for name, value in columns.items() if named(columns, name)]
    return tuple((name, value) for name, value in pairs if value is not None)
