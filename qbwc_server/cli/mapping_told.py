"""How the findings about a mapping, and what comparing values brought to light, are put into words."""

from collections.abc import Iterator
from typing import Any

from qbwc_server import words
from qbwc_server.publish.mapping.checks import Finding
from qbwc_server.publish.mapping.evidence import Evidence, Examples
from qbwc_server.publish.mapping.file_section import place
from qbwc_server.publish.mapping.model import TargetRule


def finding_line(language: str, target: TargetRule, finding: Finding) -> str:
    """Return a finding with its level, its place in the file and the cure."""
    message, cure = _worded(language, finding)
    where = place_of(target, finding)
    level = words.text(language, f"mapping_cli.level_{finding.level}")
    return words.text(language, "mapping_cli.line", level=level, place=where, message=message, cure=cure)


def as_json(language: str, target: TargetRule, finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON holds it."""
    message, cure = _worded(language, finding)
    return {
        "target": target.name,
        "level": finding.level,
        "code": finding.code,
        "place": place_of(target, finding),
        "table": finding.table,
        "column": finding.column or None,
        "message": message,
        "cure": cure,
    }


def place_of(target: TargetRule, finding: Finding) -> str:
    """Return the place in the file that a finding is about, "publish.customers.columns.city"."""
    at = f"publish.{target.name}"
    name = finding.column
    if not name:
        return place(at, "table")
    if any(part.column == name for part in target.key):
        return place(f"{at}.key", name)
    if all(rule.column != name for rule in target.columns):
        if any(column == name for column, _ in target.inactive):
            return place(f"{at}.inactive.set", name)
        if any(column == name for way in target.adopt for column, _ in way):
            return place(f"{at}.adopt", name)
    return place(f"{at}.columns", name)


def _worded(language: str, finding: Finding) -> tuple[str, str]:
    said = finding.said
    return words.text(language, finding.key, **said), words.text(language, f"{finding.key}_cure", **said)


def report_lines(language: str, found: Evidence) -> Iterator[str]:
    """Give what comparing a table with a list brought to light, a line each."""

    def said(code: str, **values: object) -> str:
        numbers = {
            name: words.number(language, value) if isinstance(value, int) else value for name, value in values.items()
        }
        return words.text(language, f"mapping_cli.{code}", table=found.table, **numbers)

    yield said("compared", rows=found.rows, records=found.records, joined=found.joined)
    for link in found.links:
        yield said("link", column=link.column, field=link.field, rows=link.rows)
    if not found.joined:
        yield said("no_link")
        return
    for match in found.matches:
        if match.is_found:
            yield said("match", column=match.column, field=match.field, equal=match.equal, compared=match.compared)
    for match in found.wrong:
        counted = words.plural(
            language, "mapping_cli.wrong", match.different.count, column=match.column, field=match.field
        )
        yield _with_examples(language, counted, match.different)
    for code, some in (
        ("gone", found.gone),
        ("unknown", found.unknown),
        (f"missing_{found.list}", found.missing),
        ("doubled", found.doubled),
    ):
        if some.count:
            yield _with_examples(language, words.plural(language, f"mapping_cli.{code}", some.count), some)


def _with_examples(language: str, sentence: str, some: Examples) -> str:
    keys = "; ".join((*some.keys, *(("…",) if some.count > len(some.keys) else ())))
    return words.text(language, "mapping_cli.examples", sentence=sentence, keys=keys)
