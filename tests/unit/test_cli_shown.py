"""How refreshes are put into words on a terminal."""

from datetime import UTC, datetime

import pytest

from qbwc_server.cli.shown import state_of, what_of
from qbwc_server.refreshing import Refresh


def published(way: str, value: str, outcome: str) -> Refresh:
    return Refresh(
        id=1,
        company="acme",
        list="customer",
        scope=way if way in ("all", "find") else "record",
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
        ("full_name", "Acme", "updated", ("customer Acme", "Done, Updated on the website")),
    ],
)
def test_a_search_a_list_and_a_record_are_told_apart(way: str, value: str, outcome: str, told: tuple[str, str]) -> None:
    refresh = published(way, value, outcome)
    assert (what_of("en", refresh), state_of("en", refresh)) == told
