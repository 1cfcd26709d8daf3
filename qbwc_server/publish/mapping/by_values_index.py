"""The records of a list by what can tell them: small enough for a large list, as only hashes are kept."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from qbwc_server.publish.mapping.forms import ABSENT, Feature, column_code, field_code

_SEVERAL: Final = -1


@dataclass(frozen=True, slots=True)
class Known:
    """A record as our database holds it.

    Attributes:
        list_id: QuickBooks's ListID.
        values: field name to value in JSON form.
        is_active: in QuickBooks.
        is_deleted: QuickBooks no longer has it.
    """

    list_id: str
    values: Mapping[str, object] = field(repr=False)
    is_active: bool = True
    is_deleted: bool = False

    @property
    def all_values(self) -> Mapping[str, object]:
        """The values, the ListID among them."""
        return {**self.values, "ListID": self.list_id}


@dataclass(frozen=True, slots=True)
class Index:
    """Which record a value belongs to; records are numbered as they come.

    Attributes:
        features: the fields that can tell a record.
        numbers: the number of each record, by its ListID.
        by_code: for each feature, the code of a value and the number of the record; -1 where several have it.
        active: whether each record is active and was not deleted.
        deleted: whether each record was deleted.
        types: the type of each record, or "".
        levels: how deep each record stands below others; 0 for most.
    """

    features: Sequence[Feature]
    numbers: dict[str, int] = field(default_factory=dict)
    by_code: dict[Feature, dict[int, int]] = field(default_factory=dict)
    active: bytearray = field(default_factory=bytearray)
    deleted: bytearray = field(default_factory=bytearray)
    types: list[str] = field(default_factory=list)
    levels: bytearray = field(default_factory=bytearray)

    @classmethod
    def of(cls, records: Iterable[Known], features: Sequence[Feature]) -> "Index":
        """Return the index of all records."""
        index = cls(features, by_code={feature: {} for feature in features})
        for record in records:
            index._add(record)
        return index

    def _add(self, record: Known) -> None:
        number = len(self.numbers)
        self.numbers[record.list_id] = number
        values = record.all_values
        self.active.append(record.is_active and not record.is_deleted)
        self.deleted.append(record.is_deleted)
        self.types.append(str(values.get("Type") or ""))
        level = values.get("Sublevel")
        self.levels.append(1 if isinstance(level, int) and level > 0 else 0)
        for feature in self.features:
            code = field_code(values.get(feature.field), feature.way)
            if code != ABSENT:
                self._tell(self.by_code[feature], code, number)

    def _tell(self, known: dict[int, int], code: int, number: int) -> None:
        other = known.get(code)
        if other is None or (other != _SEVERAL and self.deleted[other] and not self.deleted[number]):
            known[code] = number
        elif other != _SEVERAL and not self.deleted[number]:
            known[code] = _SEVERAL

    def find(self, row: Mapping[str, object], links: Iterable[tuple[str, Feature]]) -> int | None:
        """Return the number of the record that a row belongs to, or None."""
        found = self.found(row, links)
        return None if found is None else found[1]

    def found(self, row: Mapping[str, object], links: Iterable[tuple[str, Feature]]) -> tuple[str, int] | None:
        """Return the column by which a row's record was found, and the record's number; None for no record."""
        for name, feature in links:
            number = self.by_code[feature].get(column_code(row.get(name), feature.way), _SEVERAL)
            if number != _SEVERAL:
                return name, number
        return None


@dataclass(frozen=True, slots=True)
class Found:
    """A column and the feature it holds.

    Attributes:
        column: its name.
        feature: a field in one way.
        is_found: by its values; otherwise by its name.
    """

    column: str
    feature: Feature
    is_found: bool


def value_of(values: Mapping[str, object], name: str) -> object:
    """Return the value of a field, also of one of the owner's own; None where it has none."""
    container, _, own = name.partition(".")
    if container == "Custom" and own:
        custom = values.get(container)
        return custom.get(own) if isinstance(custom, dict) else None
    return values.get(name)
