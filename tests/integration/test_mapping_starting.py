"""A mapping to begin with, from tables and rows as shops have them, on the real engines."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from qbwc_server.publish import UnsupportedDatabase, Website, WebsiteError, sqlite_file
from qbwc_server.publish.engine import make_engine
from qbwc_server.publish.mapping.by_values import Known, compare
from qbwc_server.publish.mapping.file import parse_mapping
from qbwc_server.publish.mapping.meanings import table_of
from qbwc_server.publish.mapping.model import Mapping, TargetRule
from qbwc_server.publish.mapping.proposal import filled, toml
from qbwc_server.publish.mapping.starting import Site, opened
from qbwc_server.publish.mapping.suggest import Surroundings, suggest

COUNT = 300
TABLES = {
    "sqlite": """
    CREATE TABLE category (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, name varchar(50) NOT NULL UNIQUE);;
    CREATE TABLE shop_product (
        id integer NOT NULL PRIMARY KEY AUTOINCREMENT, qb_list_id varchar(36) NULL UNIQUE, "Code%1" varchar(40),
        label varchar(100) NOT NULL, slug varchar(120) NOT NULL, amount decimal(10,2), cents integer NOT NULL,
        is_active bool NOT NULL, details text, category_id bigint NULL REFERENCES category (id),
        photo blob, created_at datetime NOT NULL, updated_at datetime NOT NULL);;
    CREATE TABLE clients (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, courriel varchar(100) NOT NULL,
        ville varchar(40))
    """,
    "postgresql": """
    CREATE TABLE category (id bigserial PRIMARY KEY, name varchar(50) NOT NULL UNIQUE);;
    CREATE TABLE shop_product (
        id bigserial PRIMARY KEY, qb_list_id varchar(36) UNIQUE, "Code%1" varchar(40),
        label varchar(100) NOT NULL, slug varchar(120) NOT NULL, amount numeric(10,2), cents integer NOT NULL,
        is_active boolean NOT NULL, details jsonb, category_id bigint REFERENCES category (id),
        photo bytea, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL);;
    CREATE TABLE clients (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, courriel varchar(100) NOT NULL,
        ville varchar(40))
    """,
    "mysql": """
    CREATE TABLE category (id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(50) NOT NULL UNIQUE);;
    CREATE TABLE shop_product (
        id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, qb_list_id varchar(36) UNIQUE, `Code%1` varchar(40),
        label varchar(100) NOT NULL, slug varchar(120) NOT NULL, amount decimal(10,2), cents int NOT NULL,
        is_active tinyint(1) NOT NULL, details json, category_id bigint unsigned,
        photo blob, created_at datetime NOT NULL, updated_at datetime NOT NULL,
        FOREIGN KEY (category_id) REFERENCES category (id));;
    CREATE TABLE clients (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, courriel varchar(100) NOT NULL, ville varchar(40))
    """,
}


@pytest.fixture
def url(website_url: str) -> str:
    """URL of a website's database with a shop's tables, 300 products and no customer."""
    engine = make_engine(website_url)
    if engine.dialect.name == "sqlite":
        sqlite_file.make(engine.url)
    with engine.connect().execution_options(qbwc_write=True) as connection, connection.begin():
        for statement in TABLES[engine.dialect.name].split(";;"):
            connection.exec_driver_sql(statement.replace("%", "%%") if engine.dialect.name != "sqlite" else statement)
        names = ("Code%1", "label", "slug", "amount", "cents", "is_active", "created_at", "updated_at")
        columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in names]
        is_text = engine.dialect.name == "sqlite"  # whose driver takes no decimals
        products = sa.table("shop_product", *columns)
        moment = sa.text("'2026-01-02 03:04:05'")
        for number in range(COUNT):
            values: dict[str, Any] = {
                "Code%1": f"p-{number:03d}",
                "label": f"PRODUCT {number}",
                "slug": f"product-{number}",
                # Eighty-eight prices are old.
                "amount": (str if is_text else Decimal)(price(number) if number >= 88 else "0.05"),
                "cents": int(price(number) * 100),
                "is_active": number % 4 > 0,
                "created_at": moment,
                "updated_at": moment,
            }
            connection.execute(sa.insert(products).values(values))
    engine.dispose()
    return website_url


@pytest.fixture
def site(url: str) -> Iterator[Site]:
    with opened(url) as found:
        yield found


def price(number: int) -> Decimal:
    return Decimal(number * 137 % 90_000 + 100) / 100


def known() -> Iterator[Known]:
    """The items that QuickBooks has: the first forty-one products are gone from there, and one is new."""
    for number in range(41, COUNT + 1):
        values = {
            "Type": "ItemInventory",
            "Name": f"Product {number}",
            "FullName": f"Product {number}",
            "IsActive": number % 4 > 0,
            "ManufacturerPartNumber": f"P-{number:03d}",
            "Price": f"{price(number):f}",
        }
        yield Known(f"80000{number}-1", values, is_active=number % 4 > 0 or number == COUNT)


def target(site: Site, table: str, list_name: str, *, by_values: bool = False) -> tuple[TargetRule, str]:
    found = site.table(table)
    assert found is not None
    evidence = compare(found, list_name, lambda: site.rows(found), known) if by_values else None
    proposal = suggest(found, list_name, Surroundings(site.backend, site.around(found), evidence))
    text = toml([proposal], "en")
    return parse_mapping(text).targets[0], text


def test_a_table_is_found_and_a_mapping_guessed_that_passes_the_checks(site: Site) -> None:
    assert (table_of(site.tables(), "item"), table_of(site.tables(), "customer")) == ("shop_product", "clients")
    rule, _ = target(site, "shop_product", "item")
    found = {column.column: filled(column) for column in rule.columns}

    assert [part.column for part in rule.key] == ["qb_list_id"]
    assert found["is_active"] == '"IsActive"'
    assert found["label"] == '"Name"'
    assert found["slug"].startswith('{ from = "FullName", transform = ["slug", "truncate:120"]')
    assert found["category_id"] == (
        '{ from = "Class", lookup = { table = "category", match = "name", give = "id", missing = "null" } }'
    )
    assert found["created_at"] == '{ value = "@now", when = "insert" }'
    assert not {"id", "photo"} & set(found)
    [(_, findings)] = site.judged(Mapping((rule,)))
    assert {each.column for each in findings if each.level == "error"} == {"cents"}


def test_values_find_what_names_do_not_tell_and_count_what_is_wrong(site: Site) -> None:
    table = site.table("shop_product")
    assert table is not None
    evidence = compare(table, "item", lambda: site.rows(table), known)
    rule, text = target(site, "shop_product", "item", by_values=True)
    found = {column.column: filled(column) for column in rule.columns}

    assert found["Code%1"] == '"ManufacturerPartNumber"'
    assert found["amount"] == '"Price"'
    assert found["cents"] == '{ from = "Price", transform = ["cents"], type = "int" }'
    assert found["is_active"] == '"IsActive"'
    assert "equal to Price in 212 of 259 rows" in text
    assert '"Code%1" = "ManufacturerPartNumber"' in text
    amount = evidence.match("amount")
    assert amount is not None
    assert (amount.different.count, len(amount.different.keys)) == (47, 10)
    assert amount.different.keys[0].startswith("id ")
    assert (evidence.rows, evidence.unknown.count, evidence.missing.keys) == (COUNT, 41, ("80000300-1",))
    [(_, findings)] = site.judged(Mapping((rule,)))
    assert not [each for each in findings if each.level == "error"]


def test_tables_of_ours_are_none_of_the_website(url: str) -> None:
    website = Website(url, "stream", frozenset())
    website.install()
    website.close()

    with opened(url) as site:
        assert site.tables() == ("category", "clients", "shop_product")


def test_a_target_whose_table_is_missing_or_has_a_schema_in_vain_is_judged(site: Site) -> None:
    rule, _ = target(site, "clients", "customer")
    [(_, found)] = site.judged(Mapping((TargetRule("x", "customer", "client", rule.key, rule.columns),)))
    assert [(each.code, each.values.get("near")) for each in found] == [("table_missing", "clients")]
    [(_, found)] = site.judged(
        Mapping((TargetRule("x", "customer", "clients", rule.key, rule.columns, schema="nowhere"),))
    )
    assert [each.code for each in found] == ["table_missing" if site.backend == "postgresql" else "schema"]


def test_a_website_that_is_not_there_is_said_so(website_url: str) -> None:
    gone = sa.make_url(website_url).set(database=f"{sa.make_url(website_url).database}_gone")
    with pytest.raises(WebsiteError), opened(gone.render_as_string(hide_password=False)) as site:
        site.tables()
    with pytest.raises(UnsupportedDatabase), opened("oracle://x/y"):
        pass


def test_looking_changes_nothing_and_reads_every_row(site: Site) -> None:
    table = site.table("shop_product")
    assert table is not None
    rows = list(site.rows(table))

    assert len(rows) == COUNT
    assert set(rows[0]) == {"id", "qb_list_id", "Code%1", "label", "slug", "amount", "cents", "is_active"} | (
        {"category_id", "details"} if site.backend == "sqlite" else {"category_id"}
    )
