"""What is due is asked for when the Web Connector polls; nothing happens in between."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from office import Books, Caller, Office, office_at

from qbwc_server.conversation.due import ask_due
from qbwc_server.conversation.paging import FIRST_PAGE
from qbwc_server.rhythm import Place
from qbwc_server.settings import OfficeHours
from qbwc_server.store import companies, freshness, pauses, refreshes, schedules, tables
from qbwc_server.store.schedules import NEVER, Rhythm, Task

MONTREAL = ZoneInfo("America/Toronto")
PLACE = Place(MONTREAL, OfficeHours.parse("mon-fri 08:00-18:00"))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment in November 2026, on Montréal's clocks; the 23rd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=MONTREAL).astimezone(UTC)


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """The server's parts, with schedules, over fresh databases."""
    with office_at(database_url, tmp_path, place=PLACE) as made:
        yield made


def look(office: Office, books: Books, now: datetime) -> list[tuple[str, str]]:
    """Look at the schedule as a poll does at that moment; what was asked for: (list, way)."""
    before = {row["id"] for row in asked(office)}
    with office.database.write() as connection:
        company = companies.lock(connection, books.name)
        answer = ask_due(connection, company, now, PLACE)
    new = sorted((row["list"], row["way"]) for row in asked(office) if row["id"] not in before)
    assert answer is bool(new)
    return new


def asked(office: Office) -> list[dict[str, Any]]:
    return office.rows(tables.refreshes, tables.refreshes.c.asked_by == "schedule")


def finish(office: Office) -> None:
    """All that is under way ended, whatever came of it."""
    with office.database.write() as connection:
        values = {"state": "cancelled", "finished_at": tables.refreshes.c.asked_at}
        connection.execute(tables.refreshes.update().values(values))


def was_read(office: Office, books: Books, when: datetime) -> None:
    """Both lists were read in full."""
    finish(office)
    with office.database.write() as connection:
        connection.execute(tables.freshness.delete())
        for list_name in schedules.TASKS:
            values = {"last_full_read_at": when, "last_contact_at": when, "complete": True, "dirty": False}
            connection.execute(tables.freshness.insert().values(company=books.name, list=list_name, **values))


def schedule(office: Office, books: Books, list_name: str, task: str, rhythm: Rhythm) -> None:
    with office.database.write() as connection:
        schedules.keep(connection, books.name, Task(list_name, task, rhythm))


FULL = [("customer", "all"), ("item", "all")]
CHANGED = [("customer", "changed"), ("item", "changed")]
STOCK = ("item", "sweep")


@pytest.fixture
def read(office: Office, books: Books) -> Books:
    """A company whose lists were read in full on Monday morning, and looked at since."""
    look(office, books, at(23, 2))
    was_read(office, books, at(23, 2, 10))
    assert look(office, books, at(23, 7)) == CHANGED
    finish(office)
    return books


def test_the_first_poll_of_a_company_reads_its_lists_in_full(office: Office, books: Books) -> None:
    visit = office.visit(books)
    assert visit.works
    assert [(row["list"], row["way"], row["small"], row["urgent"]) for row in asked(office)] == [
        ("customer", "all", False, False),
        ("item", "all", False, False),
    ]
    visit.to_the_end()
    office.publish()
    assert {row["state"] for row in asked(office)} == {"published"}
    assert not office.visit(books).works


def test_nothing_is_read_by_itself_where_schedules_are_off(database_url: str, tmp_path: Path) -> None:
    with office_at(database_url, tmp_path) as office:
        books = office.add()
        assert not office.visit(books).works
        assert office.count(tables.refreshes) == 0


def test_a_poll_before_anything_is_due_asks_the_database_once_more_for_nothing(office: Office, books: Books) -> None:
    assert office.visit(books).works
    finish(office)
    office.change_company(books, next_due_at=datetime.now(UTC) + 5 * MINUTE)
    statements: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    sa.event.listen(office.database.engine, "before_cursor_execute", count)
    assert office.conversation.authenticate(books.name, books.password, Caller())[1] == "none"
    sa.event.remove(office.database.engine, "before_cursor_execute", count)
    # The account, what waits, and whether a request is out: no more than without schedules.
    assert len([one for one in statements if one.startswith("SELECT")]) == 3
    assert not [one for one in statements if one.startswith(("UPDATE", "INSERT", "BEGIN IMMEDIATE"))]


def test_what_changed_is_asked_for_every_ten_minutes(office: Office, read: Books) -> None:
    assert look(office, read, at(23, 7, 8)) == []
    assert look(office, read, at(23, 7, 10)) == CHANGED
    finish(office)
    assert look(office, read, at(23, 7, 20)) == CHANGED


def test_the_stock_is_asked_for_in_office_hours(office: Office, read: Books) -> None:
    assert look(office, read, at(23, 7, 59)) == CHANGED
    finish(office)
    assert STOCK in look(office, read, at(23, 8))
    finish(office)
    assert STOCK not in look(office, read, at(23, 8, 20))
    finish(office)
    assert STOCK in look(office, read, at(23, 8, 30))


def test_the_next_poll_that_matters_is_known(office: Office, read: Books) -> None:
    look(office, read, at(23, 7, 10))
    assert office.company(read).next_due_at == at(23, 7, 19)


def test_what_is_under_way_is_not_asked_for_again(office: Office, read: Books) -> None:
    look(office, read, at(23, 9))
    assert len(office.rows(tables.refreshes, tables.refreshes.c.state == "waiting")) == 3
    assert look(office, read, at(23, 9, 40)) == []
    assert office.company(read).next_due_at == at(23, 9, 41)
    finish(office)
    assert look(office, read, at(23, 9, 41)) == [CHANGED[0], CHANGED[1], STOCK]


def test_nothing_else_of_a_list_is_asked_for_while_somebody_has_all_of_it_read(office: Office, read: Books) -> None:
    office.ask(read, "item", "all")
    assert look(office, read, at(23, 9)) == [("customer", "changed")]


def test_a_full_read_makes_the_others_unnecessary(office: Office, read: Books) -> None:
    schedule(office, read, "item", "sweep", Rhythm(every_minutes=30))
    assert look(office, read, at(24, 2)) == FULL
    was_read(office, read, at(24, 2, 3))
    assert look(office, read, at(24, 2, 5)) == []
    assert look(office, read, at(24, 2, 10)) == CHANGED


def doubt(office: Office, books: Books) -> None:
    """Something of the customers was missed."""
    with office.database.write() as connection:
        freshness.doubt(connection, books.name, "customer")


def test_a_list_that_never_came_whole_is_not_asked_what_changed_of_it_but_for_all(office: Office, books: Books) -> None:
    assert look(office, books, at(23, 9)) == FULL
    finish(office)
    assert look(office, books, at(23, 9, 5)) == []
    assert office.company(books).next_due_at == at(23, 9, 9)
    assert look(office, books, at(23, 9, 9)) == FULL


def test_a_full_read_that_fails_each_time_is_asked_for_ever_less_often(office: Office, books: Books) -> None:
    found = []
    for minutes in range(0, 20 * 60, 10):
        if look(office, books, at(23, 9) + minutes * MINUTE):
            found.append(minutes)
        finish(office)
    assert found == [0, 10, 70, 430, 790, 1150]


def test_a_list_that_is_never_to_be_read_in_full_is_read_once_since_changes_are_nothing_without(
    office: Office, books: Books
) -> None:
    for list_name in schedules.TASKS:
        schedule(office, books, list_name, "all", NEVER)
    assert look(office, books, at(23, 9)) == FULL
    assert look(office, books, at(23, 9, 20)) == []
    was_read(office, books, at(23, 9, 25))
    assert look(office, books, at(23, 9, 30)) == [*CHANGED, STOCK]
    finish(office)
    assert look(office, books, at(26, 9)) == [*CHANGED, STOCK]


def test_a_list_of_which_nothing_is_to_be_read_is_left_alone(office: Office, books: Books) -> None:
    for task in ("changed", "all"):
        schedule(office, books, "customer", task, NEVER)
    assert look(office, books, at(23, 9)) == [FULL[1]]


def test_a_list_of_which_something_was_missed_is_read_in_full_when_its_changes_are_due(
    office: Office, read: Books
) -> None:
    doubt(office, read)
    assert look(office, read, at(23, 7, 5)) == []
    assert look(office, read, at(23, 7, 10)) == [("customer", "all"), ("item", "changed")]
    assert [row["small"] for row in asked(office) if row["way"] == "all" and row["state"] == "waiting"] == [True]
    finish(office)
    assert ("customer", "all") not in look(office, read, at(23, 7, 20))
    finish(office)
    was_read(office, read, at(23, 7, 30))
    assert look(office, read, at(23, 7, 40)) == CHANGED


def test_a_list_of_which_something_was_missed_is_not_asked_for_while_somebody_reads_it(
    office: Office, read: Books
) -> None:
    doubt(office, read)
    office.ask(read, "customer", "all")
    assert look(office, read, at(23, 7, 10)) == [("item", "changed")]


def test_a_missed_full_read_is_made_in_small_pages(office: Office, read: Books) -> None:
    assert look(office, read, at(24, 9)) == [CHANGED[0], CHANGED[1], STOCK]
    finish(office)
    new = look(office, read, at(25, 9))
    assert new == FULL
    rows = [row for row in asked(office) if row["way"] == "all" and row["state"] == "waiting"]
    assert [row["small"] for row in rows] == [True, True]
    # Failed: not again at each poll.
    finish(office)
    assert look(office, read, at(25, 9, 10)) == [*CHANGED]


def test_what_nobody_began_within_the_window_goes_in_small_pages(office: Office, read: Books) -> None:
    assert look(office, read, at(24, 2)) == FULL
    with office.database.write() as connection:
        begun = tables.refreshes.c.list == "item", tables.refreshes.c.state == "waiting"
        connection.execute(tables.refreshes.update().where(*begun).values(first_sent_at=at(24, 2)))

    def small() -> dict[str, bool]:
        return {row["list"]: row["small"] for row in asked(office) if row["state"] == "waiting"}

    look(office, read, at(24, 4))
    assert small() == {"customer": False, "item": False}
    look(office, read, at(24, 9))
    assert small() == {"customer": True, "item": False}


def test_nothing_is_begun_in_quiet_hours_but_what_people_ask(office: Office, read: Books) -> None:
    office.change_company(read, quiet_hours="mon-fri 22:00-06:00")
    assert look(office, read, at(24, 2)) == []
    assert look(office, read, at(24, 5, 59)) == []
    assert office.company(read).next_due_at == at(24, 6)
    assert look(office, read, at(24, 6)) == CHANGED


def test_people_are_served_in_quiet_hours(office: Office, books: Books) -> None:
    now = datetime.now(MONTREAL)
    quiet = f"mon-sun {now - 2 * HOUR:%H:%M}-{now + 2 * HOUR:%H:%M}"
    office.change_company(books, quiet_hours=quiet)
    assert not office.visit(books).works
    wanted = office.ask_one(books, "customer", "list_id", books.list_ids("customer", 1)[0])
    office.run(books)
    assert office.get(wanted).state == "published"
    assert asked(office) == []


def make_quiet(office: Office, books: Books) -> None:
    """Let the quiet hours of the company have begun, at whatever time that is."""
    now = datetime.now(MONTREAL)
    office.change_company(books, quiet_hours=f"mon-sun {now - 2 * HOUR:%H:%M}-{now + 2 * HOUR:%H:%M}")


def states(office: Office) -> dict[str, str]:
    return {row["list"]: row["state"] for row in asked(office)}


def test_what_was_interrupted_before_the_quiet_hours_goes_on_after_them(office: Office) -> None:
    books = office.add(customers=450)
    visit = office.visit(books)
    visit.step()
    visit.close()
    make_quiet(office, books)
    assert not office.visit(books).works
    wanted = office.ask_one(books, "customer", "list_id", books.list_ids("customer", 1)[0])
    office.run(books)
    assert office.get(wanted).state == "published"
    assert states(office) == {"customer": "waiting", "item": "waiting"}
    office.change_company(books, quiet_hours=None)
    office.run(books)
    assert states(office) == {"customer": "published", "item": "published"}


def test_what_runs_on_into_the_quiet_hours_ends_with_the_page_that_is_out(office: Office) -> None:
    books = office.add(customers=450)
    visit = office.visit(books)
    request = visit.send()
    make_quiet(office, books)
    assert visit.receive(*visit.answer(request)) == 100
    assert visit.send() == ""
    visit.close()
    assert office.count(tables.records) == FIRST_PAGE
    assert states(office) == {"customer": "waiting", "item": "waiting"}


def test_what_somebody_joined_is_read_in_quiet_hours(office: Office, books: Books) -> None:
    office.visit(books).close()
    office.ask(books, "customer", "all")
    make_quiet(office, books)
    office.run(books)
    assert states(office) == {"customer": "published", "item": "waiting"}


def test_a_company_has_clocks_of_its_own(office: Office, read: Books) -> None:
    office.change_company(read, time_zone="America/Vancouver")
    assert FULL[0] not in look(office, read, at(24, 2))
    finish(office)
    assert look(office, read, at(24, 5)) == FULL


def test_clocks_and_quiet_hours_that_are_not_known_here_are_the_installations(office: Office, read: Books) -> None:
    office.change_company(read, time_zone="Moon/Tycho", quiet_hours="when it snows")
    assert look(office, read, at(24, 2)) == FULL


def test_nothing_is_asked_for_while_paused(office: Office, books: Books) -> None:
    office.pause(books, paused=True)
    assert not office.visit(books).works
    assert asked(office) == []
    office.pause(books, paused=False)
    assert office.visit(books).works


def test_a_pause_that_comes_while_a_poll_is_looked_at_holds(office: Office, books: Books) -> None:
    with office.database.write() as connection:
        now = office.database.now(connection)
        pauses.pause(connection, books.name, by="ada", now=now, until=now + HOUR)
    # By the clock that decides nothing the pause is over.
    office.conversation.clock = lambda: now + DAY
    assert not office.visit(books).works
    assert asked(office) == []


def test_a_pause_takes_effect_after_the_current_page(office: Office) -> None:
    books = office.add(customers=450)
    visit = office.visit(books)
    request = visit.send()
    office.pause(books, paused=True)
    assert visit.receive(*visit.answer(request)) in range(100)
    assert visit.send() == ""
    visit.close()
    assert office.count(tables.records) == FIRST_PAGE
    assert not office.visit(books).works


def test_a_clock_that_was_wrong_puts_nothing_off_for_long(office: Office, read: Books) -> None:
    finish(office)
    assert look(office, read, at(23, 9) + 400 * DAY) == FULL
    finish(office)
    with office.database.write() as connection:
        ahead = {"last_full_read_at": at(23, 9) + 400 * DAY}
        connection.execute(tables.freshness.update().values(ahead))
    assert look(office, read, at(23, 9)) == []
    finish(office)
    assert look(office, read, at(23, 9, 10)) == [*CHANGED]
    finish(office)
    assert look(office, read, at(24, 2)) == FULL


def test_a_poll_looks_again_where_the_next_one_was_put_off_by_a_wrong_clock(office: Office, books: Books) -> None:
    office.change_company(books, next_due_at=datetime.now(UTC) + 400 * DAY)
    assert office.visit(books).works


def test_a_visit_that_is_held_open_asks_for_what_comes_due(office: Office, books: Books) -> None:
    office.run(books)
    office.change_company(books, hold_seconds=60)
    office.ask(books, "customer", "list_id", books.list_ids("customer", 1)[0])
    visit = office.visit(books)
    visit.step()
    assert visit.waits()
    with office.database.write() as connection:
        connection.execute(tables.schedules.update().values(asked_at=datetime.now(UTC) - HOUR))
    office.change_company(books, next_due_at=datetime.now(UTC) - MINUTE)
    assert visit.send()
    assert {(row["list"], row["way"]) for row in asked(office)} >= set(CHANGED)
    assert "sent" in {row["state"] for row in asked(office) if row["way"] == "changed"}


def test_a_second_connector_takes_no_visit_over_when_nothing_comes_of_what_was_due(
    office: Office, books: Books
) -> None:
    visit = office.visit(books)
    visit.to_the_end()
    office.publish()
    one = books.list_ids("customer", 1)[0]
    office.ask_one(books, "customer", "list_id", one)
    visit = office.visit(books)
    visit.receive(*visit.answer(visit.send()))
    office.change_company(books, next_due_at=datetime.now(UTC) - MINUTE)
    before = office.rows(tables.visits)
    assert office.visit(books).status == "none"
    assert office.rows(tables.visits) == before


def test_somebody_elses_company_is_left_alone(office: Office, books: Books) -> None:
    other = office.add("other")
    look(office, books, at(23, 9))
    with office.database.read() as connection:
        assert not refreshes.anything_waits(connection, other.name)
    assert office.company(other).next_due_at is None
