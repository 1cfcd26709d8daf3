import io
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qbwc_server.qbxml.asking import asked_fields
from qbwc_server.qbxml.errors import (
    EmptyAnswer,
    ForeignAnswer,
    NotAnAnswer,
    NotXML,
    Truncated,
    WrongKind,
)
from qbwc_server.qbxml.record import Observation
from qbwc_server.qbxml.response import (
    AnswerEnd,
    AnswerHead,
    Context,
    DeletedContext,
    Deletion,
    ListQueryContext,
    Part,
    read_answer,
)

HEAD = '<?xml version="1.0" ?>\n<QBXML>\n<QBXMLMsgsRs>\n'
TAIL = "</QBXMLMsgsRs>\n</QBXML>\n"
BASIC = (
    "<ListID>80000001-1400000000</ListID>\n<TimeCreated>2014-07-19T07:21:56-05:00</TimeCreated>\n"
    "<TimeModified>2014-07-20T07:21:56-05:00</TimeModified>\n<EditSequence>1405768916</EditSequence>\n"
)
CUSTOMER = (
    f"<CustomerRet>\n{BASIC}<Name>Dupont</Name>\n<FullName>Dupont</FullName>\n<IsActive>true</IsActive>\n"
    "</CustomerRet>\n"
)


def context(name: str = "customer", *private: str) -> ListQueryContext:
    allowed = frozenset(private)
    return ListQueryContext(name, asked_fields(name, version="13.0", private=allowed, country="CA"), allowed)


def answer(body: str, *, query: str = "CustomerQuery", request_id: str = "1", status: int = 0, more: str = "") -> str:
    return (
        f'<{query}Rs requestID="{request_id}" statusCode="{status}" statusSeverity="Info" '
        f'statusMessage="Status OK"{more}>\n{body}</{query}Rs>\n'
    )


class Slow(io.RawIOBase):
    """Gives a stream in small pieces of a given size."""

    def __init__(self, data: bytes, size: int) -> None:
        self._stream = io.BytesIO(data)
        self._size = size

    def read(self, _size: int = -1, /) -> bytes:
        return self._stream.read(self._size)


def read(text: str | bytes, expected: Mapping[str, Context] | None = None) -> list[Part]:
    data = text.encode() if isinstance(text, str) else text
    return list(read_answer(io.BytesIO(data), {"1": context()} if expected is None else expected))


def records(text: str, *private: str, name: str = "customer") -> list[Observation]:
    parts = read(text, {"1": context(name, *private)})
    return [part for part in parts if isinstance(part, Observation)]


def test_an_answer_is_a_head_its_records_and_an_end() -> None:
    parts = read(HEAD + answer(CUSTOMER, more=' iteratorRemainingCount="7" iteratorID="{a}" retCount="9"') + TAIL)
    head, record, end = parts
    assert head == AnswerHead("CustomerQueryRs", "1", 0, "Info", "Status OK", "{a}", 7, 9)
    assert isinstance(record, Observation)
    assert (record.list, record.list_id, record.ret) == ("customer", "80000001-1400000000", "CustomerRet")
    assert record.values["TimeModified"] == "2014-07-20T07:21:56-05:00"
    assert end == AnswerEnd("1", 1)


def test_several_answers_come_in_their_order_each_with_its_own_status() -> None:
    expected = {"c": context(), "i": context("item"), "e": context()}
    text = (
        HEAD
        + answer(CUSTOMER * 3, request_id="c")
        + answer(f"<ItemServiceRet>{BASIC}<Name>Labour</Name></ItemServiceRet>", query="ItemQuery", request_id="i")
        + '<CustomerQueryRs requestID="e" statusCode="500" statusSeverity="Warn" statusMessage="gone" />\n'
        + TAIL
    )
    parts = read(text, expected)
    assert [part.request_id for part in parts if isinstance(part, AnswerHead)] == ["c", "i", "e"]
    assert [part.status_code for part in parts if isinstance(part, AnswerHead)] == [0, 0, 500]
    assert [part.count for part in parts if isinstance(part, AnswerEnd)] == [3, 1, 0]


def test_counts_that_are_not_said_are_none() -> None:
    head = read(HEAD + answer("") + TAIL)[0]
    assert isinstance(head, AnswerHead)
    assert (head.iterator_id, head.remaining, head.ret_count) == (None, None, None)


@pytest.mark.parametrize("text", ["", " \n ", "\ufeff", HEAD + TAIL, "<QBXML/>", "<QBXML><QBXMLMsgsRs/></QBXML>"])
def test_nothing_in_it_is_an_empty_answer(text: str) -> None:
    with pytest.raises(EmptyAnswer, match="QuickBooks sent"):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        "QuickBooks found an error",
        "{}",
        HEAD + "</Oops>" + TAIL,
        HEAD + answer("<a>&unknown;</a>") + TAIL,
        HEAD + answer(CUSTOMER) + TAIL + "and more",
        "<!DOCTYPE QBXML [<!ENTITY a 'b'>]>" + HEAD.partition("\n")[2] + answer(CUSTOMER) + TAIL,
        HEAD + answer("<a>" * 5000 + "</a>" * 5000) + TAIL,
    ],
)
def test_what_is_no_xml_says_so(text: str) -> None:
    with pytest.raises(NotXML):
        read(text)


@given(st.integers(1, len(HEAD + answer(CUSTOMER) + TAIL) - 2))
def test_wherever_an_answer_is_cut_off_it_is_truncated(cut: int) -> None:
    with pytest.raises(Truncated, match="stops in the middle"):
        read((HEAD + answer(CUSTOMER) + TAIL)[:cut])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<html><body>503</body></html>", "no QBXML document"),
        (HEAD + answer(CUSTOMER, request_id="2") + TAIL, "not outstanding"),
        (HEAD + answer(CUSTOMER).replace(' requestID="1"', "") + TAIL, "without a requestID"),
        (HEAD + answer(CUSTOMER) * 2 + TAIL, "twice"),
        (HEAD + answer(CUSTOMER) + "<HostQueryRs/>" + TAIL, "HostQueryRs without a requestID"),
        (HEAD + answer(CUSTOMER) + CUSTOMER + TAIL, "CustomerRet without a requestID"),
        (HEAD + answer(CUSTOMER).replace('statusCode="0"', "") + TAIL, "without a status"),
        (HEAD + answer(CUSTOMER).replace('statusCode="0"', 'statusCode="fine"') + TAIL, "without a status"),
        ("<x>" + "y" * (1 << 21), "no QBXML document"),
    ],
)
def test_an_answer_to_something_else_is_foreign(text: str, says: str) -> None:
    with pytest.raises(ForeignAnswer, match=says):
        read(text)


def test_a_request_left_unanswered_makes_the_answer_foreign() -> None:
    with pytest.raises(ForeignAnswer, match="1 of 2 requests unanswered"):
        read(HEAD + answer(CUSTOMER) + TAIL, {"1": context(), "2": context()})


@pytest.mark.parametrize("query", ["ItemQuery", "VendorQuery", "HostQuery"])
def test_our_request_answered_by_another_kind_is_the_wrong_kind(query: str) -> None:
    with pytest.raises(WrongKind, match=f"{query}Rs came where a CustomerQueryRs"):
        read(HEAD + answer("", query=query) + TAIL)


TWO = {"1": context(), "2": context()}


@pytest.mark.parametrize("list_id", ["", "<ListID></ListID>", f"<ListID>{'8' * 37}</ListID>"])
def test_a_record_without_a_usable_list_id_is_skipped_and_counted(list_id: str) -> None:
    strange = f"<CustomerRet>{list_id}<Name>a</Name></CustomerRet>"
    parts = read(HEAD + answer(strange + CUSTOMER + strange) + answer("", request_id="2") + TAIL, TWO)
    assert [part.list_id for part in parts if isinstance(part, Observation)] == ["80000001-1400000000"]
    assert [part for part in parts if isinstance(part, AnswerEnd)] == [AnswerEnd("1", 1, 2), AnswerEnd("2", 0, 0)]


def test_no_message_repeats_what_the_answer_says() -> None:
    for text in (HEAD + "<Secret", "<Secret/>", HEAD + answer(CUSTOMER.replace("Dupont", "Secret") * 2)[:-30]):
        with pytest.raises(NotAnAnswer) as caught:
            read(text)
        assert "Secret" not in str(caught.value)


@given(st.binary(max_size=300) | st.text(alphabet='<>/QBXMLMsgsRsa"= &;#!-[]', max_size=200).map(str.encode))
def test_any_bytes_are_refused_by_a_cause_of_our_own(data: bytes) -> None:
    with pytest.raises(NotAnAnswer):
        read(data)


@settings(max_examples=60)
@given(st.integers(1, 50))
def test_the_size_of_the_pieces_makes_no_difference(size: int) -> None:
    text = HEAD + answer(CUSTOMER.replace("Dupont", "&#x1F;Zo&#235;&#31; &amp; L&#146;ann&#233;e") * 3) + TAIL
    whole = read(text)
    assert list(read_answer(Slow(text.encode(), size), {"1": context()})) == whole
    assert [part.values["Name"] for part in whole if isinstance(part, Observation)] == ["Zoë & L\u2019année"] * 3


def test_a_very_long_text_is_read() -> None:
    (record,) = records(
        HEAD + answer(CUSTOMER.replace("</FullName>", f"</FullName><Notes>{'n' * 12_000_000}</Notes>")) + TAIL,
        "customer.Notes",
    )
    assert len(str(record.values["Notes"])) == 12_000_000


def test_absurd_attributes_do_not_stop_the_reader() -> None:
    attributes = " ".join(f'a{number}="1"' for number in range(100_000))
    (record,) = records(HEAD + answer(CUSTOMER.replace("<Name>", f"<Name {attributes}>")) + TAIL)
    assert record.values["Name"] == "Dupont"


def test_elements_of_newer_versions_are_passed_over_wherever_they_stand() -> None:
    text = (
        HEAD
        + answer("<New><CustomerRet/></New>" + CUSTOMER.replace("<Name>", "<New><Name>x</Name></New><Name>"))
        + TAIL
    )
    (record,) = records(text)
    assert record.values["Name"] == "Dupont"


class Generated(io.RawIOBase):
    """A stream of many customers that is never whole in memory."""

    def __init__(self, count: int) -> None:
        self._parts = self._generate(count)

    @staticmethod
    def _generate(count: int) -> Iterator[bytes]:
        yield (HEAD + answer("").partition("</")[0]).encode()
        batch = (CUSTOMER * 100).encode()
        for _ in range(count // 100):
            yield batch
        yield ("</CustomerQueryRs>" + TAIL).encode()

    def read(self, _size: int = -1, /) -> bytes:
        return next(self._parts, b"")


def test_memory_does_not_follow_the_size() -> None:
    resource = pytest.importorskip("resource")

    def peak() -> int:
        unit = 1 if sys.platform == "darwin" else 1024
        return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * unit

    assert sum(1 for _ in read_answer(Generated(1_000), {"1": context()})) == 1_002
    before = peak()
    assert sum(1 for _ in read_answer(Generated(60_000), {"1": context()})) == 60_002
    # A tree of it all would take some 150 MB.
    assert peak() - before < 20_000_000


def deletions(body: str, name: str = "item", more: str = "") -> list[Part]:
    text = HEAD + answer(body, query="ListDeletedQuery", more=more) + TAIL
    return read(text, {"1": DeletedContext(name)})


def deleted(kind: str = "ItemService", list_id: str = "80000001-1400000000", more: str = "") -> str:
    return (
        f"<ListDeletedRet>\n<ListDelType>{kind}</ListDelType>\n<ListID>{list_id}</ListID>\n"
        "<TimeCreated>2014-07-19T07:21:56-05:00</TimeCreated>\n"
        f"<TimeDeleted>2024-07-19T07:21:56-05:00</TimeDeleted>\n{more}</ListDeletedRet>\n"
    )


def test_deletions_come_one_by_one_between_head_and_end() -> None:
    head, labour, nut, end = deletions(
        deleted(more="<FullName>Main-d&#146;&#339;uvre</FullName>\n") + deleted("ItemInventory", "80000002-1400000000")
    )
    assert isinstance(head, AnswerHead)
    assert (head.element, head.status_code) == ("ListDeletedQueryRs", 0)
    time = "2024-07-19T07:21:56-05:00"
    assert labour == Deletion("item", "80000001-1400000000", "ItemService", time, "Main-d\u2019œuvre")
    assert nut == Deletion("item", "80000002-1400000000", "ItemInventory", time, None)
    assert end == AnswerEnd("1", 2)


def test_no_deletions_are_told_by_the_status() -> None:
    text = HEAD + '<ListDeletedQueryRs requestID="1" statusCode="1" statusSeverity="Info" statusMessage="" />' + TAIL
    head, end = read(text, {"1": DeletedContext("customer")})
    assert isinstance(head, AnswerHead)
    assert head.status_code == 1
    assert end == AnswerEnd("1", 0)


@pytest.mark.parametrize("strange", [deleted(list_id=""), deleted(list_id="8" * 37), deleted("Customer"), deleted("")])
def test_a_deletion_that_cannot_be_told_apart_is_skipped_and_counted(strange: str) -> None:
    _head, one, end = deletions(strange + deleted())
    assert isinstance(one, Deletion)
    assert end == AnswerEnd("1", 1, 1)


def test_a_query_for_deletions_answered_by_another_kind_is_the_wrong_kind() -> None:
    with pytest.raises(WrongKind, match="CustomerQueryRs came where a ListDeletedQueryRs"):
        read(HEAD + answer(CUSTOMER) + TAIL, {"1": DeletedContext("customer")})
    with pytest.raises(WrongKind, match="ListDeletedQueryRs came where a CustomerQueryRs"):
        read(HEAD + answer(deleted("Customer"), query="ListDeletedQuery") + TAIL)


def test_records_among_deletions_and_deletions_among_records_are_passed_over() -> None:
    assert [type(part) for part in deletions(CUSTOMER + deleted())] == [AnswerHead, Deletion, AnswerEnd]
    parts = read(HEAD + answer(deleted("Customer") + CUSTOMER) + TAIL)
    assert [type(part) for part in parts] == [AnswerHead, Observation, AnswerEnd]


def test_a_count_is_in_the_head_and_no_record_follows() -> None:
    head, end = read(HEAD + answer("", more=' retCount="20000"') + TAIL)
    assert isinstance(head, AnswerHead)
    assert head.ret_count == 20_000
    assert end == AnswerEnd("1", 0)


def swept(name: str, body: str, *private: str) -> Observation:
    allowed = frozenset(private)
    asked = asked_fields(name, version="13.0", private=allowed, volatile=True)
    query = "CustomerQuery" if name == "customer" else "ItemQuery"
    expected = {"1": ListQueryContext(name, asked, allowed, volatile=True)}
    record = read(HEAD + answer(body, query=query) + TAIL, expected)[1]
    assert isinstance(record, Observation)
    return record


def test_a_light_sweep_gives_what_it_asked_for_and_fills_nothing_in() -> None:
    whole = CUSTOMER.replace("</FullName>", "</FullName><Sublevel>0</Sublevel><Balance>5.00</Balance>")
    record = swept("customer", whole, "customer.Balance")
    assert record.list_id == "80000001-1400000000"
    assert record.values == {"FullName": "Dupont", "Sublevel": 0, "Balance": Decimal("5.00")}
    assert record.asked == {"FullName", "Sublevel", "Balance"}
    assert record.warnings == ()
    assert swept("customer", whole).values == {"FullName": "Dupont", "Sublevel": 0}


def test_a_light_sweep_computes_what_is_available() -> None:
    quantities = "<QuantityOnHand>5</QuantityOnHand><QuantityOnSalesOrder>2</QuantityOnSalesOrder>"
    record = swept(
        "item", f"<ItemInventoryRet>{BASIC}<Name>b</Name><FullName>A:b</FullName>{quantities}</ItemInventoryRet>"
    )
    assert record.values == {
        "FullName": "A:b",
        "QuantityOnHand": Decimal(5),
        "QuantityOnSalesOrder": Decimal(2),
        "QuantityAvailable": Decimal(3),
    }


def test_a_light_sweep_says_nothing_of_the_full_name_of_a_type_without_one() -> None:
    record = swept("item", f"<ItemGroupRet>{BASIC}<Name>Kit</Name></ItemGroupRet>")
    assert record.values == {}
    assert "FullName" not in record.asked


def test_a_value_that_a_light_sweep_cannot_read_is_as_if_not_asked_for() -> None:
    body = CUSTOMER.replace("</FullName>", "</FullName><Balance>much</Balance>")
    record = swept("customer", body, "customer.Balance")
    assert record.asked == {"FullName", "Sublevel"}
    assert record.unread == ("Balance",)


def test_a_record_of_a_light_sweep_without_a_list_id_is_skipped_and_counted() -> None:
    expected = {"1": ListQueryContext("customer", frozenset({"FullName"}), volatile=True)}
    parts = read(HEAD + answer("<CustomerRet><FullName>a</FullName></CustomerRet>") + TAIL, expected)
    assert parts[1:] == [AnswerEnd("1", 0, 1)]
