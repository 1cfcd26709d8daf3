"""What is sent next for a list run, and how long its pages are."""

from dataclasses import replace
from datetime import timedelta

import pytest
from test_conversation_work import by_id

from qbwc_server.conversation.listing import SUSPECTS_IN_A_QUERY, SUSPECTS_IN_A_SET, Listing
from qbwc_server.conversation.paging import FIRST_PAGE, LONGEST_PAGE, SHORTEST_PAGE, Measure, page_size
from qbwc_server.conversation.work import pack
from qbwc_server.qbxml.request import ByListID, Count, Deleted, Page
from qbwc_server.store.refreshes import MOST, QueuedRefresh

SINCE = "2026-05-04T08:00:00"


def run(number: int = 5, scope: str = "all", **values: object) -> QueuedRefresh:
    return replace(by_id(number), way=scope, scope=scope, value="", urgent=False, **values)  # type: ignore[arg-type]


def going(number: int = 5, **values: object) -> Listing:
    return Listing("13.0", iterator={"refresh": number, "id": "{I}", "size": 70}, **values)  # type: ignore[arg-type]


def test_a_whole_list_is_counted_with_its_first_page() -> None:
    packed = pack([run()], "7.1", Listing("13.0"))
    assert packed.requests == (
        Count("7.1.1", "customer"),
        Page("7.1.2", "customer", "Start", None, FIRST_PAGE),
    )
    assert packed.refreshes == {"7.1.2": (5,)}
    assert packed.notes["7.1.1"] == {"kind": "count", "refresh": 5}


def test_further_pages_travel_alone_and_are_as_long_as_the_first() -> None:
    packed = pack([run()], "7.1", going())
    assert packed.requests == (Page("7.1.1", "customer", "Continue", "{I}", 70),)


def test_changes_are_asked_for_with_what_was_deleted() -> None:
    listing = Listing("13.0", deleted_from={"customer": "2026-05-01T00:00:00"})
    packed = pack([run(scope="changed", modified_since=SINCE)], "7.1", listing)
    assert packed.requests == (
        Count("7.1.1", "customer", SINCE),
        Deleted("7.1.2", "customer", "2026-05-01T00:00:00"),
        Page("7.1.3", "customer", "Start", None, FIRST_PAGE, modified_since=SINCE),
    )


def test_changes_since_ever_are_everything() -> None:
    kinds = [type(one) for one in pack([run(scope="changed")], "7.1", Listing("13.0")).requests]
    assert kinds == [Count, Page]


def test_a_sweep_asks_for_the_volatile_fields_alone() -> None:
    packed = pack([run(scope="sweep")], "7.1", Listing("13.0"))
    assert packed.requests == (Page("7.1.1", "customer", "Start", None, FIRST_PAGE, volatile=True),)


@pytest.mark.parametrize(("version", "kinds"), [("4.0", [Count, Page]), ("3.0", [Page])])
def test_an_old_quickbooks_gives_the_list_in_one_answer(version: str, kinds: list[type]) -> None:
    packed = pack([run()], "7.1", Listing(version))
    assert [type(one) for one in packed.requests] == kinds
    page = packed.requests[-1]
    assert isinstance(page, Page)
    assert page.iterator is None
    assert packed.notes[page.request_id]["undivided"]


def test_suspects_are_asked_for_by_their_list_ids_once_all_pages_have_come() -> None:
    suspects = [f"8000-{number}" for number in range(SUSPECTS_IN_A_SET + 1)]
    packed = pack([run(through=True, suspects=suspects)], "7.1", Listing("13.0"))
    assert all(isinstance(one, ByListID) for one in packed.requests)
    asked = [list_id for one in packed.requests if isinstance(one, ByListID) for list_id in one.list_ids]
    assert asked == suspects[:SUSPECTS_IN_A_SET]
    assert len(packed.requests) == SUSPECTS_IN_A_SET // SUSPECTS_IN_A_QUERY


def test_people_go_first_between_two_pages() -> None:
    assert pack([by_id(1), run(5)], "7.1", going()).refreshes == {"7.1.1": (1,)}


def test_where_an_iterator_dies_of_it_people_wait_until_the_list_is_through() -> None:
    packed = pack([by_id(1), run(5)], "7.1", going(interleaves=False))
    assert packed.refreshes == {"7.1.1": (5,)}


def test_a_list_that_was_begun_goes_on_before_another_begins() -> None:
    assert pack([run(4), run(5)], "7.1", going(5)).refreshes == {"7.1.1": (5,)}
    assert pack([run(4)], "7.1", going(5)).requests[-1] == Page("7.1.2", "customer", "Start", None, FIRST_PAGE)


@pytest.mark.parametrize(
    ("measure", "size"),
    [
        (Measure(), FIRST_PAGE),
        (Measure(1600, 100), 625),
        (Measure(1600, 60_000), 200),
        (Measure(10, 1), LONGEST_PAGE),
        (Measure(5_000_000, 1), SHORTEST_PAGE),
    ],
)
def test_a_page_comes_near_to_a_megabyte_or_some_seconds(measure: Measure, size: int) -> None:
    assert page_size(measure, run()) == size


def test_a_page_that_nothing_came_of_is_halved() -> None:
    measure = Measure(1000, 1)
    assert page_size(measure, run(unanswered=2)) == 250
    assert page_size(measure, run(unanswered=2, trouble="3391")) == 1000


def test_pages_in_office_hours_are_small() -> None:
    assert page_size(Measure(1000, 1), run(small=True)) == 125


def test_what_grew_counts_at_once_and_what_shrank_by_half() -> None:
    second = timedelta(seconds=1)
    measured = Measure().after(100_000, 100, second, 100)
    assert measured == Measure(1000, 10_000)
    assert measured.after(300_000, 100, second, 100).record_bytes == 3000
    assert measured.after(50_000, 100, second, 100).record_bytes == 750
    assert measured.after(900, 1, second, 100) == measured, "one record tells nothing"


def test_a_page_that_is_full_tells_however_short_it_is() -> None:
    slow = Measure(1000, 2_000_000)
    for _ in range(12):
        slow = slow.after(5000, 5, timedelta(milliseconds=50), 5)
    assert page_size(slow, run()) > 500


def test_a_pc_that_slept_meanwhile_says_little_of_quickbooks() -> None:
    slept = Measure().after(80_000, 50, timedelta(hours=60), 50)
    assert slept.micros is not None
    assert slept.micros <= 1_200_000
    assert page_size(slept, run()) >= SHORTEST_PAGE


def test_fewer_suspects_are_asked_for_where_nothing_came_of_many_or_they_could_not_be_read() -> None:
    suspects = [f"8000-{number}" for number in range(SUSPECTS_IN_A_SET)]

    def asked(*, most: int = MOST, unanswered: int = 0) -> int:
        one = run(through=True, suspects=suspects, most=most, unanswered=unanswered)
        packed = pack([one], "7.1", Listing("13.0"))
        return sum(len(one.list_ids) for one in packed.requests if isinstance(one, ByListID))

    assert asked(unanswered=2) == SUSPECTS_IN_A_SET // 4
    assert asked(most=7) == 7
    assert asked(most=1, unanswered=4) == 1
