"""The mirror: what the website shows equals the company file, field by field.

Theory of operation
-------------------
A busy office edits both lists at random, and the Web Connector is lost at random calls while the lists are read. After
`changed` everything is equal that QuickBooks gives a trace of; after a sweep what moves without one, too; after `all`
everything.

`--rounds N` makes N edits a list before each of three readings, on each of several seeds; without it a few.
"""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from mirror import LISTS, differing, had, shown, volatile
from office import Books, Office, Visit

from qbwc_server.rehearsal.company import Edit, EditKind

EDITS = 12
SEEDS = 3
IN_A_ROW = 3
LOST = 0.12
TOUCHED = frozenset({EditKind.CHANGE, EditKind.RENAME, EditKind.DEACTIVATE, EditKind.REACTIVATE, EditKind.ADD})
# What a merge moves elsewhere without a trace, and no sweep asks for.
PARENT = "parent_list_id"
DAY = 24 * 3600.0


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch, sizes: tuple[int, int]) -> None:
    # Few enough that a list is once read without a loss.
    page = max(9, sizes[0] // 6)
    monkeypatch.setattr("qbwc_server.conversation.paging.FIRST_PAGE", page)
    monkeypatch.setattr("qbwc_server.conversation.paging.LONGEST_PAGE", page)
    monkeypatch.setattr("qbwc_server.conversation.listing.SUSPECTS_IN_A_QUERY", max(4, page // 2))
    monkeypatch.setattr("qbwc_server.conversation.listing.SUSPECTS_IN_A_SET", page)


@dataclass
class Mirror:
    """An office, its edits and its unreliable Web Connector; the clock goes on with each edit.

    Attributes:
        revived: who ever came back, with the times of before.
        vanished: who was ever merged away without a trace.
    """

    office: Office
    books: Books
    chance: random.Random
    now: float = field(default_factory=lambda: time.time() - 20 * DAY)
    revived: set[str] = field(default_factory=set)
    vanished: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.books.quickbooks.clock = self._clock

    def _clock(self) -> float:
        self.now += self.chance.choice((0.0, 1.0, 300.0))
        return self.now

    def read(self, way: str, *, lost: float = LOST) -> None:
        """Read both lists, and publish; whoever was lost comes again."""
        asked = [self.office.ask_one(self.books, list_name, way) for list_name in LISTS]
        while any(self.office.get(one).state in ("waiting", "sent") for one in asked):
            self.office.let_pass(11)
            visit = self.office.visit(self.books)
            if not self._is_lost(visit, lost):
                visit.close()
            self.books.quickbooks.end_session()
        self.office.publish()
        assert {one.state for one in map(self.office.get, asked)} == {"published"}

    def _is_lost(self, visit: Visit, lost: float) -> bool:
        """Go on to the end, or to the call at which the Web Connector vanishes."""
        while True:
            if self.chance.random() < lost / 3:
                return True
            request = visit.send()
            if not request:
                return False
            if self.chance.random() < lost / 3:
                return True
            answer = visit.answer(request)
            number = visit.receive(*answer)
            if number >= 0 and self.chance.random() < lost:
                # The number got lost on its way.
                assert visit.receive(*answer) == number
            if self.chance.random() < lost / 3:
                return True
            if number in (-1, 100):
                return False

    def edit(self, list_name: str, count: int) -> list[Edit]:
        done = self.books.quickbooks.edit_at_random(self.chance, list_name, count)
        self.revived |= {one.list_id for one in done if one.kind is EditKind.REVIVE}
        self.vanished |= {one.list_id for one in done if not one.reported}
        self._move_without_a_trace(list_name, count // 4)
        self.now += self.chance.choice((60.0, DAY / 2))
        return done

    def _move_without_a_trace(self, list_name: str, count: int) -> None:
        stocked = [one for one in self.books.quickbooks.items() if "QuantityOnHand" in one]
        for _ in range(count if list_name == "item" and stocked else 0):
            one = self.chance.choice(stocked)
            quantity = str(self.chance.randrange(1000))
            self.books.quickbooks.change("item", str(one["ListID"]), touch=False, QuantityOnHand=quantity)


@pytest.fixture
def sizes(rounds: int | None) -> tuple[int, int]:
    """How many edits between two readings, and how many seeds."""
    return (EDITS, SEEDS) if rounds is None else (rounds, SEEDS)


@pytest.mark.timeout(3600)
def test_the_website_equals_the_company_file_after_each_reading_as_far_as_it_can(
    office: Office, sizes: tuple[int, int]
) -> None:
    edits, seeds = sizes
    for seed in range(seeds):
        books = office.add(f"seed{seed}", customers=24 + edits, items=20 + edits)
        mirror = Mirror(office, books, random.Random(seed))
        mirror.read("all")
        for list_name in LISTS:
            assert differing(office, books, list_name) == {}
        for _ in range(IN_A_ROW):
            done = {list_name: mirror.edit(list_name, edits) for list_name in LISTS}
            mirror.read("changed")
            for list_name in LISTS:
                equal_but_for_what_left_no_trace(mirror, list_name, done[list_name])
        before = {list_name: shown(office, books, list_name) for list_name in LISTS}
        mirror.read("sweep")
        for list_name in LISTS:
            equal_in_what_moves(mirror, list_name)
            after = shown(office, books, list_name)
            assert after.buried == before[list_name].buried
            assert _fixed(list_name, after.living) == _fixed(list_name, before[list_name].living)
        mirror.read("all")
        for list_name in LISTS:
            assert differing(office, books, list_name) == {}
            assert shown(office, books, list_name).buried >= before[list_name].buried - had(books, list_name).keys()


def equal_but_for_what_left_no_trace(mirror: Mirror, list_name: str, done: list[Edit]) -> None:
    """After `changed`: what was edited is equal, what QuickBooks tells of is buried, and nothing else is amiss."""
    living = had(mirror.books, list_name)
    touched = {one.list_id for one in done if one.kind in TOUCHED} & living.keys()
    for list_id, columns in differing(mirror.office, mirror.books, list_name).items():
        if list_id not in living:
            assert list_id in mirror.vanished, "a deletion that was told of is not seen"
            continue
        assert list_id not in touched, columns
        assert list_id in mirror.revived or columns.keys() <= volatile(list_name) | {PARENT}
    shown_now = shown(mirror.office, mirror.books, list_name)
    assert shown_now.buried & living.keys() <= mirror.revived


def equal_in_what_moves(mirror: Mirror, list_name: str) -> None:
    """After a sweep: what both have is equal in the fields that move without a trace."""
    both = shown(mirror.office, mirror.books, list_name).living.keys() & had(mirror.books, list_name).keys()
    apart = differing(mirror.office, mirror.books, list_name, only=both)
    assert {one: columns for one, columns in apart.items() if columns.keys() & volatile(list_name)} == {}


def _fixed(list_name: str, living: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, object]]:
    moving = volatile(list_name)
    return {
        list_id: {column: value for column, value in row.items() if column not in moving}
        for list_id, row in living.items()
    }
