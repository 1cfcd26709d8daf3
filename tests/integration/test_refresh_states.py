"""The diagram of a refresh's states in the documents, held against the moves that a refresh really makes."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from office import Books, Office, office_at

from qbwc_server.refreshing import Refresh
from qbwc_server.store.tables import FINAL_STATES

DOCUMENT = Path(__file__).parents[2] / "docs" / "architecture.md"
OUTSIDE = "[*]"
# What the database itself sees, so that no statement of ours can go unnoticed.
WATCHED = (
    "CREATE TABLE moved (before TEXT, after TEXT)",
    "CREATE TRIGGER made AFTER INSERT ON refreshes BEGIN INSERT INTO moved VALUES ('[*]', NEW.state); END",
    """CREATE TRIGGER moves AFTER UPDATE OF state ON refreshes WHEN OLD.state <> NEW.state
    BEGIN INSERT INTO moved VALUES (OLD.state, NEW.state); END""",
)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with office_at(f"sqlite:///{tmp_path / 'qbwc.db'}", tmp_path) as made:
        with made.database.write() as connection:
            for statement in WATCHED:
                connection.execute(sa.text(statement))
        yield made


def _drawn() -> set[tuple[str, str]]:
    diagram = (
        DOCUMENT.read_text("utf-8").partition("## A refresh\n")[2].partition("```mermaid\n")[2].partition("```")[0]
    )
    return set(re.findall(r"^ +(\S+) --> (\w+|\[\*\])", diagram, re.MULTILINE))


def _moved(office: Office) -> set[tuple[str, str]]:
    with office.database.read() as connection:
        return {(row.before, row.after) for row in connection.execute(sa.text("SELECT before, after FROM moved"))}


def _refused(answer: str) -> str:
    return re.sub(r'statusCode="\d+"', 'statusCode="1030"', answer)


def _late(office: Office, asked: Refresh, books: Books, *, refused: bool = False) -> None:
    """Let the answer come when the silence has put the refresh back."""
    visit = office.visit(books)
    answer, _ = visit.answer(visit.send())
    office.let_pass(16)
    office.conversation.give_up_silent()
    assert office.get(asked).state == "waiting"
    visit.receive(_refused(answer) if refused else answer)
    assert office.get(asked).state != "waiting"
    visit.close()


def _live(office: Office, books: Books) -> None:
    """Lead refreshes along every way there is."""
    one, two = books.list_ids("customer", 2)
    office.ask_one(books, "customer", "list_id", one)
    office.ask_one(books, "customer", "full_name", "Nobody")
    office.run(books)
    office.refreshing.cancel(office.ask_one(books, "customer", "list_id", two).id, "anna")
    _late(office, office.ask_one(books, "customer", "list_id", two), books)
    _late(office, office.ask_one(books, "customer", "find", "Nobody"), books)
    _late(office, office.ask_one(books, "customer", "full_name", "Some:Body"), books, refused=True)
    office.publish()
    refused = office.ask_one(books, "item", "find", "x")
    visit = office.visit(books)
    visit.receive(_refused(visit.answer(visit.send())[0]))
    visit.close()
    assert office.get(refused).state == "failed"
    _held_and_tried_again(office, books, one)


def _held_and_tried_again(office: Office, books: Books, list_id: str) -> None:
    with office.website.engine.begin() as connection:
        connection.execute(sa.text("UPDATE customers SET edit_sequence = '9999999999', phone = 'new'"))
    held = office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    assert office.get(held).error_code == "held"
    office.refreshing.retry(held.id, "anna")
    office.publish()


def test_a_refresh_makes_the_moves_of_the_diagram_and_no_others(office: Office, books: Books) -> None:
    _live(office, books)
    ends = {(state, OUTSIDE) for state in FINAL_STATES}
    assert _drawn() == _moved(office) | ends
