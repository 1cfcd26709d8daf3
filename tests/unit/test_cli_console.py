"""Where a command's words and its JSON go, and which errors become a sentence."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from qbwc_server.cli import _sentence
from qbwc_server.cli.console import Console, WrongUse, iso
from qbwc_server.cli.refresh import asker
from qbwc_server.cli.rehearse import connector_url
from qbwc_server.store.users import BadPassword


def test_json_stands_alone_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(as_json=True)
    console.say("words")
    console.table(("a",), [(1,)], empty="nothing")
    console.answer({"title": "Côté", "at": datetime(2026, 3, 2, 10, 20, tzinfo=UTC)})
    out, err = capsys.readouterr()
    assert json.loads(out) == {"title": "Côté", "at": "2026-03-02T10:20:00Z"}
    assert err == "words\n"


def test_people_get_words_and_tables(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(as_json=False)
    console.answer({"not": "shown"})
    console.say("words")
    console.table(("name", "on"), [("acme", True), ("globex-long", None)], empty="nothing")
    console.table(("name",), [], empty="nothing")
    assert capsys.readouterr().out.splitlines() == [
        "words",
        "name         on",
        "acme         yes",
        "globex-long",
        "nothing",
    ]


def test_times_are_utc_in_json() -> None:
    assert iso(datetime(2026, 3, 2, 10, 20, tzinfo=timezone(timedelta(hours=-5)))) == "2026-03-02T15:20:00Z"
    assert iso(None) is None


def test_errors_of_ours_are_sentences_and_mistakes_are_not() -> None:
    assert _sentence(BadPassword()) == str(BadPassword())
    assert "QBWC_DATABASE_URL" in (_sentence(sa.exc.OperationalError("SELECT 1", {}, Exception("gone"))) or "")
    assert _sentence(FileNotFoundError(2, "No such file", "here/acme.qwc")) is not None
    assert _sentence(TypeError("ours")) is None


def test_the_asker_fits_its_column() -> None:
    assert 0 < len(asker()) <= 120


@pytest.mark.parametrize(
    ("given", "called"),
    [
        ("https://books.example.com", "https://books.example.com/qbwc"),
        ("https://books.example.com/", "https://books.example.com/qbwc"),
        ("https://example.com/books", "https://example.com/books/qbwc"),
        ("https://example.com/books/qbwc", "https://example.com/books/qbwc"),
        ("http://localhost:8080/qbwc/", "http://localhost:8080/qbwc"),
        ("http://localhost:8080/qbwc?wsdl", "http://localhost:8080/qbwc?wsdl"),
        ("http://localhost:8080/notqbwc", "http://localhost:8080/notqbwc/qbwc"),
    ],
)
def test_a_rehearsal_takes_the_public_address_too(given: str, called: str) -> None:
    assert connector_url(given) == called


@pytest.mark.parametrize(
    "given", ["", "foo", "ftp://x", "http://[::1", "http://localhost:99999", "http://local host", "http://"]
)
def test_a_rehearsal_is_told_what_an_address_is(given: str) -> None:
    with pytest.raises(WrongUse, match="no address of a server"):
        connector_url(given)
