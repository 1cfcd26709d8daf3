"""Records brought to a shop's own tables by a mapping, on the real engines."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from shop_tables import (
    NOW,
    PEOPLE,
    PRODUCTS,
    STOCKS,
    WEB_ONLY,
    add_product,
    customer,
    item,
    make_tables,
    opened,
    rows,
    run,
)

from qbwc_server.publish import Dirty, Published
from qbwc_server.publish.errors import TableChanged
from qbwc_server.publish.mapping.mapped import Mapped
from qbwc_server.publish.mapping.model import ColumnRule, Lookup

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def site(website_url: str) -> Iterator[Mapped]:
    found = opened(website_url)
    make_tables(found)
    yield found
    found.close()


def told(site: Mapped, *batch: Dirty, target: str = "products", now: datetime = NOW) -> list[Published]:
    return site.publish(target, batch, now)


def publish(site: Mapped, *batch: Dirty, target: str = "products", now: datetime = NOW) -> list[str]:
    return [each.outcome for each in told(site, *batch, target=target, now=now)]


def product(site: Mapped, list_id: str = "8-1") -> dict[str, Any]:
    (found,) = rows(site, f"SELECT * FROM products WHERE qb_list_id = '{list_id}'")  # noqa: S608
    return found


def moment(value: object) -> str:
    return str(value)[:19]


def test_a_new_record_becomes_a_row_with_all_that_the_shop_demands(site: Mapped) -> None:
    assert publish(site, item(1, Name="  Écrou n° 5 ")) == ["inserted"]
    found = product(site)
    assert (found["name"], found["slug"], found["sku"]) == ("Écrou n° 5", "ecrou-n-5", "SKU-8-1")
    assert Decimal(str(found["price"])) == Decimal("12.5")
    assert bool(found["active"]) is True
    assert len(found["token"]) == 36
    assert moment(found["created_at"]) == moment(found["updated_at"]) == "2026-03-01 12:00:00"
    assert found["note"] is found["category_id"] is None


def test_an_unchanged_record_writes_nothing_and_bumps_nothing(site: Mapped) -> None:
    publish(site, item(1), item(2, "8-2"))
    before = rows(site, "SELECT * FROM products ORDER BY id")
    seen: list[str] = []
    sa.event.listen(site.engine, "before_cursor_execute", lambda *each: seen.append(each[2]))
    assert publish(site, item(3, Price="12.500"), item(4, "8-2"), now=LATER) == ["unchanged"] * 2
    assert not [each for each in seen if each.startswith(("UPDATE", "INSERT INTO products"))]
    assert rows(site, "SELECT * FROM products ORDER BY id") == before


def test_a_change_writes_what_differs_and_bumps_updated_at(site: Mapped) -> None:
    publish(site, item(1, Description="old"))
    before = product(site)
    seen: list[str] = []
    sa.event.listen(site.engine, "before_cursor_execute", lambda *each: seen.append(each[2]))
    assert publish(site, item(2, Price="13", Name="Bolt 8-1"), now=LATER) == ["updated"]
    (update,) = [each for each in seen if each.startswith("UPDATE")]
    assert update.partition("WHERE")[0].count("=") == 2
    found = product(site)
    assert Decimal(str(found["price"])) == 13
    assert moment(found["updated_at"]) == "2026-03-01 13:00:00"
    # An absent description keeps the shop's.
    kept = {name: value for name, value in found.items() if name not in ("price", "updated_at")}
    assert kept == {name: before[name] for name in kept}


def test_an_absent_field_becomes_null_or_an_empty_text_as_the_mapping_says(site: Mapped) -> None:
    full = {"Email": " Bob@Example.com ", "BillAddress.City": "Laval", "Balance": "1"}
    publish(site, customer(1, **full), target="people")
    assert publish(site, customer(2), target="people") == ["updated"]
    (found,) = rows(site, "SELECT * FROM people")
    assert (found["email"], found["city"], found["balance"]) == ("bob@example.com", "", None)


def test_a_redelivery_returns_the_first_outcome_and_writes_nothing(site: Mapped) -> None:
    publish(site, item(1))
    publish(site, item(3, Price="3"))
    before = product(site)
    assert publish(site, item(3, Price="3"), item(2, Price="2"), now=LATER) == ["updated", "updated"]
    assert product(site) == before
    state = site.state("products", "acme", "8-1")
    assert state is not None
    assert (state["seq"], state["stream_id"]) == (3, "stream-a")
    assert site.highest_seq() == {"acme": 3}


def test_a_changed_rule_publishes_the_same_observation_again(site: Mapped, website_url: str) -> None:
    publish(site, item(5))
    changed = opened(website_url, replace(PRODUCTS, columns=(*PRODUCTS.columns[:-2], ColumnRule("note", "Price"))))
    assert publish(changed, item(4)) == ["inserted"]
    assert publish(changed, item(5)) == ["updated"]
    assert publish(changed, item(5)) == ["updated"]
    changed.close()
    assert product(site)["note"] == "12.50"


def test_what_was_published_is_published_again_when_a_person_asks(site: Mapped) -> None:
    publish(site, item(5))
    run(site, "UPDATE products SET name = 'by hand'")
    assert publish(site, item(5)) == ["inserted"]
    assert [each.outcome for each in site.publish("products", [item(5)], NOW, again=True)] == ["updated"]
    assert product(site)["name"] == "Bolt 8-1"


def test_a_row_that_was_there_is_adopted_by_the_first_rule_that_finds_it(site: Mapped) -> None:
    add_product(site, "Other name", sku="SKU-8-1")
    add_product(site, "Bolt 8-1")
    assert publish(site, item(1)) == ["adopted"]
    found = rows(site, "SELECT name, qb_list_id, created_at FROM products ORDER BY id")
    assert [(each["name"], each["qb_list_id"]) for each in found] == [("Bolt 8-1", "8-1"), ("Bolt 8-1", None)]
    assert moment(found[0]["created_at"]) == "2020-01-01 00:00:00"
    assert publish(site, item(2)) == ["unchanged"]


def test_a_row_that_has_a_key_already_is_not_adopted(site: Mapped) -> None:
    add_product(site, "Bolt 8-1", sku="SKU-8-1", list_id="other")
    assert publish(site, item(1)) == ["inserted"]
    assert len(rows(site, "SELECT id FROM products")) == 2


def test_two_rows_that_fit_are_left_to_a_person(site: Mapped) -> None:
    add_product(site, "A", sku="SKU-8-1")
    add_product(site, "B", sku="SKU-8-1")
    (published, other) = told(site, item(1), item(2, "8-2"))
    assert (published.outcome, dict(published.detail)) == ("ambiguous", {"count": "2", "field": "sku"})
    assert other.outcome == "inserted"
    assert site.state("products", "acme", "8-1") is None
    run(site, "DELETE FROM products WHERE name = 'B'")
    assert publish(site, item(1)) == ["adopted"]


def test_two_rows_with_the_same_key_are_left_to_a_person(site: Mapped) -> None:
    run(site, "INSERT INTO people (qb_list_id, name) VALUES ('8-1', 'x'), ('8-1', 'y')")
    (published,) = told(site, customer(1), target="people")
    assert (published.outcome, published.detail["field"]) == ("ambiguous", "qb_list_id")


def test_of_two_records_that_would_adopt_one_row_the_second_gets_its_own(site: Mapped) -> None:
    run(site, "INSERT INTO people (email, name) VALUES ('bob@example.com', 'x')")
    batch = [customer(1, "8-1", Email="bob@example.com"), customer(2, "8-2", Email="bob@example.com")]
    assert publish(site, *batch, target="people") == ["adopted", "inserted"]
    assert [each["qb_list_id"] for each in rows(site, "SELECT * FROM people ORDER BY id")] == ["8-1", "8-2"]


def test_a_key_that_quickbooks_has_twice_ends_in_one_row(website_url: str, site: Mapped) -> None:
    by_sku = opened(website_url, replace(PRODUCTS, key=(replace(PRODUCTS.key[0], column="sku", field="Price"),)))
    assert publish(by_sku, item(1, Name="A"), item(2, "8-2", Name="B")) == ["inserted", "updated"]
    by_sku.close()
    assert len(rows(site, "SELECT id FROM products")) == 1


def test_a_record_without_a_row_is_skipped_where_the_mapping_inserts_none(website_url: str, site: Mapped) -> None:
    careful = opened(website_url, replace(PRODUCTS, missing="skip"))
    add_product(careful, "Bolt 8-2")
    assert publish(careful, item(1), item(2, "8-2")) == ["skipped", "adopted"]
    careful.close()
    assert len(rows(site, "SELECT id FROM products")) == 1


def test_an_inactive_record_is_put_out_of_sight_and_never_inserted(site: Mapped) -> None:
    publish(site, item(1))
    published = told(site, item(2, IsActive=False, Price="9"), item(3, "8-2", IsActive=False), now=LATER)
    assert [each.outcome for each in published] == ["updated", "skipped"]
    assert published[1].detail == {"reason": "inactive"}
    assert (bool(product(site)["active"]), Decimal(str(product(site)["price"]))) == (False, Decimal(9))
    assert publish(site, item(4)) == ["updated"]
    assert bool(product(site)["active"]) is True


def test_a_record_that_stops_matching_is_treated_as_inactive(website_url: str, site: Mapped) -> None:
    web = opened(website_url, WEB_ONLY)
    assert publish(web, item(1, Custom={"Web": "Oui"}), item(2, "8-2")) == ["inserted", "skipped"]
    assert publish(web, item(3, Custom={"Web": "Non"})) == ["updated"]
    web.close()
    assert bool(product(site)["active"]) is False


def test_a_tombstone_is_reported_or_treated_as_inactive(website_url: str, site: Mapped) -> None:
    publish(site, item(1))
    reporting = opened(website_url, replace(PRODUCTS, notfound="report"))
    gone = replace(item(2), is_deleted=True)
    assert publish(reporting, gone) == ["deleted"]
    reporting.close()
    assert bool(product(site)["active"]) is True
    assert publish(site, gone, replace(item(3, "8-9"), is_deleted=True), now=LATER) == ["deleted", "deleted"]
    assert bool(product(site)["active"]) is False
    assert moment(product(site)["updated_at"]) == "2026-03-01 13:00:00"
    assert len(rows(site, "SELECT id FROM products")) == 1
    assert publish(site, item(4)) == ["updated"]


def test_of_an_erased_record_no_value_is_written(site: Mapped) -> None:
    publish(site, item(1))
    before = product(site)
    erased = replace(item(2, Name="secret"), erased=True)
    assert publish(site, erased, replace(item(3, "8-2"), erased=True)) == ["unchanged", "unchanged"]
    assert rows(site, "SELECT * FROM products") == [before]


def test_a_record_that_was_told_before_need_not_bring_its_values(site: Mapped) -> None:
    publish(site, item(1))
    bare = replace(item(2), values=None, values_seq=1)
    assert publish(site, bare) == ["unchanged"]
    run(site, "UPDATE products SET price = 2")
    assert publish(site, replace(bare, seq=3)) == ["unread"]
    assert publish(site, item(3)) == ["updated"]
    assert publish(site, replace(item(4, "8-2"), values=None, values_seq=1)) == ["unread"]


def test_an_older_edit_sequence_is_held_until_a_person_forces_it(site: Mapped) -> None:
    publish(site, item(1))
    (published,) = told(site, item(2, Price="9", EditSequence="99"))
    assert published.outcome == "held"
    assert published.detail == {"website": "1700000000", "quickbooks": "99"}
    assert publish(site, item(3, EditSequence="99")) == ["unchanged"]
    publish(site, item(4))
    assert publish(site, replace(item(5, Price="9", EditSequence="99"), forced=True)) == ["updated"]


def test_what_is_looked_up_is_taken_from_the_other_table(site: Mapped) -> None:
    run(site, "INSERT INTO categories (name) VALUES ('Outils'), ('Vis')")
    publish(site, item(1, Custom={"Category": "Vis"}), item(2, "8-2", Custom={"Category": "Rien"}))
    assert product(site)["category_id"] == rows(site, "SELECT id FROM categories WHERE name = 'Vis'")[0]["id"]
    assert product(site, "8-2")["category_id"] is None


def test_what_is_not_found_is_held_where_the_mapping_says_so(website_url: str, site: Mapped) -> None:
    lookup = Lookup("categories", "name", "id", missing="hold")
    columns = (*PRODUCTS.columns[:6], replace(PRODUCTS.columns[6], lookup=lookup), *PRODUCTS.columns[7:])
    holding = opened(website_url, replace(PRODUCTS, columns=columns))
    published = told(holding, item(1, Custom={"Category": "Vis"}), item(2, "8-2"))
    assert [each.outcome for each in published] == ["held", "inserted"]
    assert published[0].detail == {"reason": "lookup", "column": "category_id", "table": "categories"}
    run(site, "INSERT INTO categories (name) VALUES ('Vis')")
    assert publish(holding, item(1, Custom={"Category": "Vis"})) == ["inserted"]
    holding.close()


def test_a_child_finds_the_parent_that_comes_in_the_same_batch(site: Mapped) -> None:
    batch = [item(1, "8-1", **{"Parent.ListID": "8-2"}), item(2, "8-2", **{"Parent.ListID": "8-3"}), item(3, "8-3")]
    batch.append(item(4, "8-4", **{"Parent.ListID": "nobody"}))
    assert publish(site, *batch) == ["inserted"] * 4
    found = {each["qb_list_id"]: each for each in rows(site, "SELECT * FROM products")}
    assert found["8-1"]["parent_id"] == found["8-2"]["id"]
    assert found["8-2"]["parent_id"] == found["8-3"]["id"]
    assert found["8-4"]["parent_id"] is None


def test_a_second_table_is_keyed_by_the_row_of_the_first(site: Mapped) -> None:
    batch = [item(1), item(2, "8-2", IsActive=False), item(3, "8-3", Type="ItemService"), item(4, "8-4")]
    publish(site, *batch[:3])
    published = told(site, *batch, target="stocks")
    assert [each.outcome for each in published] == ["inserted", "skipped", "skipped", "held"]
    assert [dict(each.detail) for each in published[1:]] == [
        {"reason": "parent"},
        {"reason": "type"},
        {"reason": "parent", "target": "products"},
    ]
    (found,) = rows(site, "SELECT * FROM stocks")
    assert (found["product_id"], Decimal(str(found["quantity"]))) == (product(site)["id"], Decimal(7))
    assert publish(site, item(5, QuantityOnHand="7.250"), target="stocks") == ["updated"]


REFUSED = [
    ({"Name": "x" * 31}, "name", "too_long", ("31", "30")),
    ({"Price": "1.23456"}, "price", "too_many_decimals", ("5", "2")),
    ({"Price": "123456789"}, "price", "too_many_digits", ("9", "8")),
    ({"Name": None}, "name", "null", (None, None)),
    ({"Sublevel": 40_000}, "sort", "out_of_range", (None, "32767")),
    ({"Name": "a\0b"}, "name", "bad_character", (None, None)),
]


@pytest.mark.parametrize(("values", "column", "reason", "numbers"), REFUSED)
def test_a_value_that_does_not_fit_sets_its_record_aside_and_no_other(
    site: Mapped, values: dict[str, object], column: str, reason: str, numbers: tuple[str | None, str | None]
) -> None:
    published = told(site, item(1, "8-1"), item(2, "8-2", **values), item(3, "8-3"))
    assert [each.outcome for each in published] == ["inserted", "refused_value", "inserted"]
    detail = published[1].detail
    assert (detail["column"], detail["reason"]) == (column, reason)
    assert (detail.get("length"), detail.get("limit")) == numbers
    assert len(rows(site, "SELECT id FROM products")) == 2
    assert site.state("products", "acme", "8-2") is None
    assert publish(site, item(4, "8-2")) == ["inserted"]


def test_a_character_that_the_column_has_no_place_for_is_refused(site: Mapped) -> None:
    published = told(site, item(1, Description="Marteau 🔨"), item(2, "8-2"))
    if site.engine.dialect.name in ("mysql", "mariadb"):
        assert [each.outcome for each in published] == ["refused_value", "inserted"]
        assert published[0].detail == {"column": "note", "reason": "bad_character"}
    else:
        assert [each.outcome for each in published] == ["inserted", "inserted"]


@pytest.mark.parametrize("values", [{"Name": "Bolt 8-1"}, {"Price": "6000"}])
def test_what_only_the_database_knows_sets_aside_that_record_alone(site: Mapped, values: dict[str, object]) -> None:
    publish(site, item(1, "8-1"))
    published = told(site, item(2, "8-1", Price="3"), item(3, "8-2", **values), item(4, "8-3"))
    assert [each.outcome for each in published] == ["updated", "refused_value", "inserted"]
    assert published[1].detail["reason"] == "database"
    assert len(rows(site, "SELECT id FROM products")) == 2
    assert site.state("products", "acme", "8-2") is None
    assert publish(site, item(3, "8-2")) == ["inserted"]


def test_a_row_that_a_trigger_swallows_is_told(site: Mapped) -> None:
    if site.engine.dialect.name != "postgresql":
        pytest.skip("only PostgreSQL's triggers can swallow a row")
    run(
        site,
        "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.sku = 'SKU-8-1' THEN RETURN NULL; END IF; RETURN NEW; END $$",
    )
    run(site, "CREATE TRIGGER swallow BEFORE INSERT ON products FOR EACH ROW EXECUTE FUNCTION swallow()")
    published = told(site, item(1), item(2, "8-2"))
    assert [each.outcome for each in published] == ["refused_value", "inserted"]
    assert published[0].detail["reason"] == "row_count"


def test_a_dry_run_tells_what_would_be_written_and_writes_nothing(site: Mapped) -> None:
    publish(site, item(1))
    add_product(site, "Bolt 8-2")
    before = rows(site, "SELECT * FROM products ORDER BY id")
    batch = [item(2, Price="13"), item(3, "8-2"), item(4, "8-3"), item(5, "8-4", Name="x" * 40)]
    found = site.diff("products", batch, LATER)
    assert [each.published.outcome for each in found] == ["updated", "adopted", "inserted", "refused_value"]
    assert found[0].columns == {"price": (Decimal("12.5"), Decimal(13)), "updated_at": (NOW, LATER)}
    assert found[1].columns["qb_list_id"] == (None, "8-2")
    assert found[2].columns["name"] == (None, "Bolt 8-3")
    assert found[3].columns == {}
    assert rows(site, "SELECT * FROM products ORDER BY id") == before
    state = site.state("products", "acme", "8-1")
    assert state is not None
    assert state["seq"] == 1


def test_a_column_that_is_gone_stops_the_target_with_its_name(site: Mapped) -> None:
    publish(site, item(1))
    run(site, "ALTER TABLE products RENAME COLUMN note TO remark")
    with pytest.raises(TableChanged, match="was changed just now"):
        publish(site, item(2, Price="2"))
    with pytest.raises(TableChanged, match="lacks the column note"):
        publish(site, item(2, Price="2"))
    assert publish(site, customer(3), target="people") == ["inserted"]
    run(site, "ALTER TABLE products RENAME COLUMN remark TO note")
    assert publish(site, item(2, Price="2")) == ["updated"]


@pytest.mark.usefixtures("site")
def test_a_table_that_is_not_there_is_told(website_url: str) -> None:
    other = opened(website_url, replace(PEOPLE, table="persons"))
    with pytest.raises(TableChanged, match="persons is not there"):
        publish(other, customer(1), target="people")
    other.close()


def test_a_table_without_a_primary_key_is_written_by_its_key(website_url: str, site: Mapped) -> None:
    run(site, "CREATE TABLE bare (qb varchar(36), title varchar(40))")
    run(site, "INSERT INTO bare (qb, title) VALUES (NULL, 'Bolt 8-1')")
    columns = (ColumnRule("title", "Name"),)
    rule = replace(
        PRODUCTS,
        name="bare",
        table="bare",
        key=(replace(PRODUCTS.key[0], column="qb"),),
        columns=columns,
        inactive=(),
        adopt=((("title", "Name"),),),
    )
    bare = opened(website_url, rule)
    assert publish(bare, item(1), item(2, "8-2"), target="bare") == ["adopted", "inserted"]
    assert publish(bare, item(3, Name="New"), target="bare") == ["updated"]
    bare.close()
    assert rows(site, "SELECT * FROM bare ORDER BY qb") == [
        {"qb": "8-1", "title": "New"},
        {"qb": "8-2", "title": "Bolt 8-2"},
    ]


@pytest.mark.usefixtures("site")
def test_records_of_another_company_are_left_alone(website_url: str) -> None:
    other = opened(website_url, replace(STOCKS, company="other"), PRODUCTS)
    assert publish(other, item(1), target="stocks") == ["skipped"]
    other.close()


def test_the_bulk_gives_the_outcomes_of_single_records(site: Mapped) -> None:
    add_product(site, "A", sku="SKU-8-1")
    add_product(site, "B", sku="SKU-8-2")
    add_product(site, "C", sku="SKU-8-2")
    batch = [item(number, f"8-{number}", IsActive=number % 5 != 0) for number in range(1, 13)]
    batch.append(item(13, "8-13", Price="1.999"))
    bulk = [each.published.outcome for each in site.diff("products", batch, NOW)]
    assert bulk == [publish(site, each)[0] for each in batch]
    assert set(bulk) == {"adopted", "ambiguous", "inserted", "skipped", "refused_value"}
