"""Several publishers of one mapped target: every row the newest, none doubled."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from shop_tables import NOW, PRODUCTS, STOCKS, add_product, item, make_tables, opened, rows, run

from qbwc_server.publish.mapping.mapped import Mapped

RECORDS, VERSIONS, THREADS = 20, 30, 6


@pytest.fixture
def site(website_url: str) -> Iterator[Mapped]:
    found = opened(website_url)
    make_tables(found)
    yield found
    found.close()


def test_six_publishers_in_any_order_end_at_the_newest(site: Mapped, website_url: str) -> None:
    for number in range(0, RECORDS, 4):
        add_product(site, f"old {number}", sku=f"SKU-{number}-1")
    dice = random.Random(5)
    deliveries = [
        item(version * RECORDS + number, f"{number}-1", Price=f"{version}.5", QuantityOnHand=str(version))
        for number in range(RECORDS)
        for version in range(1, VERSIONS + 1)
    ] * 2
    assert len(deliveries) == 1200
    dice.shuffle(deliveries)
    parts = [deliveries[start : start + 7] for start in range(0, len(deliveries), 7)]
    sites = [opened(website_url) for _ in range(3)]

    def deliver(number: int) -> list[str]:
        both = [sites[number % 3].publish(name, parts[number], NOW) for name in ("products", "stocks")]
        return [each.outcome for published in both for each in published]

    try:
        with ThreadPoolExecutor(THREADS) as pool:
            outcomes = {outcome for found in pool.map(deliver, range(len(parts))) for outcome in found}
    finally:
        for each in sites:
            each.close()
    assert outcomes == {"inserted", "adopted", "updated"}
    products = rows(site, "SELECT * FROM products")
    assert {each["qb_list_id"]: Decimal(str(each["price"])) for each in products} == {
        f"{number}-1": Decimal(VERSIONS) + Decimal("0.5") for number in range(RECORDS)
    }
    assert len(products) == RECORDS
    stocks = rows(site, "SELECT * FROM stocks")
    assert {each["product_id"]: Decimal(str(each["quantity"])) for each in stocks} == {
        each["id"]: Decimal(VERSIONS) for each in products
    }


def test_records_without_a_unique_key_are_not_doubled_either(site: Mapped, website_url: str) -> None:
    run(site, "CREATE TABLE bare (qb varchar(36), title varchar(40))")
    key = (type(PRODUCTS.key[0])("qb", "ListID"),)
    rule = type(STOCKS)("bare", "item", "bare", key, (type(PRODUCTS.columns[0])("title", "Price"),))
    sites = [opened(website_url, rule) for _ in range(THREADS)]
    batch = [item(number, f"{number}-1") for number in range(1, 9)]
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            runs = [pool.submit(each.publish, "bare", batch, NOW) for each in sites]
            outcomes = [published.outcome for found in runs for published in found.result()]
    finally:
        for each in sites:
            each.close()
    assert outcomes == ["inserted"] * len(batch) * THREADS
    assert len(rows(site, "SELECT qb FROM bare")) == len(batch)
