"""The three steps of each code, and the one sentence that the Web Connector shows."""

import re
from itertools import groupby

import pytest

from qbwc_server import codes, words

EVERY = codes.known()
STRANGERS = tuple(codes.find(code) for code in ("0x8004FFFF", "4711", "QBWC2001", "qwerty"))
# Codes of one cause, which may have one cure: a password, and a record that is gone.
ALIKE = [{"500", "not_found"}, {"QBWC1030", "QBWC1040", "wrong_password"}]
LONGEST_STEP = 160
SHOWN = 250
PATH = r"C:\Users\Public\Documents\Intuit\QuickBooks\Company Files\Acme Plumbing.qbw"


def said(language: str, code: codes.Code) -> codes.Explanation:
    return codes.explain(language, code)


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("code", [*EVERY, *STRANGERS], ids=lambda code: code.code)
def test_a_code_has_three_short_steps_of_its_own(language: str, code: codes.Code) -> None:
    steps = said(language, code).steps

    assert words.has(language, f"code.{code.wording}.steps"), "not those of the other language"
    assert len(set(steps)) == 3
    assert [step for step in steps if len(step) > LONGEST_STEP] == []


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("code", EVERY, ids=lambda code: code.code)
def test_a_step_does_not_say_again_what_happened(language: str, code: codes.Code) -> None:
    explained = said(language, code)

    sentences = {part.strip() for part in re.split(r"[.;]", explained.message) if part.strip()}
    assert sentences & {step.rstrip(".") for step in explained.steps} == set()


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_codes_of_different_causes_have_different_steps(language: str) -> None:
    by_steps = sorted(EVERY, key=lambda code: said(language, code).steps)

    for _, group in groupby(by_steps, key=lambda code: said(language, code).steps):
        alike = list(group)
        if len({code.wording for code in alike}) > 1:
            assert {code.code for code in alike} in ALIKE


@pytest.mark.parametrize("code", EVERY, ids=lambda code: code.code)
def test_a_screen_is_named_in_both_languages_as_it_is_there(code: codes.Code) -> None:
    """What QuickBooks and the Web Connector show in English stands so in the French steps too."""
    names = re.compile(
        r"Update Selected|Auto-Run|Integrated Applications|File → Add an Application|Properties|Allow Access|"
        r"Verify Data|Application with No Name|Remove Stamp|Task Manager|QBWC_\w+|qbwc [a-z]+ [a-z]+ NAME|\w+\.txt"
    )
    for english, french in zip(said("en", code).steps, said("fr", code).steps, strict=True):
        named = {"Gestionnaire des tâches" if name == "Task Manager" else name for name in names.findall(english)}
        assert [name for name in sorted(named) if name not in french] == []


@pytest.mark.parametrize(
    ("code", "part"),
    [
        ("0x80040418", "Yes, always"),
        ("QBWC1030", "not the QuickBooks password"),
        ("QBWC1028", "Answer Yes when it asks whether to save it"),
        ("QBWC1039", "CP3"),
        ("QBWC1011", "Application with No Name"),
        ("0x80040414", "backup reminder"),
        ("0x80040401", "same Windows rights"),
        ("QBWC1020", "Hide"),
        ("QBWC1048", "certificate chain"),
        ("taken_over", "another PC"),
        ("3171", "closing date"),
    ],
)
def test_what_confuses_people_is_said_where_it_occurs(code: str, part: str) -> None:
    assert part in " ".join(codes.explain("en", code).steps)


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("code", [*EVERY, *STRANGERS], ids=lambda code: code.code)
def test_the_web_connector_is_told_what_happened_and_the_first_thing_to_do(language: str, code: codes.Code) -> None:
    explained, sentence = said(language, code), codes.sentence(language, code)

    assert sentence.startswith(explained.message)
    assert (explained.steps[0] in sentence) == (code.blame != "nobody")
    assert len(sentence) <= SHOWN


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("code", ["wrong_file", "file_unconfirmed"])
def test_the_web_connector_is_told_which_file_is_meant(language: str, code: str) -> None:
    sentence = codes.sentence(language, code, file=PATH, company="Acme")

    assert PATH in sentence
    assert codes.explain(language, code).steps[0] in sentence
    assert len(sentence) <= SHOWN


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_a_path_too_long_to_be_shown_leaves_room_for_the_cure(language: str) -> None:
    assert codes.sentence(language, "wrong_file", file=PATH * 3) == codes.sentence(language, "wrong_file")
