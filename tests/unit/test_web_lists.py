import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import qbwc_server.web
from qbwc_server import words
from qbwc_server.qbxml.lists import LISTS, ListType
from qbwc_server.web.wording import Wording

EVERY_LIST = pytest.mark.parametrize("kind", LISTS, ids=lambda kind: kind.name)
TEMPLATES = Path(qbwc_server.web.__file__).parent / "templates"


def _said_of_a_list() -> set[str]:
    """The texts that a template picks by the name of a list."""
    texts = [path.read_text("utf-8") for path in TEMPLATES.glob("*.html")]
    return {name for text in texts for name in re.findall(r'(?:\.name ~|\bsaid ~) "\.(\w+)"', text)}


@EVERY_LIST
@pytest.mark.parametrize("language", words.LANGUAGES)
def test_the_catalogue_has_every_text_that_the_pages_need_of_a_list(kind: ListType, language: str) -> None:
    needed = _said_of_a_list() | {"name", "all", "changed"}
    there = {key.removeprefix(f"list.{kind.name}.").partition(".")[0] for key in words.keys(language, "list")}
    assert needed >= {"title", "search", "replaced", "confirm"}
    assert needed - there == set()


def test_the_catalogue_says_the_same_things_of_every_list() -> None:
    first, *others = (
        {key.removeprefix(f"list.{kind.name}.") for key in words.keys("en", f"list.{kind.name}")} for kind in LISTS
    )
    assert [other ^ first for other in others] == [set() for _ in others]


@EVERY_LIST
def test_a_list_shows_public_fields_of_its_own_beside_the_name(kind: ListType) -> None:
    assert kind.shown
    assert [name for name in kind.shown if kind.field(name).private] == []


def test_a_column_bears_the_label_of_its_field_or_a_shorter_one() -> None:
    reader = Wording("fr", "America/Toronto", datetime(2026, 11, 24, tzinfo=UTC))
    assert reader.heading("BillAddress.City") == "Ville"
    assert reader.heading("Price") == reader.label("Price")
