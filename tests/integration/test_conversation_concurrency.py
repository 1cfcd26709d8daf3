"""Calls that come at the same time."""

import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from office import Books, Caller, Office

from qbwc_server.publishing import Publisher
from qbwc_server.store import tables

T = TypeVar("T")


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """Run the work in so many threads that start together; results in the order of the numbers."""
    results: dict[int, T] = {}
    failures: list[BaseException] = []
    start = threading.Barrier(count)

    def run(number: int) -> None:
        try:
            start.wait()
            results[number] = work(number)
        except BaseException as problem:  # noqa: BLE001 - shown below, in the thread that can
            failures.append(problem)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    return [results[number] for number in range(count)]


def test_one_answer_arriving_eight_times_at_once_is_applied_once(office: Office, books: Books) -> None:
    asked = office.ask(books, "customer", "list_id", *books.list_ids("customer"))
    visit = office.visit(books)
    answer = visit.answer(visit.send())[0]
    assert at_once(8, lambda _: visit.receive(answer)) == [100] * 8
    assert visit.close() == "OK"
    assert office.company(books).seq == 12
    assert office.count(tables.changes) == 12
    assert office.count(tables.staging) == 0
    office.publish()
    assert set(office.outcomes(asked)) == {"inserted"}


def test_one_send_request_arriving_eight_times_at_once_hands_out_one_request(office: Office, books: Books) -> None:
    office.ask(books, "customer", "list_id", *books.list_ids("customer"))
    visit = office.visit(books)
    texts = at_once(8, lambda _: visit.send())
    assert len(set(texts)) == 1
    assert visit.receive(*visit.answer(texts[0])) == 100
    assert visit.close() == "OK"


def test_of_eight_connectors_that_sign_in_at_once_one_works(office: Office, books: Books) -> None:
    asked = office.ask(books, "customer", "list_id", *books.list_ids("customer"))
    tickets = at_once(8, lambda _: office.conversation.authenticate("acme", books.password, Caller())[0])
    visit = office.visit(books)
    winner = visit.ticket
    handed_out = []
    for ticket in (*tickets, winner):
        visit.ticket = ticket
        if visit.send():
            handed_out.append(ticket)
    assert handed_out == [winner]
    visit.to_the_end()
    assert set(office.states(asked)) == {"answered"}


def test_a_takeover_while_an_answer_is_being_taken_in_ends_in_one_effect(office: Office, books: Books) -> None:
    for round_number in range(6):
        list_id = books.list_ids("customer")[round_number]
        asked = office.ask_one(books, "customer", "list_id", list_id)
        visit = office.visit(books)
        answer = visit.answer(visit.send())[0]

        calls: tuple[Callable[[], int | str], ...] = (
            partial(visit.receive, answer),
            lambda: office.conversation.authenticate("acme", books.password, Caller())[1],
        )
        number, status = at_once(2, lambda which, calls=calls: calls[which]())  # type: ignore[misc]
        assert (number, status) in ((100, "none"), (-1, "")), (number, status)
        visit.close()
        office.run(books)
        assert office.get(asked).outcome == "inserted"
        assert office.count(tables.changes) == round_number + 1


def test_two_publishers_at_once_publish_each_record_once(office: Office, books: Books) -> None:
    asked = office.ask(books, "customer", "list_id", *books.list_ids("customer"))
    office.visit(books).to_the_end()
    publishers = [Publisher(office.database, office.website) for _ in range(4)]
    taken = at_once(4, lambda number: publishers[number].run_once())
    office.publish()
    assert sum(taken) == 12
    assert set(office.outcomes(asked)) == {"inserted"}
    assert office.count(tables.outbox) == 0


def test_asking_and_polling_at_once_loses_nothing(office: Office, books: Books) -> None:
    ids = books.list_ids("customer")

    def either(number: int) -> None:
        if number < len(ids):
            office.ask_one(books, "customer", "list_id", ids[number], by=f"person {number}")
        else:
            office.visit(books).to_the_end()

    at_once(len(ids) + 1, either)
    office.run(books)
    office.run(books)
    states = {one.state for one in office.refreshing.list()}
    assert states == {"published"}
    assert len(office.refreshing.list()) == len(ids)
