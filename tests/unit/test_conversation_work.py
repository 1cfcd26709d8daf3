from dataclasses import replace
from datetime import UTC, datetime

import pytest

from qbwc_server.conversation.listing import Listing
from qbwc_server.conversation.work import LIST_IDS_IN_A_QUERY, QUERIES_IN_A_SET, pack
from qbwc_server.qbxml.request import ByFullName, ByListID, Deleted, Find
from qbwc_server.store.refreshes import MOST, QueuedRefresh

_BLANK = QueuedRefresh(
    id=0,
    company="acme",
    list="customer",
    scope="record",
    way="list_id",
    value="",
    state="waiting",
    outcome=None,
    urgent=True,
    asked_by="anna",
    asked_at=datetime(2026, 5, 4, tzinfo=UTC),
    joined=False,
    first_sent_at=None,
    sent_at=None,
    answered_at=None,
    published_at=None,
    finished_at=None,
    visit=None,
    request_id=None,
    unanswered=0,
    trouble=None,
    most=MOST,
    alone=False,
    missed=False,
    held_by_visit=None,
    refused_alone=False,
    fields_refused=False,
    list_id=None,
    full_name=None,
    seq=None,
    first_seq=None,
    records=0,
    counts=None,
    hits=None,
    error=None,
    retry_of=None,
)


def by_id(number: int, *, list_name: str = "customer", **values: object) -> QueuedRefresh:
    return replace(_BLANK, id=number, list=list_name, value=f"8000-{number}", **values)  # type: ignore[arg-type]


def otherwise(number: int, way: str, value: str, *, list_name: str = "customer") -> QueuedRefresh:
    scope = "record" if way == "full_name" else way
    return replace(_BLANK, id=number, list=list_name, way=way, value=value, scope=scope)


IDLE = Listing("13.0")


def test_many_list_ids_of_one_list_are_one_query() -> None:
    packed = pack([by_id(number) for number in range(1, 101)], "7.1", IDLE)
    assert packed.requests == (ByListID("7.1.1", "customer", tuple(f"8000-{number}" for number in range(1, 101))),)
    assert packed.refreshes == {"7.1.1": tuple(range(1, 101))}
    assert packed.size == 100


def test_customers_and_items_go_together_each_list_in_a_query_of_its_own() -> None:
    packed = pack([by_id(1), by_id(2, list_name="item"), by_id(3)], "7.1", IDLE)
    assert packed.requests == (
        ByListID("7.1.1", "customer", ("8000-1", "8000-3")),
        ByListID("7.1.2", "item", ("8000-2",)),
    )


def test_names_and_searches_are_one_query_each() -> None:
    waiting = [otherwise(1, "full_name", "A:B"), by_id(2), otherwise(3, "find", "oak"), otherwise(4, "full_name", "C")]
    packed = pack(waiting, "7.1", IDLE)
    assert packed.requests == (
        ByListID("7.1.1", "customer", ("8000-2",)),
        ByFullName("7.1.2", "customer", "A:B"),
        Find("7.1.3", "customer", "oak", 50),
        ByFullName("7.1.4", "customer", "C"),
    )


def test_refreshes_of_one_wish_share_a_query() -> None:
    twin = replace(by_id(1), id=9)
    packed = pack([by_id(1), twin, otherwise(3, "full_name", "A"), otherwise(4, "full_name", "A")], "7.1", IDLE)
    assert packed.refreshes == {"7.1.1": (1, 9), "7.1.2": (3, 4)}
    assert packed.requests[0] == ByListID("7.1.1", "customer", ("8000-1",))


def test_an_id_that_a_batch_left_open_is_asked_for_in_a_query_of_its_own() -> None:
    packed = pack([by_id(1), by_id(2, alone=True), by_id(3, alone=True, missed=True)], "7.1", IDLE)
    assert packed.requests == (
        ByListID("7.1.1", "customer", ("8000-1",)),
        ByListID("7.1.2", "customer", ("8000-2",)),
        ByListID("7.1.3", "customer", ("8000-3",)),
        Deleted("7.1.4", "customer"),
    )


def test_a_set_holds_what_fits_and_the_first_ones_first() -> None:
    waiting = [by_id(number) for number in range(1, LIST_IDS_IN_A_QUERY + 50)]
    assert pack(waiting, "7.1", IDLE).refreshes == {"7.1.1": tuple(range(1, LIST_IDS_IN_A_QUERY + 1))}
    names = [otherwise(number, "full_name", f"N{number}") for number in range(1, QUERIES_IN_A_SET + 10)]
    assert len(pack(names, "7.1", IDLE).requests) == QUERIES_IN_A_SET


def test_a_full_batch_of_one_list_leaves_room_for_the_other() -> None:
    waiting = [by_id(number) for number in range(1, LIST_IDS_IN_A_QUERY + 50)] + [by_id(900, list_name="item")]
    assert pack(waiting, "7.1", IDLE).refreshes["7.1.2"] == (900,)


@pytest.mark.parametrize("most", [1, 3])
def test_a_refresh_that_was_refused_narrows_the_set_it_travels_in(most: int) -> None:
    waiting = [by_id(number, most=most) for number in range(1, 9)] + [by_id(9)]
    assert pack(waiting, "7.1", IDLE).size == most


def test_a_narrow_refresh_waits_for_a_set_of_its_own_when_a_wide_one_came_first() -> None:
    packed = pack([by_id(1), by_id(2), by_id(3, most=1), by_id(4)], "7.1", IDLE)
    assert packed.refreshes == {"7.1.1": (1, 2, 4)}


def test_what_went_unanswered_twice_travels_alone() -> None:
    packed = pack([by_id(1, unanswered=2), by_id(2), replace(by_id(1, unanswered=2), id=3)], "7.1", IDLE)
    assert packed.refreshes == {"7.1.1": (1,)}


def test_what_was_missing_once_is_asked_for_with_the_deletions_of_its_list() -> None:
    missed = by_id(2, missed=True, alone=True)
    packed = pack([by_id(1), missed, by_id(3, list_name="item")], "7.1", IDLE)
    assert packed.requests[-1] == Deleted("7.1.4", "customer")
    assert packed.notes == {"7.1.4": {"kind": "deleted"}}
    assert "7.1.4" not in packed.refreshes


def test_nothing_is_asked_beside_where_quickbooks_refused_it() -> None:
    packed = pack([by_id(2, missed=True, alone=True)], "7.1", replace(IDLE, bare=True))
    assert [type(one) for one in packed.requests] == [ByListID]
