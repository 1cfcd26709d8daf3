import pytest

from qbwc_server import words
from qbwc_server.refreshing import BadWish, Wish
from qbwc_server.refreshing.wishes import MOST_WISHES, checked


def test_a_wish_that_comes_twice_is_kept_once_in_order() -> None:
    one, two = Wish("a", "customer", "list_id", "1"), Wish("a", "item", "list_id", "1")
    assert checked([two, one, two]) == [two, one]


@pytest.mark.parametrize("name", ["Café\u00a0Noir", "Ünïcödé", "A & B <C>", "Œuvres d'art", "100 % «bio»"])
def test_names_that_quickbooks_can_have_can_be_asked_for(name: str) -> None:
    assert checked([Wish("a", "customer", "full_name", name)])


@pytest.mark.parametrize("char", ["\x00", "\t", "\n", "\x1f", "\x7f", "\x85", "\ud800", "\ufffe"])
def test_characters_that_xml_or_quickbooks_does_not_have_are_refused(char: str) -> None:
    with pytest.raises(BadWish, match="characters"):
        checked([Wish("a", "customer", "full_name", f"a{char}b")])


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
        Wish("a", "vendor", "list_id", "1"),
        Wish("a", "customer", "colour", "1"),
        Wish("a", "customer", "list_id", " "),
        Wish("a", "customer", "list_id", "{x}" * 40),
        Wish("a", "customer", "find", "a\tb"),
    ],
)
def test_a_refusal_can_be_said_in_every_language(wish: Wish) -> None:
    with pytest.raises(BadWish) as caught:
        checked([wish])
    said = [words.text(language, caught.value.key, **caught.value.values) for language in words.LANGUAGES]
    assert said[0] == str(caught.value)
    assert len(set(said)) == len(said)
