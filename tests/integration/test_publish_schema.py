"""Making the tables in the website's database, and what is never touched there."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from qbwc_server.publish import (
    Dirty,
    ForeignTable,
    NotInstalled,
    UnsupportedDatabase,
    Website,
    WebsiteDenied,
    WebsiteUnreachable,
)
from qbwc_server.publish.tables import OWN, TARGETS, metadata

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RECORD = Dirty("acme", "customer", "1-1", 1, {"Name": "A"}, is_deleted=False, observed_at=NOW, single=False)


@pytest.fixture
def website(website_url: str) -> Iterator[Website]:
    site = Website(website_url, "stream-a", frozenset())
    yield site
    site.close()


def execute(site: Website, statement: str) -> None:
    with site.engine.connect().execution_options(qbwc_write=True) as connection, connection.begin():
        connection.exec_driver_sql(statement)


def tables(site: Website) -> dict[str, list[str]]:
    with site.engine.connect() as connection:
        inspector = sa.inspect(connection)
        return {
            name: [column["name"] for column in inspector.get_columns(name)] for name in inspector.get_table_names()
        }


def test_install_makes_the_tables_of_the_contract_and_repeats(website: Website) -> None:
    website.install()
    made = tables(website)
    assert set(made) == {
        "customers",
        "items",
        "qbwc_tables",
        "qbwc_publish_state",
        "qbwc_freshness",
        "qbwc_checked",
    }
    website.publish([RECORD], [], NOW)
    website.install()
    assert tables(website) == made
    assert len(website.rows("acme", "customer")) == 1
    website.check()


@pytest.mark.parametrize("kind", ["TABLE customers (id INT, name VARCHAR(20))", "VIEW items AS SELECT 1 AS id"])
def test_a_foreign_table_is_never_touched(website: Website, website_url: str, kind: str) -> None:
    owners = sa.create_engine(website_url)
    with owners.begin() as connection:
        connection.exec_driver_sql(f"CREATE {kind}")
    owners.dispose()
    before = tables(website)
    with pytest.raises(ForeignTable, match=r"customers|items") as caught:
        website.install()
    assert caught.value.name in kind
    assert tables(website) == before
    with pytest.raises(ForeignTable):
        website.check()


def test_a_foreign_table_made_under_a_marked_name_is_foreign(website: Website) -> None:
    website.install()
    execute(website, "DROP TABLE items")
    execute(website, "CREATE TABLE items (id INT)")
    for act in (website.install, website.check):
        with pytest.raises(ForeignTable):
            act()


@pytest.mark.parametrize("steps", range(8))
def test_a_crash_between_two_steps_heals(website: Website, steps: int) -> None:
    done = 0

    def crash_after(
        _connection: Any, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: Any
    ) -> None:
        nonlocal done
        if statement.lstrip().startswith(("CREATE", "INSERT")):
            if done == steps:
                raise KeyboardInterrupt
            done += 1

    sa.event.listen(website.engine, "before_cursor_execute", crash_after)
    with pytest.raises(KeyboardInterrupt):
        website.install()
    sa.event.remove(website.engine, "before_cursor_execute", crash_after)
    with pytest.raises(NotInstalled, match="qbwc init"):
        website.check()
    website.install()
    website.check()


def test_missing_columns_and_tables_are_added(website: Website) -> None:
    website.install()
    website.publish([RECORD], [], NOW)
    made = {name: set(columns) for name, columns in tables(website).items()}
    for column in ("phone", "balance"):
        execute(website, f"ALTER TABLE customers DROP COLUMN {column}")
    execute(website, "ALTER TABLE qbwc_freshness DROP COLUMN complete")
    execute(website, "ALTER TABLE qbwc_publish_state DROP COLUMN digest")
    execute(website, "DROP TABLE qbwc_checked")
    with pytest.raises(NotInstalled, match=r"qbwc_publish_state\.digest"):
        website.check()
    website.install()
    assert {name: set(columns) for name, columns in tables(website).items()} == made
    website.check()
    assert len(website.rows("acme", "customer")) == 1


def test_publishing_without_tables_says_how_to_make_them(website: Website) -> None:
    with pytest.raises(NotInstalled, match="qbwc init"):
        website.publish([RECORD], [], NOW)
    with pytest.raises(NotInstalled, match="qbwc init"):
        website.highest_seq()


def test_columns_of_the_owners_own_are_left_alone(website: Website) -> None:
    website.install()
    execute(website, "ALTER TABLE customers ADD COLUMN remark VARCHAR(20)")
    website.publish([RECORD], [], NOW)
    execute(website, "UPDATE customers SET remark = 'mine'")
    website.install()
    website.check()
    assert website.publish([RECORD], [], NOW)[0].outcome == "inserted"
    with website.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT remark FROM customers").scalar_one() == "mine"


def test_every_table_of_ours_is_named_so_but_the_lists() -> None:
    assert {table.name for table in metadata.sorted_tables} == {
        *(table.name for table in OWN),
        *(aim.table.name for aim in TARGETS),
    }
    assert all(table.name.startswith("qbwc_") for table in OWN)


def test_several_installs_at_once_all_end_well(website: Website, website_url: str) -> None:
    sites = [Website(website_url, f"stream-{number}", frozenset()) for number in range(4)]
    try:
        with ThreadPoolExecutor(len(sites)) as pool:
            for done in [pool.submit(site.install) for site in sites]:
                done.result()
        website.check()
    finally:
        for site in sites:
            site.close()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://someone:geheim@127.0.0.1:9/none?sslmode=disable",
        "mysql://someone:geheim@127.0.0.1:9/none",
        "mariadb+pymysql://someone:geheim@127.0.0.1:9/none",
        "sqlite:////nowhere/at/all.db",
    ],
)
def test_a_database_that_cannot_be_reached_is_said_without_the_password(url: str) -> None:
    site = Website(url, "stream-a", frozenset())
    for act in (site.check, site.install, site.highest_seq, lambda: site.publish([RECORD], [], NOW)):
        with pytest.raises(WebsiteUnreachable, match="QBWC_WEBSITE_DATABASE_URL") as caught:
            act()
        assert "geheim" not in str(caught.value)
    site.close()


def test_a_read_only_file_is_a_missing_right(tmp_path: Path) -> None:
    file = tmp_path / "website.db"
    site = Website(f"sqlite:///{file}", "s", frozenset())
    site.install()
    site.close()
    reader = Website(f"sqlite:///file:{file}?mode=ro&uri=true", "s", frozenset())
    reader.check()
    with pytest.raises(WebsiteDenied, match="writable"):
        reader.publish([RECORD], [], NOW)
    reader.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mssql+pyodbc://u:geheim@h/d", "mssql is not supported"),
        ("postgresql+psycopg2://u:geheim@h/d", r"postgresql\+psycopg"),
        ("geheim", "not a database URL"),
        ("mysql://u:geheim@h/", "no database is named"),
        ("sqlite://", "no database is named"),
    ],
)
def test_an_unknown_kind_of_database_is_refused(url: str, words: str) -> None:
    with pytest.raises(UnsupportedDatabase, match=words) as caught:
        Website(url, "s", frozenset())
    assert "geheim" not in str(caught.value)
