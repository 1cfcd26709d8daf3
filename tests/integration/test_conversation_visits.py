"""Visits: repeated, late, foreign and dying calls, each conversation to its last call."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from office import Books, Caller, Office, office_at, request_ids

from qbwc_server.store import companies, tables

TAKEN_OVER = "took over"


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    with office_at(database_url, tmp_path) as made:
        yield made


@pytest.fixture
def books(office: Office) -> Books:
    return office.add()


def test_a_visit_brings_a_record_to_the_website(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    asked = office.ask_one(books, "customer", "list_id", list_id)
    visit = office.run(books)
    assert visit.log == [("authenticate", ""), ("send", True), ("receive", 100), ("close", "OK")]
    assert office.get(asked).outcome == "inserted"
    row = office.website.row("acme", "customer", list_id)
    assert row is not None
    assert row["full_name"] == books.quickbooks.view("customer", list_id)["FullName"]


def test_a_poll_that_finds_nothing_stores_no_ticket_and_is_closed_politely(office: Office, books: Books) -> None:
    visit = office.run(books)
    assert visit.log == [("authenticate", "none"), ("close", "OK")]
    assert visit.send() == ""
    assert "nothing is lost" in visit.error()
    assert visit.close() == "OK"
    assert office.count(tables.visits) == 0


def test_a_wrong_password_is_counted_and_forgiven_at_the_next_right_one(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    for _ in range(3):
        ticket, status = office.conversation.authenticate("acme", "guessed", Caller())[:2]
        assert (bool(ticket), status) == (True, "nvu")
        assert office.conversation.close_connection(ticket) == "OK"
    view = office.refreshing.connection("acme")
    assert (view.wrong_passwords, view.state, view.attention_code) == (3, "needs_attention", "wrong_password")
    assert office.conversation.authenticate("nobody", books.password, Caller())[1] == "nvu"
    office.run(books)
    assert office.refreshing.connection("acme").wrong_passwords == 0
    assert office.get(asked).state == "published"


def test_a_right_password_without_work_forgives_wrong_ones(office: Office, books: Books) -> None:
    office.conversation.authenticate("acme", "guessed", Caller())
    office.run(books)
    office.conversation.watch.flush(office.database)
    view = office.refreshing.connection("acme")
    assert (view.wrong_passwords, view.state) == (0, "connected")


@pytest.mark.parametrize("ticket", ["", "made-up", "none", "é" * 40])
def test_an_unknown_ticket_is_answered_politely(office: Office, books: Books, ticket: str) -> None:
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    visit = office.visit(books)
    own = visit.ticket
    visit.ticket = ticket
    assert visit.send() == ""
    assert visit.receive("<QBXML/>") == -1
    assert "The next update starts a new one" in visit.error()
    assert visit.fail("0x80040408") == "done"
    assert visit.close() == "OK"
    visit.ticket = own
    visit.to_the_end()
    assert office.get(asked).state == "answered"


def test_send_request_repeated_gets_the_same_text_and_the_answer_counts_once(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    visit = office.visit(books)
    first = visit.send()
    office.ask_one(books, "item", "list_id", books.list_ids("item")[0])
    assert visit.send() == first
    assert visit.send(hcp="") == first
    number = visit.receive(*visit.answer(first))
    assert 0 <= number < 100
    assert office.get(asked).state == "answered"
    second = visit.send()
    assert set(request_ids(second)).isdisjoint(request_ids(first))
    assert visit.receive(*visit.answer(second)) == 100
    assert visit.close() == "OK"


def test_receive_response_repeated_gets_the_same_number_and_applies_nothing_twice(office: Office, books: Books) -> None:
    first, second = books.list_ids("customer", 2)
    office.ask_one(books, "customer", "list_id", first)
    visit = office.visit(books)
    answer = visit.answer(visit.send())[0]
    office.ask_one(books, "customer", "list_id", second)
    number = visit.receive(answer)
    seq = office.company(books).seq
    changes = office.count(tables.changes)
    assert [visit.receive(answer) for _ in range(3)] == [number] * 3
    last = visit.answer(visit.send())[0]
    assert visit.receive(answer) == number, "while the next request is out"
    assert visit.receive(last) == 100
    assert visit.receive(last) == 100
    assert visit.close() == "OK"
    assert visit.receive(last) == 100, "even after closeConnection"
    assert (office.company(books).seq, office.count(tables.changes)) == (seq + 1, changes + 1)


def test_an_hresult_repeated_gets_the_same_number(office: Office, books: Books) -> None:
    asked = office.ask(books, "customer", "list_id", *books.list_ids("customer", 4))
    office.change_company(books, accepted_version="13.0")
    books.quickbooks.faults.fail_next("0x80040400")
    visit = office.visit(books)
    response, hresult = visit.answer(visit.send())
    number = visit.receive(response, hresult)
    assert 0 <= number < 100
    assert visit.receive(response, hresult) == number
    visit.to_the_end()
    assert visit.log[-2:] == [("receive", 100), ("close", "OK")]
    assert office.states(asked) == ["answered"] * 4


def test_a_visit_that_dies_after_a_send_is_made_good_by_the_next(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    assert office.visit(books).send()
    assert office.get(asked).state == "sent"
    visit = office.run(books)
    assert visit.log == [("authenticate", ""), ("send", True), ("receive", 100), ("close", "OK")]
    assert office.get(asked).outcome == "inserted"


def test_a_second_connector_takes_over_and_the_first_is_fenced(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    first = office.visit(books)
    answer = first.answer(first.send())[0]
    second = office.visit(books)
    assert first.send() == ""
    assert first.receive(answer) == -1
    assert TAKEN_OVER in first.error()
    assert office.get(asked).state == "waiting"
    second.to_the_end()
    assert first.receive(answer) == -1
    assert TAKEN_OVER in first.error()
    assert first.close() == "OK"
    office.publish()
    assert office.get(asked).outcome == "inserted"
    assert office.count(tables.changes) == 1
    assert second.log == [("authenticate", ""), ("send", True), ("receive", 100), ("close", "OK")]


def test_a_fenced_connector_cannot_disturb_the_one_that_took_over(office: Office, books: Books) -> None:
    office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    first = office.visit(books)
    first.send()
    second = office.visit(books)
    request = second.send()
    assert first.fail("0x80040408") == "done"
    assert first.close() == "OK"
    assert office.refreshing.connection("acme").attention_code is None
    assert second.receive(*second.answer(request)) == 100
    assert second.close() == "OK"


def test_three_takeovers_running_make_it_busy_for_ten_minutes_then_it_takes_over(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    for _ in range(4):
        visit = office.visit(books)
        assert visit.status == ""
        assert visit.send()
    assert office.run(books).log == [("authenticate", "busy"), ("close", "OK")]
    office.let_pass(9)
    assert office.visit(books).status == "busy"
    office.let_pass(2)
    assert office.run(books).status == ""
    assert office.get(asked).state == "published"
    assert office.company(books).takeovers == 0


def test_takeovers_count_only_when_they_follow_each_other(office: Office, books: Books) -> None:
    office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    for _ in range(3):
        office.visit(books).send()
    closed = office.visit(books)
    closed.send()
    assert closed.receive("", "0x80040414") == -1
    closed.close()
    for _ in range(2):
        visit = office.visit(books)
        assert visit.status == ""
        assert visit.send()


def test_an_answer_ten_minutes_late_counts(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    visit = office.visit(books)
    answer = visit.answer(visit.send())[0]
    office.let_pass(10)
    assert office.conversation.give_up_silent() == 0
    assert office.get(asked).state == "sent"
    assert visit.receive(answer) == 100
    assert visit.close() == "OK"
    assert office.get(asked).state == "answered"


def test_after_fifteen_minutes_the_work_goes_back_but_a_late_answer_still_counts(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    visit = office.visit(books)
    answer = visit.answer(visit.send())[0]
    office.let_pass(16)
    assert office.conversation.give_up_silent() == 1
    assert office.conversation.give_up_silent() == 0
    assert office.get(asked).state == "waiting"
    assert visit.receive(answer) == 100
    assert visit.close() == "OK"
    office.publish()
    assert office.get(asked).outcome == "inserted"


def test_a_late_answer_after_the_connection_was_closed_counts(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    visit = office.visit(books)
    answer = visit.answer(visit.send())[0]
    assert visit.close() == "OK"
    assert office.get(asked).state == "waiting"
    assert visit.receive(answer) == 100
    assert office.get(asked).state == "answered"
    assert office.visit(books).status == "none"


def test_a_late_answer_does_not_count_for_what_was_cancelled_meanwhile(office: Office, books: Books) -> None:
    first, second = books.list_ids("customer", 2)
    dropped, kept = office.ask(books, "customer", "list_id", first, second)
    visit = office.visit(books)
    answer = visit.answer(visit.send())[0]
    office.let_pass(16)
    office.conversation.give_up_silent()
    office.refreshing.cancel(dropped.id, "anna")
    assert visit.receive(answer) == 100
    assert visit.close() == "OK"
    office.publish()
    assert office.get(dropped).state == "cancelled"
    assert office.get(kept).outcome == "inserted"
    assert office.website.row("acme", "customer", first) is None
    assert office.website.row("acme", "customer", second) is not None


def test_a_late_page_does_not_count_when_its_run_was_cancelled(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "all")
    visit = office.visit(books)
    answer = visit.answer(visit.send())[0]
    office.let_pass(16)
    office.conversation.give_up_silent()
    office.refreshing.cancel(asked.id, "anna")
    assert visit.receive(answer) == 100
    assert visit.close() == "OK"
    assert office.count(tables.records) == 0


def test_pause_holds_at_the_next_send_and_an_answer_in_flight_is_taken(office: Office, books: Books) -> None:
    first = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    visit = office.visit(books)
    answer = visit.answer(visit.send())[0]
    second = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[1])
    office.pause(books, paused=True)
    assert 0 <= visit.receive(answer) < 100
    assert visit.send() == ""
    assert "paused" in visit.error()
    assert "paused" in visit.close()
    assert office.states([first, second]) == ["answered", "waiting"]
    assert office.visit(books).status == "none"
    office.pause(books, paused=False)
    office.run(books)
    assert office.states([first, second]) == ["published", "published"]


def test_a_connection_error_keeps_everything_uncounted_and_is_told(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    for _ in range(7):
        visit = office.visit(books)
        assert visit.fail("0x80040408") == "done"
        assert visit.error()
        visit.close()
    view = office.refreshing.connection("acme")
    assert (view.state, view.attention_code) == ("needs_attention", "0x80040408")
    assert office.get(asked).state == "waiting"
    assert office.rows(tables.refreshes)[0]["unanswered"] == 0
    office.run(books)
    assert office.get(asked).state == "published"
    assert office.refreshing.connection("acme").attention_code is None


def test_a_connection_error_in_mid_visit_gives_the_work_back_uncounted(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    visit = office.visit(books)
    visit.send()
    assert visit.fail("0x8004040A") == "done"
    visit.close()
    assert office.get(asked).state == "waiting"
    assert office.rows(tables.refreshes)[0]["unanswered"] == 0


def test_a_connection_error_without_a_code_has_a_sentence(office: Office, books: Books) -> None:
    office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    visit = office.visit(books)
    assert visit.fail("") == "done"
    assert "not in our list" not in visit.error()


def test_nothing_waiting_is_said_in_plain_words(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    visit = office.visit(books)
    office.refreshing.cancel(asked.id, "anna")
    assert visit.send() == ""
    assert visit.error() == "Nothing was waiting."
    visit.close()


def test_two_visits_later_the_ticket_of_the_first_is_still_fenced(office: Office, books: Books) -> None:
    office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    first = office.visit(books)
    answer = first.answer(first.send())[0]
    office.run(books)
    office.ask_one(books, "customer", "list_id", books.list_ids("customer")[1])
    office.run(books)
    assert first.receive(answer) == -1
    assert TAKEN_OVER in first.error()


def test_a_new_password_holds_at_the_next_authenticate(office: Office, books: Books) -> None:

    office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    visit = office.visit(books)
    with office.database.write() as connection:
        companies.new_password(connection, "acme", datetime.now(UTC))
    visit.to_the_end()
    assert visit.log[-1] == ("close", "OK")
    assert office.visit(books).status == "nvu"


def test_a_late_answer_is_too_old_for_who_joined_after_it_was_sent(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    asked = office.ask_one(books, "customer", "list_id", list_id)
    visit = office.visit(books)
    answer = visit.answer(visit.send())[0]
    office.let_pass(16)
    office.conversation.give_up_silent()
    books.quickbooks.change("customer", list_id, Phone="555-0000")
    joined = office.ask_one(books, "customer", "list_id", list_id, by="ben")
    assert joined.id == asked.id
    assert 0 <= visit.receive(answer) < 100
    assert office.get(asked).state == "waiting"
    visit.to_the_end()
    office.publish()
    assert office.get(asked).state == "published"
    row = office.website.row("acme", "customer", list_id)
    assert row is not None
    assert row["phone"] == "555-0000"
