from collections.abc import Sequence

import pytest
from lxml import etree

from qbwc_server.qbxml.asking import allowed_custom, asked_fields
from qbwc_server.qbxml.characters import parse_small
from qbwc_server.qbxml.errors import NotReadOnly, TemplateError
from qbwc_server.qbxml.gate import check_read_only
from qbwc_server.qbxml.lists import CUSTOMER, ITEM, ListType
from qbwc_server.qbxml.request import (
    ByFullName,
    ByListID,
    Count,
    Deleted,
    Find,
    Page,
    Request,
    build_message_set,
    check_templates,
    is_full_name,
    is_list_id,
    mask,
)
from qbwc_server.qbxml.templates import Templates
from qbwc_server.resources import resource_bytes

SINCE = "2024-03-10T02:30:00"
BY_ID = ByListID("r1", "customer", ("80000001-1", "80000002-1"))
WRITING = b'<CustomerAddRq requestID="add"><CustomerAdd><Name>x</Name></CustomerAdd></CustomerAddRq>'


def requests_in(text: str) -> list[etree._Element]:
    return list(parse_small(text.encode("ascii"))[0])


def built(*requests: Request, version: str = "13.0", private: Sequence[str] = (), country: str = "US") -> str:
    return build_message_set(requests, version=version, private=frozenset(private), country=country)


def included(request: etree._Element) -> list[str | None]:
    return [element.text for element in request.findall("IncludeRetElement")]


def with_writing(folder: str, name: str) -> bytes:
    return resource_bytes(folder, name).replace(b"</QBXMLMsgsRq>", WRITING + b"</QBXMLMsgsRq>")


def test_the_document_begins_as_quickbooks_demands() -> None:
    text = built(BY_ID, version="12.0")
    assert text.startswith('<?xml version="1.0" encoding="utf-8"?>\n<?qbxml version="12.0"?>\n<QBXML>\n')
    assert '<QBXMLMsgsRq onError="continueOnError">' in text


def test_several_requests_share_a_message_set_each_with_its_request_id() -> None:
    text = built(
        BY_ID,
        ByFullName("r2", "item", "Nuts"),
        Find("r3", "customer", "Dup"),
        Page("r4", "item", "Start", None, 100),
        ByListID("r5", "item", ("A",)),
    )
    assert [(request.tag, request.get("requestID")) for request in requests_in(text)] == [
        ("CustomerQueryRq", "r1"),
        ("ItemQueryRq", "r2"),
        ("CustomerQueryRq", "r3"),
        ("ItemQueryRq", "r4"),
        ("ItemQueryRq", "r5"),
    ]


def test_one_query_takes_hundreds_of_list_ids_in_order() -> None:
    ids = tuple(f"{number:X}-1400000000" for number in range(500))
    (request,) = requests_in(built(ByListID("r", "customer", ids)))
    assert [element.text for element in request.findall("ListID")] == list(ids)
    assert [element.tag for element in request][: len(ids) + 1] == ["ListID"] * len(ids) + ["IncludeRetElement"]


def test_a_search_includes_inactive_records_and_stands_in_order() -> None:
    (request,) = requests_in(built(Find("r", "item", "vis", limit=7)))
    assert [element.tag for element in request][:4] == [
        "MaxReturned",
        "ActiveStatus",
        "NameFilter",
        "IncludeRetElement",
    ]
    assert request.findtext("MaxReturned") == "7"
    assert request.findtext("ActiveStatus") == "All"
    assert request.findtext("NameFilter/MatchCriterion") == "Contains"
    assert request.findtext("NameFilter/Name") == "vis"
    assert request.get("iterator") is None


def test_every_page_repeats_its_filters() -> None:
    start, more, stop = requests_in(
        built(
            Page("1", "customer", "Start", None, 200),
            Page("2", "customer", "Continue", "{a-b}", 200),
            Page("3", "customer", "Stop", "{a-b}", 200),
        )
    )
    assert (start.get("iterator"), start.get("iteratorID")) == ("Start", None)
    assert (more.get("iterator"), more.get("iteratorID")) == ("Continue", "{a-b}")
    assert stop.get("iterator") == "Stop"
    for request in (start, more, stop):
        assert request.findtext("MaxReturned") == "200"
        assert request.findtext("ActiveStatus") == "All"
        assert included(request) == included(start)


@pytest.mark.parametrize("page", [Page("1", "item", "Start", "{a}", 5), Page("1", "item", "Continue", None, 5)])
def test_an_iterator_id_belongs_to_continue_and_stop(page: Page) -> None:
    with pytest.raises(ValueError, match="iteratorID"):
        built(page)


def test_letters_are_written_as_decimal_references_and_markup_is_escaped() -> None:
    text = built(ByFullName("r", "customer", 'Zoë & Fils <"😀\x01\ud800">'))
    assert text.isascii()
    assert "Zo&#235; &amp; Fils &lt;" in text
    assert "&#128512;" in text
    assert requests_in(text)[0].findtext("FullName") == 'Zoë & Fils <"😀">'


def test_blanks_in_a_name_are_sent_as_they_are() -> None:
    assert requests_in(built(ByFullName("r", "customer", "  a ")))[0].findtext("FullName") == "  a "


def test_no_private_element_is_asked_for_unless_published() -> None:
    (request,) = requests_in(built(BY_ID))
    assert not {"Balance", "TotalBalance", "CreditLimit", "Notes", "DataExtRet", "CreditCardInfo"} & set(
        included(request)
    )
    assert request.find("OwnerID") is None
    (request,) = requests_in(built(BY_ID, private=["customer.Balance", "item.PurchaseCost"]))
    assert "Balance" in included(request)
    assert "PurchaseCost" not in included(request)
    assert request.find("OwnerID") is None


@pytest.mark.parametrize("name", ["customer.Custom", "customer.Custom.Colour"])
def test_custom_fields_are_asked_for_only_when_one_is_published(name: str) -> None:
    (request,) = requests_in(built(BY_ID, private=[name]))
    assert "DataExtRet" in included(request)
    assert request.findtext("OwnerID") == "0"
    assert request[-1].tag == "OwnerID"
    (request,) = requests_in(built(ByListID("r", "item", ("A",)), private=[name]))
    assert request.find("OwnerID") is None


def test_custom_fields_are_allowed_by_name() -> None:
    assert allowed_custom("item", frozenset({"item.Custom"})) is None
    assert allowed_custom("item", frozenset({"item.Custom.A.B", "customer.Custom.C"})) == frozenset({"A.B"})
    assert allowed_custom("item", frozenset({"customer.Custom"})) == frozenset()


def test_elements_are_left_out_where_the_version_or_the_country_lacks_them() -> None:
    (at5,) = requests_in(built(BY_ID, version="5.0"))
    assert not {"ClassRef", "CurrencyRef", "ShipToAddress", "JobTitle", "TaxRegistrationNumber"} & set(included(at5))
    (canadian,) = requests_in(built(BY_ID, country="CA"))
    assert "TaxRegistrationNumber" in included(canadian)
    (american,) = requests_in(built(BY_ID))
    assert "TaxRegistrationNumber" not in included(american)


def test_nothing_is_named_when_quickbooks_refused_that() -> None:
    text = build_message_set([BY_ID], version="13.0", limit_elements=False)
    assert included(requests_in(text)[0]) == []


def test_asked_fields_follow_version_country_and_what_is_published() -> None:
    at13 = asked_fields("customer", version="13.0")
    assert {"ListID", "BillAddress.Addr5", "ShipToAddresses"} <= at13
    assert not {"Balance", "Custom", "TaxRegistrationNumber"} & at13
    at5 = asked_fields("customer", version="5.0")
    assert at5 < at13
    assert "BillAddress.Addr5" not in at5
    assert "TaxRegistrationNumber" in asked_fields("customer", version="13.0", limit_elements=False)
    assert "Custom" in asked_fields("customer", version="13.0", private=frozenset({"customer.Custom.Colour"}))
    assert "QuantityAvailable" in asked_fields("item", version="13.0")


@pytest.mark.parametrize(
    "requests",
    [
        (),
        (BY_ID, BY_ID),
        (ByListID("r", "customer", ()),),
        (ByListID("", "item", ("A",)),),
        (ByListID("r" * 51, "item", ("A",)),),
    ],
)
def test_a_message_set_that_quickbooks_would_refuse_is_not_built(requests: Sequence[Request]) -> None:
    with pytest.raises(ValueError, match=r"requestID|ListID"):
        built(*requests)


def test_the_installed_templates_are_read_only() -> None:
    check_templates()


def test_a_template_altered_to_write_is_refused_at_start_and_at_send() -> None:
    altered = Templates(with_writing)
    with pytest.raises(NotReadOnly, match="CustomerAddRq"):
        altered.check()
    with pytest.raises(NotReadOnly, match="CustomerAddRq"):
        build_message_set([BY_ID], version="13.0", templates=Templates(with_writing))


def test_a_query_altered_into_a_writing_request_is_refused() -> None:
    def altered(folder: str, name: str) -> bytes:
        return resource_bytes(folder, name).replace(b"CustomerQueryRq", b"CustomerModRq")

    with pytest.raises(NotReadOnly, match="CustomerModRq"):
        build_message_set([BY_ID], version="13.0", templates=Templates(altered))


class PassingTheStart(Templates):
    """Templates whose requests become writing ones only after every check of the files."""

    def request(self, kind: ListType, way: str) -> etree._Element:
        element = super().request(kind, way)
        element.tag = "CustomerAddRq"
        return element


def test_the_gate_judges_the_outgoing_document_itself() -> None:
    templates = PassingTheStart()
    templates.check()
    with pytest.raises(NotReadOnly, match="CustomerAddRq"):
        build_message_set([BY_ID], version="13.0", templates=templates)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"</QBXML>", b""),
        (b'"find"', b'"search"'),
        (b"<MaxReturned>50</MaxReturned>", b""),
        (b"ListID>", b"Foo>"),
        (b"FromModifiedDate>", b"ToModifiedDate>"),
    ],
)
def test_a_template_that_lacks_something_is_refused_at_start(old: bytes, new: bytes) -> None:
    altered = Templates(lambda folder, name: resource_bytes(folder, name).replace(old, new))
    with pytest.raises(TemplateError, match=r"customer_query\.xml"):
        altered.check()


def test_the_template_for_deletions_is_checked_at_start_too() -> None:
    altered = Templates(lambda folder, name: resource_bytes(folder, name).replace(b"FromDeletedDate", b"ToDeletedDate"))
    with pytest.raises(TemplateError, match=r"list_deleted_query\.xml lacks DeletedDateRangeFilter/FromDeletedDate"):
        altered.check()


def test_a_filter_added_to_a_template_is_sent() -> None:
    def altered(folder: str, name: str) -> bytes:
        return resource_bytes(folder, name).replace(
            b"<ActiveStatus>All</ActiveStatus>",
            b"<ActiveStatus>All</ActiveStatus><!-- until --><ToModifiedDate>2024-01-01</ToModifiedDate>",
        )

    page, count = Page("1", CUSTOMER.name, "Start", None, 5), Count("2", CUSTOMER.name)
    text = build_message_set([page, count], version="13.0", templates=Templates(altered))
    assert text.count("<ToModifiedDate>2024-01-01</ToModifiedDate>") == 2
    assert "until" not in text


@pytest.mark.parametrize("name", ["CustomerQueryRq", "ItemQueryRq", "HostQueryRq", "CompanyQueryRq"])
def test_the_gate_lets_reading_requests_pass(name: str) -> None:
    check_read_only(f'<?xml version="1.0"?><QBXML><QBXMLMsgsRq onError="stopOnError"><{name}/></QBXMLMsgsRq></QBXML>')


@pytest.mark.parametrize(
    "text",
    [
        "<QBXML><QBXMLMsgsRq><CustomerAddRq/></QBXMLMsgsRq></QBXML>",
        "<QBXML><QBXMLMsgsRq><CustomerQueryRq/><ListDelRq/></QBXMLMsgsRq></QBXML>",
        "<QBXML><QBXMLMsgsRq><CustomerQueryRq><ItemServiceAddRq/></CustomerQueryRq></QBXMLMsgsRq></QBXML>",
        '<QBXML><QBXMLMsgsRq><a:CustomerQueryRq xmlns:a="b"/></QBXMLMsgsRq></QBXML>',
        "<QBXML><QBXMLMsgsRq/><SignonMsgsRq><SignonDesktopRq/></SignonMsgsRq></QBXML>",
        "<CustomerAddRq/>",
        "<!DOCTYPE QBXML><QBXML/>",
        "<QBXML><QBXMLMsgsRq>",
        "",
    ],
)
def test_the_gate_refuses_everything_else(text: str) -> None:
    with pytest.raises(NotReadOnly):
        check_read_only(text)


def test_names_are_masked_and_list_ids_are_not() -> None:
    text = built(
        BY_ID,
        ByFullName("r2", "customer", "Zoë Secret"),
        Find("r3", "item", "Geheim"),
        Page("r4", "item", "Start", None, 5, SINCE),
        Deleted("r5", "item", SINCE),
    )
    masked = mask(text)
    assert masked.count(SINCE) == 2
    assert "Secret" not in masked
    assert "Zo&#235;" not in masked
    assert "Geheim" not in masked
    assert "80000001-1" in masked
    assert masked.startswith('<?xml version="1.0" encoding="utf-8"?>\n<?qbxml version="13.0"?>\n<QBXML>')
    check_read_only(masked)


def test_what_people_type_is_judged_before_it_is_queued() -> None:
    assert is_list_id("80000001-1400000000")
    assert not any(is_list_id(text) for text in ("", " ", "A" * 37, "a\x01", " a"))
    assert is_full_name("item", "A" * 159)
    assert not any(is_full_name("item", text) for text in ("", "  ", "A" * 160, "a\x01"))


def tags(request: etree._Element) -> list[str]:
    return list(dict.fromkeys(element.tag for element in request))


def test_what_changed_is_asked_for_by_quickbooks_own_clock_and_in_order() -> None:
    start, more, whole = requests_in(
        built(
            Page("1", "customer", "Start", None, 200, SINCE),
            Page("2", "customer", "Continue", "{a-b}", 200, SINCE),
            Page("3", "customer", None, None, 200),
        )
    )
    for request in (start, more):
        assert request.findtext("FromModifiedDate") == SINCE
        assert tags(request) == ["MaxReturned", "ActiveStatus", "FromModifiedDate", "IncludeRetElement"]
    assert whole.find("FromModifiedDate") is None


@pytest.mark.parametrize("version", ["2.0", "4.1", "13.0"])
def test_a_list_is_asked_for_in_one_answer_where_there_are_no_iterators(version: str) -> None:
    (request,) = requests_in(built(Page("1", "item", None, None, 200, SINCE), version=version))
    assert dict(request.items()) == {"requestID": "1"}
    assert tags(request)[:2] == ["ActiveStatus", "FromModifiedDate"]
    assert bool(included(request)) == (version != "2.0")


@pytest.mark.parametrize(
    ("request_", "version", "needed"),
    [
        (Page("1", "item", "Start", None, 5), "4.1", "5.0"),
        (Count("1", "item"), "3.0", "4.0"),
        (Deleted("1", "item"), "1.1", "2.0"),
    ],
)
def test_what_the_version_does_not_have_is_not_asked_for(request_: Request, version: str, needed: str) -> None:
    with pytest.raises(ValueError, match=f"qbXML {version} does not have .*; {needed} and later do"):
        built(request_, version=version)


@pytest.mark.parametrize("moment", ["2024-01-01", f"{SINCE}Z", f"{SINCE}-05:00", f"{SINCE}.5", f" {SINCE}", ""])
def test_a_moment_in_another_form_is_not_sent(moment: str) -> None:
    for request in (
        Page("1", "item", "Start", None, 5, moment),
        Count("1", "item", moment),
        Deleted("1", "item", moment),
    ):
        with pytest.raises(ValueError, match="yyyy-mm-ddThh:mm:ss"):
            built(request)


def test_a_light_sweep_names_only_what_moves_and_what_tells_the_record() -> None:
    everything = ["customer.Balance", "customer.TotalBalance", "customer.Custom", "customer.Notes", "item.Custom"]
    customers, items = requests_in(
        built(
            Page("1", "customer", "Start", None, 200, volatile=True),
            Page("2", "item", "Continue", "{a}", 200, SINCE, volatile=True),
            private=everything,
        )
    )
    assert included(customers) == ["ListID", "FullName", "Sublevel", "Balance", "TotalBalance"]
    assert included(items) == [
        *("ListID", "FullName", "Sublevel", "QuantityOnHand", "QuantityOnOrder", "QuantityOnSalesOrder")
    ]
    assert items.findtext("FromModifiedDate") == SINCE
    assert customers.find("OwnerID") is None
    (public,) = requests_in(built(Page("1", "customer", "Start", None, 200, volatile=True)))
    assert included(public) == ["ListID", "FullName", "Sublevel"]


def test_asked_fields_of_a_light_sweep_are_what_moves_and_may_be_read() -> None:
    balances = frozenset({"customer.TotalBalance", "customer.Notes"})
    assert asked_fields("customer", version="13.0", volatile=True) == {"FullName", "Sublevel"}
    assert asked_fields("customer", version="2.0", private=balances, limit_elements=False, volatile=True) == {
        *("FullName", "Sublevel", "TotalBalance"),
    }
    assert asked_fields("item", version="13.0", volatile=True) == {
        *("FullName", "Sublevel", "QuantityOnHand", "QuantityOnOrder", "QuantityOnSalesOrder", "QuantityAvailable"),
    }


def test_counting_asks_for_no_record_and_by_the_filters_of_a_page() -> None:
    for moment in (None, SINCE):
        page, count = requests_in(
            built(
                Page("1", "customer", "Start", None, 200, moment),
                Count("2", "customer", moment),
                private=["customer.Custom"],
            )
        )
        assert dict(count.items()) == {"requestID": "2", "metaData": "MetaDataOnly"}
        filters = [
            (element.tag, element.text) for element in page if element.tag in ("ActiveStatus", "FromModifiedDate")
        ]
        assert [(element.tag, element.text) for element in count] == filters


def test_deletions_are_asked_for_by_every_type_of_the_list() -> None:
    customers, items = requests_in(built(Deleted("1", "customer"), Deleted("2", "item", SINCE)))
    assert [(element.tag, element.text) for element in customers] == [("ListDelType", "Customer")]
    assert [element.text for element in items.findall("ListDelType")] == list(ITEM.deleted)
    assert tags(items) == ["ListDelType", "DeletedDateRangeFilter"]
    assert items.findtext("DeletedDateRangeFilter/FromDeletedDate") == SINCE
    assert dict(items.items()) == {"requestID": "2"}


@pytest.mark.parametrize(("version", "known"), [("2.0", False), ("2.1", False), ("3.0", True), ("13.0", True)])
def test_a_type_of_deletion_that_the_version_lacks_is_left_out(version: str, known: bool) -> None:
    (request,) = requests_in(built(Deleted("1", "item"), version=version))
    named = [element.text for element in request.findall("ListDelType")]
    assert ("ItemFixedAsset" in named) == known
    assert len(named) == 11 + known
