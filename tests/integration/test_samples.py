"""The samples that came with the project's facts, with our requestIDs put in, are read and published right."""

import os
import re
from decimal import Decimal
from pathlib import Path

import pytest
from office import Books, Office, request_ids

from qbwc_server.qbxml.hcp import read_hcp
from qbwc_server.store import tables

SAMPLES = Path(os.environ.get("QBWC_SHARED") or Path(__file__).parents[3] / "shared") / "samples"
HCP = "hcp-response.xml"
NAMES = (
    "CustomerQueryRs_error.xml",
    "CustomerQueryRs_info.xml",
    "CustomerQueryRs_warn.xml",
    "ItemQueryRs_assembly.xml",
)


def _sample(name: str) -> str:
    path = SAMPLES / name
    if not path.is_file():
        pytest.skip(f"{path} is not there; QBWC_SHARED names the folder that has the samples")
    return path.read_text(encoding="utf-8")


NO_DELETIONS = '<ListDeletedQueryRs requestID="{}" statusCode="1" statusSeverity="Info" statusMessage="none"/>'


def _answering(name: str, request: str) -> str:
    """A sample as the answer to a request of ours that asks one thing."""
    request_id, *deletions = request_ids(request)
    text = re.sub(r' requestID="[^"]*"', "", _sample(name))
    text = re.sub(r"<(Customer|Item)QueryRs ", rf'<\1QueryRs requestID="{request_id}" ', text)
    # What is asked once more is asked for with what was deleted: nothing was.
    none = "".join(NO_DELETIONS.format(one) for one in deletions)
    return text.replace("</QBXMLMsgsRs>", f"{none}</QBXMLMsgsRs>")


def test_every_query_answer_among_the_samples_is_tried_here() -> None:
    _sample(HCP)
    assert sorted(path.name for path in SAMPLES.glob("*QueryRs*.xml")) == sorted(NAMES)


def test_a_customer_is_read_and_published(office: Office, books: Books) -> None:
    list_id = "8000001B-1405777862"
    asked = office.ask_one(books, "customer", "list_id", list_id)
    visit = office.visit(books)
    assert visit.receive(_answering("CustomerQueryRs_info.xml", visit.send())) == 100
    assert visit.close() == "OK"
    office.publish()
    got = office.get(asked)
    assert (got.state, got.outcome, got.full_name) == ("published", "inserted", "myUserName")
    row = office.website.row("acme", "customer", list_id)
    assert row is not None
    shown = {name: value for name, value in row.items() if value is not None and name != "published_at"}
    assert shown == {
        "company": "acme",
        "list_id": list_id,
        "name": "myUserName",
        "full_name": "myUserName",
        "salutation": "Mr",
        "sublevel": 0,
        "is_active": True,
        "email": "myUserName@gmail.com",
        "job_status": "None",
        "time_created": "2014-07-30T21:11:20-05:00",
        "time_modified": "2005-07-30T21:11:20-05:00",
        "edit_sequence": "1405777862",
        "is_deleted": False,
    }
    assert b"123456789" not in office.raw(), "the account number is private"


@pytest.mark.parametrize("name", ["CustomerQueryRs_error.xml", "CustomerQueryRs_warn.xml"])
def test_a_record_that_is_not_found_is_not_found(office: Office, books: Books, name: str) -> None:
    asked = office.ask_one(books, "customer", "list_id", "8000001B-1405768916")
    visit = office.visit(books)
    assert 0 <= visit.receive(_answering(name, visit.send())) < 100
    assert visit.receive(_answering(name, visit.send())) == 100
    assert visit.close() == "OK"
    office.publish()
    assert (office.get(asked).state, office.get(asked).outcome) == ("published", "not_found")
    assert office.website.rows("acme", "customer") == []
    assert office.count(tables.records) == 0


def test_an_assembly_is_read_and_published(office: Office, books: Books) -> None:
    list_id = "80000317-1228629275"
    asked = office.ask_one(books, "item", "list_id", list_id)
    visit = office.visit(books)
    assert visit.receive(_answering("ItemQueryRs_assembly.xml", visit.send())) == 100
    assert visit.close() == "OK"
    office.publish()
    assert office.get(asked).outcome == "inserted"
    row = office.website.row("acme", "item", list_id)
    assert row is not None
    assert row["type"] == "ItemInventoryAssembly"
    assert row["name"] == "esp-boss-12"
    assert row["full_name"] == "Retail 12oz bags-BOM:esp-boss-12"
    assert row["parent_list_id"] == "80000306-1228267908"
    assert row["sublevel"] == 1
    assert row["unit_of_measure"] == "By the 12oz"
    assert row["sales_tax_code"] == "Non"
    assert row["description"] == "The Boss Espresso Fall 2009, thick and sticky mix, 12oz bag"
    assert Decimal(str(row["price"])) == Decimal("13.00")
    assert row["edit_sequence"] == "1263577385"
    assert row["lines"] is None, "what it is made of is private"
    assert b"Sales Wholesale" not in office.raw()


def test_a_sample_with_its_own_request_id_is_foreign(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "item", "list_id", "80000317-1228629275")
    visit = office.visit(books)
    visit.send()
    assert visit.receive(_sample("ItemQueryRs_assembly.xml")) == -1
    assert visit.error()
    visit.close()
    assert office.get(asked).state == "waiting"


def test_the_hcp_answer_gives_version_company_and_file_id(office: Office, books: Books) -> None:
    text = _sample(HCP)
    hcp = read_hcp(text)
    assert hcp.readable
    assert (hcp.product, hcp.country, hcp.company_name) == ("QuickBooks Pro 2014", "US", "myCompany")
    assert hcp.supported_versions[-1] == "13.0"
    ((owner, file_id),) = hcp.file_ids.items()
    assert file_id == "00000ee-1111-ffff-cccc-5ff123456047"
    office.change_company(books, owner_id="{" + owner.upper() + "}", file_id="{" + file_id.upper() + "}")
    office.ask_one(books, "customer", "list_id", "1-1")
    visit = office.visit(books)
    request = visit.send(hcp=text, path=r"C:\any.qbw")
    assert 'version="13.0"' in request
    visit.receive(*visit.answer(request))
    visit.to_the_end()
    view = office.refreshing.connection("acme")
    assert (view.product, view.file_name, view.qbxml_version) == ("QuickBooks Pro 2014", "myCompany", "13.0")
    assert b"12-3456789" not in office.raw(), "the EIN is kept nowhere"


def test_the_hcp_answer_of_another_file_sends_nothing(office: Office, books: Books) -> None:
    hcp = read_hcp(_sample(HCP))
    office.change_company(books, owner_id="{" + next(iter(hcp.file_ids)).upper() + "}")
    office.ask_one(books, "customer", "list_id", "1-1")
    visit = office.visit(books)
    assert visit.send(hcp=_sample(HCP)) == ""
    assert "another company" in visit.error()
    visit.close()
