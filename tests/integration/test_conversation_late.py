"""Answers that come late: what they still count for."""

from office import Books, Office

from qbwc_server.store import tables


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
