"""What is asked all day must not grow with the history of refreshes. Counted in steps of SQLite's virtual machine."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection

from qbwc_server.store import companies, moves, refreshes
from qbwc_server.store.database import Database
from qbwc_server.store.tables import metadata
from qbwc_server.store.tables import refreshes as table

HISTORY = 5000
# A look-up takes some dozens of steps; a scan takes several for each row.
MOST_STEPS = 2000
NOW = datetime(2024, 5, 2, 12, 0, tzinfo=UTC)

ASKED_ALL_DAY: dict[str, Callable[[Connection], object]] = {
    "does anything wait": lambda c: refreshes.anything_waits(c, "shop"),
    "how much waits": lambda c: moves.waiting_count(c, "shop", 1),
    "take what waits": lambda c: moves.waiting(c, "shop", 1, 600),
    "ask": lambda c: refreshes.ask(c, "shop", "customer", "list_id", "80000001-1", "page:ann", NOW),
    "whom an answer concerns": lambda c: moves.answering(c, "shop", 1, "1.1.1"),
    "what is out": lambda c: moves.out(c, "shop", 1),
    "list runs being published": lambda c: moves.open_lists(c, "shop", "customer"),
    "what is answered": lambda c: refreshes.search(c, state="answered"),
    "publish a record": lambda c: moves.publish_record(c, "shop", "customer", "80000001-1", 9, "updated", NOW),
}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder = tmp_path_factory.mktemp("history")
    opened = Database(f"sqlite:///{folder / 'qbwc.db'}")
    metadata.create_all(opened.engine)
    with opened.write() as connection:
        companies.add(connection, "shop", title=None, user_name=None, company_file=None, now=NOW)
        rows = [
            {
                "company": "shop",
                "list": "customer",
                "scope": "record",
                "way": "list_id",
                "value": f"8000{number:04}-1",
                "list_id": f"8000{number:04}-1",
                "state": "published",
                "outcome": "unchanged",
                "urgent": True,
                "asked_by": "page:ann",
                "asked_at": NOW,
                "published_at": NOW,
                "finished_at": NOW,
                "seq": number,
            }
            for number in range(HISTORY)
        ]
        connection.execute(table.insert(), rows)
    yield opened
    opened.close()


@pytest.mark.parametrize("name", ASKED_ALL_DAY)
def test_what_is_asked_all_day_does_not_grow_with_the_history(database: Database, name: str) -> None:
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 10

    with database.write() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.set_progress_handler(count, 10)
        ASKED_ALL_DAY[name](connection)
        driver.set_progress_handler(None, 0)
    assert steps < MOST_STEPS
