"""What the records of one list become in the columns of its table, worked out once for a batch.

Nearly every value is a short text of letters in a column with room for it, and half of a record's fields are absent.
So each column knows up to which length such a text needs no judging, and only the rest goes through `column_value`.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any, cast

from qbwc_server.publish.engine import Backend
from qbwc_server.publish.room import Room
from qbwc_server.publish.tables import Target
from qbwc_server.publish.values import ColumnValue, Shape, canonical, column_value, plain_length

Values = tuple[ColumnValue, ...]
"""The compared columns of a row, in the order of `Form.names`."""
_Convert = Callable[[object], ColumnValue]


class Form:
    """How a record becomes a row.

    Attributes:
        names: the compared columns: all but the key and `published_at`; `is_deleted` is the last.
        edit_sequence: the place of that column.

    Args:
        target: the table of the list.
        backend: the kind of database.
        private: published private fields, such as "customer.Balance" or "item.Custom.Colour".
        rooms: what the columns have room for, as far as that is known.
    """

    def __init__(
        self,
        target: Target,
        backend: Backend,
        private: frozenset[str],
        rooms: Mapping[str, Room] = MappingProxyType({}),
    ) -> None:
        self.names = names_of(target)
        self.edit_sequence = self.names.index("edit_sequence")
        shapes = [column.shape.with_room(rooms.get(column.shape.column)) for column in target.columns]
        # Half of a record's fields are absent: only what is there is looked at. A field may fill several columns.
        self._blank: list[Any] = [None] * len(self.names)
        self._places: dict[str, list[tuple[int, int, _Convert]]] = defaultdict(list)
        for place, (column, shape) in enumerate(zip(target.columns, shapes, strict=True)):
            judge = _judge(f"{target.list}.{column.field}", shape, backend, private if column.private else None)
            self._places[column.field].append((place, *judge))
        # SQLite keeps numbers as texts.
        self._decimals = [
            place for place, shape in enumerate(shapes) if shape.kind == "decimal" and backend != "sqlite"
        ]

    def fill(self, values: Mapping[str, Any], *, is_deleted: bool) -> Values:
        """Return the row that shows a record.

        Args:
            values: field name to value in JSON form; absent is NULL.
            is_deleted: QuickBooks no longer has it.

        Raises:
            Refused: a column cannot take its value.
        """
        row: list[Any] = self._blank.copy()
        places = self._places
        for field, value in values.items():
            for place, plain, convert in places.get(field, ()):
                # What may be printed is neither NUL nor half a character.
                short = value.__class__ is str and len(value) <= plain and value.isprintable()
                row[place] = value if short or value is None else convert(value)
        row[-1] = is_deleted
        return tuple(row)

    def digest(self, row: Sequence[ColumnValue]) -> str:
        """Return the SHA-256 (hex) of a row's values; equal numbers count as equal however they are written.

        NULL does not count, so that a column that is added changes no digest.
        """
        if self._decimals:
            row = list(row)
            for place in self._decimals:
                number = row[place]
                if isinstance(number, Decimal):
                    row[place] = canonical(number)
        # No text has a NUL in it, and one column has one kind of value.
        text = "\0".join([f"{name}={value}" for name, value in zip(self.names, row, strict=True) if value is not None])
        return hashlib.sha256(text.encode()).hexdigest()


def names_of(target: Target) -> tuple[str, ...]:
    """Return the columns of a list's table that are compared, in the order of `Form.names`."""
    return (*(column.shape.column for column in target.columns), "is_deleted")


def _judge(name: str, shape: Shape, backend: Backend, private: frozenset[str] | None) -> tuple[int, _Convert]:
    """Return how a value becomes a column's.

    Args:
        name: of the field, with its list's.
        shape: of the column.
        backend: the kind of database.
        private: published private fields, where this field is private; else None.

    Returns:
        Up to how many characters a text needs no judging; what is made of any other value.
    """
    convert = partial(column_value, shape, backend=backend)
    if private is None or name in private:
        return plain_length(shape, backend), convert
    shown = frozenset(part.removeprefix(f"{name}.") for part in private if part.startswith(f"{name}."))

    def convert_parts(value: object) -> ColumnValue:
        # The owner may publish single names out of a private object: "item.Custom.Colour".
        if not isinstance(value, dict):
            return None
        named = cast("dict[str, object]", value)
        return convert({key: part for key, part in named.items() if key in shown})

    return -1, convert_parts
