"""Counting, over all rows and records, where they agree and where the website is wrong."""

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from qbwc_server.publish.mapping.by_values_index import Found, Index, Known, value_of
from qbwc_server.publish.mapping.evidence import MOST_EXAMPLES, Evidence, Examples, Link, Match
from qbwc_server.publish.mapping.forms import ABSENT, BLANK, Feature, column_code, field_code
from qbwc_server.publish.mapping.meanings import field_of
from qbwc_server.publish.mapping.reflected import Reflected
from qbwc_server.qbxml.lists import list_type

_RARE: Final = 0.01
_LIST_ID: Final = "ListID"
_KEY_KINDS: Final = ("int", "uuid", "text", "any", "decimal")


@dataclass(slots=True)
class _Some:
    """Counts, and keeps the first few."""

    count: int = 0
    keys: list[str] = field(default_factory=list)

    def add(self, key: str) -> None:
        self.count += 1
        if len(self.keys) < MOST_EXAMPLES:
            self.keys.append(key)

    def examples(self) -> Examples:
        return Examples(self.count, tuple(self.keys))


@dataclass(slots=True)
class _Tally:
    """What is counted while the rows go by."""

    rows: int = 0
    joined: Counter[str] = field(default_factory=Counter)
    equal: Counter[str] = field(default_factory=Counter)
    compared: Counter[str] = field(default_factory=Counter)
    different: dict[str, _Some] = field(default_factory=dict)
    gone: _Some = field(default_factory=_Some)
    unknown: _Some = field(default_factory=_Some)
    doubled: _Some = field(default_factory=_Some)
    types: Counter[str] = field(default_factory=Counter)
    jobs: int = 0


def count(
    table: Reflected,
    list_name: str,
    index: Index,
    links: Sequence[tuple[str, Feature]],
    found: Sequence[Found],
    rows: Iterable[Mapping[str, object]],
    records: Iterable[Known],
) -> Evidence:
    """Return what all rows and records have in common.

    Args:
        table: as it is.
        list_name: the list.
        index: the records by what can tell them.
        links: the columns that join rows to them.
        found: the columns to be compared.
        rows: all of them.
        records: all of them.
    """
    codes = _codes(index, {each.feature for each in found}, records)
    seen = bytearray(len(index.numbers))
    tally = _Tally(different={each.column: _Some() for each in found})
    shown = _Shown(table, list_name, found)
    for row in rows:
        tally.rows += 1
        _count_row(row, shown.key(row, tally.rows), index, links, tally, seen, found, codes)
    joined = sum(tally.joined.values())
    types = tuple(sorted(name for name, n in tally.types.items() if name and n >= joined * _RARE))
    has_jobs = None if list_type(list_name).has_types or not joined else tally.jobs > joined * _RARE
    return Evidence(
        list=list_name,
        table=table.table,
        rows=tally.rows,
        records=len(seen) - sum(index.deleted),
        joined=joined,
        links=_links(links, tally, list_name),
        matches=tuple(_match(each, tally, list_name) for each in found if each.column != _key_column(links)),
        gone=tally.gone.examples(),
        unknown=tally.unknown.examples(),
        missing=_missing(index, seen, types, has_jobs),
        doubled=tally.doubled.examples(),
        types=types,
        has_jobs=has_jobs,
    )


def _codes(index: Index, features: set[Feature], records: Iterable[Known]) -> dict[Feature, "array[int]"]:
    codes = {feature: array("q", [ABSENT]) * len(index.numbers) for feature in features}
    for record in records:
        number = index.numbers.get(record.list_id)
        # One that came meanwhile belongs to the next comparison.
        if number is not None:
            values = record.all_values
            for feature, kept in codes.items():
                kept[number] = field_code(value_of(values, feature.field), feature.way)
    return codes


def _count_row(
    row: Mapping[str, object],
    key: str,
    index: Index,
    links: Sequence[tuple[str, Feature]],
    tally: _Tally,
    seen: bytearray,
    found: Sequence[Found],
    codes: Mapping[Feature, "array[int]"],
) -> None:
    joined = index.found(row, links)
    if joined is None:
        named = _key_column(links)
        is_gone = named is not None and column_code(row.get(named), "plain") != BLANK
        (tally.gone if is_gone else tally.unknown).add(key)
        return
    name, number = joined
    if index.deleted[number]:
        tally.gone.add(key)
        return
    tally.joined[name] += 1
    if seen[number]:
        tally.doubled.add(key)
    seen[number] = 1
    tally.types[index.types[number]] += 1
    tally.jobs += index.levels[number]
    for each in found:
        here, there = column_code(row.get(each.column), each.feature.way), codes[each.feature][number]
        if here == there:
            tally.equal[each.column] += 1
        elif here == BLANK and there == ABSENT:
            continue
        else:
            tally.different[each.column].add(key)
        tally.compared[each.column] += 1


def _key_column(links: Iterable[tuple[str, Feature]]) -> str | None:
    return next((name for name, feature in links if feature.field == _LIST_ID), None)


def _links(links: Iterable[tuple[str, Feature]], tally: _Tally, list_name: str) -> tuple[Link, ...]:
    return tuple(
        Link(name, feature.field, tally.joined[name], is_private=_is_private(list_name, feature.field))
        for name, feature in links
        if tally.joined[name]
    )


def _match(each: Found, tally: _Tally, list_name: str) -> Match:
    return Match(
        column=each.column,
        field=each.feature.field,
        way=each.feature.way,
        equal=tally.equal[each.column],
        compared=tally.compared[each.column],
        different=tally.different[each.column].examples(),
        is_found=each.is_found,
        is_private=_is_private(list_name, each.feature.field),
    )


def _is_private(list_name: str, name: str) -> bool:
    return list_type(list_name).field(name.partition(".")[0] if name.startswith("Custom.") else name).private


def _missing(index: Index, seen: bytearray, types: Sequence[str], has_jobs: bool | None) -> Examples:
    some = _Some()
    for list_id, number in index.numbers.items():
        is_wanted = not types or index.types[number] in types
        is_job = has_jobs is False and index.levels[number]
        if index.active[number] and not seen[number] and is_wanted and not is_job:
            some.add(list_id)
    return some.examples()


class _Shown:
    """How a row is named: by its primary key, unless that is a private value, else by its number.

    Args:
        table: as it is.
        list_name: the list.
        found: what its columns hold.
    """

    def __init__(self, table: Reflected, list_name: str, found: Sequence[Found]) -> None:
        held = {each.column: each.feature.field for each in found}
        kinds = {column.name: column.limit.kind for column in table.columns}
        self._key = table.primary_key
        for name in table.primary_key:
            named = field_of(name, list_name)
            fields = [each for each in (held.get(name), named[0] if named else None) if each]
            if kinds.get(name) not in _KEY_KINDS or any(_is_private(list_name, each) for each in fields):
                self._key = ()

    def key(self, row: Mapping[str, object], number: int) -> str:
        """Return the name of a row."""
        return ", ".join(f"{name} {row.get(name)}" for name in self._key) or f"#{number}"
