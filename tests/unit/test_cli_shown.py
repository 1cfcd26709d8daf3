"""How refreshes are put into words on a terminal."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from qbwc_server.cli.shown import state_of, what_of
from qbwc_server.refreshing import Refresh


def published(way: str, value: str, outcome: str) -> Refresh:
    return Refresh(
        id=1,
        company="acme",
        list="customer",
        scope="record" if way in ("list_id", "full_name") else way,
        list_id=None,
        full_name=None,
        state="published",
        outcome=outcome,
        asked_by="marie",
        asked_at=datetime(2026, 11, 24, 8, tzinfo=UTC),
        sent_at=None,
        answered_at=None,
        published_at=None,
        finished_at=None,
        expected_at=None,
        records=0,
        changes=(),
        error_code=None,
        error_values={},
        joined=False,
        retry_of=None,
        way=way,
        value=value,
    )


@pytest.mark.parametrize(
    ("way", "value", "outcome", "told"),
    [
        ("find", "kit", "unchanged", ("“kit” in Customers", "Done")),
        ("find", "kit", "not_found", ("“kit” in Customers", "Done, Not found in QuickBooks")),
        ("all", "", "mixed", ("All customers", "Done")),
        ("changed", "", "mixed", ("Changed customers", "Done")),
        ("sweep", "", "mixed", ("Balances and full names of the customers", "Done")),
        ("full_name", "Acme", "updated", ("customer Acme", "Done, Updated on the website")),
    ],
)
def test_a_search_a_list_and_a_record_are_told_apart(way: str, value: str, outcome: str, told: tuple[str, str]) -> None:
    refresh = published(way, value, outcome)
    assert (what_of("en", refresh), state_of("en", refresh)) == told


@pytest.mark.parametrize(
    ("records", "total", "english", "french"),
    [
        (3200, 20000, "3,200 of 20,000 customers", "3\u202f200 sur 20\u202f000 clients"),
        (0, 1, "0 of 1 customer", "0 sur 1 client"),
        (70, 60, "60 of 60 customers", "60 sur 60 clients"),
        (1, None, "1 customer so far", "1 client jusqu\u2019ici"),
    ],
)
@pytest.mark.parametrize("state", ["waiting", "sent"])
def test_a_list_that_is_being_read_says_how_far_it_is(
    records: int, total: int | None, english: str, french: str, state: str
) -> None:
    reading = replace(published("all", "", ""), outcome=None, state=state, begun=True, records=records, total=total)
    assert state_of("en", reading) == f"Being read from QuickBooks, {english}"
    assert state_of("fr", reading) == f"Lecture dans QuickBooks, {french}"


def test_before_its_first_page_and_after_its_last_a_list_is_like_others() -> None:
    run = replace(published("all", "", ""), outcome=None, total=60)
    assert state_of("en", replace(run, state="waiting")) == "Waiting for QuickBooks"
    assert state_of("en", replace(run, state="answered", begun=True, records=60)) == "Updating the website"
