"""Messages for people: what happened, what to do, never a password or a value."""

import sqlite3

import pytest
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from qbwc_server.publish import errors

URL = "postgresql+psycopg://shop:geheim@db.example/site?passfile=/x&password=geheim"


def operational(*arguments: object) -> OperationalError:
    return OperationalError("SELECT 'row'", {"name": "Jean"}, Exception(*arguments))


def test_a_url_is_shown_without_password_and_options() -> None:
    assert errors.shown(URL) == "postgresql+psycopg://shop:***@db.example/site"
    assert errors.shown("geheim") == "(unreadable URL)"


def test_a_drivers_words_are_shown_without_password_and_without_the_row() -> None:
    said = str(errors.translated(operational("login geheim failed\nDETAIL: (Jean)"), URL))
    assert "login *** failed" in said
    assert "Jean" not in said
    assert "geheim" not in said


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (operational(2003, "no host"), errors.WebsiteUnreachable),
        (operational(1205, "Lock wait timeout exceeded"), errors.WebsiteBusy),
        (operational(1142, "INSERT command denied"), errors.WebsiteDenied),
        (ProgrammingError("", {}, Exception(1146, "no table")), errors.NotInstalled),
        (operational("no such table: customers"), errors.NotInstalled),
        (operational("table customers has no column named x"), errors.NotInstalled),
        (DataError("", {}, Exception("odd")), errors.WebsiteUnreachable),
        (PoolTimeout(), errors.WebsiteUnreachable),
    ],
)
def test_each_cause_has_its_own_error(error: SQLAlchemyError, expected: type[errors.WebsiteError]) -> None:
    assert type(errors.translated(error, URL)) is expected


def test_a_race_does_not_quote_the_row() -> None:
    found = errors.translated(IntegrityError("", {}, Exception(1062, "Duplicate entry 'Jean'")), URL)
    assert isinstance(found, errors.WebsiteBusy)
    assert "Jean" not in str(found)


def test_codes_come_from_each_driver_in_its_own_way() -> None:
    class Postgres(Exception):
        sqlstate = "40P01"

    busy = sqlite3.OperationalError("locked")
    busy.sqlite_errorcode = sqlite3.SQLITE_BUSY_SNAPSHOT
    assert errors.code(operational(1213, "deadlock")) == "1213"
    assert errors.code(OperationalError("", {}, Postgres("x"))) == "40P01"
    assert errors.code(OperationalError("", {}, busy)) == "5"
    assert errors.code(operational("x")) == ""


@pytest.mark.parametrize(
    ("error", "its_own"),
    [
        (DataError("", {}, Exception(1406, "Data too long for column 'name' at row 1")), True),
        (operational(4025, "CONSTRAINT `rule` failed for `site`.`customers`"), True),
        (operational(1644, "no Jean"), True),
        (operational(1114, "The table 'customers' is full"), False),
        (operational(1213, "Deadlock found"), False),
        (operational(2013, "Lost connection"), False),
        (operational("database or disk is full"), False),
    ],
)
def test_only_what_a_row_is_refused_for_is_the_fault_of_a_record(error: DBAPIError, its_own: bool) -> None:
    assert errors.refuses_a_value(error) is its_own


@pytest.mark.parametrize(
    ("said", "column"),
    [
        ("Data too long for column 'name' at row 1", "name"),
        ("Out of range value for column 'price' at row 12", "price"),
        (r"Incorrect string value: '\xF0\x9F' for column `site`.`customers`.`name` at row 1", "name"),
        ("Duplicate entry 'column 'Jean' at row 1' for key 'one_name'", ""),
    ],
)
def test_the_column_is_named_where_mysql_names_it(said: str, column: str) -> None:
    assert errors.column(operational(1406, said)) == column


def test_every_error_says_what_to_do() -> None:
    cures = {
        errors.ForeignTable("customers"): "QBWC_MAPPING",
        errors.NotInstalled("the table items"): "qbwc init",
        errors.WebsiteDenied(URL, "x"): "Grant",
        errors.WebsiteBusy(URL, "x"): "tried again",
        errors.WebsiteUnreachable(URL, "x"): "Check QBWC_WEBSITE_DATABASE_URL",
    }
    for error, cure in cures.items():
        assert cure in str(error)
        assert "geheim" not in str(error)
        assert isinstance(error, errors.WebsiteError)


def test_the_cure_for_a_foreign_table_is_one_that_works_today() -> None:
    told = str(errors.ForeignTable("customers"))
    cure, later = told.split("(")
    assert "another database in QBWC_WEBSITE_DATABASE_URL" in cure
    assert "QBWC_MAPPING" in later
    assert "later version" in later
