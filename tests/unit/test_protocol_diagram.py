from pathlib import Path

from qbwc_server.protocol import State, diagram

DOCUMENT = Path(__file__).parents[2] / "docs" / "architecture.md"


def test_the_diagram_in_the_documents_is_the_one_of_the_table() -> None:
    assert f"```mermaid\n{diagram.mermaid()}\n```" in DOCUMENT.read_text(encoding="utf-8")


def test_the_diagram_shows_every_state_that_a_visit_can_reach() -> None:
    text = diagram.mermaid()
    for state in State:
        assert (state.value in text) == (state is not State.UNKNOWN)
