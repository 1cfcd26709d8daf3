import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbwc_server.publish.mapping import transforms
from qbwc_server.publish.mapping.model import Transform
from qbwc_server.publish.mapping.transforms import BadTransform, TextRefused


def made(transform: object, text: str) -> str:
    return transforms.apply(transforms.read(transform), text)


def refused(transform: str, text: str) -> str:
    with pytest.raises(TextRefused) as found:
        made(transform, text)
    assert text not in str(found.value).removesuffix(".")
    assert found.value.transform == transform.partition(":")[0]
    return found.value.reason


@pytest.mark.parametrize(
    ("transform", "text", "becomes"),
    [
        ("trim", " \u00a0a  b \n", "a  b"),
        ("collapse", " a \t b\u00a0\n", "a b"),
        ("lower", "ÉTÉ", "été"),
        ("upper", "été", "ÉTÉ"),
        ("title", "JEAN-pierre o'brien l\u2019oréal bob's 3RD", "Jean-Pierre O'Brien L\u2019Oréal Bob's 3rd"),
        ("digits", "(514) 555-0100 x٣", "5145550100"),
        ("phone:US", "(415) 555-2671", "+14155552671"),
        ("phone:CA", "1.514.555.0100", "+15145550100"),
        ("phone:US", "+1 415 555 2671", "+14155552671"),
        ("date", "2024-3-9", "2024-03-09"),
        ("date", "2024-03-09T11:12:13-05:00", "2024-03-09"),
        ("truncate:5", "abcdefg", "abcde"),
        ("truncate:5", "abcde", "abcde"),
        ("truncate:4", "abc defg", "abc"),
        ("truncate:2", "ae\u0301x", "a"),
        ("prefix:QB: ", "a", "QB: a"),
        ("suffix: !", "a", "a !"),
        ("cents", "12", "1200"),
        ("cents", "12.5", "1250"),
        ("cents", "-.05", "-5"),
        ("cents", "-0.00", "0"),
        ("cents", "12.34000", "1234"),
        ("cents", "1234567890123456789012345678.91", "123456789012345678901234567891"),
        ("slug", "Crème brûlée & Œufs, 2e ÉDITION!", "creme-brulee-oeufs-2e-edition"),
        ("slug", "Weiß İstanbul Łódź", "weiss-istanbul-lodz"),
        ("first_email", "a@b.ca, c@d.ca", "a@b.ca"),
        ("first_email", "; Jane Roy <jane@b.ca>; c@d.ca", "jane@b.ca"),
        ("first_email", "none", ""),
        ({"map": {"Net 30": "30", "a": ""}}, "Net 30", "30"),
        ({"map": {"Net 30": "30", "a": ""}}, "a", ""),
        ({"map": {"Net 30": "30", "a": ""}}, "net 30", "net 30"),
    ],
)
def test_what_each_transform_makes(transform: object, text: str, becomes: str) -> None:
    assert made(transform, text) == becomes


@pytest.mark.parametrize(
    "text",
    [
        "555-2671",
        "514-555-010 x1",
        "514 555-0100 x12",
        "+44 20 7946 09",
        "01 42 68 53 00",
        "2 514 555 0100",
        "call me",
        "",
    ],
)
def test_what_is_no_north_american_number_stays_as_it_is(text: str) -> None:
    assert made("phone:CA", text) == text


@pytest.mark.parametrize(
    ("transform", "text", "reason"),
    [
        ("date", "03/04/2024", "not_a_date"),
        ("date", "2024-02-30", "not_a_date"),
        ("date", "2024-02-03x", "not_a_date"),
        ("cents", "12.505", "too_many_decimals"),
        ("cents", "twelve", "not_a_number"),
        ("cents", "1,200.00", "not_a_number"),
        ("cents", ".", "not_a_number"),
        ("cents", "1e3", "not_a_number"),
        ("slug", "日本", "no_slug"),
        ("slug", " -- ", "no_slug"),
    ],
)
def test_what_cannot_be_transformed_is_refused_without_telling_it(transform: str, text: str, reason: str) -> None:
    assert refused(transform, text) == reason


@pytest.mark.parametrize("name", [name for name in transforms.NAMES if name not in ("map", "phone", "truncate")])
def test_nothing_is_made_of_blank_text(name: str) -> None:
    argument = ":x" if name in ("prefix", "suffix") else ""

    assert made(name + argument, "") == ""
    assert made(name + argument, " ").strip() == ""


@given(st.text())
def test_a_slug_of_a_slug_is_itself_and_is_plain(text: str) -> None:
    try:
        slug = made("slug", text)
    except TextRefused:
        return
    assert made("slug", slug) == slug
    assert re.fullmatch(r"(?:[a-z0-9]+(?:-[a-z0-9]+)*)?", slug)


@given(st.decimals(places=2, min_value=-(10**25), max_value=10**25))
def test_cents_are_exact(amount: Decimal) -> None:
    assert int(made("cents", format(amount, "f"))) * Decimal(1) == amount * 100


@given(st.text())
def test_cents_give_digits_or_refuse(text: str) -> None:
    try:
        cents = made("cents", text)
    except TextRefused:
        return
    assert re.fullmatch(r"-?[0-9]+|", cents)


@given(st.text(), st.integers(1, 50))
def test_what_is_cut_fits_and_begins_alike(text: str, most: int) -> None:
    cut = made(f"truncate:{most}", text)

    assert len(cut) <= most
    assert text.startswith(cut)


@pytest.mark.parametrize("name", ["trim", "collapse", "digits", "date", "cents", "slug", "first_email", "phone:US"])
@given(text=st.text(alphabet="aé 0123456789-+().,;@T:\u00a0", max_size=20))
def test_a_second_time_changes_nothing_more_or_is_cents(name: str, text: str) -> None:
    try:
        once = made(name, text)
    except TextRefused:
        return
    if name != "cents":
        assert made(name, once) == once


@pytest.mark.parametrize(
    ("given_text", "transform"),
    [
        ("trim", Transform("trim")),
        ("truncate:40", Transform("truncate", "40")),
        ("prefix:a:b ", Transform("prefix", "a:b ")),
        ({"map": {"a": "b", "c": "d"}}, Transform("map", words=(("a", "b"), ("c", "d")))),
    ],
)
def test_a_transform_is_read_as_it_stands_in_the_file(given_text: object, transform: Transform) -> None:
    assert transforms.read(given_text) == transform


@pytest.mark.parametrize(
    ("given_text", "fault", "near"),
    [
        ("tirm", "unknown", "trim"),
        ("Lower", "unknown", "lower"),
        ("eval", "unknown", ""),
        ("trim:", "argument_unwanted", "trim"),
        ("trim:x", "argument_unwanted", "trim"),
        ("truncate", "argument_missing", "truncate:40"),
        ("prefix:", "argument_missing", "prefix:QB-"),
        ("truncate:0", "argument_bad", "truncate:40"),
        ("truncate:-1", "argument_bad", "truncate:40"),
        ("truncate:100001", "argument_bad", "truncate:40"),
        ("truncate:٤", "argument_bad", "truncate:40"),
        ("phone:FR", "argument_bad", "phone:US / phone:CA"),
        ("phone", "argument_missing", "phone:US / phone:CA"),
        ("map:a=b", "map_table", ""),
        ({"map": {}}, "map_words", ""),
        ({"map": {"a": 1}}, "map_words", ""),
        ({"map": "a"}, "map_words", ""),
        ({"map": {"a": "b"}, "x": 1}, "form", ""),
        ({"truncate": 40}, "form", ""),
        (40, "form", ""),
    ],
)
def test_what_is_no_transform_says_what_is(given_text: object, fault: str, near: str) -> None:
    with pytest.raises(BadTransform) as found:
        transforms.read(given_text)
    assert (found.value.fault, found.value.near) == (fault, near)
