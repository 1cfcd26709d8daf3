"""What a company may be called and what its account may be, the same on every database."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from qbwc_server.store import companies
from qbwc_server.store.database import Database
from qbwc_server.store.tables import metadata

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    metadata.create_all(opened.engine)
    yield opened
    opened.close()


def _add(
    database: Database, title: str | None = None, user_name: str | None = None, company_file: str | None = None
) -> companies.Company:
    with database.write() as connection:
        made, _ = companies.add(
            connection, "acme", title=title, user_name=user_name, company_file=company_file, now=NOW
        )
    return made


@pytest.mark.parametrize("title", ["", "  ", "x" * 201, "Acme\nInc.", "Acme\x00", "Acme\u202e", "Acme\ud800"])
def test_a_title_that_cannot_be_shown_is_refused(database: Database, title: str) -> None:
    with pytest.raises(companies.BadTitle, match="1 to 200"):
        _add(database, title=title)
    assert _everyone(database) == ()


@pytest.mark.parametrize("user", ["", " acme", "acme ", "x" * 101, "ac\tme", "acme\x00", "ac\u200bme"])
def test_a_user_name_that_cannot_be_typed_is_refused(database: Database, user: str) -> None:
    with pytest.raises(companies.BadUserName, match="1 to 100"):
        _add(database, user_name=user)
    assert _everyone(database) == ()


@pytest.mark.parametrize("path", ["", " ", "C:\\" + "x" * 1022, "C:\\a\x00.qbw", "C:\\a\r.qbw"])
def test_a_path_that_windows_cannot_have_is_refused(database: Database, path: str) -> None:
    with pytest.raises(companies.BadCompanyFile, match="1024"):
        _add(database, company_file=path)
    assert _everyone(database) == ()


def test_what_just_fits_is_taken_as_it_was_given(database: Database) -> None:
    title = "Société\u202f: «\u00a0Éric & fils\u00a0» " + "é" * 174
    made = _add(database, title=title, user_name="é" * 100, company_file="C:\\" + "x" * 1021)
    assert (made.title, made.user_name, len(made.company_file or "")) == (title, "é" * 100, 1024)


def test_what_is_left_out_is_the_name(database: Database) -> None:
    made = _add(database)
    assert (made.title, made.user_name, made.company_file) == ("acme", "acme", None)


def _everyone(database: Database) -> tuple[companies.Company, ...]:
    with database.read() as connection:
        return companies.everyone(connection)
