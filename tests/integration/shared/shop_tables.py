"""A small shop's own tables on each engine, and a mapping that fills them."""

import secrets
from collections.abc import Mapping as Map
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from qbwc_server.publish import Dirty, sqlite_file
from qbwc_server.publish.mapping.mapped import Mapped
from qbwc_server.publish.mapping.model import NOW as MADE_NOW
from qbwc_server.publish.mapping.model import UUID4, ColumnRule, KeyPart, Lookup, Mapping, TargetRule, Transform
from qbwc_server.publish.mapping.model import Test as Only

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
STREAM = "stream-a"

_PARTS = {
    "sqlite": {
        "id": "INTEGER PRIMARY KEY AUTOINCREMENT",
        "moment": "datetime",
        "narrow": "varchar(60)",
        "tail": "",
        "options": "",
    },
    "postgresql": {
        "id": "bigserial PRIMARY KEY",
        "moment": "timestamp(6) with time zone",
        "narrow": "varchar(60)",
        "tail": "",
        "options": "",
    },
    "mysql": {
        "id": "BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY",
        "moment": "datetime(6)",
        "narrow": "varchar(60) CHARACTER SET utf8mb3",
        "tail": "",
        "options": "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
    },
}
_DDL = (
    "CREATE TABLE categories (id {id}, name varchar(60) NOT NULL UNIQUE) {options}",
    """CREATE TABLE products (
        id {id}, qb_list_id varchar(36) UNIQUE, sku varchar(20), name varchar(30) NOT NULL,
        slug varchar(60) NOT NULL UNIQUE, price numeric(10,2), active boolean NOT NULL, note {narrow},
        category_id {reference} REFERENCES categories (id), parent_id {reference} REFERENCES products (id),
        sort smallint, token varchar(36), created_at {moment} NOT NULL, updated_at {moment} NOT NULL,
        CHECK (price IS NULL OR price < 5000)
    ) {options}""",
    """CREATE TABLE stocks (
        product_id {reference} PRIMARY KEY REFERENCES products (id), quantity numeric(12,3) NOT NULL,
        updated_at {moment} NOT NULL
    ) {options}""",
    """CREATE TABLE people (
        id {id}, qb_list_id varchar(36), email varchar(80), account varchar(20), name varchar(60) NOT NULL,
        city varchar(60) NOT NULL DEFAULT 'Québec', balance numeric(10,2), updated_at {moment}
    ) {options}""",
)
_STAMPS = (
    ColumnRule("created_at", value=MADE_NOW, when="insert"),
    ColumnRule("updated_at", value=MADE_NOW, when="changed"),
)
PRODUCTS = TargetRule(
    name="products",
    list="item",
    table="products",
    key=(KeyPart("qb_list_id", "ListID"),),
    columns=(
        ColumnRule("sku", "ManufacturerPartNumber"),
        ColumnRule("name", "Name", transforms=(Transform("trim"),)),
        ColumnRule("slug", "Name", transforms=(Transform("slug"),), when="insert"),
        ColumnRule("price", "Price"),
        ColumnRule("active", "IsActive"),
        ColumnRule("note", "Description", empty="keep"),
        ColumnRule("category_id", "Custom.Category", lookup=Lookup("categories", "name", "id"), private=True),
        ColumnRule("parent_id", "Parent.ListID", lookup=Lookup("products", "qb_list_id", "id")),
        ColumnRule("sort", "Sublevel"),
        ColumnRule("token", value=UUID4, when="insert"),
        *_STAMPS,
    ),
    adopt=((("sku", "ManufacturerPartNumber"),), (("name", "Name"),)),
    inactive=(("active", False),),
    notfound="same-as-inactive",
)
STOCKS = TargetRule(
    name="stocks",
    list="item",
    table="stocks",
    key=(KeyPart("product_id", of_target="products", of_column="id"),),
    columns=(ColumnRule("quantity", "QuantityOnHand"), _STAMPS[1]),
    types=("inventory",),
)
PEOPLE = TargetRule(
    name="people",
    list="customer",
    table="people",
    key=(KeyPart("qb_list_id", "ListID"),),
    columns=(
        ColumnRule("name", "FullName"),
        ColumnRule("email", "Email", transforms=(Transform("trim"), Transform("lower")), empty="keep"),
        ColumnRule("city", "BillAddress.City", empty="text"),
        ColumnRule("balance", "Balance", private=True),
        ColumnRule("updated_at", value=MADE_NOW, when="changed"),
    ),
    adopt=((("email", "Email"),), (("account", "AccountNumber"),)),
)
WEB_ONLY = replace(PRODUCTS, only=(Only("Custom.Web", ("Oui", "Yes")),))


def make_tables(site: Mapped) -> None:
    """Make the shop's tables and our state table."""
    sqlite_file.make(site.engine.url)
    kind = site.engine.dialect.name
    parts = _PARTS["mysql" if kind == "mariadb" else kind]
    reference = {"sqlite": "INTEGER", "postgresql": "bigint"}.get(kind, "BIGINT UNSIGNED")
    with site.engine.connect().execution_options(qbwc_write=True) as connection, connection.begin():
        for statement in _DDL:
            connection.exec_driver_sql(statement.format(**parts, reference=reference))
        site.state_table.create(connection)


def opened(url: str, *rules: TargetRule, stream: str = STREAM) -> Mapped:
    """Return the site with these targets."""
    return Mapped(url, stream, Mapping(rules or (PRODUCTS, STOCKS, PEOPLE)))


def item(seq: int, list_id: str = "8-1", **changes: object) -> Dirty:
    """Return an item as our store holds it; values that are None are absent."""
    values: dict[str, object] = {
        "Type": "ItemInventory",
        "Name": f"Bolt {list_id}",
        "ManufacturerPartNumber": f"SKU-{list_id}",
        "Price": "12.50",
        "IsActive": True,
        "Sublevel": 0,
        "QuantityOnHand": "7",
        "EditSequence": "1700000000",
    }
    return dirty("item", seq, list_id, values, changes)


def customer(seq: int, list_id: str = "8-1", **changes: object) -> Dirty:
    """Return a customer as our store holds it; values that are None are absent."""
    values: dict[str, object] = {"FullName": f"Bob {list_id}", "IsActive": True, "EditSequence": "5"}
    return dirty("customer", seq, list_id, values, changes)


def dirty(list_name: str, seq: int, list_id: str, values: dict[str, object], changes: Map[str, object]) -> Dirty:
    """Return a record with some of its values changed."""
    whole = {name: value for name, value in {**values, **changes}.items() if value is not None}
    return Dirty("acme", list_name, list_id, seq, whole, is_deleted=False, observed_at=NOW, single=False)


def run(site: Mapped, statement: str, **values: object) -> None:
    """Change the shop's tables as its own program would."""
    with site.engine.connect().execution_options(qbwc_write=True) as connection, connection.begin():
        connection.execute(sa.text(statement), values)


def rows(site: Mapped, query: str) -> list[dict[str, Any]]:
    """Ask the shop's tables."""
    with site.engine.connect() as connection:
        return [dict(row) for row in connection.execute(sa.text(query)).mappings()]


def add_product(site: Mapped, name: str, sku: str | None = None, list_id: str | None = None) -> None:
    """Add a product as the shop's own program would."""
    run(
        site,
        "INSERT INTO products (qb_list_id, sku, name, slug, price, active, created_at, updated_at) "
        "VALUES (:list_id, :sku, :name, :slug, 1, :active, :at, :at)",
        list_id=list_id,
        sku=sku,
        name=name,
        slug=secrets.token_hex(6),
        active=True,
        at="2020-01-01 00:00:00",
    )
