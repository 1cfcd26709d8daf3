"""Statuses: warnings, missing records, refusals, and what QuickBooks cannot do now."""

import pytest
from office import Books, Office

from qbwc_server.store import tables


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


@pytest.mark.parametrize("status", [3000, 8888])
def test_an_id_of_a_refused_batch_is_buried_only_when_it_is_missing_twice(
    office: Office, books: Books, status: int
) -> None:
    gone, other = books.list_ids("customer", 2)
    office.ask(books, "customer", "list_id", gone, other)
    office.run(books)
    asked = office.ask(books, "customer", "list_id", gone, other)
    books.quickbooks.faults.next_statuses.append(status)
    visit = office.visit(books)
    visit.step()
    assert office.states(asked) == ["waiting", "waiting"]
    books.quickbooks.delete("customer", gone)
    visit.step()
    assert books.quickbooks.message_sets[-1].count("<CustomerQueryRq") == 2
    assert office.states(asked) == ["waiting", "answered"]
    assert not office.refreshing.record("acme", "customer", gone).is_deleted
    visit.to_the_end()
    assert office.refreshing.record("acme", "customer", gone).is_deleted
    office.publish()
    assert office.outcomes(asked) == ["deleted", "unchanged"]


def test_an_unknown_status_fails_with_a_sentence(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    asked = office.ask_one(books, "customer", "list_id", list_id)
    books.quickbooks.faults.status_for_list_id[list_id] = 8888
    office.run(books)
    assert office.get(asked).error_code == "8888"
    assert "8888" in office.get(asked).as_json("fr")["error"]["message"]
