"""The live hold: after somebody has asked, the visit stays open, and what is asked next goes out in it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from office import Books, Office, Visit

from qbwc_server.refreshing import Wish
from qbwc_server.store import holds, tables

FRIENDLY = "Done; nothing else waits."
SECOND = timedelta(seconds=1)


def hcp(books: Books, mode: str = "MultiUser") -> str:
    """What QuickBooks says of itself with the company file in a mode; "" for one that does not say."""
    element = f"<QBFileMode>{mode}</QBFileMode>" if mode else ""
    return re.sub("<QBFileMode>[A-Za-z]*</QBFileMode>", element, books.quickbooks.hcp_response())


def hold(office: Office, books: Books, seconds: int = 30) -> None:
    with office.database.write() as connection:
        holds.set_seconds(connection, books.name, seconds)


def ask(office: Office, books: Books, number: int = 0, *, by: str = "anna") -> int:
    list_id = books.list_ids("customer")[number]
    return office.ask_one(books, "customer", "list_id", list_id, by=by).id


def first_trip(office: Office, books: Books, *, mode: str = "MultiUser") -> tuple[Visit, int]:
    """A visit and the number that its first answer got."""
    visit = office.visit(books)
    return visit, visit.receive(*visit.answer(visit.send(hcp=hcp(books, mode))))


def held_visit(office: Office, books: Books) -> Visit:
    hold(office, books)
    ask(office, books)
    visit, number = first_trip(office, books)
    assert number == 99
    assert visit.waits()
    return visit


def let_the_hold_pass(office: Office, books: Books) -> None:
    asked = office.company(books).last_asked_at
    assert asked is not None
    office.change_company(books, last_asked_at=asked - 31 * SECOND)


def test_what_is_asked_during_a_hold_goes_out_in_the_same_visit(office: Office, books: Books) -> None:
    visit = held_visit(office, books)
    for number in (1, 2):
        asked = ask(office, books, number)
        assert visit.step() == 99
        office.publish()
        assert office.refreshing.get(asked).state == "published"
        assert visit.waits()
    let_the_hold_pass(office, books)
    assert visit.send() == ""
    assert visit.error() == FRIENDLY
    assert visit.close() == "OK"
    assert office.count(tables.visits) == 1


def test_nothing_is_held_unless_somebody_wanted_that(office: Office, books: Books) -> None:
    ask(office, books)
    assert first_trip(office, books)[1] == 100


def today_and_tomorrow() -> str:
    today = datetime.now(UTC)
    days = [f"{today + timedelta(days=ahead):%a}".lower() for ahead in (0, 1)]
    return f"{','.join(days)} 00:00-24:00"


PASSING: dict[str, Callable[[Office, Books], None]] = {
    "time": let_the_hold_pass,
    "switched off": lambda office, books: hold(office, books, 0),
    "quiet hours": lambda office, books: office.change_company(books, quiet_hours=today_and_tomorrow()),
    "pause": lambda office, books: office.pause(books, paused=True),
}


@pytest.mark.parametrize("what", PASSING)
def test_a_hold_ends_at_the_next_call_whichever_that_is(office: Office, books: Books, what: str) -> None:
    visit = held_visit(office, books)
    assert visit.send() == ""
    PASSING[what](office, books)
    assert visit.error() == FRIENDLY
    assert visit.close() == "OK"


@pytest.mark.parametrize("what", PASSING)
def test_a_hold_that_ended_meanwhile_hears_so_after_its_wait(office: Office, books: Books, what: str) -> None:
    visit = held_visit(office, books)
    PASSING[what](office, books)
    assert not visit.waits()
    assert ("paused" in visit.sentence) == (what == "pause")
    assert visit.sentence == FRIENDLY or what == "pause"


@pytest.mark.parametrize("what", PASSING)
def test_an_answer_after_the_end_of_a_hold_ends_the_visit(office: Office, books: Books, what: str) -> None:
    visit = held_visit(office, books)
    ask(office, books, 1)
    request = visit.send()
    PASSING[what](office, books)
    assert visit.receive(*visit.answer(request)) == 100


def test_a_file_in_single_user_mode_is_never_held(office: Office, books: Books) -> None:
    hold(office, books)
    ask(office, books)
    visit, number = first_trip(office, books, mode="SingleUser")
    assert number == 100
    visit.close()
    assert office.refreshing.connection(books.name).single_user


def test_a_quickbooks_that_does_not_tell_its_mode_is_held(office: Office, books: Books) -> None:
    hold(office, books)
    ask(office, books)
    assert first_trip(office, books, mode="")[1] == 99


def test_a_hold_does_not_delay_what_waits_for_the_next_visit(office: Office, books: Books) -> None:
    visit = held_visit(office, books)
    asked = ask(office, books, 1)
    with office.database.write() as connection:
        number = office.company(books).visit
        connection.execute(
            sa.update(tables.refreshes).where(tables.refreshes.c.id == asked).values(held_by_visit=number)
        )
    assert not visit.waits()


def test_pages_of_a_list_go_out_before_a_visit_is_held(office: Office, books: Books) -> None:
    hold(office, books)
    office.ask_one(books, "customer", "all")
    visit, number = first_trip(office, books)
    while number < 99:
        number = visit.step() or 0
    office.publish()
    assert office.count(tables.refreshes, tables.refreshes.c.state == "published") == 1
    assert visit.waits()


def test_every_persons_asking_counts_and_no_schedules(office: Office, books: Books) -> None:
    def asked_again() -> bool:
        found = office.company(books).last_asked_at is not None
        office.change_company(books, last_asked_at=None)
        return found

    ask(office, books, by="schedule")
    assert not asked_again()
    ask(office, books, 0)
    assert asked_again(), "who joins what waits asks, too"
    wish = [Wish(books.name, "customer", "list_id", books.list_ids("customer")[1])]
    made = office.refreshing.ask(wish, "api:shop", idempotency_key="k")[0].refresh
    assert asked_again()
    office.refreshing.ask(wish, "api:shop", idempotency_key="k")
    assert not asked_again(), "the same call again asks for nothing"
    office.refreshing.cancel(made.id, "api:shop")
    assert not asked_again()
    office.refreshing.retry(made.id, "anna")
    assert asked_again()


def test_who_asks_during_a_hold_is_told_that_it_takes_seconds(office: Office, books: Books) -> None:
    visit = held_visit(office, books)
    asked = ask(office, books, 1)
    view = office.refreshing.get(asked)
    assert view.expected_at is not None
    assert timedelta() < view.expected_at - view.asked_at < 8 * SECOND
    office.conversation.watch.flush(office.database)
    shown = office.refreshing.connection(books.name)
    assert shown.state == "connected"
    assert shown.held_until is not None
    assert shown.held_until == view.asked_at + 30 * SECOND

    visit.send()
    assert office.refreshing.connection(books.name).held_until is None, "QuickBooks is at work: nobody knows how long"


def test_who_asks_when_a_held_visit_has_gone_silent_is_promised_nothing(office: Office, books: Books) -> None:
    held_visit(office, books)
    office.let_pass(1)
    asked = ask(office, books, 1)
    assert office.refreshing.get(asked).expected_at is None
    assert office.refreshing.connection(books.name).held_until is None


def test_a_poll_of_the_same_company_without_work_leaves_a_held_visit_alone(office: Office, books: Books) -> None:
    visit = held_visit(office, books)
    assert office.visit(books).status == "none"
    assert visit.waits()


@pytest.mark.parametrize("seconds", [-1, 61])
def test_a_hold_is_at_most_a_minute(office: Office, books: Books, seconds: int) -> None:
    with pytest.raises(holds.BadHold), office.database.write() as connection:
        holds.set_seconds(connection, books.name, seconds)
    assert office.company(books).hold_seconds == 0
