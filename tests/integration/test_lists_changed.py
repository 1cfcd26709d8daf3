"""`changed`: what was edited since is read, by QuickBooks's own times, whichever clock is wrong.

QuickBooks's clock is set here through the simulated company's. Ours is the database's, and nobody can set that: where
it is to be wrong, QuickBooks's is set apart from it, and what was noted by it earlier is moved.
"""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from mirror import differing, had, shown
from office import Books, Office

from qbwc_server.qbxml import moments
from qbwc_server.refreshing import Refresh
from qbwc_server.store import tables

HOUR = 3600.0
DAY = 24 * HOUR
# 2025 in New York: the hour from one to two comes twice, and the one from two to three does not come.
AUTUMN = datetime(2025, 11, 2, 6, tzinfo=UTC).timestamp()
SPRING = datetime(2025, 3, 9, 7, tzinfo=UTC).timestamp()


class Clock:
    """QuickBooks's clock, set by hand."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def books(office: Office) -> Books:
    """A company whose customers were read once; nobody worked in it for days."""
    made = office.add(customers=30)
    _read(office, made, "all")
    return made


def _read(office: Office, books: Books, way: str = "changed") -> Refresh:
    asked = office.ask_one(books, "customer", way)
    office.run(books)
    got = office.get(asked)
    assert got.state == "published"
    return got


def _set_clock(books: Books, now: float) -> Clock:
    clock = Clock(now)
    books.quickbooks.clock = clock
    return clock


def _leaves(books: Books) -> list[str]:
    parents = {one["ParentRef"]["ListID"] for one in books.quickbooks.customers() if "ParentRef" in one}
    return [one for one in books.list_ids("customer") if one not in parents]


def _edit(books: Books, number: int) -> str:
    list_id = _leaves(books)[number]
    books.quickbooks.change("customer", list_id, Phone=f"555-{books.quickbooks.set_count}-{number}")
    return list_id


def _fill(books: Books) -> None:
    """Add customers by QuickBooks's clock as it is set: the sample is of days that it may not have reached."""
    books.quickbooks.lists["customer"].deleted.clear()
    for number in range(6):
        books.quickbooks.add("customer", "Customer", Name=f"Customer {number}")


def _asked(books: Books) -> str:
    """The last request for a first page."""
    return next(one for one in reversed(books.quickbooks.message_sets) if 'iterator="Start"' in one)


def _since(books: Books) -> str | None:
    _, found, rest = _asked(books).partition("<FromModifiedDate>")
    return rest.partition("<")[0] if found else None


def _published_at(office: Office, books: Books) -> dict[str, object]:
    return {row["list_id"]: row["published_at"] for row in office.website.rows(books.name, "customer")}


def _note(office: Office, **values: object) -> None:
    with office.database.write() as connection:
        connection.execute(sa.update(tables.freshness).values(**values))


# --- what is asked for ---


def test_the_first_reading_of_changes_reads_everything(office: Office) -> None:
    books = office.add(customers=30)
    _read(office, books)
    assert _since(books) is None
    assert "ListDeletedQueryRq" not in _asked(books)
    assert differing(office, books, "customer") == {}
    fresh = office.website.freshness(books.name, "customer")
    assert fresh is not None
    assert fresh["complete"]


def test_changes_are_asked_for_from_the_last_time_of_quickbooks_less_an_overlap(office: Office, books: Books) -> None:
    clock = _set_clock(books, datetime.now(UTC).timestamp() - DAY)
    edited = _edit(books, 0)
    newest = str(books.quickbooks.view("customer", edited)["TimeModified"])[:19]
    _read(office, books)
    clock.now += HOUR
    _edit(books, 1)
    _read(office, books)
    since = _since(books)
    assert since is not None
    assert len(since) == len("2025-11-02T01:00:00"), "no offset: it is wrong in summer"
    apart = datetime.fromisoformat(newest) - datetime.fromisoformat(since)
    assert moments.OVERLAP <= apart <= moments.OVERLAP + timedelta(minutes=2)


def test_what_the_overlap_brings_again_is_not_published_again(office: Office, books: Books) -> None:
    clock = _set_clock(books, datetime.now(UTC).timestamp() - DAY)
    first = _edit(books, 0)
    assert _read(office, books).outcome == "updated"
    before, changes = _published_at(office, books), office.count(tables.changes)
    clock.now += 60
    second = _edit(books, 1)
    got = _read(office, books)
    assert first in books.quickbooks.process(_asked(books)), "the overlap gives the first one again"
    after = _published_at(office, books)
    assert {one for one in after if after[one] != before[one]} == {second}
    assert office.count(tables.changes) == changes + 1
    assert {one.list_id for one in got.changes} == {second}
    assert _read(office, books).outcome == "unchanged"


def test_a_list_that_was_not_read_for_80_days_is_read_whole(office: Office, books: Books) -> None:
    gone = _leaves(books)[3]
    books.quickbooks.delete("customer", gone)
    # QuickBooks has forgotten it.
    books.quickbooks.lists["customer"].deleted.clear()
    _note(office, last_changed_read_at=datetime.now(UTC) - timedelta(days=79))
    _read(office, books)
    assert _since(books) is not None
    assert shown(office, books, "customer").buried == set()
    _note(office, last_changed_read_at=datetime.now(UTC) - timedelta(days=81))
    _read(office, books)
    assert _since(books) is None
    assert shown(office, books, "customer").buried == {gone}


# --- the hour that comes twice and the one that does not ---


@pytest.mark.parametrize("change", [AUTUMN, SPRING], ids=["autumn", "spring"])
def test_edits_on_both_sides_of_a_clock_change_are_all_seen(office: Office, change: float) -> None:
    for before in (-90, -59, -30, -1):
        books = office.add(f"acme{-before}", customers=0)
        clock = _set_clock(books, change - 3 * DAY)
        _fill(books)
        _read(office, books, "all")
        for minutes in (before, 0, 1, 29, 58, 61, 125):
            clock.now = change + minutes * 60
            _edit(books, minutes % 5)
            _read(office, books)
            assert _since(books) is not None
            assert differing(office, books, "customer") == {}


# --- clocks that are wrong ---


@pytest.mark.parametrize("wrong", [-9 * 365 * DAY, -30 * DAY, -HOUR, HOUR, 20 * HOUR])
def test_a_clock_of_quickbooks_that_is_constantly_wrong_loses_nothing(office: Office, wrong: float) -> None:
    books = office.add(customers=0)
    books.quickbooks.clock_error = wrong
    clock = _set_clock(books, datetime.now(UTC).timestamp())
    _fill(books)
    _read(office, books, "all")
    for number in range(3):
        clock.now += 3 * HOUR if wrong < 0 else 60
        _edit(books, number)
        if number == 1:
            books.quickbooks.delete("customer", _leaves(books)[-1])
        _read(office, books)
        assert differing(office, books, "customer") == {}
    assert len(shown(office, books, "customer").buried) == 1


@pytest.mark.parametrize("wrong", [30 * DAY, 5 * 365 * DAY])
def test_a_clock_of_quickbooks_that_is_far_ahead_costs_more_reading_and_loses_nothing(
    office: Office, books: Books, wrong: float
) -> None:
    """So it looks, too, where our own clock is far behind."""
    books.quickbooks.clock_error = wrong
    for number in range(3):
        _edit(books, number)
        if number == 1:
            books.quickbooks.delete("customer", _leaves(books)[-1])
        _read(office, books)
        assert differing(office, books, "customer") == {}
    books.quickbooks.clock_error = 0.0
    for number in range(3, 5):
        _edit(books, number)
        _read(office, books)
        assert differing(office, books, "customer") == {}
    assert len(shown(office, books, "customer").buried) == 1


@pytest.mark.parametrize("years", [-9, 9])
def test_what_was_noted_while_our_own_clock_was_wrong_by_years_loses_nothing(
    office: Office, books: Books, years: int
) -> None:
    _edit(books, 0)
    _note(office, last_changed_read_at=datetime.now(UTC) + timedelta(days=365 * years))
    for number in (1, 2):
        _edit(books, number)
        _read(office, books)
        assert differing(office, books, "customer") == {}
    assert (_since(books) is None) is False


def _set_back(office: Office, books: Books) -> tuple[Clock, str]:
    """QuickBooks's clock was a month behind while somebody edited: reading the changes misses that."""
    now = datetime.now(UTC).timestamp()
    clock = _set_clock(books, now - HOUR)
    _edit(books, 0)
    _read(office, books)
    books.quickbooks.clock_error = -30 * DAY
    missed = _edit(books, 1)
    _read(office, books)
    assert differing(office, books, "customer").keys() == {missed}
    books.quickbooks.clock_error = 0.0
    clock.now = now
    return clock, missed


def test_what_was_missed_while_the_clock_was_set_back_is_healed_by_a_whole_reading(
    office: Office, books: Books
) -> None:
    clock, _ = _set_back(office, books)
    _read(office, books, "all")
    assert differing(office, books, "customer") == {}
    clock.now += 60
    _edit(books, 2)
    _read(office, books)
    assert _since(books) is not None
    assert differing(office, books, "customer") == {}


def test_a_single_refresh_that_shows_that_something_was_missed_makes_the_next_reading_whole(
    office: Office, books: Books
) -> None:
    _, missed = _set_back(office, books)
    books.quickbooks.clock_error = -30 * DAY
    other = _edit(books, 2)
    books.quickbooks.clock_error = 0.0
    office.ask_one(books, "customer", "list_id", missed)
    office.run(books)
    assert differing(office, books, "customer").keys() == {other}
    _read(office, books)
    assert _since(books) is None
    assert differing(office, books, "customer") == {}
    _read(office, books)
    assert _since(books) is not None


def test_a_single_refresh_of_an_ordinary_edit_makes_nothing_be_read_whole(office: Office, books: Books) -> None:
    clock = _set_clock(books, datetime.now(UTC).timestamp() - DAY)
    _edit(books, 0)
    _read(office, books)
    clock.now += HOUR
    edited = _edit(books, 1)
    office.ask_one(books, "customer", "list_id", edited)
    office.run(books)
    _read(office, books)
    assert _since(books) is not None


def test_a_deletion_while_the_clock_ran_ahead_hides_no_later_one_once_everything_was_read(
    office: Office, books: Books
) -> None:
    clock = _set_clock(books, datetime.now(UTC).timestamp())
    books.quickbooks.clock_error = 20 * HOUR
    books.quickbooks.delete("customer", _leaves(books)[-1])
    _read(office, books)
    books.quickbooks.clock_error = 0.0
    _read(office, books, "all")
    clock.now += HOUR
    books.quickbooks.delete("customer", _leaves(books)[-1])
    _read(office, books)
    assert differing(office, books, "customer") == {}


@pytest.mark.parametrize("hours", [1, 20, 24 * 30])
def test_after_the_clock_ran_ahead_and_was_put_right_a_whole_reading_heals_everything(
    office: Office, books: Books, hours: int
) -> None:
    now = datetime.now(UTC).timestamp()
    clock = _set_clock(books, now)
    books.quickbooks.clock_error = hours * HOUR
    _edit(books, 0)
    books.quickbooks.delete("customer", _leaves(books)[-1])
    _read(office, books)
    assert differing(office, books, "customer") == {}
    books.quickbooks.clock_error = 0.0
    clock.now += 60
    _edit(books, 1)
    books.quickbooks.delete("customer", _leaves(books)[-1])
    _read(office, books, "all")
    assert differing(office, books, "customer") == {}
    assert len(shown(office, books, "customer").buried) == 2
    # Once the right clock has passed what the wrong one wrote, changes are seen again without further ado.
    clock.now += min(hours, 26) * HOUR
    _edit(books, 2)
    books.quickbooks.delete("customer", _leaves(books)[-1])
    _read(office, books)
    assert differing(office, books, "customer") == {}
    assert len(shown(office, books, "customer").buried) == 3


def test_a_company_file_from_a_backup_is_mirrored_after_a_whole_reading(office: Office, books: Books) -> None:
    clock = _set_clock(books, datetime.now(UTC).timestamp() - 5 * DAY)
    list_id = _edit(books, 0)
    _read(office, books)
    record = books.quickbooks.lists["customer"].one(list_id)
    old, then = dict(record.overrides), clock.now
    clock.now += 2 * DAY
    _edit(books, 0)
    added = books.quickbooks.add("customer", "Customer", Name="Added after the backup")
    _read(office, books)
    # The backup is from between: as if the later edits had never been.
    books.quickbooks.lists["customer"].remove(added, int(clock.now), reported=False)
    record.overrides = old
    books.quickbooks.lists["customer"].touch(record, int(then))
    _read(office, books)
    assert differing(office, books, "customer").keys() == {list_id, added}
    # One look at it tells, and the next reading is whole.
    looked = office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    assert office.get(looked).error_code == "held"
    _read(office, books)
    assert _since(books) is None
    assert shown(office, books, "customer").buried == {added}
    # What is older than what the website shows waits until somebody says that this is meant.
    assert differing(office, books, "customer").keys() == {list_id}
    office.refreshing.retry(looked.id, "anna")
    office.publish()
    assert differing(office, books, "customer") == {}


# --- deletions ---


def test_who_is_in_the_list_of_deletions_is_asked_for_before_it_is_buried(office: Office, books: Books) -> None:
    gone = _leaves(books)[4]
    books.quickbooks.delete("customer", gone)
    sets = books.quickbooks.set_count
    _read(office, books)
    assert shown(office, books, "customer").buried == {gone}
    last = books.quickbooks.message_sets[-1]
    assert f"<ListID>{gone}</ListID>" in last
    assert books.quickbooks.set_count == sets + 2
    # It is told of again, and concerns nobody any more.
    _read(office, books)
    assert books.quickbooks.set_count == sets + 3


def test_a_list_of_deletions_that_names_who_lives_buries_nobody(office: Office, books: Books) -> None:
    back = _leaves(books)[4]
    books.quickbooks.delete("customer", back)
    told = list(books.quickbooks.lists["customer"].deleted)
    books.quickbooks.revive("customer", back)
    books.quickbooks.change("customer", back, touch=False, Notes="back again")
    books.quickbooks.lists["customer"].deleted[:] = told
    _read(office, books)
    assert shown(office, books, "customer").buried == set()
    assert back in had(books, "customer")


@pytest.mark.parametrize("way", ["list_id", "all"])
def test_who_comes_back_is_revived_on_the_website(office: Office, books: Books, way: str) -> None:
    back = _leaves(books)[4]
    books.quickbooks.delete("customer", back)
    _read(office, books)
    assert shown(office, books, "customer").buried == {back}
    books.quickbooks.revive("customer", back)
    office.ask_one(books, "customer", way, back if way == "list_id" else "")
    office.run(books)
    assert shown(office, books, "customer").buried == set()
    assert differing(office, books, "customer") == {}


def test_who_comes_back_and_is_edited_is_revived_by_the_next_reading_of_changes(office: Office, books: Books) -> None:
    back = _leaves(books)[4]
    books.quickbooks.delete("customer", back)
    _read(office, books)
    books.quickbooks.revive("customer", back)
    books.quickbooks.change("customer", back, Phone="555-0123")
    _read(office, books)
    assert differing(office, books, "customer") == {}
