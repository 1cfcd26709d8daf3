"""Fixtures for all tests: fresh, empty databases on the real engines.

`QBWC_TEST_POSTGRESQL_URL` and `QBWC_TEST_MYSQL_URL` name the servers; the user there must be allowed to create
databases. Where a server cannot be reached the test is skipped with the reason, or fails when `CI` is set.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy as sa

# How long an example takes says more about what else the machine does than about the code.
hypothesis.settings.register_profile("qbwc", deadline=None)
hypothesis.settings.load_profile("qbwc")

_SERVERS = {
    "postgresql": ("QBWC_TEST_POSTGRESQL_URL", "postgresql+psycopg://root@127.0.0.1:5432/postgres"),
    "mysql": ("QBWC_TEST_MYSQL_URL", "mysql+pymysql://root@127.0.0.1:3306/"),
}
_CREATE = {
    "postgresql": "CREATE DATABASE {name}",
    "mysql": "CREATE DATABASE {name} CHARACTER SET utf8mb4",
}
_DROP = {"postgresql": "DROP DATABASE IF EXISTS {name} WITH (FORCE)", "mysql": "DROP DATABASE IF EXISTS {name}"}


# Some hundred programs are started: what was compiled is kept between them, also where the environment says not to.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def website_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a fresh, empty database for the website's tables, once per engine; dropped afterwards."""
    with _fresh_database(str(request.param), tmp_path, "website.db") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a fresh, empty database for the server's own state, once per engine; dropped afterwards."""
    with _fresh_database(str(request.param), tmp_path, "qbwc.db") as url:
        yield url


@contextmanager
def _fresh_database(kind: str, folder: Path, file_name: str) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / file_name}"
        return
    variable, default = _SERVERS[kind]
    server = sa.make_url(os.environ.get(variable) or default)
    name = f"qbwc_test_{secrets.token_hex(6)}"
    _on_server(server, _CREATE[kind].format(name=name), variable)
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        _on_server(server, _DROP[kind].format(name=name), variable)


def _on_server(server: sa.URL, statement: str, variable: str) -> None:
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            connection.execute(sa.text(statement))
    except (sa.exc.OperationalError, sa.exc.InterfaceError) as error:
        reason = f"{variable}: {server.render_as_string(hide_password=True)} cannot be used: {error.orig}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    finally:
        engine.dispose()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that the long tests read."""
    parser.addoption(
        "--rounds",
        type=int,
        default=None,
        help="how many rounds: kills on SQLite (a tenth on PostgreSQL), edits of a list",
    )


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int | None:
    """How many rounds were asked for; None for as many as the suite makes."""
    wanted: int | None = request.config.getoption("--rounds")
    return wanted
