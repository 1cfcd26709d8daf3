import pytest

from qbwc_server import words
from qbwc_server.store import audit


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_everything_that_is_noted_has_its_words_and_nothing_else_has(language: str) -> None:
    assert {key.rpartition(".")[2] for key in words.keys(language, "audit.deed")} == set(audit.WHAT)
