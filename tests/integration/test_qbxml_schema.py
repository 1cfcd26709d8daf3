"""Requests against Intuit's own schema 13.0, and recorded answers, where a private copy of them is at hand."""

import io
import itertools
import os
import re
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from qbwc_server.qbxml.asking import asked_fields, elements
from qbwc_server.qbxml.characters import parse_small
from qbwc_server.qbxml.errors import ForeignAnswer
from qbwc_server.qbxml.hcp import read_hcp
from qbwc_server.qbxml.lists import LISTS, ListType
from qbwc_server.qbxml.record import Observation
from qbwc_server.qbxml.request import ByFullName, ByListID, Count, Deleted, Find, Page, build_message_set
from qbwc_server.qbxml.response import AnswerHead, ListQueryContext, Part, read_answer
from qbwc_server.qbxml.versions import choose

SHARED = Path(os.environ.get("QBWC_SHARED", Path(__file__).resolve().parents[3] / "shared"))
SAMPLES = SHARED / "samples"
SCHEMA = SHARED / "qbxml-schema" / "qbxmlops130.xsd"
SINCE = "2024-03-10T02:30:00"
ITERATOR = "{11111111-1111-1111-1111-111111111111}"


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    if not SCHEMA.exists():
        pytest.skip(f"Intuit's schema is not at {SCHEMA}; set QBWC_SHARED to the folder that holds qbxml-schema")
    return etree.XMLSchema(etree.parse(SCHEMA))


def errors(schema: etree.XMLSchema, text: str) -> list[str]:
    root = etree.parse(io.BytesIO(text.encode("ascii"))).getroot()
    return [] if schema.validate(root) else str(schema.error_log).splitlines()


def private_sets(kind: ListType) -> list[frozenset[str]]:
    names = [f"{kind.name}.{field.name}" for field in kind.fields if field.private]
    return [frozenset(), frozenset(names), frozenset({f"{kind.name}.Custom.Colour"}), *map(frozenset, zip(names))]


@pytest.mark.parametrize("kind", LISTS, ids=lambda kind: str(kind.name))
def test_every_request_is_valid_against_the_schema(schema: etree.XMLSchema, kind: ListType) -> None:
    requests = (
        ByListID("1", kind.name, tuple(f"8{number:07X}-1400000000" for number in range(300))),
        ByFullName("2", kind.name, "Zoë & Fils:<Cuisine>"),
        Find("3", kind.name, "é"),
        Page("4", kind.name, "Start", None, 100),
        Page("5", kind.name, "Continue", ITERATOR, 100),
        Page("6", kind.name, "Stop", ITERATOR, 100),
        Page("7", kind.name, "Start", None, 100, SINCE),
        Page("8", kind.name, "Start", None, 100, volatile=True),
        Page("9", kind.name, "Continue", ITERATOR, 100, SINCE, volatile=True),
        Page("10", kind.name, None, None, 100),
        Page("11", kind.name, None, None, 100, SINCE, volatile=True),
        Count("12", kind.name),
        Count("13", kind.name, SINCE),
        Deleted("14", kind.name),
        Deleted("15", kind.name, SINCE),
    )
    for private, country, limited in itertools.product(private_sets(kind), ("US", "CA", "UK", "AU"), (True, False)):
        text = build_message_set(requests, version="13.0", private=private, country=country, limit_elements=limited)
        assert errors(schema, text) == []


@pytest.mark.parametrize("name", [*(kind.template for kind in LISTS), "list_deleted_query.xml"])
def test_the_templates_themselves_are_valid(schema: etree.XMLSchema, name: str) -> None:
    path = Path(__file__).resolve().parents[2] / "qbxml_templates" / name
    assert errors(schema, path.read_text(encoding="ascii")) == []


@pytest.mark.parametrize("version", ["2.0", "3.0", "4.0", "4.1", "5.0"])
@pytest.mark.parametrize("kind", LISTS, ids=lambda kind: str(kind.name))
def test_requests_of_an_old_quickbooks_are_still_in_order(
    schema: etree.XMLSchema, kind: ListType, version: str
) -> None:
    requests = (
        Page("1", kind.name, None, None, 100, SINCE),
        Page("2", kind.name, None, None, 100, volatile=True),
        Deleted("3", kind.name, SINCE),
    )
    for private in private_sets(kind):
        text = build_message_set(requests, version=version, private=private)
        assert errors(schema, text) == []


def test_customers_and_items_share_a_valid_message_set(schema: etree.XMLSchema) -> None:
    text = build_message_set([ByListID("a", "customer", ("1-1",)), ByListID("b", "item", ("1-1",))], version="13.0")
    assert errors(schema, text) == []
    assert len(parse_small(text.encode("ascii"))[0]) == 2


def test_the_schema_would_notice_a_wrong_order(schema: etree.XMLSchema) -> None:
    text = build_message_set([Page("1", "customer", "Start", None, 5)], version="13.0")
    assert errors(schema, text.replace("ActiveStatus", "OwnerID").replace(">All<", ">0<"))


@pytest.mark.parametrize("kind", LISTS, ids=lambda kind: str(kind.name))
def test_every_element_that_is_asked_for_is_one_of_the_records(schema: etree.XMLSchema, kind: ListType) -> None:
    assert schema is not None
    named = elements(kind, version="13.0", private=private_sets(kind)[1], country="CA")
    declared = etree.parse(SCHEMA.with_name("qbxml130.xsd")).getroot()
    groups = {each.get("name"): each for each in declared.iterchildren("{*}group")}
    waiting = [each for each in declared.iterchildren("{*}element") if each.get("name") in kind.rets]
    assert len(waiting) == len(kind.rets)
    known: set[str] = set()
    while waiting:
        holder = waiting.pop()
        known |= {str(each.get("name") or each.get("ref")) for each in holder.iter("{*}element")}
        waiting += [groups[each.get("ref")] for each in holder.iter("{*}group") if each.get("ref")]
    assert set(named) <= known


def sample(name: str) -> str:
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"the recorded answers are not at {SAMPLES}; set QBWC_SHARED to the folder that holds samples")
    return path.read_text(encoding="utf-8")


def answered(name: str, list_name: str, *private: str) -> list[Part]:
    text = re.sub(r' requestID="[^"]*"', "", sample(name)).replace("QueryRs ", 'QueryRs requestID="ours" ', 1)
    allowed = frozenset(private)
    expected = ListQueryContext(list_name, asked_fields(list_name, version="13.0", private=allowed), allowed)
    return list(read_answer(io.BytesIO(text.encode()), {"ours": expected}))


def test_the_recorded_assembly_is_read_right() -> None:
    _head, record, _end = answered("ItemQueryRs_assembly.xml", "item", "item.Lines", "item.AverageCost")
    assert isinstance(record, Observation)
    assert record.values["Type"] == "ItemInventoryAssembly"
    assert record.values["FullName"] == "Retail 12oz bags-BOM:esp-boss-12"
    assert record.values["Price"] == Decimal("13.00")
    assert record.values["QuantityAvailable"] == Decimal(-281)
    assert record.values["AverageCost"] == Decimal("2.695")
    assert isinstance(record.values["Lines"], list)
    assert [line["quantity"] for line in record.values["Lines"]] == ["0.5", "0.25", "0.25", "1"]
    assert "PurchaseCost" not in record.values
    assert record.warnings == ()


def test_the_recorded_customer_is_read_right_though_its_elements_are_out_of_order() -> None:
    _head, record, _end = answered("CustomerQueryRs_info.xml", "customer", "customer.Balance")
    assert isinstance(record, Observation)
    assert record.list_id == "8000001B-1405777862"
    assert record.values["FullName"] == "myUserName"
    assert record.values["Balance"] == Decimal("0.00")
    assert "AccountNumber" not in record.values


@pytest.mark.parametrize(("name", "status"), [("CustomerQueryRs_warn.xml", 500), ("CustomerQueryRs_error.xml", 3120)])
def test_a_recorded_status_comes_without_records(name: str, status: int) -> None:
    head, _end = answered(name, "customer")
    assert isinstance(head, AnswerHead)
    assert head.status_code == status


def test_a_recorded_answer_without_our_request_id_is_foreign() -> None:
    text = sample("CustomerQueryRs_info.xml")
    with pytest.raises(ForeignAnswer):
        list(read_answer(io.BytesIO(text.encode()), {"ours": ListQueryContext("customer", frozenset())}))


def test_the_recorded_hcp_answer_gives_version_company_and_file() -> None:
    hcp = read_hcp(sample("hcp-response.xml"))
    assert hcp.readable
    assert choose(hcp.supported_versions) == "13.0"
    assert hcp.company_name == "myCompany"
    assert hcp.file_ids == {"512349b1-1111-2222-3333-000de1813d20": "00000ee-1111-ffff-cccc-5ff123456047"}
    assert "12-3456789" not in repr(hcp)
