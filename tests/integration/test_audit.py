"""What is noted, and how it is read again, on the real databases."""

from datetime import UTC, datetime, timedelta

import pytest
from office import Books, Office

from qbwc_server.refreshing import NotFailed, NotWaiting, Wish
from qbwc_server.store import audit, tables

NOW = datetime(2026, 3, 2, 10, 20, tzinfo=UTC)


def _page(office: Office, **wanted: object) -> audit.Page:
    with office.database.read() as connection:
        return audit.page(connection, **wanted)  # type: ignore[arg-type]


def test_lines_are_read_newest_first_and_page_by_page(office: Office) -> None:
    with office.database.write() as connection:
        for number in range(5):
            audit.note(connection, f"person {number}", "signed_in", NOW + timedelta(minutes=number))
    first = _page(office, limit=2)
    assert [one.who for one in first.entries] == ["person 4", "person 3"]
    assert first.more
    last = _page(office, limit=3, before=first.entries[-1].id)
    assert [one.who for one in last.entries] == ["person 2", "person 1", "person 0"]
    assert not last.more


def test_lines_are_chosen_by_name_what_and_company(office: Office, books: Books) -> None:
    with office.database.write() as connection:
        audit.note(connection, "ada", "user_added", NOW, subject="marie", detail={"role": "viewer"})
        audit.note(connection, "marie", "signed_in", NOW)
        audit.note(connection, "ada", "company_paused", NOW, company=books.name)
    whats = [
        [one.what for one in _page(office, **wanted).entries]
        for wanted in ({"name": "marie"}, {"what": "signed_in"}, {"company": books.name}, {"name": "Marie"})
    ]
    assert whats == [["signed_in", "user_added"], ["signed_in"], ["company_paused"], []]
    (added,) = _page(office, what="user_added").entries
    assert (added.subject, added.detail, added.at, added.company) == ("marie", {"role": "viewer"}, NOW, None)


def test_lines_are_counted_up_to_a_limit_and_the_newest_is_known(office: Office) -> None:
    with office.database.write() as connection:
        for number in range(5):
            audit.note(connection, "marie" if number < 3 else "luc", "signed_in", NOW)
    ids = [one.id for one in _page(office).entries]
    with office.database.read() as connection:
        assert audit.extent(connection, most=10) == (5, ids[0])
        assert audit.extent(connection, most=2) == (2, ids[0])
        assert audit.extent(connection, name="marie", most=10) == (3, ids[2])
        assert audit.extent(connection, what="signed_out", most=10) == (0, 0)


def test_a_line_goes_with_the_deed_when_that_is_undone(office: Office) -> None:
    with office.database.read() as connection:
        audit.note(connection, "ada", "signed_in", NOW)
    assert office.count(tables.audit) == 0


def test_a_name_longer_than_any_is_cut_and_not_refused(office: Office) -> None:
    with office.database.write() as connection:
        audit.note(connection, "x" * 300, "signed_in", NOW, subject="y" * 300)
    (line,) = _page(office).entries
    assert (len(line.who), len(line.subject or "")) == (120, 255)


def test_asking_is_noted_once_for_each_list_and_way_and_never_with_a_name(office: Office, books: Books) -> None:
    one, two, three = books.list_ids("customer", 3)
    (asked,) = office.ask(books, "customer", "list_id", one, by="marie")
    many = office.ask(books, "customer", "list_id", two, three, by="api:shop")
    office.ask(books, "customer", "find", "Cook", by="marie")
    found, several, single = _page(office, what="asked").entries
    assert (single.who, single.company, single.subject) == ("marie", "acme", one)
    assert single.detail == {"list": "customer", "way": "list_id", "requests": [asked.id]}
    assert (several.who, several.subject) == ("api:shop", None)
    assert several.detail["requests"] == [each.id for each in many]
    assert found.detail["way"] == "find"
    assert "Cook" not in str(found)


def test_a_call_that_is_repeated_with_its_key_is_noted_once(office: Office, books: Books) -> None:
    wish = Wish(books.name, "customer", "all")
    for _ in range(2):
        office.refreshing.ask([wish], "api:shop", idempotency_key="k")
    assert len(_page(office).entries) == 1


def test_cancelling_and_trying_again_are_noted_and_what_was_refused_is_not(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer", 1)[0]
    asked = office.ask_one(books, "customer", "list_id", list_id, by="marie")
    office.refreshing.cancel(asked.id, "marie")
    with pytest.raises(NotWaiting):
        office.refreshing.cancel(asked.id, "marie")
    again = office.refreshing.retry(asked.id, "root (qbwc)")
    with pytest.raises(NotFailed):
        office.refreshing.retry(again.id, "marie")
    retried, cancelled, _ = _page(office).entries
    assert (retried.who, retried.what, retried.subject) == ("root (qbwc)", "retried", list_id)
    assert retried.detail["requests"] == [again.id]
    assert (cancelled.who, cancelled.what, cancelled.detail["requests"]) == ("marie", "cancelled", [asked.id])
