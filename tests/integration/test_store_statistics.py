"""A list's first reading costs the same per record however long the list is: PostgreSQL goes to a record by its key."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from qbwc_server.store import companies, observations
from qbwc_server.store.database import Database
from qbwc_server.store.observations import Seen
from qbwc_server.store.tables import metadata

NOW = datetime(2024, 5, 2, 12, 0, tzinfo=UTC)
PAGE = 300
# As the statement for one record and the check of the outbox's foreign key look it up.
LOOK_UP = "SELECT 1 FROM records WHERE company = 'shop' AND list = '{}' AND list_id = '80000007-1'"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    metadata.create_all(opened.engine)
    with opened.write() as connection:
        companies.add(connection, "shop", title=None, user_name=None, company_file=None, now=NOW)
    yield opened
    opened.close()


@pytest.mark.parametrize("list_name", ["customer", "item"])
def test_while_a_list_begins_to_fill_each_record_is_found_by_its_key(database: Database, list_name: str) -> None:
    observe(database, "customer", 0)
    observe(database, list_name, PAGE)
    assert_found_by_key(database, list_name)


def test_what_is_known_of_a_long_list_says_nothing_of_the_next_one(database: Database) -> None:
    for page in range(5):
        observe(database, "customer", page * PAGE)
    observe(database, "item", 0)
    assert_found_by_key(database, "item")
    assert_found_by_key(database, "customer")


def observe(database: Database, list_name: str, first: int) -> None:
    seen = [record(list_name, number) for number in range(first, first + PAGE)]
    with database.write() as connection:
        observations.observe(connection, "shop", list_name, seen, NOW)


def record(list_name: str, number: int) -> Seen:
    name = f"Record {number}"
    values = {"Name": name, "FullName": name, "IsActive": True, "EditSequence": "1"}
    return Seen(list_name, f"8{number:07}-1", values, frozenset(values))


def assert_found_by_key(database: Database, list_name: str) -> None:
    explain = "EXPLAIN" if database.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    with database.read() as connection:
        plan = "\n".join(str(row) for row in connection.execute(sa.text(f"{explain} {LOOK_UP.format(list_name)}")))
    key = "pk_records" if database.engine.dialect.name == "postgresql" else "sqlite_autoindex_records_1"
    assert key in plan, plan
