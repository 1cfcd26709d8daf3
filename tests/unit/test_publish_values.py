"""What a column takes: exactly, or not at all."""

from decimal import Context, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbwc_server.publish.engine import Backend
from qbwc_server.publish.values import Refused, Shape, canonical, column_value

PRICE = Shape("price", "decimal")
PHONE = Shape("phone", "text", 21)
NOTES = Shape("notes", "text")
LEVEL = Shape("sublevel", "int")
ACTIVE = Shape("is_active", "bool")
LINES = Shape("lines", "json")
SERVERS: tuple[Backend, ...] = ("postgresql", "mysql")


def refusal(shape: Shape, value: object, backend: Backend = "postgresql") -> dict[str, str]:
    with pytest.raises(Refused) as caught:
        column_value(shape, value, backend)
    return caught.value.detail


@pytest.mark.parametrize("backend", SERVERS)
@pytest.mark.parametrize(
    "digits", ["0", "-0.00", "0.1", "9999999999999.99999", "-9999999999999.99999", "1.500000000", "1e3"]
)
def test_a_decimal_that_fits_is_kept_exactly(digits: str, backend: Backend) -> None:
    assert column_value(PRICE, digits, backend) == Decimal(digits)
    assert column_value(PRICE, digits, "sqlite") == digits


@pytest.mark.parametrize(
    ("digits", "detail"),
    [
        ("10000000000000", {"reason": "too_many_digits", "length": "14", "limit": "13"}),
        ("0.000001", {"reason": "too_many_decimals", "length": "6", "limit": "5"}),
        ("0.00001" + "0" * 40 + "1", {"reason": "too_many_decimals", "length": "46", "limit": "5"}),
        ("NaN", {"reason": "not_a_number"}),
        ("Infinity", {"reason": "not_a_number"}),
        ("12,5", {"reason": "not_a_number"}),
        (1.5, {"reason": "wrong_kind"}),
        (True, {"reason": "wrong_kind"}),
    ],
)
def test_a_decimal_that_does_not_fit_is_refused(digits: object, detail: dict[str, str]) -> None:
    assert refusal(PRICE, digits) == {"column": "price", **detail}


@given(st.decimals(min_value=-(10**15), max_value=10**15))
def test_a_decimal_is_accepted_exactly_if_it_has_13_digits_and_5_decimals(number: Decimal) -> None:
    try:
        found = column_value(PRICE, format(number, "f"), "mysql")
    except Refused:
        found = None
    fits = abs(number) < 10**13 and number == number.quantize(Decimal("0.00001"), context=Context(prec=50))
    assert found == (number if fits else None)


@pytest.mark.parametrize("backend", SERVERS)
def test_a_text_longer_than_its_column_is_refused(backend: Backend) -> None:
    assert column_value(PHONE, "é" * 21, backend) == "é" * 21
    assert refusal(PHONE, "é" * 22, backend) == {
        "column": "phone",
        "reason": "too_long",
        "length": "22",
        "limit": "21",
    }
    assert column_value(PHONE, "x" * 22, "sqlite") == "x" * 22


def test_a_long_text_is_limited_by_the_bytes_of_mysql_alone() -> None:
    assert column_value(NOTES, "é" * 40_000, "postgresql") == "é" * 40_000
    assert refusal(NOTES, "é" * 40_000, "mysql")["length"] == "80000"


@pytest.mark.parametrize("bad", ["a\0b", "\ud800"])
def test_characters_that_no_database_keeps_are_refused(bad: str) -> None:
    for backend in ("sqlite", *SERVERS):
        assert refusal(PHONE, bad, backend) == {"column": "phone", "reason": "bad_character"}


def test_a_whole_number_is_refused_beyond_the_column() -> None:
    assert column_value(LEVEL, 2**31 - 1, "mysql") == 2**31 - 1
    assert refusal(LEVEL, 2**31)["reason"] == "out_of_range"
    assert column_value(LEVEL, 2**31, "sqlite") == 2**31


@pytest.mark.parametrize(
    ("shape", "value"), [(PHONE, 5), (LEVEL, "5"), (LEVEL, True), (ACTIVE, 1), (LINES, "[]"), (PRICE, [1])]
)
def test_a_value_of_another_kind_is_refused(shape: Shape, value: object) -> None:
    assert refusal(shape, value)["reason"] == "wrong_kind"


@pytest.mark.parametrize("shape", [PHONE, LEVEL, ACTIVE, LINES, PRICE])
def test_what_is_absent_is_null(shape: Shape) -> None:
    assert column_value(shape, None, "postgresql") is None


def test_json_is_text_whose_names_are_in_order() -> None:
    assert column_value(LINES, {"b": "é", "a": "1"}, "mysql") == '{"a": "1", "b": "é"}'
    assert column_value(LINES, [{"b": 1}, {"a": 2}], "mysql") == '[{"b": 1}, {"a": 2}]'
    assert column_value(LINES, [], "mysql") is None
    assert column_value(LINES, {}, "mysql") is None


def test_equal_numbers_spell_equally_in_the_digest() -> None:
    assert canonical(Decimal("1.50000")) == canonical(Decimal("1.5")) == "1.5"
    assert canonical(Decimal("-0.00")) == "0"
    assert canonical(Decimal("1E+3")) == "1000"
