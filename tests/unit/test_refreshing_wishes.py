import pytest

from qbwc_server import words
from qbwc_server.refreshing import BadWish, Wish
from qbwc_server.refreshing.wishes import MOST_WISHES, checked, fault_of


def test_a_wish_that_comes_twice_is_kept_once_in_order() -> None:
    one, two = Wish("a", "customer", "list_id", "1"), Wish("a", "item", "list_id", "1")
    assert checked([two, one, two]) == [two, one]


@pytest.mark.parametrize(
    "name", ["Café\u00a0Noir", "l\u2019été\u202f!", "co\u00adop", "Ünïcödé", "A & B <C>", "Œuvres d'art", "100 % «bio»"]
)
def test_names_that_quickbooks_can_have_can_be_asked_for(name: str) -> None:
    assert checked([Wish("a", "customer", "full_name", name)])


@pytest.mark.parametrize("char", ["\x00", "\t", "\n", "\x1f", "\x7f", "\x85", "\u2028", "\ud800", "\ufffe"])
def test_characters_that_xml_or_quickbooks_does_not_have_are_refused(char: str) -> None:
    with pytest.raises(BadWish, match="characters"):
        checked([Wish("a", "customer", "full_name", f"a{char}b")])


@pytest.mark.parametrize("list_id", [" 80000001-1", "80000001-1 ", "\u00a080000001-1"])
def test_a_list_id_with_a_blank_around_it_is_refused_because_quickbooks_would_not_find_it(list_id: str) -> None:
    with pytest.raises(BadWish, match="beginning or end"):
        checked([Wish("a", "customer", "list_id", list_id)])


@pytest.mark.parametrize("way", ["full_name", "find"])
@pytest.mark.parametrize(("list_name", "longest"), [("customer", 209), ("item", 159)])
def test_a_name_is_as_long_as_those_of_its_list_can_be(list_name: str, longest: int, way: str) -> None:
    assert checked([Wish("a", list_name, way, "é" * longest)])
    with pytest.raises(BadWish, match=f"longer than the {longest} characters"):
        checked([Wish("a", list_name, way, "é" * (longest + 1))])


def test_what_cannot_be_asked_for_can_be_told_before_it_is_asked_for() -> None:
    assert fault_of("item", "list_id", "80000001-1") is None
    assert fault_of("item", "all", "") is None
    assert str(fault_of("invoice", "all", "")).startswith("There is no list 'invoice'")
    assert str(fault_of("item", "full_name", "a\nb")) == str(fault_of("item", "find", "a\tb"))


def test_too_many_wishes_are_refused_with_the_cure() -> None:
    wishes = [Wish("a", "customer", "list_id", str(number)) for number in range(MOST_WISHES + 1)]
    with pytest.raises(BadWish, match="whole list"):
        checked(wishes)


def test_no_wish_at_all_is_refused() -> None:
    with pytest.raises(BadWish, match="Nothing"):
        checked([])


@pytest.mark.parametrize(
    "wish",
    [
        Wish("a", "invoice", "list_id", "1"),
        Wish("a", "customer", "colour", "1"),
        Wish("a", "customer", "list_id", " "),
        Wish("a", "customer", "list_id", "{x}" * 40),
        Wish("a", "customer", "list_id", " 1-1"),
        Wish("a", "customer", "find", "a\tb"),
    ],
)
def test_a_refusal_can_be_said_in_every_language(wish: Wish) -> None:
    with pytest.raises(BadWish) as caught:
        checked([wish])
    said = [words.text(language, caught.value.key, **caught.value.values) for language in words.LANGUAGES]
    assert said[0] == str(caught.value)
    assert len(set(said)) == len(said)
