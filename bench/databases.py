"""Fresh, empty databases on either engine."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

ENGINES = ("sqlite", "postgresql")
VARIABLE = "QBWC_TEST_POSTGRESQL_URL"
_DEFAULT = "postgresql+psycopg://root@127.0.0.1:5432/postgres"


@dataclass(frozen=True, slots=True)
class Databases:
    """SQLAlchemy URLs of three empty databases: the server's own, the website's, and the floor's."""

    own: str
    website: str
    floor: str


@contextlib.contextmanager
def fresh(engine: str, folder: Path) -> Iterator[Databases]:
    """Make three databases, and drop them at the end; on SQLite they are files in the folder."""
    names = ("own", "website", "floor")
    if engine == "sqlite":
        yield Databases(*(f"sqlite:///{folder / name}.db" for name in names))
        return
    server = sa.make_url(os.environ.get(VARIABLE) or _DEFAULT)
    mark = secrets.token_hex(4)
    made = [f"qbwc_bench_{mark}_{name}" for name in names]
    maker = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    try:
        with maker.connect() as connection:
            for name in made:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
        yield Databases(*(server.set(database=name).render_as_string(hide_password=False) for name in made))
    finally:
        with maker.connect() as connection:
            for name in made:
                connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
