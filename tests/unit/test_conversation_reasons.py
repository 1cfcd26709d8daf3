"""Every reason that a visit can be given has a sentence of its own, in every language."""

import ast
from pathlib import Path

import pytest

from qbwc_server import codes, words

PACKAGE = Path(words.__file__).parents[1]


def _reasons() -> set[str]:
    found = {"empty_answer", "not_xml", "truncated", "wrong_kind", "foreign_answer", "not_understood", "no_answer"}
    for folder in ("conversation", "protocol"):
        for path in (PACKAGE / folder).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Reason":
                    first = node.args[0]
                    if isinstance(first, ast.Constant):
                        found.add(str(first.value))
    return found


def test_the_reasons_were_found() -> None:
    assert {"nothing_waiting", "paused", "taken_over", "unknown_ticket", "wrong_file", "older_version"} <= _reasons()


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("reason", sorted(_reasons()))
def test_a_reason_has_a_sentence_without_a_hole(language: str, reason: str) -> None:
    assert codes.is_known(reason)
    said = codes.explain(language, reason).message
    assert said
    assert "{" not in said
    assert "\n" not in said
