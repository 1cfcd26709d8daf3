"""`qbwc explain`: any code in plain words, on any machine."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from qbwc_server import codes
from qbwc_server.cli import main

Explain = Callable[..., Result]


@pytest.fixture
def explain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Explain:
    """Runs the command in an empty directory, which stays empty, without settings from outside."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("QBWC_")]:
        monkeypatch.delenv(name)

    def run(*arguments: str, **env: str) -> Result:
        ran = CliRunner().invoke(main, ["explain", *arguments], env=env, prog_name="qbwc")
        assert not [*tmp_path.iterdir()], "it needs nothing and makes nothing"
        return ran

    return run


def _json(ran: Result, exit_code: int = 0) -> Any:
    assert ran.exit_code == exit_code, ran.output
    return json.loads(ran.stdout)


def test_a_code_is_told_with_its_steps_in_order_and_small_print_at_the_end(explain: Explain) -> None:
    ran = explain("0X80040414")

    assert ran.exit_code == 0
    said = codes.explain("en", "0x80040414")
    assert ran.stdout.splitlines() == [
        "A window in QuickBooks is waiting for an answer.",
        "Who can do it: Somebody at the QuickBooks PC",
        *(f"  {number}. {step}" for number, step in enumerate(said.steps, 1)),
        "Code 0x80040414: what QuickBooks or the Web Connector reports when no request gets through (hresult).",
    ]
    assert ran.stderr == ""


def test_it_speaks_the_language_of_the_settings(explain: Explain) -> None:
    ran = explain("QBWC1039", QBWC_LANGUAGE="fr")

    assert "Le Web Connector n\u2019a pas pu ajouter l\u2019application." in ran.stdout
    assert "Qui peut le faire\u00a0: L\u2019administrateur de QuickBooks" in ran.stdout
    assert "outil CP3 d\u2019Intuit" in ran.stdout


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_known_code_is_one_json_object(explain: Explain, language: str) -> None:
    for code in codes.known():
        answer = _json(explain(code.code, "--json", QBWC_LANGUAGE=language))
        assert {"code", "meaning", "who", "steps", "others"} <= set(answer)
        said = codes.explain(language, code)
        assert (answer["code"], answer["who"]) == (code.code, code.blame)
        assert answer["meaning"] == said.message
        assert answer["steps"] == list(said.steps)


def test_a_number_with_two_meanings_gives_the_other_too(explain: Explain) -> None:
    answer = _json(explain("1010", "--json"))

    assert (answer["code"], answer["kind"]) == ("1010", "status")
    assert [(other["code"], len(other["steps"])) for other in answer["others"]] == [("QBWC1010", 3)]
    told = explain("1010").stdout
    assert told.index("QuickBooks was not available") < told.index("can also mean") < told.index("wants https")


@pytest.mark.parametrize("written", ["1039", "qbwc1039", " QBWC 1039 "])
def test_a_code_is_understood_however_it_is_written(explain: Explain, written: str) -> None:
    answer = _json(explain(written, "--json"))

    assert (answer["code"], answer["others"]) == ("QBWC1039", [])


@pytest.mark.parametrize(
    ("code", "shown", "who"),
    [
        ("0x8004ffff", "0x8004FFFF", "office"),
        ("4711", "4711", "us"),
        ("-1", "-1", "us"),
        ("QBWC2001", "QBWC2001", "us"),
        ("nonsense", "nonsense", "us"),
    ],
)
def test_an_unknown_code_says_so_and_what_to_do_all_the_same(explain: Explain, code: str, shown: str, who: str) -> None:
    answer = _json(explain(code, "--json"), exit_code=1)

    assert (answer["code"], answer["who"], len(answer["steps"])) == (shown, who, 3)
    assert "not in our list" in answer["meaning"]
    told = explain(code)
    assert told.exit_code == 1
    assert f"  3. {answer['steps'][2]}" in told.stdout
    assert "this server's own name" not in told.stdout


@pytest.mark.parametrize("absurd", ["", "  ", "x" * 41, "0x80040414\x00", "\x1b[31m"])
def test_what_is_no_code_is_refused_with_a_sentence(explain: Explain, absurd: str) -> None:
    ran = explain(absurd)

    assert ran.exit_code == 2
    assert ran.stdout == ""
    assert ran.stderr.count("\n") == 1
    assert "qbwc explain QBWC1039" in ran.stderr


def test_without_a_code_it_says_how_it_is_used(explain: Explain) -> None:
    ran = explain()

    assert ran.exit_code == 2
    assert "CODE" in ran.stderr
