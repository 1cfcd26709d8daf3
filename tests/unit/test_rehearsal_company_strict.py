"""The simulated request processor refuses what QuickBooks refuses, whole and without an answer."""

import pytest

from qbwc_server.rehearsal.company import RequestProcessorError, SimulatedCompany, sample_company

HEAD = '<?xml version="1.0" encoding="utf-8"?><?qbxml version="{}"?>'
ON = 'onError="continueOnError"'


def message_set(body: str, version: str = "13.0") -> str:
    return f"{HEAD.format(version)}<QBXML><QBXMLMsgsRq {ON}>{body}</QBXMLMsgsRq></QBXML>"


def customer(inside: str, version: str = "13.0") -> str:
    return message_set(f"<CustomerQueryRq>{inside}</CustomerQueryRq>", version)


@pytest.fixture(scope="module")
def company() -> SimulatedCompany:
    return sample_company(customers=12, items=24)


REFUSED = {
    "blank before the declaration": " " + customer(""),
    "no declaration": customer("").removeprefix('<?xml version="1.0" encoding="utf-8"?>'),
    "no version": customer("").replace('<?qbxml version="13.0"?>', ""),
    "unknown version": customer("", "17.0"),
    "empty text": "",
    "cut off": customer("")[:-10],
    "doctype": customer("").replace("<QBXML>", "<!DOCTYPE QBXML><QBXML>"),
    "no onError": customer("").replace(f" {ON}", ""),
    "wrong onError": customer("").replace("continueOnError", "ignore"),
    "rollbackOnError": customer("").replace("continueOnError", "rollbackOnError"),
    "strange attribute": customer("").replace(ON, f'{ON} mode="x"'),
    "namespace": customer("").replace("<QBXML>", '<QBXML xmlns="http://intuit.com/x">'),
    "no requests": message_set(""),
    "two sets": customer("").replace("</QBXML>", f"<QBXMLMsgsRq {ON}/></QBXML>"),
    "unknown request": message_set("<CustomrQueryRq/>"),
    "second request bad": message_set("<CustomerQueryRq/><ItemQueryRq><Nonsense/></ItemQueryRq>"),
    "status before MaxReturned": customer("<ActiveStatus>All</ActiveStatus><MaxReturned>5</MaxReturned>"),
    "OwnerID before IncludeRetElement": customer(
        "<OwnerID>0</OwnerID><IncludeRetElement>Name</IncludeRetElement>",
    ),
    "ListID with MaxReturned": customer("<ListID>1-1</ListID><MaxReturned>5</MaxReturned>"),
    "ListID with FullName": customer("<ListID>1-1</ListID><FullName>A</FullName>"),
    "FullName before ListID": customer("<FullName>A</FullName><ListID>1-1</ListID>"),
    "ListID with NameFilter": customer(
        "<ListID>1-1</ListID><NameFilter><MatchCriterion>Contains</MatchCriterion><Name>a</Name></NameFilter>",
    ),
    "MaxReturned 0": customer("<MaxReturned>0</MaxReturned>"),
    "MaxReturned empty": customer("<MaxReturned/>"),
    "MaxReturned twice": customer("<MaxReturned>5</MaxReturned><MaxReturned>5</MaxReturned>"),
    "bad ActiveStatus": customer("<ActiveStatus>Active</ActiveStatus>"),
    "Z time": customer("<FromModifiedDate>2024-01-01T00:00:00Z</FromModifiedDate>"),
    "fraction of a second": customer("<FromModifiedDate>2024-01-01T00:00:00.5</FromModifiedDate>"),
    "long ListID": customer(f"<ListID>{'1' * 37}</ListID>"),
    "OwnerID not a GUID": customer("<OwnerID>mine</OwnerID>"),
    "long IncludeRetElement": customer(f"<IncludeRetElement>{'N' * 51}</IncludeRetElement>"),
    "NameFilter without Name": customer("<NameFilter><MatchCriterion>Contains</MatchCriterion></NameFilter>"),
    "NameFilter in the wrong order": customer(
        "<NameFilter><Name>a</Name><MatchCriterion>Contains</MatchCriterion></NameFilter>",
    ),
    "both name filters": customer(
        "<NameFilter><MatchCriterion>Contains</MatchCriterion><Name>a</Name></NameFilter>"
        "<NameRangeFilter><FromName>a</FromName></NameRangeFilter>",
    ),
    "TotalBalanceFilter for items": message_set(
        "<ItemQueryRq><TotalBalanceFilter><Operator>Equal</Operator><Amount>0.00</Amount></TotalBalanceFilter>"
        "</ItemQueryRq>",
    ),
    "one decimal in an amount": customer(
        "<TotalBalanceFilter><Operator>Equal</Operator><Amount>0.5</Amount></TotalBalanceFilter>",
    ),
    "empty CurrencyFilter": customer("<CurrencyFilter/>"),
    "text among the elements": customer("hello<MaxReturned>5</MaxReturned>"),
    "attribute on an element": customer('<MaxReturned unit="1">5</MaxReturned>'),
    "unknown iterator": message_set('<CustomerQueryRq iterator="Next"/>'),
    "iterator on ListDeletedQuery": message_set(
        '<ListDeletedQueryRq iterator="Start"><ListDelType>Customer</ListDelType></ListDeletedQueryRq>',
    ),
    "unknown ListDelType": message_set("<ListDeletedQueryRq><ListDelType>Person</ListDelType></ListDeletedQueryRq>"),
    "no ListDelType": message_set("<ListDeletedQueryRq/>"),
    "metaData on HostQuery": message_set('<HostQueryRq metaData="NoMetaData"/>'),
    "IncludeRetElement in 3.0": customer("<IncludeRetElement>Name</IncludeRetElement>", "3.0"),
    "iterator in 4.1": message_set('<CustomerQueryRq iterator="Start"/>', "4.1"),
    "metaData in 3.0": message_set('<CustomerQueryRq metaData="NoMetaData"/>', "3.0"),
    "OwnerID in 1.1": customer("<OwnerID>0</OwnerID>", "1.1"),
    "CurrencyFilter in 7.0": customer("<CurrencyFilter><FullName>Euro</FullName></CurrencyFilter>", "7.0"),
    "ClassFilter in 11.0": customer("<ClassFilter><FullName>Web</FullName></ClassFilter>", "11.0"),
    "fixed assets in 2.1": message_set("<ItemFixedAssetQueryRq/>", "2.1"),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_a_set_that_breaks_the_schema_is_refused_whole(company: SimulatedCompany, name: str) -> None:
    with pytest.raises(RequestProcessorError) as caught:
        company.process(REFUSED[name])
    assert caught.value.hresult == "0x80040400"
    assert company.refusals[-1] not in caught.value.message


ACCEPTED = {
    "comment": customer("<!-- why --><MaxReturned>5</MaxReturned>"),
    "newline before the root": customer("").replace("<QBXML>", "\n<QBXML>"),
    "all customer filters": customer(
        "<MaxReturned>5</MaxReturned><ActiveStatus>All</ActiveStatus>"
        "<FromModifiedDate>2010-01-01T00:00:00-05:00</FromModifiedDate><ToModifiedDate>2030-01-01</ToModifiedDate>"
        "<NameFilter><MatchCriterion>Contains</MatchCriterion><Name>a</Name></NameFilter>"
        "<TotalBalanceFilter><Operator>GreaterThanEqual</Operator><Amount>-99999.00</Amount></TotalBalanceFilter>"
        "<ClassFilter><FullNameWithChildren>Store</FullNameWithChildren></ClassFilter>"
        "<IncludeRetElement>ListID</IncludeRetElement><OwnerID>0</OwnerID>"
        "<OwnerID>{6B063959-81B0-4622-85D6-F548C8CCB517}</OwnerID>",
    ),
    "many ListIDs": customer("<ListID>1-1</ListID>" * 100 + "<OwnerID>0</OwnerID>"),
    "name range": customer("<NameRangeFilter><ToName>M</ToName></NameRangeFilter>"),
    "old version": customer("<MaxReturned>5</MaxReturned>", "1.0"),
    "host, company, preferences": message_set("<HostQueryRq/><CompanyQueryRq/><PreferencesQueryRq/>"),
}


@pytest.mark.parametrize("name", list(ACCEPTED))
def test_a_set_that_follows_the_schema_is_answered(company: SimulatedCompany, name: str) -> None:
    answer = company.process(ACCEPTED[name])
    assert answer.startswith('<?xml version="1.0" ?>\n<QBXML>\n<QBXMLMsgsRs>\n')
    assert answer.endswith("</QBXMLMsgsRs>\n</QBXML>\n")
    assert 'statusSeverity="Error"' not in answer


def test_the_canadian_product_also_speaks_its_old_versions() -> None:
    company = sample_company("CA", customers=2, items=2)
    assert "<CustomerRet>" in company.process(customer("", "CA3.0"))


def test_writes_are_refused_and_remembered(company: SimulatedCompany) -> None:
    company.write_attempts.clear()
    answer = company.process(
        message_set(
            '<CustomerAddRq requestID="7"><CustomerAdd><Name>X</Name></CustomerAdd></CustomerAddRq>'
            "<TxnDelRq/><ListDelRq/><DataExtModRq/><TxnVoidRq/><CustomerQueryRq/>",
        ),
    )
    assert '<CustomerAddRs requestID="7" statusCode="3263" statusSeverity="Error"' in answer
    assert company.write_attempts == ["CustomerAddRq", "TxnDelRq", "ListDelRq", "DataExtModRq", "TxnVoidRq"]
    assert "<CustomerRet>" in answer
    assert len(company.customers()) == 12
