"""`qbwc mapping`, as people and programs run it beside an installation that read its lists."""

import json
import os
import sqlite3
import tomllib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from web_office import running

from qbwc_server.cli import main
from qbwc_server.publish.mapping.file import parse_mapping

Qbwc = Callable[..., Result]
Known = Callable[[str], list[dict[str, Any]]]
TABLES = """
CREATE TABLE shop_customer (
    id integer NOT NULL PRIMARY KEY AUTOINCREMENT, qb_list_id varchar(36) NULL UNIQUE, title varchar(209) NOT NULL,
    mail varchar(200) NOT NULL, town varchar(40), created_at datetime NOT NULL);
CREATE TABLE shop_product (
    id integer NOT NULL PRIMARY KEY AUTOINCREMENT, name varchar(31) NOT NULL, amount decimal(15,5),
    is_active bool NOT NULL);
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of an installation that read both lists."""
    folder = tmp_path_factory.mktemp("mapping")
    with running(folder):
        pass
    return folder


@pytest.fixture
def known(filled: Path) -> Known:
    def of(list_name: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(filled / "qbwc.db")) as ours:
            found = ours.execute('SELECT "values" FROM records WHERE list = ? ORDER BY list_id', (list_name,))
            return [json.loads(values) for (values,) in found]

    return of


@pytest.fixture
def shop(tmp_path: Path, known: Known) -> Path:
    """A website's database of its own; three customers have another town than in QuickBooks."""
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as site, site:
        site.executescript(TABLES)
        for number, one in enumerate(known("customer")):
            town = "Elsewhere" if number < 3 else one.get("BillAddress.City")
            customer = (one["FullName"], one.get("Email") or "", town, "2026-01-01 00:00:00")
            site.execute("INSERT INTO shop_customer (title, mail, town, created_at) VALUES (?, ?, ?, ?)", customer)
        for one in known("item"):
            product = (one["Name"], one.get("Price"), one["IsActive"])
            site.execute("INSERT INTO shop_product (name, amount, is_active) VALUES (?, ?, ?)", product)
    return path


@pytest.fixture
def qbwc(filled: Path, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Qbwc:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("QBWC_")]:
        monkeypatch.delenv(name)

    def run(*arguments: str, **env: str) -> Result:
        settings = {"QBWC_DATA_DIR": str(filled), "QBWC_WEBSITE_DATABASE_URL": f"sqlite:///{shop}", **env}
        result = CliRunner().invoke(main, ["mapping", *arguments], env=settings, prog_name="qbwc")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def lines(text: str, target: int) -> dict[str, Any]:
    """What each column of a target is filled from."""
    columns = tomllib.loads(text)["publish"][target]["columns"]
    return {name: line.get("from") if isinstance(line, dict) else line for name, line in columns.items()}


def test_a_mapping_of_both_lists_goes_to_standard_output_and_is_read_again(qbwc: Qbwc) -> None:
    ran = qbwc("suggest")

    assert (ran.exit_code, ran.stderr) == (0, "")
    assert [each.table for each in parse_mapping(ran.stdout).targets] == ["shop_customer", "shop_product"]
    assert "# guessed from its name" in ran.stdout
    french = qbwc("suggest", "--list", "item", QBWC_LANGUAGE="fr")
    assert "# deviné d\u2019après son nom" in french.stdout
    assert [each.list for each in parse_mapping(french.stdout).targets] == ["item"]


def test_what_is_wrong_today_is_told_apart_from_the_mapping_and_without_a_value(qbwc: Qbwc, known: Known) -> None:
    ran = qbwc("suggest", "--by-values")

    assert ran.exit_code == 0, ran.output
    customers, products = (lines(ran.stdout, number) for number in (0, 1))
    assert (customers["title"], customers["town"], customers["mail"]) == ("FullName", "BillAddress.City", "Email")
    assert products["amount"] == "Price"
    assert "Wrong today: in 3 rows town differs from BillAddress.City: id 1; id 2; id 3" in ran.stderr
    assert f"{len(known('customer'))} of {len(known('customer'))} rows belong to one of" in ran.stderr
    assert "Elsewhere" not in ran.output


def test_a_program_gets_the_mapping_and_the_report(qbwc: Qbwc) -> None:
    ran = qbwc("suggest", "--list", "customer", "--by-values", "--json")
    answer = json.loads(ran.stdout)

    assert ran.exit_code == 0
    assert set(answer) == {"mapping", "report"}
    assert parse_mapping(answer["mapping"]).targets[0].table == "shop_customer"
    [report] = answer["report"]
    town = next(each for each in report["matches"] if each["column"] == "town")
    assert (town["field"], town["different"]) == ("BillAddress.City", {"count": 3, "keys": ["id 1", "id 2", "id 3"]})
    assert json.loads(qbwc("suggest", "--json").stdout)["report"] is None


def test_the_table_may_be_named(qbwc: Qbwc, shop: Path) -> None:
    with closing(sqlite3.connect(shop)) as site, site:
        site.execute("CREATE TABLE people (id integer PRIMARY KEY, nom varchar(50))")

    assert parse_mapping(qbwc("suggest", "--table", "shop_product").stdout).targets[0].list == "item"
    assert parse_mapping(qbwc("suggest", "--table", "people", "--list", "customer").stdout).targets[0].table == "people"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--table", "zzz"), "no table zzz of its own"),
        (("--table", "shop_product", "--schema", "public"), "Only PostgreSQL has schemas"),
        (("--by-values", "--company", "nobody"), "nobody"),
        (("--list", "vendor"), "vendor"),
    ],
)
def test_what_cannot_be_suggested_is_refused_with_its_cause(qbwc: Qbwc, arguments: tuple[str, ...], told: str) -> None:
    ran = qbwc("suggest", *arguments)

    assert (ran.exit_code, ran.stdout) == (2, "")
    assert told in ran.stderr


def test_a_table_whose_name_says_nothing_needs_its_list(qbwc: Qbwc, shop: Path) -> None:
    with closing(sqlite3.connect(shop)) as site, site:
        site.execute("CREATE TABLE people (id integer PRIMARY KEY, nom varchar(50))")
    ran = qbwc("suggest", "--table", "people")

    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "--list customer or --list item" in ran.stderr


def test_tables_of_no_such_name_are_the_answer_no(qbwc: Qbwc, shop: Path) -> None:
    with closing(sqlite3.connect(shop)) as site, site:
        site.executescript("DROP TABLE shop_customer; ALTER TABLE shop_product RENAME TO zzz")
    ran = qbwc("suggest")

    assert (ran.exit_code, ran.stdout) == (1, "")
    assert "qbwc mapping suggest --list customer --table TABLE" in ran.stderr


def test_a_list_that_was_never_read_has_no_values_to_compare(qbwc: Qbwc, tmp_path: Path) -> None:
    new = {"QBWC_DATA_DIR": str(tmp_path / "new")}
    for arguments in (["init"], ["company", "add", "acme"]):
        assert CliRunner().invoke(main, arguments, env=new, prog_name="qbwc").exit_code == 0
    ran = qbwc("suggest", "--list", "item", "--by-values", **new)

    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "qbwc refresh item --all" in ran.stderr


def test_what_was_suggested_is_checked_until_it_fits(qbwc: Qbwc, shop: Path, tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(qbwc("suggest", "--by-values").stdout, "utf-8")
    ran = qbwc("check", QBWC_MAPPING=str(path))
    assert ran.exit_code == 1
    assert "Error: publish.products.key.qb_list_id: The table shop_product has no column qb_list_id." in ran.stdout
    assert "1 error: nothing can be published before it is mended." in ran.stdout
    told = json.loads(qbwc("check", "--json", QBWC_MAPPING=str(path)).stdout)
    errors = {each["place"] for each in told["findings"] if each["level"] == "error"}
    assert errors == {"publish.products.key.qb_list_id"}
    assert all(each["cure"] for each in told["findings"])
    with closing(sqlite3.connect(shop)) as site, site:
        site.execute("ALTER TABLE shop_product ADD COLUMN qb_list_id varchar(36)")
        site.execute("CREATE UNIQUE INDEX by_list_id ON shop_product (qb_list_id)")

    ran = qbwc("check", QBWC_MAPPING=str(path), QBWC_LANGUAGE="fr")
    assert ran.exit_code == 0, ran.output
    assert "La correspondance convient aux tables du site." in ran.stdout


@pytest.mark.parametrize(("language", "told"), [("en", "publish.c.source: "), ("fr", "publish.c.source\u00a0: ")])
def test_every_fault_of_the_file_is_told_at_once_and_no_database_is_asked(
    qbwc: Qbwc, tmp_path: Path, language: str, told: str
) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text('version = 2\n[[publish]]\nname = "c"\nsource = "custumer"\ntable = "t"\n', "utf-8")
    away = "sqlite:////nowhere/x.db"
    ran = qbwc("check", QBWC_MAPPING=str(path), QBWC_LANGUAGE=language, QBWC_WEBSITE_DATABASE_URL=away)

    assert (ran.exit_code, ran.stdout) == (2, "")
    assert told in ran.stderr
    assert len(ran.stderr.splitlines()) > 2
    assert "nowhere" not in ran.stderr


def test_without_a_mapping_there_is_nothing_to_check(qbwc: Qbwc) -> None:
    ran = qbwc("check")

    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "QBWC_MAPPING" in ran.stderr


def test_a_website_that_is_away_is_said_so(qbwc: Qbwc, tmp_path: Path) -> None:
    ran = qbwc("suggest", QBWC_WEBSITE_DATABASE_URL=f"sqlite:///{tmp_path}/away.db")

    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "The website's database" in ran.stderr
