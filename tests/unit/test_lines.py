import pytest

from qbwc_server.lines import as_line, is_line, is_plain_line


@pytest.mark.parametrize(
    "text", ["a", "Café\u00a0Noir", "Société\u202f: «\u00a0Éric\u00a0»", "Ателье", "日本", "a\u3000b", "🧰"]
)
def test_spaces_of_all_widths_and_letters_of_all_scripts_stand_on_a_line(text: str) -> None:
    assert is_line(text)
    assert is_plain_line(text)


@pytest.mark.parametrize(
    "text", ["", " ", "\u00a0\u202f", "a\tb", "a\nb", "a\x00", "a\x85b", "a\u2028b", "a\u2029b", "\ud800"]
)
def test_blanks_alone_controls_and_ends_of_lines_are_no_line(text: str) -> None:
    assert not is_line(text)
    assert not is_plain_line(text)


@pytest.mark.parametrize("text", ["co\u00adop", "ma\u200brie", "acme\u202e", "\ufeffacme"])
def test_what_is_unseen_may_come_from_quickbooks_and_is_not_chosen_here(text: str) -> None:
    assert is_line(text)
    assert not is_plain_line(text)


@pytest.mark.parametrize("end", ["\r\n", "\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x00", "\ud800"])
def test_a_text_of_several_lines_can_be_made_one(end: str) -> None:
    made = as_line(f"Acme{end}Ltd{end}")
    assert made.split() == ["Acme", "Ltd"]
    assert is_line(made)


def test_a_line_stays_as_it_is() -> None:
    assert as_line("Société\u202f: «\u00a0Éric\u00a0»") == "Société\u202f: «\u00a0Éric\u00a0»"
