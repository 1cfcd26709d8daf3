from dataclasses import replace
from datetime import UTC, datetime

import pytest

from qbwc_server.qbxml.fields import Field, text
from qbwc_server.qbxml.lists import CUSTOMER, ITEM, LISTS, ListType
from qbwc_server.refreshing import FieldChange
from qbwc_server.web.fields import differences, groups, written
from qbwc_server.web.wording import Wording

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
EN = Wording("en", "America/Toronto", NOW)
FR = Wording("fr", "America/Toronto", NOW)


def test_fields_stand_under_their_group_in_the_order_of_the_list() -> None:
    values = {"Phone": "555", "Name": "Cook", "BillAddress.City": "Laval", "Email": "c@example.com", "ListID": "8-1"}
    shown = {group.heading: [field.name for field in group.fields] for group in groups(EN, CUSTOMER, values)}
    assert shown == {
        "Identity": ["Name"],
        "Contact": ["Email", "Phone"],
        "Billing address": ["BillAddress.City"],
        "Dates in QuickBooks": ["ListID"],
    }


def test_absent_and_empty_fields_and_unknown_ones_are_left_out() -> None:
    values: dict[str, object] = {"Name": "", "Phone": None, "ShipToAddresses": [], "Unheard": "x"}
    assert groups(EN, CUSTOMER, values) == ()


def test_a_false_value_is_shown() -> None:
    (group,) = groups(FR, CUSTOMER, {"IsActive": False})
    assert group.fields[0].text == "Non"


@pytest.mark.parametrize("chosen", LISTS, ids=lambda kind: kind.name)
def test_every_field_of_every_list_finds_a_group(chosen: ListType) -> None:
    values = {field.name: {"a": "1"} if field.name == "Custom" else "1" for field in chosen.fields}
    shown = [field.name for group in groups(EN, chosen, values) for field in group.fields]
    assert sorted(shown) == sorted(values)


@pytest.mark.parametrize("chosen", [CUSTOMER, ITEM], ids=lambda kind: kind.name)
def test_the_fields_of_customers_and_items_are_all_named_by_a_group(chosen: ListType) -> None:
    shown = groups(EN, chosen, {field.name: "1" for field in chosen.fields})
    assert "Further fields" not in [group.heading for group in shown]


def test_a_field_that_no_group_names_stands_under_further_fields() -> None:
    kind = replace(CUSTOMER, fields=(*CUSTOMER.fields, Field("TaxAgency", ("TaxAgency",), text(41))))
    (group,) = groups(EN, kind, {"TaxAgency": "Revenu Québec"})
    assert (group.heading, group.fields[0].text) == ("Further fields", "Revenu Québec")


def test_private_fields_are_marked_and_custom_ones_are_a_table() -> None:
    values = {"Balance": "12.00", "Name": "Cook", "Custom": {"Colour": "red"}}
    identity, money, custom = groups(EN, CUSTOMER, values)
    assert [group.fields[0].private for group in (identity, money, custom)] == [False, True, True]
    assert money.fields[0].text == "12.00"
    assert custom.fields[0].table is not None
    assert custom.fields[0].table.rows == (("Colour", "red"),)


@pytest.mark.parametrize(
    ("name", "value", "english", "french"),
    [
        ("Price", "1299.99500", "1,299.99500", "1\u202f299,99500"),
        ("QuantityOnHand", "12", "12", "12"),
        ("IsActive", True, "Yes", "Oui"),
        ("Type", "ItemService", "Service", "Service"),
        ("Type", "ItemNew", "ItemNew", "ItemNew"),
        ("TimeModified", "2026-11-20T09:10:11-08:00", "2026-11-20 09:10", "2026-11-20 09:10"),
        ("TaxRate", "9.975", "9.975", "9,975"),
        ("Name", "<b>Nail</b>", "<b>Nail</b>", "<b>Nail</b>"),
        ("Price", None, "", ""),
    ],
)
def test_values_are_written_as_the_reader_writes_them(name: str, value: object, english: str, french: str) -> None:
    assert written(EN, ITEM, name, value) == english
    assert written(FR, ITEM, name, value) == french


def test_the_lines_of_a_group_become_a_table_and_one_line_in_a_change() -> None:
    lines = [
        {"list_id": "1", "full_name": "Nail", "quantity": "1000.5", "unit": "ea"},
        {"list_id": "2", "full_name": "Wood", "quantity": "", "unit": ""},
    ]
    (group,) = groups(FR, ITEM, {"Lines": lines})
    assert group.fields[0].table is not None
    assert group.fields[0].table.rows == (("Nail", "1\u202f000,5", "ea"), ("Wood", "", ""))
    assert written(EN, ITEM, "Lines", lines) == "1,000.5 ea Nail; Wood"


def test_changes_name_the_field_and_say_before_and_after() -> None:
    changes = [FieldChange("8-1", "Phone", "555", None), FieldChange("8-1", "Custom", None, {"Colour": "blue"})]
    phone, custom = differences(FR, CUSTOMER, changes)
    assert (phone.label, phone.before, phone.after) == ("Téléphone", "555", "")
    assert (custom.before, custom.after) == ("", "Colour: blue")
