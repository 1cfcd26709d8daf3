"""Any number of texts in one parameter: found by the key, and found exactly."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from qbwc_server.among import among

metadata = sa.MetaData()
THINGS = sa.Table(
    "things", metadata, sa.Column("name", sa.String(40), primary_key=True), sa.Column("n", sa.Integer(), nullable=False)
)
FIND = sa.select(THINGS.c.name).where(among(THINGS.c.name, "names")).order_by(THINGS.c.name)
HARD = ["O'Neill \\", 'a"b', "Bélanger 🔨", "{x,y}", "null", "NULL", "1", "", "a,b", "[1]", "%s ? :names"]


@pytest.fixture
def connection(database_url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(database_url)
    with engine.connect() as opened:
        metadata.create_all(opened)
        yield opened
    engine.dispose()


def fill(connection: sa.Connection, names: list[str]) -> None:
    connection.execute(THINGS.insert(), [{"name": name, "n": number} for number, name in enumerate(names)])


def found(connection: sa.Connection, names: list[str]) -> set[str]:
    return set(connection.execute(FIND, {"names": names}).scalars())


def test_texts_are_found_whatever_stands_in_them(connection: sa.Connection) -> None:
    fill(connection, HARD)
    for name in HARD:
        assert found(connection, [name, "another"]) == {name}
    assert found(connection, HARD) == set(HARD)


def test_none_named_is_none_found(connection: sa.Connection) -> None:
    fill(connection, HARD)
    assert found(connection, []) == set()


def test_tens_of_thousands_can_be_named(connection: sa.Connection) -> None:
    fill(connection, HARD)
    assert found(connection, [f"n{number}" for number in range(50_000)] + HARD[:3]) == set(HARD[:3])


def test_the_key_finds_them(connection: sa.Connection) -> None:
    fill(connection, [f"n{number}" for number in range(5000)])
    connection.execute(sa.text("ANALYZE"))
    is_sqlite = connection.dialect.name == "sqlite"
    compiled = FIND.compile(dialect=connection.dialect)
    asked = f"EXPLAIN {'QUERY PLAN ' if is_sqlite else ''}{compiled}"
    given = compiled.construct_params({"names": ["n1", "n2"]})
    processed = {name: '["n1", "n2"]' if is_sqlite else given[name] for name in given}
    plan = connection.exec_driver_sql(asked, tuple(processed.values()) if is_sqlite else processed).all()
    assert ("SEARCH things" if is_sqlite else "things_pkey") in str(plan)
