"""Several publishers, broken connections and locks: nothing is lost, doubled or half-written."""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from qbwc_server.publish import Dirty, Freshness, Website, WebsiteBusy, WebsiteError, engine

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def website(website_url: str) -> Iterator[Website]:
    site = Website(website_url, "stream-a", frozenset())
    site.install()
    yield site
    site.close()


def record(seq: int, list_id: str = "1-1", list_name: str = "customer", **values: object) -> Dirty:
    whole = {"Name": f"v{seq}", "FullName": f"v{seq}", "EditSequence": "1", **values}
    return Dirty("acme", list_name, list_id, seq, whole, is_deleted=False, observed_at=NOW, single=True)


@contextmanager
def statements(site: Website) -> Iterator[list[str]]:
    """Collect what is sent to the database meanwhile."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: Any) -> None:
        seen.append(statement)

    sa.event.listen(site.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(site.engine, "before_cursor_execute", note)


@contextmanager
def locked(site: Website) -> Iterator[None]:
    """Hold the state row of record 1-1 as another publisher would."""
    with site.engine.connect().execution_options(qbwc_write=True) as connection, connection.begin():
        connection.exec_driver_sql("UPDATE qbwc_publish_state SET outcome = 'x' WHERE list_id = '1-1'")
        yield
        connection.rollback()


def test_six_publishers_in_any_order_end_at_the_newest(website: Website, website_url: str) -> None:
    dice = random.Random(11)
    deliveries = [
        record(version * 20 + number, f"{number}-1", ("customer", "item")[number % 2])
        for number in range(20)
        for version in range(1, 16)
    ] * 2
    dice.shuffle(deliveries)
    parts = [deliveries[start : start + 7] for start in range(0, len(deliveries), 7)]
    sites = [Website(website_url, "stream-a", frozenset()) for _ in range(3)]
    fresh = [Freshness("acme", "item", NOW), Freshness("acme", "customer", NOW)]
    try:
        with ThreadPoolExecutor(6) as pool:
            runs = [
                pool.submit(sites[index % 3].publish, part, fresh[:: dice.choice((1, -1))], NOW)
                for index, part in enumerate(parts)
            ]
            outcomes = [published.outcome for run in runs for published in run.result()]
    finally:
        for site in sites:
            site.close()
    assert set(outcomes) <= {"inserted", "updated"}
    found = {row["list_id"]: row["name"] for name in ("customer", "item") for row in website.rows("acme", name)}
    assert found == {f"{number}-1": f"v{300 + number}" for number in range(20)}
    assert website.highest_seq() == {"acme": 319}


def test_an_unchanged_record_sends_no_write_to_its_table(website: Website) -> None:
    website.publish([record(1), record(1, "2-1", "item")], [], NOW)
    again = [record(2, Name="v1", FullName="v1"), record(2, "2-1", "item", Name="v1", FullName="v1")]
    with statements(website) as seen:
        website.publish(again, [], NOW)
    assert not [each for each in seen if each.startswith(("UPDATE", "INSERT INTO customers", "INSERT INTO items"))]
    with statements(website) as seen:
        website.publish(again, [], NOW)
    assert not [each for each in seen if each.startswith(("UPDATE", "INSERT"))]


def test_only_the_columns_that_differ_are_written(website: Website) -> None:
    website.publish([record(1)], [], NOW)
    with statements(website) as seen:
        website.publish([record(2, Name="v1", FullName="v1", Phone="1")], [], NOW)
    (update,) = [each for each in seen if each.startswith("UPDATE")]
    assert update.partition("WHERE")[0].count("=") == 2


def test_a_crash_within_the_transaction_leaves_nothing(website: Website) -> None:
    website.publish([record(1)], [], NOW)
    before, state = website.row("acme", "customer", "1-1"), website.state("acme", "customer", "1-1")

    def crash(_connection: Any, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: Any) -> None:
        if "qbwc_freshness" in statement:
            raise KeyboardInterrupt

    sa.event.listen(website.engine, "before_cursor_execute", crash)
    batch = [record(2), record(2, "2-1", "item")]
    with pytest.raises(KeyboardInterrupt):
        website.publish(batch, [Freshness("acme", "customer", NOW)], NOW)
    sa.event.remove(website.engine, "before_cursor_execute", crash)
    assert website.row("acme", "customer", "1-1") == before
    assert website.state("acme", "customer", "1-1") == state
    assert website.row("acme", "item", "2-1") is None
    outcomes = [each.outcome for each in website.publish(batch, [Freshness("acme", "customer", NOW)], NOW)]
    assert outcomes == ["updated", "inserted"]


def test_a_short_lock_of_others_is_waited_for(website: Website) -> None:
    website.publish([record(1)], [], NOW)
    with ThreadPoolExecutor(1) as pool:
        with locked(website):
            waiting = pool.submit(website.publish, [record(2)], [], NOW)
            threading.Event().wait(0.2)
            assert not waiting.done()
        assert waiting.result(timeout=20)[0].outcome == "updated"


def test_a_lock_that_stays_is_told_as_busy(website_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(engine, "LOCK_SECONDS", 1)
    monkeypatch.setattr(engine, "TRIES", 2)
    site = Website(website_url, "stream-a", frozenset())
    site.install()
    site.publish([record(1)], [], NOW)
    with locked(site), pytest.raises(WebsiteBusy, match="Nothing was written"):
        site.publish([record(2)], [], NOW)
    assert site.publish([record(2)], [], NOW)[0].outcome == "updated"
    site.close()


def test_connections_that_broke_while_idle_are_replaced(website: Website) -> None:
    kill = {
        "postgresql": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
        "mysql": "SELECT CONCAT('KILL ', id) FROM information_schema.processlist "
        "WHERE db = DATABASE() AND id <> CONNECTION_ID()",
    }.get(website.engine.dialect.name)
    if kill is None:
        pytest.skip("a file has no connections that a server could break")
    website.publish([record(1)], [], NOW)
    other = sa.create_engine(website.engine.url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with other.connect() as connection:
        for (answer,) in connection.exec_driver_sql(kill).all():
            if isinstance(answer, str):
                connection.exec_driver_sql(answer)
    other.dispose()
    assert website.publish([record(2)], [], NOW)[0].outcome == "updated"


def test_a_connection_that_breaks_in_the_middle_is_told_and_repeatable(website: Website) -> None:
    website.publish([record(1)], [], NOW)

    def cut(connection: Any, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: Any) -> None:
        if statement.startswith("UPDATE customers"):
            # What the network does: the connection is gone, the server rolls back.
            connection.connection.driver_connection.close()

    if website.engine.dialect.name == "sqlite":
        pytest.skip("a file has no connections that a network could break")
    sa.event.listen(website.engine, "before_cursor_execute", cut)
    with pytest.raises(WebsiteError):
        website.publish([record(2)], [], NOW)
    sa.event.remove(website.engine, "before_cursor_execute", cut)
    assert website.publish([record(2)], [], NOW)[0].outcome == "updated"
