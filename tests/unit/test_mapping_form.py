"""What a record becomes in a mapped table's columns, and what is refused beforehand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from qbwc_server.publish.mapping.cells import Cell, bound, cell
from qbwc_server.publish.mapping.draft import Draft, fingerprint
from qbwc_server.publish.mapping.form import Form
from qbwc_server.publish.mapping.model import (
    NOW,
    UUID4,
    ColumnRule,
    KeyPart,
    Lookup,
    TargetRule,
    Transform,
)
from qbwc_server.publish.mapping.model import Test as Only
from qbwc_server.publish.mapping.reflected import Limit
from qbwc_server.publish.mapping.sameness import same, seen
from qbwc_server.publish.records import Dirty
from qbwc_server.publish.values import Refused

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEXT = Limit("text", length=20)
LIMITS = {
    "qb": TEXT,
    "name": Limit("text", length=10, is_nullable=False),
    "slug": Limit("text", length=5),
    "price": Limit("decimal", digits=10, scale=2),
    "active": Limit("bool"),
    "category": Limit("int", lowest=0, highest=9),
    "seen_at": Limit("datetime"),
    "made_at": Limit("datetime"),
    "beat_at": Limit("datetime"),
    "token": TEXT,
    "origin": TEXT,
}
RULE = TargetRule(
    name="products",
    list="item",
    table="products",
    key=(KeyPart("qb", "ListID"),),
    columns=(
        ColumnRule("name", "Name", transforms=(Transform("trim"),)),
        ColumnRule("slug", "Name", transforms=(Transform("slug"),), when="insert"),
        ColumnRule("price", "Price"),
        ColumnRule("active", "IsActive"),
        ColumnRule("category", "Custom.Category", lookup=Lookup("categories", "name", "id")),
        ColumnRule("seen_at", value=NOW, when="changed"),
        ColumnRule("made_at", value=NOW, when="insert"),
        ColumnRule("beat_at", value=NOW),
        ColumnRule("token", value=UUID4),
        ColumnRule("origin", value="quickbooks"),
    ),
    adopt=((("name", "Name"),),),
    inactive=(("active", False),),
)


def record(**values: object) -> Dirty:
    whole = {"Name": "Bolt", "IsActive": True, "Type": "ItemInventory", **values}
    whole = {name: value for name, value in whole.items() if value is not None}
    return Dirty("acme", "item", "8-1", 1, whole, is_deleted=False, observed_at=AT, single=False)


def form(rule: TargetRule = RULE, **limits: Limit) -> Form:
    return Form(rule, {**LIMITS, **limits}, "postgresql")


def draft(found: Form, dirty: Dirty) -> Draft:
    return found.draft(dirty, {}, found.stamps(AT), "u-1")


def test_values_constants_and_what_is_sought_go_apart_by_when_they_are_written() -> None:
    found = draft(form(), record(Name=" Bolt ", Price="1.50", Custom={"Category": "Vis"}))
    assert found.key == ("8-1",)
    assert found.cells == {"name": "Bolt", "price": Decimal("1.5"), "active": True, "origin": "quickbooks"}
    assert found.changed == {"seen_at": AT}
    assert found.beats == {"beat_at": AT}
    assert found.once == {"token": "u-1"}
    assert found.sought == {"category": "Vis"}
    assert found.refusal is None
    assert form().born(found) == ({"made_at": AT, "slug": "bolt"}, None)


def test_what_only_a_new_row_gets_refuses_only_a_new_row() -> None:
    found = draft(form(), record(Name="Long bolt"))
    assert found.refusal is None
    assert form().born(found)[1] == {"column": "slug", "reason": "too_long", "length": "9", "limit": "5"}


@pytest.mark.parametrize(
    ("empty", "expected"), [("null", {"price": None}), ("keep", {}), ("text", {"price": None, "name": ""})]
)
def test_an_absent_field_does_what_the_target_says(empty: Any, expected: dict[str, Cell]) -> None:
    columns = (ColumnRule("name", "Name"), ColumnRule("price", "Price"))
    found = draft(form(replace(RULE, columns=columns, empty=empty, inactive=())), record(Name=None))
    if empty == "null":
        assert found.refusal == {"column": "name", "reason": "null"}
    assert dict(found.cells) == expected


def test_a_column_says_itself_what_an_absent_field_does() -> None:
    columns = (ColumnRule("name", "Name", empty="text"), ColumnRule("price", "Price", empty="keep"))
    found = draft(form(replace(RULE, columns=columns, inactive=())), record(Name=None))
    assert found.cells == {"name": ""}


def test_what_its_transforms_leave_empty_counts_as_absent() -> None:
    found = draft(form(), record(Name="   "))
    assert found.refusal == {"column": "name", "reason": "null"}


@pytest.mark.parametrize(
    ("types", "only", "values", "expected"),
    [
        ((), (), {}, "active"),
        ((), (), {"IsActive": False}, "inactive"),
        (("inventory", "service"), (), {}, "active"),
        (("ItemInventoryRet",), (), {}, "active"),
        (("non_inventory",), (), {}, "other"),
        ((), (Only("Custom.Web", ("Oui", "Yes")),), {"Custom": {"Web": "Yes"}}, "active"),
        ((), (Only("Custom.Web", ("Oui", "Yes")),), {}, "inactive"),
        ((), (Only("Custom.Web", ("",)),), {}, "active"),
        ((), (Only("Sublevel", ("0",)), Only("IsActive", ("true",))), {"Sublevel": 0}, "active"),
        ((), (Only("Sublevel", ("0",)), Only("IsActive", ("true",))), {"Sublevel": 1}, "inactive"),
    ],
)
def test_a_record_is_the_targets_by_its_type_and_by_what_it_must_be(
    types: tuple[str, ...], only: tuple[Only, ...], values: dict[str, object], expected: str
) -> None:
    assert form(replace(RULE, types=types, only=only)).standing(record(**values)) == expected


def test_what_is_set_for_an_inactive_record_goes_before_its_own_value() -> None:
    rule = replace(RULE, inactive=(("active", False), ("seen_at", NOW), ("name", "gone")))
    found = draft(form(rule), record(IsActive=False, Name="x" * 20))
    assert (found.cells["active"], found.cells["name"]) == (False, "gone")
    assert found.once["seen_at"] == AT
    assert found.refusal is None


def test_of_a_tombstone_and_of_an_erased_record_no_value_is_taken() -> None:
    gone = draft(form(), replace(record(), is_deleted=True))
    assert (gone.standing, dict(gone.cells)) == ("inactive", {"active": False})
    erased = draft(form(), replace(record(), erased=True))
    assert (dict(erased.cells), dict(erased.changed), dict(erased.once)) == ({}, {}, {})


def test_rows_are_adopted_by_what_would_be_written_there() -> None:
    assert form().adopted(record(Name=" Bolt "), 0) == ("Bolt",)
    assert form().adopted(record(Name=None), 0) is None
    assert form().adopted(record(Name="x" * 11), 0) is None


def test_a_key_that_is_absent_or_comes_from_elsewhere() -> None:
    assert form(replace(RULE, key=(KeyPart("qb", "BarCodeValue"),))).key_of(record(), {}) is None
    child = form(replace(RULE, key=(KeyPart("category", of_target="x", of_column="id"),)))
    assert child.key_of(record(), {"category": 5}) == (5,)
    assert child.key_of(record(), {}) is None


def test_a_looked_up_value_that_may_not_be_null_is_refused() -> None:
    strict = form(category=replace(LIMITS["category"], is_nullable=False))
    found = draft(strict, record(Custom={"Category": "Vis"}))
    assert strict.resolved(found, {"category": 3}).cells["category"] == 3
    assert strict.resolved(found, {"category": None}).refusal == {"column": "category", "reason": "null"}


def test_a_table_that_lacks_a_column_is_told_by_its_name() -> None:
    with pytest.raises(KeyError, match="price"):
        Form(RULE, {name: limit for name, limit in LIMITS.items() if name != "price"}, "sqlite")


def test_a_digest_counts_values_and_not_how_they_are_written() -> None:
    found = form()
    row = {"qb": "8-1", "name": "Bolt", "price": Decimal("1.5"), "active": True, "seen_at": AT}
    other = {**row, "price": Decimal("1.500"), "active": 1, "seen_at": None}
    assert found.digest(row) == found.digest(other)
    assert found.digest(row) != found.digest({**row, "price": Decimal(2)})
    assert len(found.digest(row)) == 31


def test_a_rule_has_the_fingerprint_of_its_words() -> None:
    assert fingerprint(RULE) == fingerprint(replace(RULE)) != fingerprint(replace(RULE, missing="skip"))


@pytest.mark.parametrize(
    ("limit", "value", "expected"),
    [
        (Limit("text"), Decimal("1.50"), "1.50"),
        (Limit("text"), True, "true"),
        (Limit("text", is_padded=True), "a ", "a"),
        (Limit("int"), "12.0", 12),
        (Limit("int"), "true", 1),
        (Limit("bool"), "0", False),
        (Limit("decimal", digits=4, scale=2), "12.500", Decimal("12.500")),
        (Limit("float"), "1.5", 1.5),
        (Limit("date"), "2026-03-01T23:00:00-05:00", date(2026, 3, 1)),
        (Limit("datetime", scale=0), "2026-03-01T07:00:00.9-05:00", AT),
        (Limit("json"), {"a": "1"}, {"a": "1"}),
        (Limit("text", charset="latin1"), "Été", "Été"),
        (Limit("text", charset="utf8mb3"), "Été", "Été"),
    ],
)
def test_a_value_becomes_the_columns_kind(limit: Limit, value: object, expected: Cell) -> None:
    assert cell("c", limit, value) == expected


@pytest.mark.parametrize(
    ("limit", "value", "detail"),
    [
        (Limit("text", length=2), "abc", {"reason": "too_long", "length": "3", "limit": "2"}),
        (Limit("text", size=3), "éé", {"reason": "too_long", "length": "4", "limit": "3"}),
        (Limit("text", charset="utf8mb3"), "🔨", {"reason": "bad_character"}),
        (Limit("text", charset="latin1"), "Ω", {"reason": "bad_character"}),
        (Limit("text"), "a\0", {"reason": "bad_character"}),
        (Limit("text"), "\ud800", {"reason": "bad_character"}),
        (Limit("decimal", digits=4, scale=2), "1.234", {"reason": "too_many_decimals", "length": "3", "limit": "2"}),
        (Limit("decimal", digits=4, scale=2), "123", {"reason": "too_many_digits", "length": "3", "limit": "2"}),
        (Limit("decimal"), "NaN", {"reason": "not_a_number"}),
        (Limit("int", lowest=0, highest=9), "10", {"reason": "out_of_range", "limit": "9"}),
        (Limit("int", lowest=0, highest=9), -1, {"reason": "out_of_range", "limit": "0"}),
        (Limit("bool"), "Oui", {"reason": "not_a_truth"}),
        (Limit("date"), "soon", {"reason": "not_a_date"}),
        (Limit("enum", words=("a",)), "b", {"reason": "not_listed"}),
        (Limit("bytes"), "b", {"reason": "wrong_kind"}),
        (Limit("text", is_nullable=False), None, {"reason": "null"}),
    ],
)
def test_what_a_column_cannot_hold_is_refused_and_never_quoted(
    limit: Limit, value: object, detail: dict[str, str]
) -> None:
    with pytest.raises(Refused) as told:
        cell("c", limit, value)
    assert told.value.detail == {"column": "c", **detail}


def test_a_scale_of_the_mapping_counts_before_the_columns() -> None:
    with pytest.raises(Refused, match="too_many_decimals"):
        cell("c", Limit("text"), "1.234", scale=2)
    assert cell("c", Limit("text"), "1.2", type_="decimal") == "1.2"
    assert cell("c", Limit("date"), "2026-03-01T01:00:00", type_="date") == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("limit", "theirs", "wanted", "expected"),
    [
        (Limit("decimal"), 12.5, Decimal("12.50"), True),
        (Limit("decimal"), "12.51", Decimal("12.5"), False),
        (Limit("bool"), 1, True, True),
        (Limit("bool"), b"\x01", True, True),
        (Limit("datetime"), "2026-03-01 12:00:00", AT, True),
        (Limit("datetime"), AT.astimezone(timezone(timedelta(hours=-5))), AT, True),
        (Limit("json"), '{"a": "1"}', {"a": "1"}, True),
        (Limit("uuid"), "ABCDEFAB-0000-0000-0000-000000000000", "abcdefab000000000000000000000000", True),
        (Limit("text"), "a", "A", False),
        (Limit("text"), None, "", False),
        (Limit("int"), None, None, True),
        (Limit("any"), 5, "5", True),
        (Limit("decimal"), "no number", Decimal(1), False),
    ],
)
def test_cells_are_compared_by_value(limit: Limit, theirs: object, wanted: Cell, expected: bool) -> None:
    assert same(limit, seen(limit, theirs), wanted, "sqlite") is expected


def test_a_single_precision_column_counts_as_far_as_it_goes() -> None:
    assert same(Limit("float", type="float"), 12345.7, 12345.67, "mysql")
    assert not same(Limit("float", type="double"), 12345.7, 12345.67, "mysql")


def test_the_driver_is_given_what_it_takes() -> None:
    assert bound(Limit("datetime"), AT, "mysql") == datetime(2026, 3, 1, 12)  # noqa: DTZ001 - what is asked for
    assert bound(Limit("datetime", is_zoned=True), AT, "postgresql") == AT
    assert bound(Limit("datetime"), AT, "sqlite") == "2026-03-01 12:00:00"
    assert bound(Limit("decimal"), Decimal("1.50"), "sqlite") == "1.50"
    assert bound(Limit("json"), {"b": 1, "a": "é"}, "mysql") == '{"a": "é", "b": 1}'
