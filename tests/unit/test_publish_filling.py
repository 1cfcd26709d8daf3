"""What a record becomes in the columns of its row."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbwc_server.publish.engine import Backend
from qbwc_server.publish.filling import Form
from qbwc_server.publish.room import Room
from qbwc_server.publish.tables import target
from qbwc_server.publish.values import ColumnValue, Refused, Shape, column_value

CUSTOMER = target("customer")
ITEM = target("item")
BACKENDS: tuple[Backend, ...] = ("sqlite", "postgresql", "mysql")
TEXTS = st.text(st.characters() | st.sampled_from("\0\n\ud800é🔨 "), max_size=45)


def named(form: Form, values: dict[str, object], *, is_deleted: bool = False) -> dict[str, ColumnValue]:
    row = form.fill(values, is_deleted=is_deleted)
    return dict(zip(form.names, row, strict=True))


@given(TEXTS, st.sampled_from(BACKENDS))
def test_a_text_is_judged_as_by_itself(text: str, backend: Backend) -> None:
    def alone() -> object:
        try:
            return column_value(Shape("name", "text", 41), text, backend)
        except Refused as refusal:
            return refusal.detail

    def filled() -> object:
        try:
            return named(Form(CUSTOMER, backend, frozenset()), {"Name": text})["name"]
        except Refused as refusal:
            return refusal.detail

    assert filled() == alone()


def test_a_text_of_printable_letters_is_still_limited_by_the_bytes_of_mysql() -> None:
    form = Form(CUSTOMER, "mysql", frozenset(), {"name": Room()})
    with pytest.raises(Refused) as caught:
        form.fill({"Name": "é" * 40_000}, is_deleted=False)
    assert caught.value.detail["length"] == "80000"


def test_the_room_of_the_columns_as_they_stand_counts() -> None:
    form = Form(CUSTOMER, "postgresql", frozenset(), {"phone": Room(length=3)})
    assert named(form, {"Phone": "123"})["phone"] == "123"
    with pytest.raises(Refused) as caught:
        form.fill({"Phone": "1234"}, is_deleted=False)
    assert caught.value.detail == {"column": "phone", "reason": "too_long", "length": "4", "limit": "3"}


def test_every_kind_of_value_stands_in_its_column_and_what_is_absent_is_null() -> None:
    values = {"Name": "A", "Sublevel": 2, "IsActive": True, "Price": "1.50", "Unknown": "x", "Phone": "1"}
    found = named(Form(ITEM, "postgresql", frozenset()), values, is_deleted=True)
    there = {name: value for name, value in found.items() if value is not None}
    assert there == {"name": "A", "sublevel": 2, "is_active": True, "price": Decimal("1.5"), "is_deleted": True}


@pytest.mark.parametrize(
    ("published", "expected"),
    [((), None), (("customer.Phone",), "1"), (("customer",), None), (("customer.Phone.x",), None)],
)
def test_a_private_text_is_shown_only_if_it_is_published(published: tuple[str, ...], expected: str | None) -> None:
    columns = tuple(replace(column, private=column.field == "Phone") for column in CUSTOMER.columns)
    form = Form(replace(CUSTOMER, columns=columns), "postgresql", frozenset(published))
    assert named(form, {"Phone": "1"})["phone"] == expected


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        ((), None),
        (("customer.Custom.Colour",), {"Colour": "red"}),
        (("customer.Custom",), {"Colour": "red", "Size": "L"}),
        (("item.Custom", "customer.Balance"), None),
    ],
)
def test_private_parts_are_published_by_name(published: tuple[str, ...], expected: dict[str, str] | None) -> None:
    form = Form(CUSTOMER, "postgresql", frozenset(published))
    found = named(form, {"Custom": {"Size": "L", "Colour": "red"}})["custom_fields"]
    assert found == (None if expected is None else json.dumps(expected))


def test_the_digest_is_that_of_the_values() -> None:
    form = Form(ITEM, "postgresql", frozenset())
    plain = form.digest(form.fill({"Name": "A", "Price": "1.5"}, is_deleted=False))
    assert len(plain) == 64
    assert form.digest(form.fill({"Price": "1.50000", "Name": "A"}, is_deleted=False)) == plain
    for other in ({"Name": "A"}, {"FullName": "A", "Price": "1.5"}, {"Name": "A", "Price": "1.51"}):
        assert form.digest(form.fill(other, is_deleted=False)) != plain
    assert form.digest(form.fill({"Name": "A", "Price": "1.5"}, is_deleted=True)) != plain


def test_null_counts_nothing_in_the_digest_and_the_word_does() -> None:
    form = Form(ITEM, "sqlite", frozenset())
    assert form.digest(form.fill({"Name": None}, is_deleted=False)) == form.digest(form.fill({}, is_deleted=False))
    assert form.digest(form.fill({"Name": "None"}, is_deleted=False)) != form.digest(form.fill({}, is_deleted=False))
