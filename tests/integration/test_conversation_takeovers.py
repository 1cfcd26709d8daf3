"""Two Web Connectors with one account: one works, the other is fenced."""

from office import Books, Office

from qbwc_server.store import tables

TAKEN_OVER = "took over"


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


def test_two_visits_later_the_ticket_of_the_first_is_still_fenced(office: Office, books: Books) -> None:
    office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    first = office.visit(books)
    answer = first.answer(first.send())[0]
    office.run(books)
    office.ask_one(books, "customer", "list_id", books.list_ids("customer")[1])
    office.run(books)
    assert first.receive(answer) == -1
    assert TAKEN_OVER in first.error()
