"""What can be made to go wrong in the simulated company, and only then does."""

import pytest

from qbwc_server.rehearsal.company import RequestProcessorError, SimulatedCompany, SimulatedCrash, sample_company


def request(*inside: str, version: str = "13.0") -> str:
    queries = "".join(f"<CustomerQueryRq>{one}</CustomerQueryRq>" for one in inside)
    return (
        f'<?xml version="1.0"?><?qbxml version="{version}"?><QBXML><QBXMLMsgsRq onError="continueOnError">'
        f"{queries}</QBXMLMsgsRq></QBXML>"
    )


ITEMS = request("").replace("CustomerQuery", "ItemQuery")


@pytest.fixture
def company() -> SimulatedCompany:
    return sample_company(customers=12, items=24)


@pytest.fixture
def by_id(company: SimulatedCompany) -> list[str]:
    return [f"<ListID>{one['ListID']}</ListID>" for one in company.customers()]


def list_id(element: str) -> str:
    return element.removeprefix("<ListID>").removesuffix("</ListID>")


def test_a_poisonous_record_spoils_every_set_that_names_it(company: SimulatedCompany, by_id: list[str]) -> None:
    company.faults.poison.add(list_id(by_id[3]))
    with pytest.raises(RequestProcessorError, match="0x80040400"):
        company.process(request(by_id[2], by_id[3]))
    assert "<CustomerRet>" in company.process(request(by_id[2], by_id[4]))


def test_quickbooks_dies_over_a_record(company: SimulatedCompany, by_id: list[str]) -> None:
    company.faults.crash_on.add(list_id(by_id[1]))
    with pytest.raises(SimulatedCrash):
        company.process(request(by_id[1]))


def test_the_next_sets_fail_with_an_hresult(company: SimulatedCompany) -> None:
    company.faults.fail_next("0x80040402", "unexpected", times=2)
    for _ in range(2):
        with pytest.raises(RequestProcessorError) as caught:
            company.process(request(""))
        assert (caught.value.hresult, caught.value.message) == ("0x80040402", "unexpected")
    assert "<CustomerRet>" in company.process(request(""))


def test_a_session_that_cannot_begin(company: SimulatedCompany) -> None:
    company.faults.next_session_hresults.append(("0x80040408", "Could not start QuickBooks."))
    with pytest.raises(RequestProcessorError, match="0x80040408"):
        company.begin_session()
    company.begin_session()


@pytest.mark.parametrize("code", [1, 1000, 3120, 3231, 3250, 3260, 3261, 3391])
def test_a_record_gets_a_status_and_spoils_only_its_own_request(
    company: SimulatedCompany, by_id: list[str], code: int
) -> None:
    company.faults.status_for_list_id[list_id(by_id[0])] = code
    answer = company.process(request(by_id[0], by_id[1]))
    assert f'<CustomerQueryRs statusCode="{code}"' in answer
    assert answer.count("<CustomerRet>") == 1


def test_a_record_said_to_be_missing_leaves_the_others(company: SimulatedCompany, by_id: list[str]) -> None:
    company.faults.status_for_list_id[list_id(by_id[0])] = 500
    answer = company.process(request(by_id[0] + by_id[1]))
    assert 'statusCode="500" statusSeverity="Warn"' in answer
    assert answer.count("<CustomerRet>") == 1


def test_statuses_by_request_and_once(company: SimulatedCompany) -> None:
    company.faults.status_for_request["CustomerQueryRq"] = 3260
    assert 'statusCode="3260"' in company.process(request(""))
    assert 'statusCode="0"' in company.process(ITEMS)
    company.faults.next_statuses.append(1000)
    assert 'statusCode="1000"' in company.process(ITEMS)
    assert 'statusCode="0"' in company.process(ITEMS)


def test_limits_of_the_request_processor(company: SimulatedCompany) -> None:
    company.faults.max_version = "8.0"
    with pytest.raises(RequestProcessorError, match="0x80040400"):
        company.process(request("", version="10.0"))
    assert company.process(request("", version="8.0"))
    company.faults.refuse_include_ret = True
    with pytest.raises(RequestProcessorError, match="0x80040400"):
        company.process(request("<IncludeRetElement>Name</IncludeRetElement>", version="8.0"))


def test_departures_from_the_schema(company: SimulatedCompany, by_id: list[str]) -> None:
    first = list_id(by_id[0])
    faults = company.faults
    company.change("customer", first, Notes="bell\x07 \u2013 œ", JobTitle=None)
    faults.c1_references = True
    faults.unknown_elements = (("CustomerMood", "fine"),)
    faults.omit_is_active = True
    faults.omit_full_name = True
    faults.raw_text = {(first, "Fax"): "a&#x1F;b\x1f", (first, "BillAddress.City"): "&#146;"}
    answer = company.process(request(by_id[0]))
    assert "<Notes>bell&#x7; &#150; &#156;</Notes>" in answer
    assert "<CustomerMood>fine</CustomerMood>" in answer
    assert "IsActive" not in answer
    assert "\n<FullName>" not in answer.split("<ClassRef>")[0]
    assert "<Fax>a&#x1F;b\x1f</Fax>" in answer
    assert "<City>&#146;</City>" in answer


def test_percent_signs_and_unknown_types(company: SimulatedCompany) -> None:
    assert "<PricePercent>18.0</PricePercent>" in company.process(ITEMS)
    company.faults.percent_sign = True
    company.faults.unknown_types = True
    answer = company.process(ITEMS)
    assert "<PricePercent>18.0%</PricePercent>" in answer
    assert "<ItemRentalRet>" in answer


def test_an_answer_or_the_hcp_answer_can_be_replaced(company: SimulatedCompany) -> None:
    company.faults.answer_text.append("<?xml")
    assert company.process(request("")) == "<?xml"
    assert company.process(request("")) != "<?xml"
    company.faults.hcp_text = ""
    assert company.hcp_response() == ""
