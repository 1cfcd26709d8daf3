"""What the columns of a table have room for, as the database itself tells with each answer.

The tables stand in the website's database, where their owner may narrow or widen a column at any time, also under the
running server. A text that is too long the database refuses by itself; but both PostgreSQL and MySQL round a number to
the scale of its column without a word. So what a column takes is read from the description that comes with the rows,
which costs nothing, and not from the type it was made with.

Source: PEP 249, cursor.description; PostgreSQL's and MySQL's type numbers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from qbwc_server.publish.engine import Backend

_PG_TEXTS = (25, 1042, 1043)
_PG_NUMERIC = 1700
_MYSQL_VARCHARS = (253, 254)
_MYSQL_TEXT = 252
_MYSQL_DECIMAL = 246
# MySQL counts the longest text in bytes of the connection's character set, utf8mb4.
_MYSQL_BYTES = 4


@dataclass(frozen=True, slots=True)
class Room:
    """What one column takes; None where there is no limit of its own.

    Attributes:
        length: most characters of a text.
        digits: most digits of a number.
        scale: most decimals among them.
    """

    length: int | None = None
    digits: int | None = None
    scale: int | None = None


def rooms(description: Iterable[Any] | None, backend: Backend) -> Mapping[str, Room]:
    """Return the room of each text and decimal column of an answer, by its name.

    Args:
        description: the cursor's, after a query.
        backend: the kind of database; SQLite limits nothing.
    """
    of = {"postgresql": _postgresql, "mysql": _mysql}.get(backend)
    if of is None or description is None:
        return {}
    found = ((str(column[0]), of(column)) for column in description)
    return {name: room for name, room in found if room is not None}


def _postgresql(column: Any) -> Room | None:
    _, type_code, length, _, digits, scale, *_ = column
    if type_code in _PG_TEXTS:
        return Room(length=length)
    return Room(digits=digits, scale=scale) if type_code == _PG_NUMERIC else None


def _mysql(column: Any) -> Room | None:
    _, type_code, _, size, _, scale, *_ = column
    if type_code in _MYSQL_VARCHARS:
        return Room(length=size // _MYSQL_BYTES)
    if type_code == _MYSQL_TEXT:
        return Room()
    if type_code == _MYSQL_DECIMAL:
        # The size counts a sign and, where there are decimals, a point.
        return Room(digits=size - 1 - bool(scale), scale=scale)
    return None
