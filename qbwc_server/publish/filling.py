"""What the records of one list become in the columns of its table, worked out once for a batch.

Nearly every value is a short text of letters in a column with room for it, and half of a record's fields are absent.
So each column knows up to which length such a text needs no judging, and only the rest goes through `column_value`.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import cast

from qbwc_server.publish.engine import Backend
from qbwc_server.publish.room import Room
from qbwc_server.publish.tables import Column, Target
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
        self._absent: tuple[ColumnValue, ...] = (None,) * len(self.names)
        self._fields: list[tuple[int, str, int, _Convert]] = []
        # SQLite keeps numbers as texts.
        self._decimals: list[int] = []
        for place, column in enumerate(target.columns):
            if column.shape.kind == "decimal" and backend != "sqlite":
                self._decimals.append(place)
            shape = column.shape.with_room(rooms.get(column.shape.column))
            convert = _converter(target, column, shape, backend, private)
            if convert is not None:
                self._fields.append((place, column.field, plain_length(shape, backend), convert))

    def fill(self, values: Mapping[str, object], *, is_deleted: bool) -> Values:
        """Return the row that shows a record.

        Args:
            values: field name to value in JSON form; absent is NULL.
            is_deleted: QuickBooks no longer has it.

        Raises:
            Refused: a column cannot take its value.
        """
        row = list(self._absent)
        get = values.get
        for place, field, plain, convert in self._fields:
            value = get(field)
            if value is not None:
                # What may be printed is neither NUL nor half a character.
                if value.__class__ is str and len(value) <= plain and value.isprintable():
                    row[place] = value
                else:
                    row[place] = convert(value)
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
        text = "\n".join(
            [f"{name}={value!r}" for name, value in zip(self.names, row, strict=True) if value is not None]
        )
        return hashlib.sha256(text.encode()).hexdigest()


def names_of(target: Target) -> tuple[str, ...]:
    """Return the columns of a list's table that are compared, in the order of `Form.names`."""
    return (*(column.shape.column for column in target.columns), "is_deleted")


def _converter(
    target: Target, column: Column, shape: Shape, backend: Backend, private: frozenset[str]
) -> _Convert | None:
    """Return what the column makes of a value; None where it is private and stays NULL."""
    name = f"{target.list}.{column.field}"
    convert = partial(column_value, shape, backend=backend)
    if not column.private or name in private:
        return convert
    shown = frozenset(part.removeprefix(f"{name}.") for part in private if part.startswith(f"{name}."))
    if not shown:
        return None

    def convert_parts(value: object) -> ColumnValue:
        # The owner may publish single names out of a private object: "item.Custom.Colour".
        if not isinstance(value, dict):
            return None
        named = cast("dict[str, object]", value)
        return convert({key: part for key, part in named.items() if key in shown})

    return convert_parts
