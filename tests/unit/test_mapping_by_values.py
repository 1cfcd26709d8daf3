"""Columns found by what stands in them, and what the website gets wrong."""

import time
import tracemalloc
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbwc_server.publish.mapping.by_values import Known, compare
from qbwc_server.publish.mapping.evidence import Evidence, Match, Way
from qbwc_server.publish.mapping.file import parse_mapping
from qbwc_server.publish.mapping.forms import ABSENT, BLANK, column_code, field_code
from qbwc_server.publish.mapping.proposal import toml
from qbwc_server.publish.mapping.reflected import Family, Limit, Reflected, ReflectedColumn
from qbwc_server.publish.mapping.suggest import Surroundings, suggest

Row = dict[str, object]
WORDS = [
    "valve",
    "pipe",
    "elbow",
    "tap",
    "pump",
    "hose",
    "seal",
    "bolt",
    "nut",
    "ring",
    "gauge",
    "meter",
    "flange",
    "union",
    "tee",
    "cap",
    "plug",
    "clamp",
]


def table(name: str, **columns: Family) -> Reflected:
    made = tuple(ReflectedColumn(each, Limit(kind, kind)) for each, kind in {"id": "int", **columns}.items())
    return Reflected(name, made, primary_key=("id",))


def items(count: int, seed: int = 1) -> list[Known]:
    random = Random(seed)
    return [
        Known(
            f"80000{number:03d}-1",
            {
                "Type": "ItemInventory" if number % 3 else "ItemService",
                "Name": f"{random.choice(WORDS)} {number}",
                "FullName": f"{random.choice(WORDS)}:{number}",
                "IsActive": number % 10 != 0,
                "ManufacturerPartNumber": f"MPN-{number:04d}",
                "Description": f"A {random.choice(WORDS)} and a {random.choice(WORDS)} of {number} mm",
                "Price": f"{random.randrange(100, 99999) / 100:.2f}",
                "QuantityAvailable": str(random.randrange(50)),
                "PurchaseCost": f"{random.randrange(100, 9999) / 100:.2f}",
                "Custom": {"Shelf": f"S{random.randrange(40)}"},
            },
            is_active=number % 10 != 0,
        )
        for number in range(count)
    ]


SHOP = table(
    "products",
    ref="text",
    label="text",
    words="text",
    amount="decimal",
    amount_cents="int",
    on_shelf="int",
    shown="bool",
    hidden="int",
    place="text",
    colour="text",
    zero="int",
)


def row(number: int, record: Known) -> Row:
    values = record.values
    price = Decimal(str(values["Price"]))
    return {
        "id": number,
        "ref": str(values["ManufacturerPartNumber"]).lower(),
        "label": f" {values['Name']} ".upper(),
        "words": values["Description"],
        "amount": price.quantize(Decimal("0.00001")),
        "amount_cents": int(price * 100),
        "on_shelf": int(str(values["QuantityAvailable"])),
        "shown": values["IsActive"],
        "hidden": 0 if values["IsActive"] else 1,
        "place": values["Custom"]["Shelf"],  # type: ignore[index]
        "colour": "grey",
        "zero": 0,
    }


def look(shop: Reflected, rows: list[Row], records: list[Known], list_name: str = "item", **more: int) -> Evidence:
    return compare(shop, list_name, lambda: iter(rows), lambda: iter(records), **more)


def found(evidence: Evidence) -> dict[str, tuple[str, Way]]:
    return {each.column: (each.field, each.way) for each in evidence.matches if each.is_found}


def of(evidence: Evidence, column: str) -> Match:
    match = evidence.match(column)
    assert match is not None
    return match


def test_columns_are_found_by_their_values_whatever_they_are_called() -> None:
    records = items(200)
    evidence = look(SHOP, [row(number, record) for number, record in enumerate(records, 1)], records)

    assert [(link.column, link.field, link.rows) for link in evidence.links] == [
        ("ref", "ManufacturerPartNumber", 200)
    ] or evidence.links[0].column in {"ref", "label"}
    assert found(evidence) == {
        "ref": ("ManufacturerPartNumber", "plain"),
        "label": ("Name", "plain"),
        "words": ("Description", "plain"),
        "amount": ("Price", "number"),
        "amount_cents": ("Price", "cents"),
        "on_shelf": ("QuantityAvailable", "number"),
        "shown": ("IsActive", "bool"),
        "hidden": ("IsActive", "not"),
        "place": ("Custom.Shelf", "plain"),
    }
    assert evidence.types == ("ItemInventory", "ItemService")
    assert (evidence.rows, evidence.records, evidence.joined) == (200, 200, 200)
    assert (evidence.gone.count, evidence.unknown.count, evidence.missing.count) == (0, 0, 0)


def test_what_the_website_gets_wrong_is_counted_with_ten_examples() -> None:
    records = items(300)
    rows = [row(number, record) for number, record in enumerate(records, 1)]
    for each in rows[:88]:
        each["amount"] = Decimal("0.01")
    rows[0]["words"] = None
    rows += [
        {**row(1000 + number, items(1)[0]), "ref": f"old-{number}", "label": f"old {number}"} for number in range(41)
    ]
    rows.append({**rows[0], "id": 5000})
    del rows[299]
    evidence = look(SHOP, rows, records)

    price = of(evidence, "amount")
    assert (price.field, price.equal, price.compared) == ("Price", 211, 300)
    assert (price.different.count, price.different.keys[:2], len(price.different.keys)) == (89, ("id 1", "id 2"), 10)
    assert of(evidence, "words").different.keys == ("id 1", "id 5000")
    assert (evidence.unknown.count, evidence.unknown.keys[0]) == (41, "id 1000")
    assert (evidence.doubled.count, evidence.doubled.keys) == (1, ("id 5000",))
    assert evidence.missing.keys == (records[299].list_id,)
    assert next(evidence.wrong).column == "amount"


def test_a_row_of_a_deleted_record_and_one_whose_list_id_is_unknown_are_gone() -> None:
    records = items(30)
    shop = table("products", qb="text", label="text")
    rows: list[Row] = [
        {"id": number, "qb": record.list_id, "label": record.values["Name"]} for number, record in enumerate(records)
    ]
    rows.append({"id": 99, "qb": "never-seen", "label": "x"})
    rows.append({"id": 100, "qb": None, "label": "y"})
    records[3] = Known(records[3].list_id, records[3].values, is_deleted=True)
    evidence = look(shop, rows, records)

    assert evidence.links[0].column == "qb"
    assert evidence.gone.keys == ("id 3", "id 99")
    assert evidence.unknown.keys == ("id 100",)
    assert evidence.records == 29
    assert evidence.match("qb") is None, "the key is no column of the mapping"


def test_inactive_records_and_types_that_the_shop_does_not_have_are_not_missed() -> None:
    records = items(60)
    rows = [row(number, record) for number, record in enumerate(records) if record.values["Type"] == "ItemService"]
    evidence = look(SHOP, rows[1:], records)

    assert evidence.types == ("ItemService",)
    assert evidence.missing.count == 0, "the only one left out is inactive"
    assert look(SHOP, rows[:-1], records).missing.keys == (records[57].list_id,)


def customers(count: int) -> list[Known]:
    return [
        Known(
            f"C{number}",
            {
                "Name": f"Client {number}",
                "FullName": f"Client {number}",
                "Sublevel": 0,
                "IsActive": True,
                "Email": f"c{number}@example.com; other{number}@example.com",
                "Phone": f"(514) 555-{number:04d}",
                "AccountNumber": f"A{number}",
                "BillAddress.City": WORDS[number % len(WORDS)],
                "ShipAddress.City": WORDS[number % len(WORDS)],
            },
        )
        for number in range(count)
    ]


def test_people_are_found_by_their_address_and_phones_by_their_digits() -> None:
    shop = table("users", mail="text", tel="text", where="text", shipping_city="text")
    records = customers(50)
    rows: list[Row] = [
        {
            "id": number,
            "mail": f"C{number}@Example.com",
            "tel": f"+1514555{number:04d}",
            "where": record.values["BillAddress.City"],
            "shipping_city": record.values["BillAddress.City"],
        }
        for number, record in enumerate(records)
    ]
    jobs = [
        Known(f"J{number}", {"Name": "job", "FullName": f"Client {number}:job", "Sublevel": 1}) for number in range(9)
    ]
    evidence = look(shop, rows, [*records, *jobs], "customer")

    assert [(link.column, link.field) for link in evidence.links] == [("mail", "Email")]
    assert found(evidence) == {
        "mail": ("Email", "email"),
        "tel": ("Phone", "phone"),
        "where": ("BillAddress.City", "plain"),
        "shipping_city": ("ShipAddress.City", "plain"),
    }, "of two that agree as often, the one that is named so"
    assert (evidence.has_jobs, evidence.missing.count) == (False, 0)
    [target] = parse_mapping(toml([suggest(shop, "customer", Surroundings("mysql", evidence=evidence))], "en")).targets
    assert [test.field for test in target.only] == ["Sublevel"]


def test_a_private_value_names_no_row() -> None:
    shop = Reflected(
        "customers",
        (ReflectedColumn("nr", Limit("text", "text")), ReflectedColumn("label", Limit("text", "text"))),
        primary_key=("nr",),
    )
    records = customers(30)
    rows: list[Row] = [{"nr": each.values["AccountNumber"], "label": each.values["Name"]} for each in records]
    rows[4]["label"] = "wrong"
    evidence = look(shop, rows, records, "customer")

    assert evidence.links[0].is_private
    assert of(evidence, "nr").is_private
    assert of(evidence, "label").different.keys == ("#5",)
    assert "A4" not in str(evidence.as_json())


def test_nearly_constant_columns_are_no_evidence() -> None:
    shop = table("products", ref="text", reserved="int", featured="bool")
    records = items(100)
    for record in records:
        record.values["QuantityOnOrder"] = "0"  # type: ignore[index]
    rows: list[Row] = [
        {
            "id": number,
            "ref": record.values["ManufacturerPartNumber"],
            "reserved": 0 if number else 7,
            "featured": number % 10 != 1,
        }
        for number, record in enumerate(records)
    ]

    assert set(found(look(shop, rows, records))) == {"ref"}


def test_a_column_that_is_only_named_so_tells_how_often_it_is_right() -> None:
    shop = table("products", sku="text", price="decimal")
    records = items(100)
    rows: list[Row] = [
        {"id": number, "sku": record.values["ManufacturerPartNumber"], "price": Decimal(number)}
        for number, record in enumerate(records)
    ]
    match = of(look(shop, rows, records), "price")

    assert (match.is_found, match.field, match.equal, match.compared) == (False, "Price", 0, 100)


@pytest.mark.parametrize("rows", [[], [{"id": 1, "ref": "nobody"}]])
def test_nothing_in_common_is_no_fault(rows: list[Row]) -> None:
    evidence = look(SHOP, rows, items(5))

    assert (evidence.links, evidence.matches, evidence.joined) == ((), (), 0)
    assert evidence.unknown.count == len(rows)
    assert look(SHOP, rows, []).records == 0


def test_a_number_that_the_database_counts_joins_nothing() -> None:
    records = [Known(f"L{number}", {"Name": str(number), "FullName": str(number)}) for number in range(30)]
    counted = ReflectedColumn("id", Limit("int", "int", is_nullable=False), has_default=True)
    shop = Reflected("products", (counted,), primary_key=("id",))

    assert look(shop, [{"id": number} for number in range(30)], records).joined == 0


def test_a_value_that_several_records_have_joins_none_of_them() -> None:
    records = [Known(f"L{number}", {"Name": "same", "FullName": "same"}) for number in range(3)]

    assert look(table("products", label="text"), [{"id": 1, "label": "same"}], records).joined == 0


@given(st.decimals(-(10**9), 10**9, places=5))
def test_numbers_are_equal_by_their_value(number: Decimal) -> None:
    for same in (number, str(number), number.normalize(), f"{number:f}000"):
        assert column_code(same, "number") == field_code(str(number), "number")


@given(st.text(), st.sampled_from(["plain", "number", "bool", "not", "cents", "phone", "email", "slug"]))
def test_every_text_has_a_form_and_blanks_are_never_equal(text: str, way: Way) -> None:
    here, there = column_code(text, way), field_code(text, way)

    assert here != ABSENT
    assert there != BLANK
    assert (here == BLANK) == (not text.split())


def test_large_tables_take_seconds_and_little_memory() -> None:
    records, random = items(20_000), Random(2)
    extra = {f"c{number}": "text" for number in range(50)}
    shop = table("products", ref="text", amount="decimal", words="text", **extra)  # type: ignore[arg-type]
    rows: list[Row] = [
        {
            "id": number,
            "ref": record.values["ManufacturerPartNumber"],
            "amount": Decimal(str(record.values["Price"])),
            "words": record.values["Description"],
            **{name: random.choice(WORDS) for name in extra},
        }
        for number, record in enumerate(records)
    ]
    began = time.monotonic()
    evidence = look(shop, rows, records)
    took = time.monotonic() - began
    tracemalloc.start()
    look(shop, rows, records)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert of(evidence, "amount").equal == 20_000
    assert took < 20, "it takes about three on an idle machine"
    assert most < 60_000_000


def test_the_sample_is_fair() -> None:
    """The first rows of a table are often its oldest: they alone must not decide."""
    records = items(400)
    rows = [row(number, record) for number, record in enumerate(records)]
    for each in rows[:100]:
        each["amount"] = Decimal(1)

    assert of(look(SHOP, rows, records, sample=100), "amount").is_found
