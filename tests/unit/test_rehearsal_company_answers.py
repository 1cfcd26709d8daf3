"""The simulated company answers look-ups, filters and iterators as QuickBooks does."""

import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from qbwc_server.rehearsal.company import SimulatedCompany, WrongSampleDataError, sample_company

PAGE = "<MaxReturned>5</MaxReturned><ActiveStatus>All</ActiveStatus>"


def ask(company: SimulatedCompany, *requests: str, version: str = "13.0", on_error: str = "continueOnError") -> Any:
    text = (
        f'<?xml version="1.0" encoding="utf-8"?><?qbxml version="{version}"?>'
        f'<QBXML><QBXMLMsgsRq onError="{on_error}">{"".join(requests)}</QBXMLMsgsRq></QBXML>'
    )
    answers = list(ET.fromstring(company.process(text))[0])  # noqa: S314 - our own text
    return answers[0] if len(requests) == 1 else answers


def customers(inside: str = "", attributes: str = "") -> str:
    return f"<CustomerQueryRq {attributes}>{inside}</CustomerQueryRq>"


def items(inside: str = "", attributes: str = "") -> str:
    return f"<ItemQueryRq {attributes}>{inside}</ItemQueryRq>"


def names(answer: Any) -> list[str]:
    return [ret.findtext("FullName") or ret.findtext("Name") for ret in answer]


@pytest.fixture
def company() -> SimulatedCompany:
    return sample_company(customers=24, items=40)


def test_without_a_status_only_active_records_come(company: SimulatedCompany) -> None:
    active = [one["FullName"] for one in company.customers() if one["IsActive"]]
    assert names(ask(company, customers())) == active
    assert len(active) < 24
    assert len(ask(company, customers("<ActiveStatus>All</ActiveStatus>"))) == 24
    assert len(ask(company, customers("<ActiveStatus>InactiveOnly</ActiveStatus>"))) == 24 - len(active)


def test_list_ids_find_inactive_ones_and_warn_of_missing_ones(company: SimulatedCompany) -> None:
    inactive = next(one for one in company.customers() if not one["IsActive"])
    answer = ask(company, customers(f"<ListID>{inactive['ListID']}</ListID><ListID>8000FFFF-1</ListID>"))
    assert names(answer) == [inactive["FullName"]]
    assert (answer.get("statusCode"), answer.get("statusSeverity")) == ("500", "Warn")
    assert "8000FFFF-1" in answer.get("statusMessage")


def test_a_lone_missing_list_id_gives_an_empty_tag_with_a_warning(company: SimulatedCompany) -> None:
    answer = ask(company, customers("<ListID>8000FFFF-1</ListID>"))
    assert answer.get("statusCode") == "500"
    assert len(answer) == 0


def test_full_names_are_looked_up_whatever_their_capitals(company: SimulatedCompany) -> None:
    name = company.customers()[2]["FullName"]
    assert names(ask(company, customers(f"<FullName>{name.upper()}</FullName>"))) == [name]


def test_types_without_full_name_are_found_by_name(company: SimulatedCompany) -> None:
    answer = ask(company, items("<FullName>weekend project</FullName>"))
    assert [ret.tag for ret in answer] == ["ItemGroupRet"]
    assert answer[0].find("FullName") is None


def test_a_filter_without_a_match_is_status_1(company: SimulatedCompany) -> None:
    found = "<NameFilter><MatchCriterion>Contains</MatchCriterion><Name>qqq</Name></NameFilter>"
    answer = ask(company, customers(found))
    assert (answer.get("statusCode"), answer.get("statusSeverity"), len(answer)) == ("1", "Info", 0)


@pytest.mark.parametrize(
    ("criterion", "part", "test"),
    [("StartsWith", "BÉL", str.startswith), ("EndsWith", "DECK", str.endswith), ("Contains", "LY", str.__contains__)],
)
def test_name_filters_ignore_capitals(company: SimulatedCompany, criterion: str, part: str, test: Any) -> None:
    inside = f"<NameFilter><MatchCriterion>{criterion}</MatchCriterion><Name>{part}</Name></NameFilter>"
    expected = [one["FullName"] for one in company.customers() if test(one["FullName"].casefold(), part.casefold())]
    assert names(ask(company, customers(f"<ActiveStatus>All</ActiveStatus>{inside}"))) == expected


def test_name_range_and_balance_filters(company: SimulatedCompany) -> None:
    inside = "<NameRangeFilter><FromName>c</FromName><ToName>d</ToName></NameRangeFilter>"
    assert all("c" <= name.casefold() <= "d" for name in names(ask(company, customers(inside))))
    list_id = company.customers()[0]["ListID"]
    company.change("customer", list_id, TotalBalance="123456.78", touch=False)
    inside = "<TotalBalanceFilter><Operator>GreaterThan</Operator><Amount>100000.00</Amount></TotalBalanceFilter>"
    assert [ret.findtext("ListID") for ret in ask(company, customers(inside))] == [list_id]


def test_modified_dates_are_inclusive_and_local_without_offset(company: SimulatedCompany) -> None:
    summer = next(one for one in company.customers() if one["IsActive"] and "-07-" in one["TimeModified"])
    wall = summer["TimeModified"][:19]
    inside = f"<FromModifiedDate>{wall}</FromModifiedDate><ToModifiedDate>{wall}</ToModifiedDate>"
    assert names(ask(company, customers(inside))) == [summer["FullName"]]
    # The printed offset is an hour wrong in summer, so sending it back asks for another hour.
    wrong = summer["TimeModified"]
    inside = f"<FromModifiedDate>{wrong}</FromModifiedDate><ToModifiedDate>{wrong}</ToModifiedDate>"
    assert ask(company, customers(inside)).get("statusCode") == "1"


def test_summer_times_carry_the_winter_offset(company: SimulatedCompany) -> None:
    company.clock = lambda: 1_720_000_000  # 3 July 2024, 09:46:40 UTC
    list_id = company.add("customer", "Customer", Name="Summer")
    view = company.view("customer", list_id)
    assert view["TimeCreated"] == "2024-07-03T05:46:40-05:00"
    assert view["EditSequence"] == "1720000000"
    assert list_id.endswith("-1720000000")


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("<ListID/>", "3000"),
        ("<FromModifiedDate>2024-13-45</FromModifiedDate>", "3020"),
        ("<FromModifiedDate>2050-01-01</FromModifiedDate>", "3020"),
        ("<FromModifiedDate>2024-02-01</FromModifiedDate><ToModifiedDate>2024-01-01</ToModifiedDate>", "3030"),
        ("<NameRangeFilter><FromName>z</FromName><ToName>a</ToName></NameRangeFilter>", "3031"),
    ],
)
def test_senseless_filters_get_their_status(company: SimulatedCompany, inside: str, code: str) -> None:
    answer = ask(company, customers(inside))
    assert (answer.get("statusCode"), answer.get("statusSeverity"), len(answer)) == (code, "Error", 0)


def test_max_returned_without_iterator_truncates_silently(company: SimulatedCompany) -> None:
    answer = ask(company, customers(PAGE))
    assert (len(answer), answer.get("iteratorRemainingCount"), answer.get("iteratorID")) == (5, None, None)


def test_meta_data_counts(company: SimulatedCompany) -> None:
    only = ask(company, customers("<ActiveStatus>All</ActiveStatus>", 'metaData="MetaDataOnly"'))
    assert (only.get("retCount"), len(only)) == ("24", 0)
    both = ask(company, customers(PAGE, 'metaData="MetaDataAndResponseData"'))
    assert (both.get("retCount"), len(both)) == ("5", 5)


def test_an_iterator_gives_every_record_once(company: SimulatedCompany) -> None:
    company.begin_session()
    answer = ask(company, customers(PAGE, 'iterator="Start" requestID="a"'))
    seen, left = names(answer), [answer.get("iteratorRemainingCount")]
    while answer.get("iteratorRemainingCount") != "0":
        answer = ask(company, customers(PAGE, f'iterator="Continue" iteratorID="{answer.get("iteratorID")}"'))
        seen += names(answer)
        left.append(answer.get("iteratorRemainingCount"))
    assert seen == [one["FullName"] for one in company.customers()]
    assert left == ["19", "14", "9", "4", "0"]
    again = ask(company, customers(PAGE, f'iterator="Continue" iteratorID="{answer.get("iteratorID")}"'))
    assert again.get("statusCode") == "3391"


def test_an_iterator_dies_with_its_session(company: SimulatedCompany) -> None:
    company.begin_session()
    iterator_id = ask(company, customers(PAGE, 'iterator="Start"')).get("iteratorID")
    company.end_session()
    company.begin_session()
    answer = ask(company, customers(PAGE, f'iterator="Continue" iteratorID="{iterator_id}"'))
    assert (answer.get("statusCode"), len(answer)) == ("3391", 0)


def test_an_iterator_wants_the_same_filters_and_the_same_list(company: SimulatedCompany) -> None:
    iterator_id = ask(company, customers(PAGE, 'iterator="Start"')).get("iteratorID")
    attributes = f'iterator="Continue" iteratorID="{iterator_id}"'
    assert ask(company, customers("<MaxReturned>5</MaxReturned>", attributes)).get("statusCode") == "3210"
    assert ask(company, items(PAGE, attributes)).get("statusCode") == "3391"
    assert ask(company, customers(PAGE, attributes)).get("statusCode") == "0"


def test_a_stopped_iterator_is_gone_and_one_without_max_returned_never_begins(company: SimulatedCompany) -> None:
    iterator_id = ask(company, customers(PAGE, 'iterator="Start"')).get("iteratorID")
    assert ask(company, customers(PAGE, f'iterator="Stop" iteratorID="{iterator_id}"')).get("statusCode") == "0"
    answer = ask(company, customers(PAGE, f'iterator="Continue" iteratorID="{iterator_id}"'))
    assert answer.get("statusCode") == "3391"
    assert ask(company, customers("", 'iterator="Start"')).get("statusCode") == "3210"


def test_an_iterator_is_a_snapshot_of_which_records_in_their_present_state(company: SimulatedCompany) -> None:
    third, last = company.customers()[6]["ListID"], company.customers()[-1]["ListID"]
    answer = ask(company, customers(PAGE, 'iterator="Start"'))
    company.change("customer", third, Phone="555-9999")
    company.delete("customer", last)
    company.add("customer", "Customer", Name="Too late")
    seen = []
    while answer.get("iteratorRemainingCount") != "0":
        answer = ask(company, customers(PAGE, f'iterator="Continue" iteratorID="{answer.get("iteratorID")}"'))
        seen += list(answer)
    assert next(ret for ret in seen if ret.findtext("ListID") == third).findtext("Phone") == "555-9999"
    assert last not in [ret.findtext("ListID") for ret in seen]
    assert "Too late" not in [ret.findtext("Name") for ret in seen]


def test_an_empty_iterator_says_so(company: SimulatedCompany) -> None:
    none = (
        "<MaxReturned>5</MaxReturned><NameFilter><MatchCriterion>Contains</MatchCriterion><Name>qq</Name></NameFilter>"
    )
    answer = ask(company, customers(none, 'iterator="Start"'))
    assert (answer.get("statusCode"), answer.get("iteratorRemainingCount")) == ("1", "0")
    company.faults.bare_empty_iterator = True
    assert ask(company, customers(none, 'iterator="Start"')).get("iteratorRemainingCount") is None


def test_include_ret_element_limits_and_keeps_wire_order(company: SimulatedCompany) -> None:
    wanted = "<IncludeRetElement>Phone</IncludeRetElement><IncludeRetElement>ListID</IncludeRetElement>"
    answer = ask(company, customers(f"<MaxReturned>1</MaxReturned>{wanted}"))
    assert [element.tag for element in answer[0]] == ["ListID", "Phone"]


def test_custom_fields_come_only_for_the_owner_asked_for(company: SimulatedCompany) -> None:
    first = f"<ListID>{company.customers()[0]['ListID']}</ListID>"
    assert ask(company, customers(first))[0].find("DataExtRet") is None
    fields = ask(company, customers(f"{first}<OwnerID>0</OwnerID>"))[0].findall("DataExtRet")
    assert [(one.findtext("OwnerID"), one.findtext("DataExtName")) for one in fields] == [("0", "Colour"), ("0", "Web")]


def test_old_versions_print_no_newer_elements(company: SimulatedCompany) -> None:
    assert ask(company, customers(), version="5.0")[0].find("BillAddressBlock") is None
    assert ask(company, customers(), version="6.0")[0].find("BillAddressBlock") is not None
    new = ask(company, customers(), version="11.0")[0]
    assert new.find("ShipToAddress") is None
    assert new.find("JobTitle") is None
    hammer = company.find("item", "Hand tools:Hammer 16 oz")
    assert ask(company, items(f"<ListID>{hammer}</ListID>"), version="12.0")[0].find("Max") is None
    assert ask(company, items(f"<ListID>{hammer}</ListID>"), version="13.0")[0].findtext("Max") == "120"
    assert "ItemFixedAssetRet" not in [ret.tag for ret in ask(company, items(), version="2.1")]


def test_the_edition_decides_about_tax_elements() -> None:
    american = ask(sample_company("US"), customers())[0]
    assert american.find("ItemSalesTaxRef") is not None
    assert american.find("TaxRegistrationNumber") is None
    canadian = sample_company("CA")
    assert ask(canadian, customers())[0].findtext("TaxRegistrationNumber") == "100000000 RT0001"
    assert ask(canadian, customers())[0].find("ItemSalesTaxRef") is None
    assert ask(canadian, items())[0].find("IsTaxIncluded") is not None
    rates = {ret.findtext("Name"): ret.findtext("TaxRate") for ret in ask(canadian, "<ItemSalesTaxQueryRq/>")}
    assert rates["TVQ"] == "9.975"


def test_item_queries_of_one_type_return_that_type(company: SimulatedCompany) -> None:
    assert {ret.tag for ret in ask(company, "<ItemServiceQueryRq/>")} == {"ItemServiceRet"}
    hammer = company.find("item", "Hand tools:Hammer 16 oz")
    answer = ask(company, f"<ItemServiceQueryRq><ListID>{hammer}</ListID></ItemServiceQueryRq>")
    assert answer.get("statusCode") == "500"


def test_the_request_id_comes_back_and_a_long_one_is_refused(company: SimulatedCompany) -> None:
    first, second, third = ask(
        company, customers("", 'requestID="r&amp;1"'), customers(), customers("", f'requestID="{"x" * 51}"')
    )
    assert (first.get("requestID"), second.get("requestID")) == ("r&1", None)
    assert third.get("statusCode") == "1060"


def test_stop_on_error_leaves_later_requests_undone(company: SimulatedCompany) -> None:
    bad = customers("<FromModifiedDate>2024-13-45</FromModifiedDate>")
    gone = customers("<ListID>8000FFFF-1</ListID>")
    codes = [one.get("statusCode") for one in ask(company, gone, bad, customers(), items(), on_error="stopOnError")]
    assert codes == ["500", "3020", "3231", "3231"]
    assert [one.get("statusCode") for one in ask(company, bad, customers())] == ["3020", "0"]


def test_deletions_are_told(company: SimulatedCompany) -> None:
    company.clock = lambda: 1_790_000_000
    list_id = company.customers()[-1]["ListID"]
    company.delete("customer", list_id)
    request = (
        "<ListDeletedQueryRq><ListDelType>Customer</ListDelType><DeletedDateRangeFilter>"
        "<FromDeletedDate>{}</FromDeletedDate></DeletedDateRangeFilter></ListDeletedQueryRq>"
    )
    assert len(ask(company, request.format("2020-01-01"))) == 4
    assert [ret.findtext("ListID") for ret in ask(company, request.format("2026-09-01"))] == [list_id]
    assert ask(company, request.format("2037-01-01")).get("statusCode") == "1"
    assert ask(company, customers(f"<ListID>{list_id}</ListID>")).get("statusCode") == "500"


def test_text_is_ascii_with_decimal_references_one_element_a_line(company: SimulatedCompany) -> None:
    list_id = company.add("customer", "Customer", Name='Œuvre <d\u2019Ève> & "fils"', Phone="")
    text = company.process(
        '<?xml version="1.0"?><?qbxml version="13.0"?><QBXML><QBXMLMsgsRq onError="stopOnError">'
        f"<CustomerQueryRq><ListID>{list_id}</ListID></CustomerQueryRq></QBXMLMsgsRq></QBXML>"
    )
    assert text.isascii()
    assert "<Name>&#338;uvre &lt;d&#8217;&#200;ve&gt; &amp; &quot;fils&quot;</Name>\n" in text
    assert "Phone" not in text
    assert re.fullmatch(r"(<[^\n]+>\n)+", text)


def test_the_hcp_answer_has_three_parts_and_the_registered_file_id(company: SimulatedCompany) -> None:
    company.register("{00000000-0000-0000-0000-00000000000A}", "{00000000-0000-0000-0000-00000000000B}")
    host, own, preferences = ET.fromstring(company.hcp_response())[0]  # noqa: S314 - our own text
    assert [part.get("requestID") for part in (host, own, preferences)] == ["0", "1", "2"]
    assert [element.text for element in host.iter("SupportedQBXMLVersion")][-1] == "13.0"
    fields = {one.findtext("DataExtName"): one.findtext("DataExtValue") for one in own.iter("DataExtRet")}
    assert fields["FileID"] == "{00000000-0000-0000-0000-00000000000B}"
    assert preferences.findtext(".//IsPersonalDataAccessAllowed") == "false"
    assert ask(company, "<CompanyQueryRq/>").find(".//DataExtRet") is None


def test_changes_move_the_times_unless_a_transaction_made_them(company: SimulatedCompany) -> None:
    before = company.customers()[0]
    company.change("customer", before["ListID"], touch=False, Balance="77.00")
    still = company.customers()[0]
    assert (still["Balance"], still["EditSequence"]) == ("77.00", before["EditSequence"])
    company.change("customer", before["ListID"], BillAddress={"City": "Lévis"}, Fax=None)
    after = company.customers()[0]
    assert int(after["EditSequence"]) > int(before["EditSequence"])
    assert after["BillAddress"] == {**before["BillAddress"], "City": "Lévis"}
    assert "Fax" not in after


def test_renaming_a_parent_changes_full_names_below_but_not_their_times(company: SimulatedCompany) -> None:
    before = company.customers()
    company.rename("customer", before[3]["ListID"], "Nouveau nom")
    after = company.customers()
    assert after[5]["FullName"].startswith("Nouveau nom:")
    assert after[5]["ParentRef"]["FullName"] == after[4]["FullName"]
    assert after[5]["EditSequence"] == before[5]["EditSequence"]
    assert company.find("customer", after[5]["FullName"]) == before[5]["ListID"]


def test_a_deactivated_record_keeps_its_list_id(company: SimulatedCompany) -> None:
    list_id = company.customers()[0]["ListID"]
    company.deactivate("customer", list_id)
    assert ask(company, customers(f"<ListID>{list_id}</ListID>"))[0].findtext("IsActive") == "false"


def test_what_a_record_cannot_hold_is_said(company: SimulatedCompany) -> None:
    list_id = company.customers()[0]["ListID"]
    with pytest.raises(WrongSampleDataError, match="Fone"):
        company.change("customer", list_id, Fone="1")
    with pytest.raises(WrongSampleDataError, match="Customer"):
        company.add("item", "Customer", Name="x")
    with pytest.raises(WrongSampleDataError, match="already"):
        company.add("item", "ItemService", Name="INSTALLATION")
    with pytest.raises(WrongSampleDataError, match="vendor"):
        company.find("vendor", "x")
    with pytest.raises(WrongSampleDataError, match="80-1"):
        company.delete("customer", "80-1")
