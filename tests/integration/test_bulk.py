"""One statement for many rows, on the real engines: the same as by `execute`."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, StatementError

from qbwc_server import bulk
from qbwc_server.publish.tables import Moment
from qbwc_server.store.tables.types import JSONType, UTCDateTime

NOW = datetime(2026, 3, 1, 7, 30, 0, 123456, tzinfo=UTC)
metadata = sa.MetaData()
THINGS = sa.Table(
    "things",
    metadata,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(40)),
    sa.Column("price %", sa.Numeric(18, 5), key="price"),
    sa.Column("done", sa.Boolean(), nullable=False, default=False),
    sa.Column("seen_at", Moment()),
    sa.Column("kept_at", UTCDateTime()),
    sa.Column("data", JSONType),
    sa.Column("order", sa.BigInteger(), sa.CheckConstraint("id < 1000")),
)
ROWS: list[dict[str, Any]] = [
    {
        "id": 1,
        "name": "Bélanger 100% :name ? %s 🔨",
        "price": Decimal("12.5"),
        "done": True,
        "seen_at": NOW,
        "kept_at": NOW.replace(microsecond=0),
        "data": {"b": [1, "é"], "a": None},
        "order": 2**40,
    },
    {
        "id": 2,
        "name": "O'Neill \\",
        "price": None,
        "done": False,
        "seen_at": NOW,
        "kept_at": None,
        "data": [],
        "order": 1,
    },
    {
        "id": 3,
        "name": None,
        "price": Decimal(-1),
        "done": True,
        "seen_at": None,
        "kept_at": None,
        "data": None,
        "order": None,
    },
]


@pytest.fixture
def engine(website_url: str) -> Iterator[sa.Engine]:
    made = sa.create_engine(
        website_url, hide_parameters=True, json_serializer=lambda value: json.dumps(value, sort_keys=True)
    )
    metadata.create_all(made)
    yield made
    made.dispose()


@pytest.fixture
def connection(engine: sa.Engine) -> Iterator[sa.Connection]:
    with engine.begin() as made:
        yield made


def stored(connection: sa.Connection) -> list[dict[str, Any]]:
    query = sa.select(THINGS).order_by(THINGS.c.id)
    return [{column.key: row[column] for column in THINGS.c} for row in connection.execute(query).mappings()]


def test_rows_come_back_as_they_went_in_whatever_their_types(connection: sa.Connection) -> None:
    assert bulk.run(connection, sa.insert(THINGS), ROWS) == 3
    assert stored(connection) == ROWS


def test_one_row_and_many_leave_what_execute_leaves(connection: sa.Connection) -> None:
    bulk.run(connection, sa.insert(THINGS), ROWS[:1])
    bulk.run(connection, sa.insert(THINGS), ROWS[1:])
    ours = connection.exec_driver_sql("SELECT * FROM things ORDER BY id").all()
    connection.execute(sa.delete(THINGS))
    connection.execute(sa.insert(THINGS), ROWS)
    assert connection.exec_driver_sql("SELECT * FROM things ORDER BY id").all() == ours


def test_null_in_a_json_column_is_null(connection: sa.Connection) -> None:
    bulk.run(connection, sa.insert(THINGS), ROWS)
    assert connection.execute(sa.select(THINGS.c.id).where(THINGS.c.data.is_(None))).scalars().all() == [3]


def test_a_constant_default_fills_what_the_rows_lack(connection: sa.Connection) -> None:
    bulk.run(connection, sa.insert(THINGS), [{"id": 1}, {"id": 2}])
    assert [row["done"] for row in stored(connection)] == [False, False]


def test_no_rows_send_nothing(connection: sa.Connection) -> None:
    assert bulk.run(connection, sa.delete(THINGS), []) == 0


def test_an_update_takes_keys_values_and_constants_of_the_statement(connection: sa.Connection) -> None:
    bulk.run(connection, sa.insert(THINGS), ROWS)
    statement = (
        sa.update(THINGS)
        .where(THINGS.c.id == sa.bindparam("key_id"), THINGS.c.done == sa.true(), THINGS.c.id < 3)
        .values({"name": sa.bindparam("new_name"), "price": Decimal("9.5"), "seen_at": NOW.replace(year=2027)})
    )
    written = bulk.run(connection, statement, [{"key_id": number, "new_name": f"n{number}"} for number in (1, 2, 3)])
    assert written == 1
    first, *others = stored(connection)
    changed = {"name": "n1", "price": Decimal("9.5"), "seen_at": NOW.replace(year=2027)}
    assert first == {**ROWS[0], **changed}
    assert others == ROWS[1:]


def test_a_delete_takes_keys(connection: sa.Connection) -> None:
    bulk.run(connection, sa.insert(THINGS), ROWS)
    statement = sa.delete(THINGS).where(THINGS.c.id == sa.bindparam("key_id"))
    assert bulk.run(connection, statement, [{"key_id": 1}, {"key_id": 3}, {"key_id": 9}]) == 2
    assert stored(connection) == [ROWS[1]]


def test_an_upsert_inserts_and_updates(connection: sa.Connection) -> None:
    bulk.run(connection, sa.insert(THINGS), ROWS[:2])
    statement: sa.Insert
    if connection.dialect.name == "postgresql":
        theirs = postgresql.insert(THINGS)
        statement = theirs.on_conflict_do_update(index_elements=["id"], set_={"name": theirs.excluded.name})
    elif connection.dialect.name == "sqlite":
        file = sqlite.insert(THINGS)
        statement = file.on_conflict_do_update(index_elements=["id"], set_={"name": file.excluded.name})
    else:
        ours = mysql.insert(THINGS)
        statement = ours.on_duplicate_key_update(name=ours.inserted.name)
    bulk.run(connection, statement, [{**ROWS[0], "name": "new"}, ROWS[2]])
    assert stored(connection) == [{**ROWS[0], "name": "new"}, *ROWS[1:]]


def test_one_statement_takes_rows_of_other_columns_another_time(connection: sa.Connection) -> None:
    statement = sa.insert(THINGS)
    bulk.run(connection, statement, [{"id": 1, "done": True, "name": "a"}])
    bulk.run(connection, statement, [{"id": 2, "done": True, "order": 5}])
    assert [(row["name"], row["order"]) for row in stored(connection)] == [("a", None), (None, 5)]


def test_what_must_be_computed_in_python_is_left_to_execute(connection: sa.Connection) -> None:
    table = sa.Table(
        "computed",
        sa.MetaData(),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("n", sa.Integer(), default=iter((7, 8)).__next__),
    )
    table.create(connection)
    bulk.run(connection, sa.insert(table), [{"id": 1}, {"id": 2}])
    assert connection.execute(sa.select(table.c.n).order_by(table.c.id)).scalars().all() == [7, 8]


def test_lists_within_a_statement_are_left_to_execute(connection: sa.Connection) -> None:
    bulk.run(connection, sa.insert(THINGS), ROWS)
    statement = sa.update(THINGS).where(THINGS.c.id.in_([1, 2])).values(name=sa.bindparam("new_name"))
    assert bulk.run(connection, statement, [{"new_name": "x"}]) == 2


def test_what_the_database_refuses_is_told_without_the_values(engine: sa.Engine) -> None:
    statement = sa.insert(THINGS)
    with pytest.raises(IntegrityError) as caught, engine.begin() as connection:
        bulk.run(connection, statement, [{"id": 1, "name": "Jean"}, {"id": 1, "name": "Jean"}])
    assert "things" in (caught.value.statement or "")
    assert "Jean" not in str(caught.value).replace(str(caught.value.orig), "")
    with pytest.raises((IntegrityError, OperationalError, DataError)), engine.begin() as connection:
        bulk.run(connection, statement, [{"id": 5000}])
    with engine.begin() as connection:
        assert stored(connection) == []


@pytest.mark.parametrize("bad", [{"id": 2}, {"id": 2, "done": "secret"}, {"id": 2, "done": True, "seen_at": "secret"}])
def test_a_row_that_cannot_be_sent_is_told_without_the_value(engine: sa.Engine, bad: dict[str, object]) -> None:
    first = {"id": 1, **dict.fromkeys(bad.keys() - {"id"}), "done": True}
    with pytest.raises(StatementError) as caught, engine.begin() as connection:
        bulk.run(connection, sa.insert(THINGS), [first, bad])
    assert not isinstance(caught.value, DBAPIError)
    assert "secret" not in str(caught.value)
    assert "things" in (caught.value.statement or "")


def test_a_kept_statement_is_compiled_once_for_a_connection(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    statement = sa.insert(THINGS)
    seen: list[object] = []
    compiler = engine.dialect.statement_compiler

    class Counting(compiler):  # type: ignore[misc, valid-type]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            seen.append(arguments[1])
            super().__init__(*arguments, **options)

    monkeypatch.setattr(engine.dialect, "statement_compiler", Counting)
    for number in range(3):
        with engine.begin() as connection:
            bulk.run(connection, statement, [{"id": number, "name": "a"}])
        if not number:
            assert statement in seen
            seen.clear()
    assert seen == []


def test_mysql_gets_many_rows_in_one_statement(connection: sa.Connection) -> None:
    if connection.dialect.name not in ("mysql", "mariadb"):
        pytest.skip("the other drivers send rows one by one")
    before = _inserts(connection)
    bulk.run(connection, sa.insert(THINGS), [{"id": number} for number in range(100)])
    assert _inserts(connection) - before == 1


def _inserts(connection: sa.Connection) -> int:
    return int(connection.exec_driver_sql("SHOW SESSION STATUS LIKE 'Com_insert'").one()[1])
