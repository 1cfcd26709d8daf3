import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbwc_server.qbxml import fields
from qbwc_server.qbxml.errors import BadValue
from qbwc_server.qbxml.fields import FieldType, Value, parse_decimal
from qbwc_server.qbxml.lists import CUSTOMER, ITEM, LISTS, ListType, list_type
from qbwc_server.qbxml.record import from_json, to_json

ADDRESS = ("addr1", "addr2", "addr3", "addr4", "addr5", "city", "state", "postal_code", "country")

CUSTOMER_COLUMNS = [
    *("list_id", "name", "full_name", "parent_list_id", "sublevel", "is_active", "company_name", "salutation"),
    *("first_name", "middle_name", "last_name", "job_title", "email", "cc", "phone", "alt_phone", "fax", "contact"),
    "alt_contact",
    *(f"bill_address_{part}" for part in ADDRESS),
    *(f"ship_address_{part}" for part in ADDRESS),
    *("ship_to_addresses", "customer_type", "class", "terms", "sales_rep", "price_level", "currency"),
    *("sales_tax_code", "tax_registration_number", "preferred_delivery_method", "preferred_payment_method"),
    *("job_status", "balance", "total_balance", "custom_fields", "time_created", "time_modified", "edit_sequence"),
]
ITEM_COLUMNS = [
    *("list_id", "type", "name", "full_name", "parent_list_id", "sublevel", "is_active", "class", "sku"),
    *("bar_code_value", "description", "price", "price_percent", "is_tax_included", "sales_tax_code", "tax_rate"),
    *("unit_of_measure", "quantity_on_hand", "quantity_on_order", "quantity_on_sales_order", "quantity_available"),
    *("lines", "special_item_type", "custom_fields", "time_created", "time_modified", "edit_sequence"),
]
PRIVATE = {
    "customer": {
        *("Balance", "TotalBalance", "Custom", "CreditLimit", "AccountNumber", "ResaleNumber", "Notes"),
    },
    "item": {
        *("Lines", "Custom", "PurchaseDesc", "PurchaseCost", "AverageCost", "CostBasis", "PrefVendor"),
        *("VendorOrPayeeName", "TaxVendor", "Account", "IncomeAccount", "ExpenseAccount", "COGSAccount"),
        *("AssetAccount", "DepositToAccount", "Notes"),
    },
}


@pytest.mark.parametrize(("kind", "columns"), [(CUSTOMER, CUSTOMER_COLUMNS), (ITEM, ITEM_COLUMNS)])
def test_columns_are_those_of_the_contract_in_its_order(kind: ListType, columns: list[str]) -> None:
    assert [field.column for field in kind.columns] == columns


@pytest.mark.parametrize("kind", LISTS)
def test_private_fields_are_those_of_the_contract(kind: ListType) -> None:
    assert {field.name for field in kind.fields if field.private} == PRIVATE[kind.name]


def test_what_moves_without_time_modified_is_names_balances_and_quantities() -> None:
    assert {field.name for field in CUSTOMER.fields if field.volatile} == {
        *("FullName", "Sublevel", "Balance", "TotalBalance"),
    }
    assert {field.name for field in ITEM.fields if field.volatile} == {
        *("FullName", "Sublevel", "QuantityOnHand", "QuantityOnOrder", "QuantityOnSalesOrder", "QuantityAvailable"),
    }


@pytest.mark.parametrize("kind", LISTS)
def test_each_field_has_a_name_and_places_of_its_own(kind: ListType) -> None:
    names = [field.name for field in kind.fields]
    paths = [path for field in kind.fields for path in field.paths]
    assert len(set(names)) == len(names)
    assert len(set(paths)) == len(paths)
    # A field inside another would never be read.
    assert not [path for path in paths if any(path.startswith(f"{other}/") for other in paths)]
    assert {ret for field in kind.fields for ret in field.only} <= set(kind.rets)


def test_card_data_and_tax_numbers_are_no_fields() -> None:
    paths = [path for kind in LISTS for field in kind.fields for path in field.paths]
    assert not [path for path in paths if "CreditCard" in path or "EIN" in path or "SSN" in path]


def test_a_list_is_found_by_its_name() -> None:
    assert list_type("item") is ITEM
    with pytest.raises(KeyError):
        list_type("invoice")


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("12.50", "12.50"),
        ("-281", "-281"),
        ("2.69500", "2.69500"),
        ("18.0%", "18.0"),
        (" 7 % ", "7"),
        ("+5.10", "5.10"),
        (".5", "0.5"),
        ("0.00000", "0.00000"),
        ("9999999999999.99", "9999999999999.99"),
    ],
)
def test_numbers_keep_quickbooks_digits(text: str, digits: str) -> None:
    assert fields.MONEY.to_json(parse_decimal(text)) == digits


@pytest.mark.parametrize("text", ["", "abc", "NaN", "Infinity", "1e5", "1_000", "1,5", "--1", "٣", "1.2.3", "9" * 500])
def test_what_is_no_number_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(BadValue, match=r"^is not a number$"):
        parse_decimal(text)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (fields.BOOL, "true", True),
        (fields.BOOL, "0", False),
        (fields.INT, " 3 ", 3),
        (fields.DATE, "2024-02-29", "2024-02-29"),
        (fields.ENUM, "SomethingNew", "SomethingNew"),
        (fields.TIME, "2014-07-19T07:21:56-05:00", "2014-07-19T07:21:56-05:00"),
        (fields.text(3), "  longer than the schema ", "  longer than the schema "),
    ],
)
def test_leaves_are_read(kind: FieldType, text: str, value: Value) -> None:
    assert kind.parse(text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [(fields.BOOL, "yes"), (fields.INT, "3.5"), (fields.INT, "9" * 400), (fields.DATE, "soon"), (fields.LINES, "x")],
)
def test_leaves_of_another_type_are_refused(kind: FieldType, text: str) -> None:
    with pytest.raises(BadValue):
        kind.parse(text)


def values_of(kind: FieldType) -> st.SearchStrategy[Value]:
    by_kind: dict[str, st.SearchStrategy[Value]] = {
        "text": st.text(),
        "decimal": st.decimals(allow_nan=False, allow_infinity=False, places=5, min_value=-(10**13), max_value=10**13),
        "bool": st.booleans(),
        "int": st.integers(-(10**9) + 1, 10**9 - 1),
        "json": st.lists(st.dictionaries(st.text(), st.text() | st.booleans()))
        if kind.name != "custom"
        else st.dictionaries(st.text(), st.text()),
    }
    return by_kind[kind.kind]


@pytest.mark.parametrize("kind", LISTS)
@given(data=st.data())
def test_values_come_back_from_json_digit_by_digit(kind: ListType, data: st.DataObject) -> None:
    values = data.draw(st.fixed_dictionaries({}, optional={field.name: values_of(field.type) for field in kind.fields}))
    stored = json.loads(json.dumps(to_json(values)))
    again = from_json(kind, stored)
    assert again == values
    assert to_json(again) == to_json(values)


def test_a_stored_field_that_the_list_no_longer_has_is_left_out() -> None:
    assert from_json(CUSTOMER, {"Name": "a", "Gone": 1, "Phone": None}) == {"Name": "a"}


@pytest.mark.parametrize(
    "stored", [{"Name": 5}, {"Balance": 1.5}, {"Sublevel": True}, {"IsActive": 1}, {"Balance": "x"}]
)
def test_a_stored_value_of_another_type_is_refused(stored: dict[str, object]) -> None:
    with pytest.raises(BadValue):
        from_json(CUSTOMER, stored)


def test_json_keeps_trailing_zeros() -> None:
    assert from_json(CUSTOMER, json.loads(json.dumps(to_json({"Balance": Decimal("12.50")})))) == {
        "Balance": Decimal("12.50")
    }
    assert to_json({"Balance": Decimal("12.50")}) == {"Balance": "12.50"}
