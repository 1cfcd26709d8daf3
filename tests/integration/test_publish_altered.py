"""What the website's owner does to our tables while the server runs: rules, narrower and wider columns, locks.

Whatever one record meets there keeps only that record back, and nothing is written that QuickBooks did not say.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa

from qbwc_server.publish import Dirty, NotInstalled, Website, WebsiteUnreachable

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FUNCTION = """CREATE FUNCTION no_ghosts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN IF new.name = 'Ghost' THEN RAISE EXCEPTION 'no %', new.name; END IF; RETURN new; END $$"""
TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER t BEFORE INSERT ON customers WHEN new.name = 'Ghost' BEGIN SELECT RAISE(ABORT, 'no'); END",
    ),
    "postgresql": (FUNCTION, "CREATE TRIGGER t BEFORE INSERT ON customers FOR EACH ROW EXECUTE FUNCTION no_ghosts()"),
    "mysql": (
        """CREATE TRIGGER t BEFORE INSERT ON customers
        FOR EACH ROW IF new.name = 'Ghost' THEN SIGNAL SQLSTATE '45000'; END IF""",
    ),
}


@pytest.fixture
def website(website_url: str) -> Iterator[Website]:
    site = Website(website_url, "stream-a", frozenset())
    site.install()
    yield site
    site.close()


@contextmanager
def owner(url: str) -> Iterator[sa.Connection]:
    """A connection of the owner's own."""
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection


def alter(url: str, column: str, kind: str) -> None:
    """Give a column of customers or items another type."""
    table, _, name = column.partition(".")
    with owner(url) as connection:
        postgresql = connection.dialect.name == "postgresql"
        change = f"ALTER COLUMN {name} TYPE {kind}" if postgresql else f"MODIFY {name} {kind}"
        connection.exec_driver_sql(f"ALTER TABLE {table} {change}")


def skip_sqlite(url: str) -> None:
    if url.startswith("sqlite"):
        pytest.skip("SQLite's columns have no limits")


def customer(seq: int, list_id: str, **values: object) -> Dirty:
    whole = {"Name": f"Name {list_id}", "FullName": f"Name {list_id}", "EditSequence": "1", **values}
    return Dirty("acme", "customer", list_id, seq, whole, is_deleted=False, observed_at=NOW, single=False)


def item(seq: int, list_id: str, price: str) -> Dirty:
    values = {"Type": "ItemService", "Name": "Work", "FullName": "Work", "Price": price, "EditSequence": "1"}
    return Dirty("acme", "item", list_id, seq, values, is_deleted=False, observed_at=NOW, single=False)


def test_a_rule_of_the_owners_keeps_only_its_record_back(website: Website, website_url: str) -> None:
    with owner(website_url) as connection:
        if connection.dialect.name == "sqlite":
            pytest.skip("SQLite adds no rule to a table that is there")
        connection.exec_driver_sql("ALTER TABLE customers ADD CONSTRAINT rule CHECK (name <> 'Ghost')")
    first, second, third = website.publish(
        [customer(1, "a-1"), customer(2, "b-1", Name="Ghost"), customer(3, "c-1")], [], NOW
    )
    assert [first.outcome, second.outcome, third.outcome] == ["inserted", "refused_value", "inserted"]
    assert second.detail["reason"] == "database"
    assert "Ghost" not in str(second.detail)


def test_a_trigger_of_the_owners_keeps_only_its_record_back(website: Website, website_url: str) -> None:
    with owner(website_url) as connection:
        for statement in TRIGGERS[connection.dialect.name.replace("mariadb", "mysql")]:
            connection.exec_driver_sql(statement.replace("%", "%%"))
    first, second = website.publish([customer(1, "a-1", Name="Ghost"), customer(2, "b-1")], [], NOW)
    assert [first.outcome, second.outcome] == ["refused_value", "inserted"]
    assert first.detail["reason"] == "database"
    assert "Ghost" not in str(first.detail)


def test_a_narrowed_text_names_its_column_and_what_it_takes(website: Website, website_url: str) -> None:
    skip_sqlite(website_url)
    website.publish([customer(1, "a-1", Phone="555")], [], NOW)
    alter(website_url, "customers.phone", "VARCHAR(8)")
    first, second = website.publish(
        [customer(2, "a-1", Phone="555-0100-9"), customer(3, "b-1", Phone="555-0100")], [], NOW
    )
    assert first.outcome == "refused_value"
    assert first.detail == {"column": "phone", "reason": "too_long", "length": "10", "limit": "8"}
    assert second.outcome == "inserted"
    found = website.row("acme", "customer", "a-1")
    assert found is not None
    assert found["phone"] == "555"


def test_a_widened_column_takes_what_it_did_not_before(website: Website, website_url: str) -> None:
    skip_sqlite(website_url)
    long = "5" * 30
    assert website.publish([customer(1, "a-1", Phone=long)], [], NOW)[0].outcome == "refused_value"
    alter(website_url, "customers.phone", "VARCHAR(300)")
    assert website.publish([customer(1, "a-1", Phone=long)], [], NOW)[0].outcome == "inserted"
    alter(website_url, "customers.phone", "TEXT")
    assert website.publish([customer(2, "a-1", Phone=long * 20)], [], NOW)[0].outcome == "updated"


def test_a_narrowed_decimal_never_rounds_in_silence(website: Website, website_url: str) -> None:
    skip_sqlite(website_url)
    alter(website_url, "items.price", "NUMERIC(10, 2)")
    fine, large, plain = website.publish(
        [item(1, "a-1", "12.34567"), item(2, "b-1", "123456789.5"), item(3, "c-1", "12.50")], [], NOW
    )
    assert fine.detail == {"column": "price", "reason": "too_many_decimals", "length": "5", "limit": "2"}
    assert large.detail == {"column": "price", "reason": "too_many_digits", "length": "9", "limit": "8"}
    assert plain.outcome == "inserted"
    found = {row["list_id"]: row["price"] for row in website.rows("acme", "item")}
    assert found == {"c-1": Decimal("12.50")}


def test_characters_that_a_column_lacks_are_refused_with_its_name(website: Website, website_url: str) -> None:
    if not website_url.startswith("mysql"):
        pytest.skip("only MySQL has columns of another character set")
    alter(website_url, "customers.name", "VARCHAR(41) CHARACTER SET latin1")
    first, second = website.publish([customer(1, "a-1", Name="🔨"), customer(2, "b-1", Name="Bélanger")], [], NOW)
    assert (first.outcome, first.detail["column"]) == ("refused_value", "name")
    assert second.outcome == "inserted"


def test_a_dropped_column_stops_publishing_until_it_is_there_again(website: Website, website_url: str) -> None:
    website.publish([customer(1, "a-1", Email="a@example.com")], [], NOW)
    with owner(website_url) as connection:
        connection.exec_driver_sql("ALTER TABLE customers DROP COLUMN email")
    with pytest.raises(NotInstalled, match="qbwc init"):
        website.publish([customer(2, "a-1", Email="b@example.com")], [], NOW)
    website.install()
    assert website.publish([customer(2, "a-1", Email="b@example.com")], [], NOW)[0].outcome == "updated"


def test_a_database_that_only_let_us_read_for_a_while_is_written_again(website: Website, website_url: str) -> None:
    if not website_url.startswith("postgresql"):
        pytest.skip("only PostgreSQL keeps it with the connection")
    name = sa.make_url(website_url).database
    with owner(website_url) as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    website.close()
    with pytest.raises(WebsiteUnreachable, match="read-only"):
        website.publish([customer(1, "a-1")], [], NOW)
    with owner(website_url) as connection:
        connection.exec_driver_sql("SET default_transaction_read_only = off")
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = off")
    assert website.publish([customer(1, "a-1")], [], NOW)[0].outcome == "inserted"


def test_a_deadlock_while_records_are_written_one_by_one_is_only_tried_again(
    website: Website, website_url: str
) -> None:
    if not website_url.startswith("mysql"):
        pytest.skip("only MySQL's deadlocks take the savepoints with them")
    website.publish([customer(1, f"{number}-1") for number in range(50)], [], NOW)
    with owner(website_url) as connection:
        connection.exec_driver_sql("CREATE UNIQUE INDEX one_phone ON customers (phone)")
    # Two with one phone, so that each is written by itself; then one that has to wait for the other's.
    batch = [customer(2, "0-1", Phone="1"), customer(2, "1-1", Phone="1"), customer(2, "2-1", Phone="2")]
    outcomes: list[str] = []

    def publish() -> None:
        outcomes.extend(published.outcome for published in website.publish(batch, [], NOW))

    with owner(website_url) as connection:
        connection.exec_driver_sql("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        connection.exec_driver_sql("BEGIN")
        # The heavier of two is not the one that is undone.
        connection.exec_driver_sql("UPDATE customers SET cc = 'x' WHERE list_id NOT IN ('0-1', '1-1', '2-1')")
        connection.exec_driver_sql("UPDATE customers SET phone = '2' WHERE list_id = '9-1'")
        thread = threading.Thread(target=publish)
        thread.start()
        wait_until_somebody_waits(website_url)
        connection.exec_driver_sql("UPDATE customers SET cc = 'x' WHERE list_id = '0-1'")
        connection.exec_driver_sql("ROLLBACK")
        thread.join(60)
    assert outcomes == ["updated", "refused_value", "updated"]


def wait_until_somebody_waits(url: str) -> None:
    end = time.monotonic() + 30
    with owner(url) as connection:
        waiting = "SELECT count(*) FROM information_schema.innodb_lock_waits"
        while not connection.exec_driver_sql(waiting).scalar_one():
            assert time.monotonic() < end
            # MariaDB looks anew only when nobody has asked for a tenth of a second.
            time.sleep(0.3)
