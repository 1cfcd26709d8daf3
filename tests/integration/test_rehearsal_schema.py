"""Requests and answers of the rehearsal against QuickBooks's own schema, where a copy of it is at hand.

The schema is not ours to hand on; `QBWC_SHARED` names the folder that has `qbxml-schema`.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from qbwc_server.rehearsal.company import Faults, SimulatedCompany, sample_company
from qbwc_server.rehearsal.company_printer import Printer, answer, document
from qbwc_server.rehearsal.schema import Element
from qbwc_server.rehearsal.schema_customers import CUSTOMER
from qbwc_server.rehearsal.schema_items import ITEMS

_SHARED = Path(os.environ.get("QBWC_SHARED", Path(__file__).parents[2].parent / "shared"))
_SCHEMA = _SHARED / "qbxml-schema" / "qbxmlops130.xsd"

pytestmark = pytest.mark.skipif(
    not _SCHEMA.is_file(), reason="no qbxmlops130.xsd; set QBWC_SHARED to a folder with qbxml-schema"
)


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(_SCHEMA)))


def check(schema: etree.XMLSchema, text: str) -> None:
    document = etree.XML(text.encode())
    schema.validate(document)
    assert str(schema.error_log) == ""


def message_set(body: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><?qbxml version="13.0"?>'
        f'<QBXML><QBXMLMsgsRq onError="continueOnError">{body}</QBXMLMsgsRq></QBXML>'
    )


@pytest.fixture(params=["US", "CA"])
def company(request: pytest.FixtureRequest) -> SimulatedCompany:
    company = sample_company(str(request.param), customers=120, items=200)
    company.register("{00000000-0000-0000-0000-00000000000A}", "{00000000-0000-0000-0000-00000000000B}")
    return company


EVERYTHING = "<ActiveStatus>All</ActiveStatus><OwnerID>0</OwnerID>"
REQUESTS = {
    "everything": f"<CustomerQueryRq>{EVERYTHING}</CustomerQueryRq><ItemQueryRq>{EVERYTHING}</ItemQueryRq>",
    "iterator": (
        '<CustomerQueryRq requestID="1" iterator="Start" metaData="MetaDataAndResponseData">'
        "<MaxReturned>5</MaxReturned></CustomerQueryRq>"
    ),
    "missing": "<CustomerQueryRq><ListID>8000FFFF-1</ListID></CustomerQueryRq>",
    "nothing": (
        "<ItemQueryRq><NameFilter><MatchCriterion>Contains</MatchCriterion><Name>qqqq</Name></NameFilter></ItemQueryRq>"
    ),
    "deleted": (
        "<ListDeletedQueryRq><ListDelType>Customer</ListDelType><ListDelType>ItemInventory</ListDelType>"
        "</ListDeletedQueryRq>"
    ),
    "itself": "<HostQueryRq/><CompanyQueryRq><OwnerID>0</OwnerID></CompanyQueryRq><PreferencesQueryRq/>",
}


@pytest.mark.parametrize("name", list(REQUESTS))
def test_answers_are_valid(schema: etree.XMLSchema, company: SimulatedCompany, name: str) -> None:
    request = message_set(REQUESTS[name])
    check(schema, request)
    check(schema, company.process(request))


def test_the_hcp_answer_is_valid(schema: etree.XMLSchema, company: SimulatedCompany) -> None:
    check(schema, company.hcp_response())


ENUMS = {
    "SalesTaxCountry": "Canada",
    "JobStatus": "None",
    "PreferredDeliveryMethod": "None",
    "AcquiredAs": "New",
    "SpecialItemType": "FinanceCharge",
    "DataExtType": "STR255TYPE",
}
PLAIN = {
    "id": "80000001-1400000000",
    "time": "2024-07-01T10:00:00-05:00",
    "text": "x",
    "bool": "true",
    "int": "1",
    "amount": "1.00",
    "price": "1.5",
    "quantity": "-2.695",
    "percent": "5.0",
    "date": "2024-02-29",
    "guid": "0",
}
CHOICES = (("Price", "PricePercent"), ("SalesOrPurchase", "SalesAndPurchase"), ("DiscountRate", "DiscountRatePercent"))


def filled(table: Sequence[Element], without: set[str]) -> dict[str, Any]:
    """A value for every element of the table but these."""
    values: dict[str, Any] = {}
    for element in table:
        if element.name in without:
            continue
        value = filled(element.children, without) if element.children else ENUMS.get(element.name)
        value = value or PLAIN[element.kind]
        values[element.name] = [value, value] if element.many else value
    return values


@pytest.mark.parametrize("ret", ["Customer", *ITEMS])
@pytest.mark.parametrize("country", ["US", "CA"])
@pytest.mark.parametrize("side", [0, 1])
def test_a_record_with_every_element_we_know_is_valid(
    schema: etree.XMLSchema, ret: str, country: str, side: int
) -> None:
    table = CUSTOMER if ret == "Customer" else ITEMS[ret]
    lines = Printer((13, 0), country, Faults()).record(ret, table, filled(table, {pair[side] for pair in CHOICES}))
    name = "Customer" if ret == "Customer" else "Item"
    head = ' statusCode="0" statusSeverity="Info" statusMessage="Status OK"'
    check(schema, document([answer(f"{name}Query", head, lines)]))
