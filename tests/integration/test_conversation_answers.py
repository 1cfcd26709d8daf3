"""What comes back: answers that are none, statuses, missing records, private fields and hostile characters."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from office import Books, Office, office_at, request_ids

from qbwc_server import codes
from qbwc_server.store import tables


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    with office_at(database_url, tmp_path) as made:
        yield made


@pytest.fixture
def books(office: Office) -> Books:
    return office.add()


def _empty(answer: str) -> str:
    del answer
    return ""


def _truncated(answer: str) -> str:
    return answer[: len(answer) // 2]


def _foreign(answer: str) -> str:
    return re.sub(r'requestID="[^"]*"', 'requestID="99.7.1"', answer)


def _without_id(answer: str) -> str:
    return re.sub(r' requestID="[^"]*"', "", answer)


def _wrong_kind(answer: str) -> str:
    return answer.replace("CustomerQueryRs", "VendorQueryRs").replace("CustomerRet", "VendorRet")


def _not_xml(answer: str) -> str:
    del answer
    return "QuickBooks is very busy today"


def _no_answers(answer: str) -> str:
    del answer
    return '<?xml version="1.0" ?><QBXML><QBXMLMsgsRs></QBXMLMsgsRs></QBXML>'


def _twice(answer: str) -> str:
    body = re.search(r"<CustomerQueryRs.*</CustomerQueryRs>", answer, re.DOTALL)
    assert body is not None
    return answer.replace(body[0], body[0] * 2)


def _doctype(answer: str) -> str:
    return answer.replace("<QBXML>", '<!DOCTYPE QBXML [<!ENTITY x "y">]><QBXML>')


NOT_ANSWERS = {
    "empty": (_empty, "empty_answer"),
    "truncated": (_truncated, "truncated"),
    "foreign": (_foreign, "foreign_answer"),
    "without a requestID": (_without_id, "foreign_answer"),
    "of the wrong kind": (_wrong_kind, "wrong_kind"),
    "not XML": (_not_xml, "not_xml"),
    "without an answer": (_no_answers, "empty_answer"),
    "answered twice": (_twice, "foreign_answer"),
    "with a DOCTYPE": (_doctype, "not_xml"),
}


@pytest.mark.parametrize("name", NOT_ANSWERS)
def test_what_is_no_answer_changes_nothing_and_the_reason_is_told(office: Office, books: Books, name: str) -> None:
    damage, code = NOT_ANSWERS[name]
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    visit = office.visit(books)
    answer = visit.answer(visit.send())[0]
    assert visit.receive(damage(answer)) == -1
    assert visit.error() == codes.explain("en", code).message
    assert office.get(asked).state == "sent", "the right answer may still come"
    assert visit.close() == codes.explain("en", code).message
    assert office.get(asked).state == "waiting"
    for table in (tables.records, tables.changes, tables.outbox, tables.staging):
        assert office.count(table) == 0
    assert office.run(books).log[-2:] == [("receive", 100), ("close", "OK")]
    assert office.get(asked).outcome == "inserted"


def test_the_right_answer_after_a_wrong_one_counts(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    visit = office.visit(books)
    answer = visit.answer(visit.send())[0]
    assert visit.receive(_truncated(answer)) == -1
    assert visit.receive(answer) == 100
    assert visit.close() == "OK"
    assert office.get(asked).state == "answered"


def test_a_large_answer_that_is_truncated_leaves_nothing_behind(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qbwc_server.conversation.answers.PART", 20)
    books = office.add("big", customers=150)
    asked = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    answer = visit.answer(visit.send())[0]
    assert visit.receive(answer[:-200]) == -1
    assert office.count(tables.staging) == 0
    assert visit.receive(answer) == 100
    visit.close()
    assert office.count(tables.staging) == 0
    office.publish()
    assert office.get(asked).records == 150


# Statuses.


@pytest.mark.parametrize("status", [501, 530])
def test_a_warning_is_no_failure(office: Office, books: Books, status: int) -> None:
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    visit = office.visit(books)
    answer = visit.answer(visit.send())[0].replace('statusCode="0"', f'statusCode="{status}"')
    assert visit.receive(answer.replace('statusSeverity="Info"', 'statusSeverity="Warn"')) == 100
    assert visit.close() == "OK"
    office.publish()
    assert office.get(asked).outcome == "inserted"


@pytest.mark.parametrize("status", [500, 3120])
def test_a_missing_id_is_asked_for_once_more_alone(office: Office, books: Books, status: int) -> None:
    known, other = books.list_ids("customer", 2)
    office.ask(books, "customer", "list_id", known, other)
    office.run(books)
    books.quickbooks.delete("customer", known)
    books.quickbooks.faults.status_for_list_id = {"FFFF-1": status} if status != 500 else {}
    asked = office.ask(books, "customer", "list_id", known, "FFFF-1")
    if status != 500:
        books.quickbooks.faults.status_for_list_id[known] = status
    visit = office.run(books)
    assert visit.log[-1] == ("close", "OK")
    assert visit.round_trips == 2
    second = books.quickbooks.message_sets[-1]
    assert second.count("<CustomerQueryRq") == 2
    assert office.outcomes(asked) == ["deleted", "not_found"]
    row = office.website.row("acme", "customer", known)
    assert row is not None
    assert row["is_deleted"]
    assert row["full_name"]
    assert office.website.row("acme", "customer", "FFFF-1") is None


def test_an_id_missing_only_the_first_time_is_found_the_second(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    asked = office.ask_one(books, "customer", "list_id", list_id)
    books.quickbooks.faults.next_statuses.append(500)
    office.run(books)
    assert office.get(asked).outcome == "inserted"


def test_status_1_to_a_list_id_is_no_answer(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    asked = office.ask_one(books, "customer", "list_id", list_id)
    books.quickbooks.faults.status_for_list_id[list_id] = 1
    office.run(books)
    assert office.get(asked).state == "waiting"
    books.quickbooks.faults.status_for_list_id.clear()
    office.run(books)
    assert office.get(asked).outcome == "unchanged"


def test_a_deleted_record_becomes_a_tombstone_and_is_revived(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[3]
    office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    kept = books.quickbooks.lists["customer"].one(list_id)
    books.quickbooks.delete("customer", list_id)
    gone = office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    assert office.get(gone).outcome == "deleted"
    again = office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    assert office.get(again).outcome == "deleted"
    books.quickbooks.lists["customer"].insert(kept)
    back = office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    assert office.get(back).outcome == "updated"
    row = office.website.row("acme", "customer", list_id)
    assert row is not None
    assert not row["is_deleted"]
    kinds = [one["kind"] for one in sorted(office.rows(tables.changes), key=lambda row: row["seq"])]
    assert kinds == ["created", "deleted", "revived"]


def test_a_name_that_is_not_there_is_not_found_and_buries_nothing(office: Office, books: Books) -> None:
    name = str(books.quickbooks.customers()[2]["FullName"])
    list_id = books.quickbooks.find("customer", name)
    first = office.ask_one(books, "customer", "full_name", name)
    office.run(books)
    assert (office.get(first).outcome, office.get(first).list_id) == ("inserted", list_id)
    books.quickbooks.delete("customer", list_id)
    second = office.ask_one(books, "customer", "full_name", name)
    office.run(books)
    assert office.get(second).outcome == "not_found"
    row = office.website.row("acme", "customer", list_id)
    assert row is not None
    assert not row["is_deleted"]


@pytest.mark.parametrize("status", [3260, 3261])
def test_a_lack_of_permission_fails_with_a_sentence(office: Office, books: Books, status: int) -> None:
    first, second = books.list_ids("customer", 2)
    refused = office.ask_one(books, "customer", "list_id", first)
    other = office.ask_one(books, "item", "list_id", books.list_ids("item")[-1])
    books.quickbooks.faults.status_for_list_id[first] = status
    assert office.run(books).log[-1] == ("close", "OK")
    assert (office.get(refused).state, office.get(refused).error_code) == ("failed", str(status))
    assert office.get(other).state == "published"
    for language in ("en", "fr"):
        error = office.get(refused).as_json(language)["error"]
        assert error["message"]
        assert error["steps"]
    fine = office.ask_one(books, "customer", "list_id", second)
    office.run(books)
    assert office.get(fine).state == "published"


@pytest.mark.parametrize("status", [1000, 3175])
def test_an_internal_error_is_tried_at_the_next_visits_and_then_fails(
    office: Office, books: Books, status: int
) -> None:
    list_id = books.list_ids("customer")[0]
    asked = office.ask_one(books, "customer", "list_id", list_id)
    other = office.ask_one(books, "customer", "full_name", str(books.quickbooks.customers()[1]["FullName"]))
    books.quickbooks.faults.status_for_list_id[list_id] = status
    for visits in range(1, 6):
        assert office.get(asked).state == "waiting"
        visit = office.run(books)
        assert visit.log[-1] == ("close", "OK")
        assert visit.round_trips == 1, visits
    assert (office.get(asked).state, office.get(asked).error_code) == ("failed", str(status))
    assert office.get(other).state == "published"


def test_a_request_not_processed_after_another_is_kept_uncounted(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    asked = office.ask_one(books, "customer", "list_id", list_id)
    books.quickbooks.faults.status_for_list_id[list_id] = 3231
    for _ in range(7):
        office.run(books)
    assert office.get(asked).state == "waiting"
    books.quickbooks.faults.status_for_list_id.clear()
    office.run(books)
    assert office.get(asked).outcome == "inserted"


@pytest.mark.parametrize("way", ["list_id", "full_name", "find", "all"])
def test_a_feature_that_is_not_there_is_no_error_and_buries_nothing(office: Office, books: Books, way: str) -> None:
    office.ask_one(books, "item", "all")
    office.run(books)
    one = books.quickbooks.items()[0]
    value = {"list_id": str(one["ListID"]), "full_name": str(one.get("FullName") or one["Name"]), "find": "a"}.get(
        way, ""
    )
    asked = office.ask_one(books, "item", way, value)
    books.quickbooks.faults.status_for_request["ItemQueryRq"] = 3250
    office.run(books)
    got = office.get(asked)
    assert (got.state, got.outcome) == ("published", "unchanged" if way == "all" else "not_found")
    assert not [row for row in office.website.rows("acme", "item") if row["is_deleted"]]
    for language in ("en", "fr"):
        assert got.as_json(language)["error"]["code"] == "3250"


@pytest.mark.parametrize("status", [3000, 8888])
def test_a_bad_id_in_a_batch_fails_alone(office: Office, books: Books, status: int) -> None:
    ids = books.list_ids("customer")
    books.quickbooks.faults.status_for_list_id[ids[4]] = status
    asked = office.ask(books, "customer", "list_id", *ids)
    visit = office.run(books)
    assert visit.log[-1] == ("close", "OK")
    assert visit.round_trips == 2
    states = office.states(asked)
    assert states.pop(4) == "failed"
    assert office.get(asked[4]).error_code == str(status)
    assert set(states) == {"published"}


def test_an_unknown_status_fails_with_a_sentence(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    asked = office.ask_one(books, "customer", "list_id", list_id)
    books.quickbooks.faults.status_for_list_id[list_id] = 8888
    office.run(books)
    assert office.get(asked).error_code == "8888"
    assert "8888" in office.get(asked).as_json("fr")["error"]["message"]


# Find.


def test_find_shows_hits_and_publishes_nothing(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "find", "a")
    visit = office.run(books)
    assert visit.log[-1] == ("close", "OK")
    got = office.get(asked)
    assert got.state == "published"
    assert got.hits
    assert got.records == len(got.hits)
    assert office.website.rows("acme", "customer") == []
    assert office.count(tables.records) == 0
    chosen = office.ask_one(books, "customer", "list_id", got.hits[0].list_id)
    office.run(books)
    assert office.get(chosen).outcome == "inserted"
    assert office.get(chosen).full_name == got.hits[0].full_name


def test_find_without_a_hit_is_not_found(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "item", "find", "zzzz no such thing")
    office.run(books)
    assert (office.get(asked).outcome, office.get(asked).hits) == ("not_found", ())


def test_find_gives_at_most_fifty_hits(office: Office) -> None:
    books = office.add("big", customers=120)
    asked = office.ask_one(books, "customer", "find", "e")
    office.run(books)
    assert len(office.get(asked).hits) == 50


# Private fields, card data, characters.

PRIVATE = ("CreditLimit", "AccountNumber", "ResaleNumber", "Notes", "Balance", "TotalBalance", "PurchaseCost")


def test_private_fields_are_neither_asked_for_nor_stored(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    books.quickbooks.change(
        "customer", list_id, Notes="SECRET-NOTE-77", AccountNumber="ACCT-4711", CreditLimit="98765.43"
    )
    office.ask(books, "customer", "list_id", *books.list_ids("customer"))
    office.ask(books, "item", "list_id", *books.list_ids("item"))
    office.run(books)
    for text in books.quickbooks.message_sets:
        for name in PRIVATE:
            assert f"<IncludeRetElement>{name}</IncludeRetElement>" not in text
    for secret in (b"SECRET-NOTE-77", b"ACCT-4711", b"98765.43"):
        assert secret not in office.raw()


def test_private_fields_that_come_unasked_are_not_stored(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    books.quickbooks.faults.refuse_include_ret = True
    books.quickbooks.change(
        "customer",
        list_id,
        Notes="SECRET-NOTE-77",
        CreditCardInfo={"CreditCardNumber": "4111111111111111", "NameOnCard": "CARDHOLDER"},
    )
    asked = office.ask_one(books, "customer", "list_id", list_id)
    visit = office.visit(books)
    refused = visit.send()
    visit.receive(*visit.answer(refused))
    answer = visit.answer(visit.send())[0]
    assert "SECRET-NOTE-77" in answer
    assert "4111111111111111" in answer
    assert visit.receive(answer) == 100
    visit.close()
    office.publish()
    assert office.get(asked).outcome == "inserted"
    for secret in (b"SECRET-NOTE-77", b"4111111111111111", b"CARDHOLDER"):
        assert secret not in office.raw()
        assert secret not in (office.folder / "site.db").read_bytes()


def test_a_private_field_that_the_owner_publishes_arrives(database_url: str, tmp_path: Path) -> None:
    with office_at(database_url, tmp_path, private=frozenset({"customer.Balance"})) as office:
        books = office.add()
        list_id = books.list_ids("customer")[0]
        books.quickbooks.change("customer", list_id, touch=False, Balance="12.34")
        office.ask_one(books, "customer", "list_id", list_id)
        office.run(books)
        row = office.website.row("acme", "customer", list_id)
        assert row is not None
        assert str(row["balance"]) == "12.34"


def test_control_characters_do_no_harm(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    for text in ("Oak&#x1F;ville", "Oak&#31;ville", "Oak\x1fville", "Oak\x00ville"):
        books.quickbooks.faults.raw_text[list_id, "BillAddress.City"] = text
        asked = office.ask_one(books, "customer", "list_id", list_id)
        assert office.run(books).log[-1] == ("close", "OK")
        assert office.get(asked).state == "published"
        row = office.website.row("acme", "customer", list_id)
        assert row is not None
        assert row["bill_address_city"] == "Oakville"


def test_a_newer_quickbooks_with_elements_nobody_knows_is_read(office: Office, books: Books) -> None:
    faults = books.quickbooks.faults
    faults.unknown_elements = (("ShinyNewThing", "1"),)
    faults.unknown_types = faults.percent_sign = faults.c1_references = True
    faults.omit_is_active = faults.omit_full_name = True
    asked = office.ask(books, "customer", "list_id", *books.list_ids("customer"))
    asked += office.ask(books, "item", "list_id", *books.list_ids("item"))
    assert office.run(books).log[-1] == ("close", "OK")
    assert set(office.outcomes(asked)) == {"inserted"}


def test_what_was_not_asked_for_keeps_its_value(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    before = office.refreshing.record("acme", "customer", list_id).values
    newer = books.quickbooks.supported
    books.quickbooks.supported = newer[: newer.index("5.0") + 1]
    asked = office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    assert office.get(asked).outcome == "unchanged"
    assert office.refreshing.record("acme", "customer", list_id).values == before


def test_changes_hold_the_fields_before_and_after(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    books.quickbooks.change("customer", list_id, Phone="555-0000", Fax=None)
    asked = office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    changes = {one.field: (one.before, one.after) for one in office.get(asked).changes}
    assert changes["Phone"][1] == "555-0000"
    assert changes["Fax"][1] is None
    assert set(changes) == {"Phone", "Fax"}


def test_the_requests_of_a_visit_have_ids_of_their_own(office: Office, books: Books) -> None:
    office.ask(books, "customer", "full_name", *[str(one["FullName"]) for one in books.quickbooks.customers()])
    office.run(books)
    office.ask(books, "customer", "list_id", *books.list_ids("customer"))
    office.run(books)
    ids = [request_id for text in books.quickbooks.message_sets for request_id in request_ids(text)]
    assert len(ids) == len(set(ids)) == 13
