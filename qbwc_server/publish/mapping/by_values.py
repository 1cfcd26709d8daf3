"""Finding out by their values which column of a website holds which field, and what the website gets wrong.

Theory of operation
-------------------
1. The records are read once: by each field that can tell a record (`LINKS`), which value is whose.
2. The rows are read once: a fair sample of them is kept. A column whose values are found there is a link; the best
   links join rows to records from then on.
3. Of the records that the sample's rows belong to, every field is compared with every column; the field that agrees
   most often holds the column. What agrees only because nearly all of a column is the same value does not count.
4. Records and rows are read once more, for these columns alone, all of them (`by_values_whole`).

Of the values themselves only hashes are kept, beside the sample. Nothing here writes, or knows a database.
"""

import operator
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Final

from qbwc_server.publish.mapping import by_values_whole
from qbwc_server.publish.mapping.by_values_index import Found, Index, Known, value_of
from qbwc_server.publish.mapping.evidence import Evidence
from qbwc_server.publish.mapping.forms import ABSENT, BLANK, Feature, column_code, features_of, field_code, ways_of
from qbwc_server.publish.mapping.meanings import field_of
from qbwc_server.publish.mapping.reflected import Reflected, ReflectedColumn
from qbwc_server.qbxml.lists import list_type

__all__ = ["Known", "compare"]

Row = Mapping[str, object]

LINKS: Final = {
    "customer": ("ListID", "AccountNumber", "Email", "FullName", "CompanyName"),
    "item": ("ListID", "ManufacturerPartNumber", "BarCodeValue", "FullName", "Name"),
}
_SAMPLE: Final = 2000
_LEAST_SHARE: Final = 0.1
_MOST_LINKS: Final = 3
_HALF: Final = 0.5
_ENOUGH: Final = 20
_LIST_ID: Final = "ListID"


def compare(
    table: Reflected,
    list_name: str,
    rows: Callable[[], Iterable[Row]],
    records: Callable[[], Iterable[Known]],
    *,
    sample: int = _SAMPLE,
) -> Evidence:
    """Compare a website's table with the records of a list.

    Args:
        table: as it is.
        list_name: the list.
        rows: gives all rows, by column name; called twice.
        records: gives all records, those that were deleted too; called three times.
        sample: how many rows the guesses are made from.
    """
    features = [feature for name in LINKS[list_name] for feature in features_of(list_type(list_name).field(name))]
    index = Index.of(records(), [feature for feature in features if feature.way in {"plain", "email"}])
    columns = [column for column in table.columns if ways_of(column.limit.kind)]
    kept = _sample(rows(), sample)
    # What the database counts by itself is no name of a record, though such numbers may stand in QuickBooks too.
    counted = [name for name in table.primary_key if (each := table.column(name)) and (each.filled or each.has_default)]
    links = _links([column for column in columns if column.name not in counted], kept, index)
    joined = [(row, number) for row in kept if (number := index.find(row, links)) is not None]
    found = _columns(columns, joined, _values(records(), index, {number for _, number in joined}), list_name)
    return by_values_whole.count(table, list_name, index, links, found, rows(), records())


def _sample(rows: Iterable[Row], most: int) -> list[Row]:
    """Return so many rows, each equally likely, and always the same ones."""
    random, kept = Random(most), list[Row]()  # noqa: S311 - a sample, no secret
    for number, row in enumerate(rows):
        if number < most:
            kept.append(dict(row))
        elif (place := random.randrange(number + 1)) < most:
            kept[place] = dict(row)
    return kept


def _links(columns: Sequence[ReflectedColumn], rows: Sequence[Row], index: Index) -> tuple[tuple[str, Feature], ...]:
    """Return the columns that tell whose a row is, each with its field; the ListID first, then what joins most."""
    found: list[tuple[bool, int, int, str, Feature]] = []
    for column in columns:
        best: tuple[bool, int, int, str, Feature] | None = None
        for place, feature in enumerate(index.features):
            if feature.way not in ways_of(column.limit.kind):
                continue
            codes = [code for row in rows if (code := column_code(row.get(column.name), feature.way)) != BLANK]
            known = index.by_code[feature]
            hits = len({known[code] for code in codes if known.get(code, -1) >= 0})
            if not hits or hits < len(codes) * _LEAST_SHARE:
                continue
            one = (feature.field != _LIST_ID, -hits, place, column.name, feature)
            best = min(best or one, one, key=operator.itemgetter(0, 1, 2))
        if best is not None:
            found.append(best)
    chosen: dict[Feature, str] = {}
    for *_, name, feature in sorted(found, key=operator.itemgetter(0, 1, 2)):
        chosen.setdefault(feature, name)
    return tuple((name, feature) for feature, name in chosen.items())[:_MOST_LINKS]


def _values(records: Iterable[Known], index: Index, wanted: set[int]) -> dict[int, Mapping[str, object]]:
    found: dict[int, Mapping[str, object]] = {}
    for record in records:
        number = index.numbers.get(record.list_id)
        if number in wanted and number is not None:
            found[number] = record.all_values
    return found


def _columns(
    columns: Sequence[ReflectedColumn],
    joined: Sequence[tuple[Row, int]],
    values: Mapping[int, Mapping[str, object]],
    list_name: str,
) -> tuple[Found, ...]:
    """Return each column that holds a field in the sample, or is named as if it did."""
    pairs = [(row, values[number]) for row, number in joined if number in values]
    coded = {feature: _field_codes(pairs, feature) for feature in _features(list_name, values.values())}
    there = {feature: codes for feature, codes in coded.items() if any(code != ABSENT for code in codes)}
    return tuple(found for column in columns if (found := _holder(column, pairs, there, list_name)) is not None)


def _features(list_name: str, values: Iterable[Mapping[str, object]]) -> Iterator[Feature]:
    for field in list_type(list_name).fields:
        yield from features_of(field)
    own: dict[str, None] = {}
    for each in values:
        custom = each.get("Custom")
        if isinstance(custom, dict):
            own.update(dict.fromkeys(str(name) for name in custom))
    yield from (Feature(f"Custom.{name}", "plain") for name in own)


def _field_codes(pairs: Sequence[tuple[Row, Mapping[str, object]]], feature: Feature) -> list[int]:
    return [field_code(value_of(values, feature.field), feature.way) for _, values in pairs]


def _holder(
    column: ReflectedColumn,
    pairs: Sequence[tuple[Row, Mapping[str, object]]],
    coded: Mapping[Feature, list[int]],
    list_name: str,
) -> Found | None:
    ways = ways_of(column.limit.kind)
    of_column = {way: [column_code(row.get(column.name), way) for row, _ in pairs] for way in ways}
    telling = {way: _telling(codes) for way, codes in of_column.items()}
    named = field_of(column.name, list_name)
    best: tuple[int, bool, int] | None = None
    holder: Feature | None = None
    fallback: tuple[int, Feature] | None = None
    for place, (feature, codes) in enumerate(coded.items()):
        if feature.way not in of_column:
            continue
        here = of_column[feature.way]
        equal = sum(map(operator.eq, here, codes))
        is_named = named is not None and named[0] == feature.field
        if is_named and (fallback is None or equal > fallback[0]):
            fallback = (equal, feature)
        rank = (equal, is_named, -place)
        if (best is None or rank > best) and _agrees(here, codes, equal, telling[feature.way]):
            best, holder = rank, feature
    if holder is not None:
        return Found(column.name, holder, is_found=True)
    return None if fallback is None else Found(column.name, fallback[1], is_found=False)


def _telling(codes: Sequence[int]) -> list[int]:
    """Return the places of a column's values that say something: not blank, and not the one that nearly all are."""
    count = Counter(code for code in codes if code != BLANK)
    mode, most = count.most_common(1)[0] if count else (BLANK, 0)
    return [place for place, code in enumerate(codes) if code != BLANK and (most == 1 or code != mode)]


def _agrees(here: Sequence[int], codes: Sequence[int], equal: int, telling: Sequence[int]) -> bool:
    compared = sum(1 for one, other in zip(here, codes, strict=True) if one != BLANK or other != ABSENT)
    least = 2 if len(here) >= _ENOUGH else 1
    if equal < compared * _HALF or len(telling) < least:
        return False
    return sum(here[place] == codes[place] for place in telling) >= len(telling) * _HALF
