"""Requests against Intuit's own schema 13.0, where a private copy of it is at hand."""

import io
import itertools
import os
from pathlib import Path

import pytest
from lxml import etree

from qbwc_server.qbxml.characters import parse_small
from qbwc_server.qbxml.lists import LISTS, ListType
from qbwc_server.qbxml.request import ByFullName, ByListID, Find, Page, build_message_set

SHARED = Path(os.environ.get("QBWC_SHARED", Path(__file__).resolve().parents[3] / "shared"))
SCHEMA = SHARED / "qbxml-schema" / "qbxmlops130.xsd"
ITERATOR = "{11111111-1111-1111-1111-111111111111}"


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    if not SCHEMA.exists():
        pytest.skip(f"Intuit's schema is not at {SCHEMA}; set QBWC_SHARED to the folder that holds qbxml-schema")
    return etree.XMLSchema(etree.parse(SCHEMA))


def errors(schema: etree.XMLSchema, text: str) -> list[str]:
    root = etree.parse(io.BytesIO(text.encode("ascii"))).getroot()
    return [] if schema.validate(root) else [str(error) for error in schema.error_log]


def private_sets(kind: ListType) -> list[frozenset[str]]:
    names = [f"{kind.name}.{field.name}" for field in kind.fields if field.private]
    return [frozenset(), frozenset(names), frozenset({f"{kind.name}.Custom.Colour"}), *map(frozenset, zip(names))]  # noqa: B905


@pytest.mark.parametrize("kind", LISTS, ids=lambda kind: str(kind.name))
def test_every_request_is_valid_against_the_schema(schema: etree.XMLSchema, kind: ListType) -> None:
    requests = (
        ByListID("1", kind.name, tuple(f"8{number:07X}-1400000000" for number in range(300))),
        ByFullName("2", kind.name, "Zoë & Fils:<Cuisine>"),
        Find("3", kind.name, "é"),
        Page("4", kind.name, "Start", None, 100),
        Page("5", kind.name, "Continue", ITERATOR, 100),
        Page("6", kind.name, "Stop", ITERATOR, 100),
    )
    for private, country, limited in itertools.product(private_sets(kind), ("US", "CA", "UK", "AU"), (True, False)):
        text = build_message_set(
            requests, version="13.0", private=private, country=country, limit_elements=limited
        )
        assert errors(schema, text) == []


@pytest.mark.parametrize("kind", LISTS, ids=lambda kind: str(kind.name))
def test_the_templates_themselves_are_valid(schema: etree.XMLSchema, kind: ListType) -> None:
    path = Path(__file__).resolve().parents[2] / "qbxml_templates" / kind.template
    assert errors(schema, path.read_text(encoding="ascii")) == []


def test_customers_and_items_share_a_valid_message_set(schema: etree.XMLSchema) -> None:
    text = build_message_set([ByListID("a", "customer", ("1-1",)), ByListID("b", "item", ("1-1",))], version="13.0")
    assert errors(schema, text) == []
    assert len(parse_small(text.encode("ascii"))[0]) == 2


def test_the_schema_would_notice_a_wrong_order(schema: etree.XMLSchema) -> None:
    text = build_message_set([Page("1", "customer", "Start", None, 5)], version="13.0")
    assert errors(schema, text.replace("ActiveStatus", "OwnerID").replace(">All<", ">0<"))
