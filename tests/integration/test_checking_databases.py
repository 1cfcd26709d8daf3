"""Both databases with planted faults, on the real engines."""

import os
import secrets
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from qbwc_server.checking import Finding, own_database, website_database, worded
from qbwc_server.checking.files import file_findings
from qbwc_server.cli.installing import install
from qbwc_server.settings import Settings, load_settings

NOBODY = 65534


def settings_of(folder: Path, **given: object) -> Settings:
    return load_settings({"data_dir": folder, **given}, {})


def by_check(found: tuple[Finding, ...]) -> dict[str, Finding]:
    checks = {one.check: one for one in found}
    assert len(checks) == len(found)
    return checks


def faults(found: dict[str, Finding]) -> set[str]:
    return {check for check, one in found.items() if not one.ok}


def cure(one: Finding) -> str:
    said = worded(one, "en", "UTC")
    assert said.cure
    return said.cure


def change(url: str, *statements: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
    engine.dispose()


@pytest.fixture
def ours(tmp_path: Path, database_url: str) -> Settings:
    settings = settings_of(tmp_path, database_url=database_url)
    install(settings)
    return settings


@pytest.fixture
def theirs(tmp_path: Path, website_url: str) -> Settings:
    settings = settings_of(tmp_path, website_database_url=website_url)
    install(settings)
    return settings


@pytest.fixture
def filed(tmp_path: Path) -> Settings:
    settings = settings_of(tmp_path)
    install(settings)
    return settings


# --- in order ---


def test_our_database_in_order_passes(ours: Settings) -> None:
    found = by_check(own_database(ours))

    assert faults(found) == set()
    assert {"database_reachable", "database_schema", "database_writable", "database_disk"} <= set(found)
    assert found["database_writable"].state == "ok"


def test_the_websites_database_in_order_passes_and_nothing_is_written(theirs: Settings) -> None:
    found = by_check(website_database(theirs))

    assert faults(found) == set()
    assert {"website_reachable", "website_tables", "website_writable", "website_disk"} <= set(found)
    assert found["website_writable"].state == "ok"


# --- the schema ---


@pytest.mark.parametrize(("revision", "told"), [("0001", "schema.behind"), ("9999", "schema.ahead")])
def test_a_schema_of_another_version_is_found(ours: Settings, revision: str, told: str) -> None:
    change(ours.database_url.get_secret_value(), f"UPDATE alembic_version SET version_num = '{revision}'")  # noqa: S608

    found = by_check(own_database(ours))

    assert faults(found) == {"database_schema"}
    assert found["database_schema"].told == told
    assert ("qbwc init" if told == "schema.behind" else "newer version") in cure(found["database_schema"])


def test_a_missing_table_of_the_website_is_found_by_its_name(theirs: Settings) -> None:
    change(theirs.website_database_url.get_secret_value(), "DROP TABLE items")

    found = by_check(website_database(theirs))

    assert faults(found) == {"website_tables"}
    assert worded(found["website_tables"], "en", "UTC").message.endswith(" items.")
    assert "qbwc init" in cure(found["website_tables"])


def test_a_table_of_somebody_else_on_the_website_is_found(tmp_path: Path, website_url: str) -> None:
    settings = settings_of(tmp_path, website_database_url=website_url)
    if website_url.startswith("sqlite"):
        (tmp_path / "website.db").touch()
    change(website_url, "CREATE TABLE customers (name VARCHAR(20))")

    found = by_check(website_database(settings))

    assert found["website_tables"].told == "tables.foreign"
    assert "QBWC_WEBSITE_DATABASE_URL" in cure(found["website_tables"])


# --- servers ---


@pytest.fixture
def reader() -> Iterator[Callable[[str], str]]:
    """Makes a user who may only read a database on a server, and gives the database's URL for it."""
    made: list[tuple[str, tuple[str, ...]]] = []

    def make(url: str) -> str:
        parsed = sa.make_url(url)
        name = f"qbwc_test_{secrets.token_hex(4)}"
        if parsed.get_backend_name() == "postgresql":
            change(
                url,
                f"CREATE ROLE {name} LOGIN PASSWORD 'reader'",
                f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}",
            )
            made.append((url, (f"DROP OWNED BY {name}", f"DROP ROLE {name}")))
        else:
            change(
                url,
                f"CREATE USER {name}@'%' IDENTIFIED BY 'reader'",
                f"GRANT SELECT ON {parsed.database}.* TO {name}@'%'",
            )
            made.append((url, (f"DROP USER {name}@'%'",)))
        return parsed.set(username=name, password="reader").render_as_string(hide_password=False)

    # After the databases, so that the users go before them.
    yield make
    for url, statements in made:
        change(url, *statements)


def test_a_user_who_may_not_write_our_database_is_found(ours: Settings, reader: Callable[[str], str]) -> None:
    url = ours.database_url.get_secret_value()
    if url.startswith("sqlite"):
        pytest.skip("a file has rights instead")

    found = by_check(own_database(ours.with_changes(database_url=reader(url))))

    assert faults(found) == {"database_writable"}
    assert "GRANT" in cure(found["database_writable"]).upper()


def test_a_user_who_may_not_write_the_website_is_found(theirs: Settings, reader: Callable[[str], str]) -> None:
    url = theirs.website_database_url.get_secret_value()
    if url.startswith("sqlite"):
        pytest.skip("a file has rights instead")

    found = by_check(website_database(theirs.with_changes(website_database_url=reader(url))))

    assert faults(found) == {"website_writable"}
    assert "GRANT" in cure(found["website_writable"]).upper()
    assert "reader" not in worded(found["website_writable"], "en", "UTC").message


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_database_server_that_is_not_there_is_found_without_its_password(tmp_path: Path, kind: str) -> None:
    settings = settings_of(tmp_path, website_database_url=f"{kind}://web:hunter2@127.0.0.1:1/site")

    found = by_check(website_database(settings))

    assert faults(found) == {"website_reachable"}
    assert "server is running" in cure(found["website_reachable"])
    assert "hunter2" not in f"{worded(found['website_reachable'], 'en', 'UTC')}"
    assert "***" in worded(found["website_reachable"], "en", "UTC").message


def test_our_database_server_that_is_not_there_is_found(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, database_url="postgresql://qbwc:hunter2@127.0.0.1:1/qbwc")

    found = by_check(own_database(settings))

    assert faults(found) == set(found) == {"database_reachable"}
    assert "hunter2" not in f"{worded(found['database_reachable'], 'en', 'UTC')}"


# --- files ---


@pytest.mark.parametrize(("name", "check"), [("qbwc.db", "database_reachable"), ("website.db", "website_reachable")])
def test_a_missing_file_is_found_and_not_made(filed: Settings, name: str, check: str) -> None:
    (filed.data_dir / name).unlink()

    found = by_check((*own_database(filed), *website_database(filed)))

    assert faults(found) == {check}
    assert "qbwc init" in cure(found[check])
    assert not (filed.data_dir / name).exists()


@pytest.mark.parametrize(("name", "check"), [("qbwc.db", "database_reachable"), ("website.db", "website_reachable")])
def test_a_file_that_is_no_database_is_found(filed: Settings, name: str, check: str) -> None:
    (filed.data_dir / name).write_bytes(b"Dear diary, " * 1000)

    found = by_check((*own_database(filed), *website_database(filed)))

    assert faults(found) == {check}
    assert "backup" in cure(found[check])


@pytest.mark.parametrize(("name", "check"), [("qbwc.db", "database_wal"), ("website.db", "website_wal")])
def test_a_file_out_of_wal_mode_is_found(filed: Settings, name: str, check: str) -> None:
    with closing(sqlite3.connect(filed.data_dir / name)) as file:
        file.execute("PRAGMA journal_mode=DELETE")

    found = by_check((*own_database(filed), *website_database(filed)))

    assert faults(found) == {check}
    assert "qbwc init" in cure(found[check])


def test_a_file_that_somebody_writes_at_the_moment_is_no_fault(filed: Settings) -> None:
    with closing(sqlite3.connect(filed.data_dir / "website.db", isolation_level=None)) as file:
        file.execute("BEGIN IMMEDIATE")
        found = by_check(file_findings("website", filed.data_dir / "website.db"))
        file.execute("ROLLBACK")

    assert faults(found) == set()
    assert found["website_writable"].told == "file.busy"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user")
def test_a_file_that_this_user_may_not_write_is_found() -> None:
    with tempfile.TemporaryDirectory() as folder, _open_to_all(Path(folder)) as path:
        with closing(sqlite3.connect(path)) as file:
            file.execute("CREATE TABLE t (x)")
        os.seteuid(NOBODY)
        try:
            found = by_check(file_findings("database", path))
        finally:
            os.seteuid(0)

    assert found["database_writable"].told == "file.unwritable"
    assert "right to write" in cure(found["database_writable"])


@contextmanager
def _open_to_all(folder: Path) -> Iterator[Path]:
    folder.chmod(0o755)
    yield folder / "plain.db"
