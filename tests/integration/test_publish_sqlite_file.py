"""The website's SQLite file is moved, deleted or replaced under the running server."""

import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from qbwc_server.publish import Dirty, NotInstalled, Website, WebsiteUnreachable

NOW = datetime(2026, 3, 1, tzinfo=UTC)
on_windows = pytest.mark.skipif(sys.platform == "win32", reason="Windows moves no file that is open")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    # A name that a URI would have to quote.
    folder = tmp_path / "the site #1 100%"
    folder.mkdir()
    return folder / "website.db"


@pytest.fixture
def website(file: Path) -> Iterator[Website]:
    site = Website(f"sqlite:///{file}", "stream-a", frozenset())
    site.install()
    yield site
    site.close()


def customer(seq: int, name: str) -> Dirty:
    values = {"Name": name, "FullName": name, "EditSequence": "1"}
    return Dirty("acme", "customer", "1-1", seq, values, is_deleted=False, observed_at=NOW, single=False)


def name_in(file: Path) -> str:
    engine = sa.create_engine(f"sqlite:///{file}", poolclass=sa.NullPool)
    with engine.connect() as connection:
        return str(connection.exec_driver_sql("SELECT name FROM customers").scalar_one())


def backup(website: Website, file: Path) -> Path:
    """Copy the file as it stands on disk."""
    website.close()
    return Path(shutil.copy(file, file.with_name("backup.db")))


@on_windows
def test_a_file_that_was_replaced_is_the_one_that_is_written(website: Website, file: Path) -> None:
    website.publish([customer(1, "first")], [], NOW)
    copy = backup(website, file)
    website.publish([customer(2, "second")], [], NOW)
    for end in ("-wal", "-shm"):
        file.with_name(file.name + end).unlink()
    copy.replace(file)
    assert website.publish([customer(3, "third")], [], NOW)[0].outcome == "updated"
    assert name_in(file) == "third"


@on_windows
def test_what_is_published_while_the_file_is_moved_away_waits(website: Website, file: Path) -> None:
    website.publish([customer(1, "first")], [], NOW)
    elsewhere = file.parent.with_name("elsewhere")
    file.parent.rename(elsewhere)
    with pytest.raises(WebsiteUnreachable):
        website.publish([customer(2, "second")], [], NOW)
    with pytest.raises(WebsiteUnreachable):
        website.check()
    elsewhere.rename(file.parent)
    assert website.publish([customer(2, "second")], [], NOW)[0].outcome == "updated"
    assert name_in(file) == "second"


def test_a_file_that_is_missing_is_not_made_by_the_way(website: Website, file: Path) -> None:
    website.close()
    os.remove(file)  # noqa: PTH107 - said as plainly as an owner would
    with pytest.raises(NotInstalled, match=r"website\.db.*qbwc init"):
        website.publish([customer(1, "first")], [], NOW)
    assert not file.exists()
    website.install()
    website.check()


def test_a_folder_that_is_missing_is_told_with_the_file(tmp_path: Path) -> None:
    site = Website(f"sqlite:///{tmp_path / 'nowhere' / 'website.db'}", "stream-a", frozenset())
    with pytest.raises(WebsiteUnreachable, match="nowhere"):
        site.install()
    site.close()
