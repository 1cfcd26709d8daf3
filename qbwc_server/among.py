"""Naming any number of texts in one parameter of a statement.

`column.in_(…)` gives each text a parameter of its own: with some hundred of them, making and parsing the statement
costs more than running it, and databases have limits. Here the statement is always the same: an array on PostgreSQL, a
JSON text on SQLite.
"""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Dialect, Text, TypeDecorator, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeEngine


class _Texts(TypeDecorator[Iterable[str]]):
    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(Text) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> object:
        given = list(value or ())
        return given if dialect.name == "postgresql" else json.dumps(given)


class _Among(FunctionElement[bool]):
    name = "among"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> "_Among":  # noqa: ARG002 - SQLAlchemy's signature
        # Else SQLAlchemy compares what SQLite knows as a number with 1, and no index helps any more.
        return self


def among(column: ColumnElement[str], parameter: str) -> ColumnElement[bool]:
    """Return the condition that a column holds one of some texts.

    Args:
        column: of our own database, or of an SQLite one.
        parameter: the name under which the statement is given the texts when it is run; none is none.
    """
    return _Among(column, bindparam(parameter, type_=_Texts()))


@compiles(_Among, "sqlite")
def _on_sqlite(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, texts = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({texts}))"  # noqa: S608 - made of what was compiled


@compiles(_Among, "postgresql")
def _on_postgresql(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, texts = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} = ANY ({texts})"
