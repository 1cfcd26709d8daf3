"""Visits: repeated and dying calls, each conversation to its last call."""

from datetime import UTC, datetime

import pytest
from office import Books, Caller, Office, request_ids

from qbwc_server.store import connector_passwords, tables


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
    assert visit.error() == "Done; nothing else waits."
    assert visit.close() == "OK"


def test_a_new_password_holds_at_the_next_authenticate(office: Office, books: Books) -> None:

    office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    visit = office.visit(books)
    with office.database.write() as connection:
        connector_passwords.renew(connection, "acme", datetime.now(UTC))
    visit.to_the_end()
    assert visit.log[-1] == ("close", "OK")
    assert office.visit(books).status == "nvu"
