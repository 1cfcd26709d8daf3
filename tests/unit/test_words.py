import re
import string
import tomllib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest

from qbwc_server import words
from qbwc_server.qbxml.lists import LISTS

NNBSP, NBSP = "\u202f", "\u00a0"
ENGLISH, FRENCH = words.keys("en"), words.keys("fr")
FIELDS = sorted({field.name for kind in LISTS for field in kind.fields})


def sentences(language: str, key: str) -> tuple[str, ...]:
    found = words.catalogue._catalogue(language)[key]
    return (found,) if isinstance(found, str) else found


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_both_languages_hold_the_same_keys() -> None:
    assert set(ENGLISH) ^ set(FRENCH) == set()


def areas(language: str) -> dict[str, list[str]]:
    """The areas of each file of a language, in their order."""
    folder = files("qbwc_server.words").joinpath(language)
    return {file.name: list(tomllib.loads(file.read_text("utf-8"))) for file in folder.iterdir()}


def test_both_languages_hold_the_same_areas_in_the_same_files_and_order() -> None:
    assert areas("en") == areas("fr")


def test_an_area_stands_in_one_file_only() -> None:
    every = [area for found in areas("en").values() for area in found]

    assert len(every) == len(set(every))


def test_a_text_has_the_same_placeholders_in_both_languages() -> None:
    different = [
        key
        for key in ENGLISH
        if [placeholders(text) for text in sentences("en", key)]
        != [placeholders(text) for text in sentences("fr", key)]
    ]

    assert different == []


def test_every_placeholder_is_a_plain_name() -> None:
    names = {name for key in ENGLISH for text in sentences("en", key) for name in placeholders(text)}

    assert [name for name in sorted(names) if not name.isidentifier()] == []


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_no_text_is_empty_or_padded(language: str) -> None:
    for key in words.keys(language):
        for sentence in sentences(language, key):
            assert sentence, key
            assert sentence == sentence.strip(), key


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("a narrow space before ; ! ?", rf"(?<!{NNBSP})[;!?]"),
        ("a fixed space before :", rf"(?<!{NBSP}):"),
        ("a fixed space after an opening quotation mark", rf"«(?!{NBSP})"),
        ("a fixed space before a closing quotation mark", rf"(?<!{NBSP})»"),
        ("the curled apostrophe", r"\w'\w"),
    ],
)
def test_french_punctuation_is_right(rule: str, fault: str) -> None:
    # Addresses, times of day, Windows paths, placeholders and (%) keep their own punctuation.
    kept = re.compile(r"[a-z]+:/+\S+|\S+@\S+|\d:\d|\b[A-Z]:\\\S*|\{[^}]*\}|[\[(][^\s\])]*[\])]")
    wrong = [key for key in FRENCH if any(re.search(fault, kept.sub("", text)) for text in sentences("fr", key))]

    assert wrong == [], rule


def test_a_counted_text_has_both_forms() -> None:
    stems = {key.rpartition(".")[0] for key in ENGLISH if key.endswith((".one", ".other"))}

    assert [stem for stem in sorted(stems) if not {f"{stem}.one", f"{stem}.other"} <= set(ENGLISH)] == []


def test_zero_is_singular_in_french_and_plural_in_english() -> None:
    assert words.plural("en", "queue.waiting", 0) == "0 requests are waiting"
    assert words.plural("fr", "queue.waiting", 0) == "0 demande est en attente"
    assert words.plural("en", "queue.waiting", 1) == "1 request is waiting"
    assert words.plural("fr", "queue.waiting", 2) == "2 demandes sont en attente"


def test_a_large_count_is_written_in_the_language() -> None:
    assert words.plural("en", "list.customer.count", 1_000_000) == "1,000,000 customers"
    assert words.plural("fr", "list.customer.count", 1_000_000) == f"1{NNBSP}000{NNBSP}000 clients"


def test_values_are_inserted_and_never_read_as_placeholders() -> None:
    assert words.text("en", "sign_in.signed_in_as", user="{password}") == "Signed in as {password}"


def test_an_unknown_language_reads_english() -> None:
    assert words.text("de", "state.waiting") == "Waiting for QuickBooks"
    assert words.plural("de", "queue.waiting", 1) == "1 request is waiting"


def test_a_missing_text_or_value_is_named() -> None:
    with pytest.raises(words.MissingText, match=r"'no\.such\.key'"):
        words.text("en", "no.such.key")
    with pytest.raises(words.MissingText, match="needs a value for 'user'"):
        words.text("en", "sign_in.signed_in_as")
    with pytest.raises(words.MissingText):
        words.text("en", "code.held.steps")
    with pytest.raises(words.MissingText):
        words.texts("en", "state.waiting")


def test_every_text_the_program_names_is_in_the_catalogue() -> None:
    areas = "|".join(sorted({key.partition(".")[0] for key in ENGLISH}))
    named = re.compile(rf"""\b(?:text|texts|plural|t|n)\(\s*(?:[\w.]+,\s*)?["']((?:{areas})\.[\w.]+)["']\s*[,)]""")
    known = {*ENGLISH, *(key.removesuffix(".other") for key in ENGLISH)}
    package = Path(words.__file__).parent.parent
    sources = [*package.rglob("*.py"), *package.rglob("*.html")]

    missing = {(path.name, key) for path in sources for key in named.findall(path.read_text("utf-8"))}

    assert sorted(found for found in missing if found[1] not in known) == []


def test_an_absent_list_is_empty() -> None:
    assert words.texts("en", "code.0x80040400.absent") == ()


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_field_has_a_label(language: str) -> None:
    assert [name for name in FIELDS if not words.has(language, f"field.{name}")] == []


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("kind", LISTS, ids=lambda kind: kind.name)
def test_no_two_fields_of_a_list_share_a_label(language: str, kind: object) -> None:
    labels = [words.field_label(language, field.name) for field in kind.fields]  # type: ignore[attr-defined]

    assert sorted(set(labels)) == sorted(labels)


def test_every_label_belongs_to_a_field() -> None:
    assert [key for key in words.keys("en", "field") if key.removeprefix("field.") not in FIELDS] == []


def test_a_custom_field_carries_its_own_name() -> None:
    assert words.field_label("en", "Custom.Colour") == "Colour (custom field)"
    assert words.field_label("fr", "Custom.Couleur") == "Couleur (champ personnalisé)"
    assert words.field_label("en", "Unheard.Of") == "Unheard.Of"


@pytest.mark.parametrize(
    ("digits", "english", "french"),
    [
        ("1204.50", "1,204.50", f"1{NNBSP}204,50"),
        ("-281", "-281", "-281"),
        (Decimal("0.00500"), "0.00500", "0,00500"),
        (12345678901234567890, "12,345,678,901,234,567,890", NNBSP.join("12 345 678 901 234 567 890".split())),  # noqa: SIM905
        ("Net 30", "Net 30", "Net 30"),
        ("NaN", "NaN", "NaN"),
    ],
)
def test_a_number_keeps_its_decimals(digits: Decimal | int | str, english: str, french: str) -> None:
    assert words.number("en", digits) == english
    assert words.number("fr", digits) == french


def test_money_has_two_decimals_at_least() -> None:
    assert words.money("en", "3") == "3.00"
    assert words.money("en", "3.12345") == "3.12345"
    assert words.currency_amount("fr", "1204.5", "CAD") == f"1{NNBSP}204,50{NBSP}$CA"
    assert words.currency_amount("en", "?", "CAD") == "?"


def test_times_are_written_in_the_readers_zone() -> None:
    when = datetime(2026, 11, 25, 3, 25, tzinfo=UTC)

    assert words.clock("en", when, "America/Toronto") == "22:25"
    assert words.moment("en", when, "America/Toronto") == "Nov 24, 2026 22:25"
    assert words.moment("fr", when, "America/Toronto") == "24 nov. 2026 22:25"
    assert words.day("fr", date(2026, 8, 1)) == "1 août 2026"
    assert words.day("en", when, "Europe/Paris") == "Nov 25, 2026"


def test_a_time_of_today_leaves_out_the_date() -> None:
    now = datetime(2026, 11, 25, 3, 25, tzinfo=UTC)

    assert words.about("en", now - timedelta(hours=2), now, "America/Toronto") == "20:25"
    assert words.about("en", now - timedelta(hours=2), now, "Europe/Paris") == "02:25"
    assert words.about("en", now - timedelta(days=1), now, "America/Toronto") == "Nov 23, 2026 22:25"


def test_distances_are_told_in_words() -> None:
    now = datetime(2026, 11, 25, 3, 25, tzinfo=UTC)

    assert words.ago("en", now - timedelta(minutes=3), now) == "3 minutes ago"
    assert words.ago("fr", now + timedelta(hours=2), now) == "dans 2 heures"
    assert words.duration("fr", timedelta(minutes=5)) == "5 minutes"


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_no_step_names_a_command_that_is_not_there(language: str) -> None:
    said = " ".join(sentences(language, "code.website_schema.steps"))
    assert "qbwc status" in said
    assert "doctor" not in said
