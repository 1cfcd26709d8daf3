"""Running one statement for many rows at close to the driver's own cost.

Theory of operation
-------------------
`connection.execute(statement, rows)` looks the statement up in a cache, builds a dictionary of parameters for every row
and runs every value past a table of processors: several times what the driver then takes to write the row. Here the
statement is compiled once for each connection and set of columns. Of the compilation only the text stays, and for each
parameter in it: the key in the rows, or the constant that stands in the statement itself, and what the type makes of a
value for this driver, where it makes anything. The rows are then turned into columns, the few columns with something
to make are run through it, and the columns go to the driver's `executemany` as rows again.

PostgreSQL takes an INSERT for each row apart, however they are sent, and its driver each value. There, the rows of an
INSERT go as one JSON text, of which the database makes rows again: one statement, in which a value that does not fit
its column is refused as it is in any other. Columns of types that JSON does not hold exactly go the other way.

What was compiled is kept beside the driver's connection (`Connection.info`), which fits one dialect by nature, is used
by one thread at a time and takes it along when it is closed; it is forgotten with its statement. So a statement is
worth keeping: one that is made anew for each run is compiled for each run.

What needs more than that (a default computed in Python, lists within the statement) goes through `connection.execute`.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import repeat
from operator import itemgetter
from typing import Any
from weakref import WeakKeyDictionary

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import StatementError
from sqlalchemy.sql.compiler import SQLCompiler

_KEPT = "qbwc_bulk"
_ROWS = "rows_as_json"

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Parameter:
    """One parameter of a statement.

    Attributes:
        name: as the driver is given it, where it takes names.
        key: in the rows; None = the same constant for every row.
        constant: that constant, as the driver takes it.
        process: what the type makes of a value for the driver; None = nothing.
    """

    name: str
    key: str | None
    constant: Any
    process: Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement as one driver takes it.

    Attributes:
        text: for the driver.
        parameters: in the order of the text, where the driver goes by place.
        by_place: the driver takes a row as a tuple, else as a dictionary.
        at_once: the rows are one parameter of this name, a JSON text; None where the driver takes them.
        fixed: the other parameters where the rows are one.
    """

    text: str
    parameters: tuple[_Parameter, ...]
    by_place: bool
    at_once: str | None = None
    fixed: Mapping[str, Any] = field(default_factory=dict)


def run(connection: sa.Connection, statement: sa.UpdateBase, rows: Sequence[Row]) -> int:
    """Do what `connection.execute(statement, rows)` does.

    Args:
        connection: any; a transaction begins by itself as with `execute`.
        statement: an INSERT (also one that updates on conflict), UPDATE or DELETE whose values come as `bindparam` or
            by the columns' names; without RETURNING. Keep it: it is compiled once for each connection.
        rows: all with the keys of the first. They are sent at once, so some hundreds are a good number. Of an INSERT
            that updates on conflict, one for each key.

    Returns:
        How many rows the driver says were written; MySQL counts a row twice that an INSERT found and updated. 0
        without rows.

    Raises:
        sqlalchemy.exc.DBAPIError: the database refuses; as from `execute`, without values under `hide_parameters`.
        sqlalchemy.exc.StatementError: a row lacks a key, or a value is not of its column's kind. Never names the value.
    """
    if not rows:
        return 0
    compiled = _compiled(connection, statement, rows[0])
    if compiled is None:
        return connection.execute(statement, [dict(row) for row in rows]).rowcount
    columns = (_column(compiled, parameter, rows) for parameter in compiled.parameters)
    values: list[Any] = list(zip(*columns, strict=True))
    if compiled.at_once is not None:
        text = _as_json(compiled, values)
        return connection.exec_driver_sql(compiled.text, {**compiled.fixed, compiled.at_once: text}).rowcount
    if not compiled.by_place:
        names = [parameter.name for parameter in compiled.parameters]
        values = [dict(zip(names, each, strict=True)) for each in values]
    return connection.exec_driver_sql(compiled.text, values).rowcount


def _as_json(compiled: _Compiled, values: Sequence[Sequence[Any]]) -> str:
    names = [parameter.name for parameter in compiled.parameters]
    try:
        rows = [dict(zip(names, each, strict=True)) for each in values]
        return orjson.dumps(rows, default=_digits).decode()
    except orjson.JSONEncodeError as error:
        # Not `from error`: its words may hold the value.
        raise StatementError("a value is of another kind than its column", compiled.text, None, error) from None


def _column(compiled: _Compiled, parameter: _Parameter, rows: Sequence[Row]) -> Iterable[object]:
    if parameter.key is None:
        return repeat(parameter.constant, len(rows))
    try:
        found = list(map(itemgetter(parameter.key), rows))
        return found if parameter.process is None else _processed(found, parameter.process)
    except Exception as error:  # noqa: BLE001 - each type has errors of its own
        # Not `from error`: its words may hold the value.
        raise StatementError(
            f"({type(error).__name__}) {parameter.key}: a row lacks it, or its value is of another kind",
            compiled.text,
            None,
            error,
        ) from None


def _processed(values: Iterable[object], process: Callable[[Any], Any]) -> list[object]:
    made: list[object] = []
    last: object = made
    result: object = None
    for value in values:
        # Often one time stands in every row: what was made of it is made once.
        if value is not last:
            last, result = value, process(value)
        made.append(result)
    return made


def _compiled(connection: sa.Connection, statement: sa.UpdateBase, row: Row) -> _Compiled | None:
    kept = connection.info.get(_KEPT)
    if kept is None:
        kept = connection.info[_KEPT] = WeakKeyDictionary()
    of_statement = kept.setdefault(statement, {})
    keys = tuple(row)
    if keys not in of_statement:
        of_statement[keys] = _compile(connection.dialect, statement, keys)
    found: _Compiled | None = of_statement[keys]
    return found


def _compile(dialect: sa.Dialect, statement: sa.UpdateBase, keys: Sequence[str]) -> _Compiled | None:
    made: Any = statement.compile(dialect=dialect, column_keys=sorted(keys), for_executemany=True)
    compiled: SQLCompiler = made
    constants = _defaults(compiled)
    if constants is None or compiled.post_compile_params or compiled.literal_execute_params or not compiled.bind_names:
        return None
    parameters: dict[str, _Parameter] = {}
    for bind, name in compiled.bind_names.items():
        process = bind.type.dialect_impl(dialect).bind_processor(dialect)
        escaped = name if compiled.positional else compiled.escaped_bind_names.get(name, name)
        key = next((key for key in (bind.key, name) if key in keys), bind.key if bind.required else None)
        constant = constants.get(bind.key, bind.effective_value)
        if key is None and process is not None:
            constant = process(constant)
        parameters[name] = _Parameter(escaped, key, constant, process)
    if isinstance(statement, sa.Insert) and dialect.name == "postgresql":
        given = {one.key or name: one for name, one in parameters.items() if one.key or name in constants}
        if (at_once := _compile_at_once(dialect, statement, given)) is not None:
            return at_once
    order = compiled.positiontup if compiled.positional else parameters
    return _Compiled(compiled.string, tuple(parameters[name] for name in order or ()), compiled.positional)


def _compile_at_once(dialect: sa.Dialect, statement: sa.Insert, given: Mapping[str, _Parameter]) -> _Compiled | None:
    """Compile an INSERT of PostgreSQL's that takes all its rows as one text; None where JSON cannot hold them exactly.

    Args:
        given: what stands in the columns that are given or have a default, by their keys.
    """
    columns: Any = statement.table.c
    own = getattr(statement, "_values", None)
    if own or not given.keys() <= set(columns.keys()):
        return None
    kinds = {key: columns[key].type for key in given}
    if not all(_is_exact(kind, dialect) for kind in kinds.values()):
        return None
    rows = sa.func.json_to_recordset(sa.cast(sa.bindparam(_ROWS), postgresql.JSON))
    shapes = [sa.column(f"c{place}", _unlimited(kind)) for place, kind in enumerate(kinds.values())]
    table = rows.table_valued(*shapes, name="given").render_derived(with_types=True)
    whole: Any = statement.from_select(list(kinds), sa.select(*table.c), include_defaults=False).compile(
        dialect=dialect
    )
    parameters = [
        replace(given[key], name=f"c{place}", process=_within(kind, dialect, given[key].process))
        for place, (key, kind) in enumerate(kinds.items())
    ]
    if any(bind.required for bind in whole.bind_names if bind.key != _ROWS):
        return None
    fixed = {
        name: value if (process := bind.type.dialect_impl(dialect).bind_processor(dialect)) is None else process(value)
        for bind, name in whole.bind_names.items()
        for value in (bind.effective_value,)
        if bind.key != _ROWS
    }
    return _Compiled(whole.string, tuple(parameters), by_place=False, at_once=_ROWS, fixed=fixed)


def _is_exact(kind: Any, dialect: sa.Dialect) -> bool:
    """Tell whether JSON holds every value of a type, and gives it back as the driver would."""
    while isinstance(kind, sa.TypeDecorator):
        kind = kind.load_dialect_impl(dialect)
    if isinstance(kind, sa.JSON):
        return kind.none_as_null
    if isinstance(kind, sa.Enum | sa.Float):
        return False
    return isinstance(kind, sa.String | sa.Integer | sa.Numeric | sa.Boolean | sa.DateTime | sa.Date)


def _within(kind: Any, dialect: Any, process: Callable[[Any], Any] | None) -> Callable[[Any], Any] | None:
    """Return what makes of a column's value one within the JSON; JSON of its own stands in it as it is."""
    if not isinstance(kind, sa.JSON):
        return process
    write = dialect._json_serializer or json.dumps  # noqa: SLF001 - the engine's own way has no public name
    return lambda value: None if value is None else orjson.Fragment(write(value))


def _digits(value: object) -> str:
    """Return a Decimal in its own digits."""
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError


def _unlimited(kind: Any) -> Any:
    """Return a type without its limits: making a value of one that has them would cut it, where an INSERT refuses."""
    if isinstance(kind, sa.String):
        return sa.Text()
    return sa.Numeric() if isinstance(kind, sa.Numeric) else kind


def _defaults(compiled: SQLCompiler) -> dict[str, object] | None:
    """Return the columns' own constants that the rows do not give; None where one must be computed."""
    found: dict[str, object] = {}
    for columns, kind in ((compiled.insert_prefetch, "default"), (compiled.update_prefetch, "onupdate")):
        for column in columns:
            default = getattr(column, kind)
            if default is None or not default.is_scalar:
                return None
            found[column.key] = default.arg
    return found
