"""How long things are kept: what is old goes, what is under way or still referred to stays, tombstones lose values."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from office import Books, Office

from qbwc_server.refreshing import Wish
from qbwc_server.store import refreshes as queue
from qbwc_server.store import retention, tables
from qbwc_server.store.retention import Keep, Retention

DAYS = {"changes": 730, "exchanges": 90, "refreshes": 365, "tombstones": 365, "audit": 3650}


def keeping(**days: int) -> Keep:
    return Keep(**{name: timedelta(days=number) for name, number in (DAYS | days).items()})


def sweep(office: Office, days: float, *, batches: int = 1000, **keep: int) -> bool:
    """Sweep as will be done so many days from now."""
    return Retention(office.database, keeping(**keep)).sweep(datetime.now(UTC) + timedelta(days=days), batches)


def numbers(office: Office, table: sa.Table, *where: Any) -> set[int]:
    return {row["id"] for row in office.rows(table, *where)}


def delete_in_quickbooks(office: Office, books: Books) -> str:
    """Delete a customer that is known and published, and let the website hear of it."""
    (list_id,) = books.list_ids("customer", 1)
    office.ask(books, "customer", "all")
    office.run(books)
    books.quickbooks.delete("customer", list_id)
    for _ in range(2):
        office.ask(books, "customer", "list_id", list_id)
        office.run(books)
    return list_id


def record(office: Office, list_id: str) -> dict[str, Any]:
    (row,) = office.rows(tables.records, tables.records.c.list_id == list_id)
    return row


def test_changes_go_when_their_time_is_over_and_not_before(office: Office, books: Books) -> None:
    office.ask(books, "customer", "all")
    office.run(books)
    sweep(office, 729)
    assert office.count(tables.changes) == 12
    sweep(office, 731)
    assert office.count(tables.changes) == 0
    assert all(row["values"]["Name"] for row in office.rows(tables.records))


def test_closed_visits_and_exchanges_go_but_the_current_visit_stays(office: Office, books: Books) -> None:
    for _ in range(3):
        office.ask(books, "customer", "list_id", *books.list_ids("customer", 1))
        office.run(books)
    newest = max(numbers(office, tables.exchanges))
    sweep(office, 89)
    assert office.count(tables.visits) == 3
    sweep(office, 91)
    assert [row["visit"] for row in office.rows(tables.visits)] == [3]
    assert numbers(office, tables.exchanges) == {newest}


@pytest.mark.parametrize("by", ["request", "refresh"])
def test_a_visit_whose_request_is_out_stays_however_old(office: Office, books: Books, by: str) -> None:
    office.ask(books, "customer", "list_id", *books.list_ids("customer", 1))
    office.visit(books).send()
    # As if two others had come without settling it.
    office.change_company(books, visit=3)
    with office.database.write() as connection:
        # The one or the other is reason enough.
        if by == "request":
            connection.execute(tables.refreshes.update().values(state="cancelled", finished_at=datetime.now(UTC)))
        else:
            connection.execute(tables.visits.update().values(released=True))
    sweep(office, 5000)
    assert office.count(tables.visits) == 1


def test_final_refreshes_go_with_their_askers_and_what_is_under_way_stays(office: Office, books: Books) -> None:
    first, second, third = books.list_ids("customer", 3)
    office.ask(books, "customer", "list_id", first)
    office.run(books)
    waiting = office.ask_one(books, "customer", "list_id", second)
    last = office.ask_one(books, "customer", "list_id", third)
    office.refreshing.cancel(last.id, "anna")
    sweep(office, 366)
    assert numbers(office, tables.refreshes) == {waiting.id, last.id}
    assert {row["refresh_id"] for row in office.rows(tables.askers)} == {waiting.id}


def test_the_newest_refresh_stays_so_that_its_number_is_not_given_out_again(office: Office, books: Books) -> None:
    (list_id,) = books.list_ids("customer", 1)
    for _ in range(2):
        office.ask(books, "customer", "list_id", list_id)
        office.run(books)
    newest = max(numbers(office, tables.refreshes))
    sweep(office, 5000)
    assert numbers(office, tables.refreshes) == {newest}
    assert office.ask_one(books, "customer", "list_id", list_id).id > newest


def test_what_a_list_run_changed_outlives_the_run(
    office: Office, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 5)
    run = office.ask_one(books, "customer", "all")
    office.run(books)
    office.ask(books, "customer", "list_id", *books.list_ids("customer", 1))
    office.run(books)
    sweep(office, 400)
    assert run.id not in numbers(office, tables.refreshes)
    assert [row["refresh_id"] for row in office.rows(tables.changes)] == [None] * 12


def test_a_retry_outlives_what_it_repeats(office: Office, books: Books) -> None:
    failed = office.ask_one(books, "customer", "list_id", *books.list_ids("customer", 1))
    office.refreshing.cancel(failed.id, "anna")
    again = office.refreshing.retry(failed.id, "anna")
    sweep(office, 366)
    assert numbers(office, tables.refreshes) == {again.id}
    assert office.get(again).retry_of is None


def test_a_key_goes_before_the_refreshes_it_stands_for(office: Office, books: Books) -> None:
    wishes = [Wish("acme", "customer", "list_id", books.list_ids("customer", 1)[0])]
    office.refreshing.ask(wishes, "shop", idempotency_key="k")
    office.run(books)
    office.ask(books, "customer", "all")
    sweep(office, 366, batches=1)
    assert (office.count(tables.idempotency_keys), office.count(tables.refreshes)) == (1, 2)
    sweep(office, 366)
    assert (office.count(tables.idempotency_keys), office.count(tables.refreshes)) == (0, 1)


def test_old_lines_of_the_audit_go(office: Office, books: Books) -> None:
    for _ in range(2):
        office.ask(books, "customer", "all")
    sweep(office, 3649)
    assert office.count(tables.audit) == 2
    sweep(office, 3651)
    assert office.count(tables.audit) == 1


def test_a_sweep_takes_a_little_at_a_time_and_says_that_there_is_more(
    office: Office, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 5)
    office.ask(books, "customer", "all")
    office.run(books)
    assert sweep(office, 731, batches=1)
    assert office.count(tables.changes) == 7
    assert not sweep(office, 731)
    assert office.count(tables.changes) == 0


def test_it_is_swept_once_an_hour_and_goes_on_at_once_while_there_is_more(
    office: Office, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    office.ask(books, "customer", "all")
    office.run(books)
    moment = datetime.now(UTC) + timedelta(days=731)
    keeper = Retention(office.database, keeping(), lambda _connection: moment)
    keeper.now_and_then()
    assert office.count(tables.changes) == 2
    keeper.now_and_then()
    assert office.count(tables.changes) == 0
    moment += timedelta(minutes=1)
    office.ask(books, "customer", "list_id", *books.list_ids("customer", 1))
    with office.database.write() as connection:
        connection.execute(
            tables.changes.insert().values(
                company="acme", seq=1, list="customer", list_id="x", changed_at=datetime.now(UTC), kind="x", fields=[]
            )
        )
    keeper.now_and_then()
    assert office.count(tables.changes) == 1
    moment += timedelta(hours=1)
    keeper.now_and_then()
    assert office.count(tables.changes) == 0


def test_a_sweep_that_finds_nothing_writes_nothing(office: Office, books: Books) -> None:
    office.ask(books, "customer", "all")
    office.run(books)
    with office.database.write() as holder:
        holder.execute(sa.select(tables.companies).with_for_update())
        assert not sweep(office, 1)


def test_two_sweeps_at_the_same_time_do_no_harm(office: Office, books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    delete_in_quickbooks(office, books)
    problems: list[Exception] = []

    def run() -> None:
        try:
            sweep(office, 5000)
        except sa.exc.SQLAlchemyError as problem:
            problems.append(problem)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert problems == []
    assert office.count(tables.changes) == 0
    assert office.count(tables.refreshes) == 1


def test_a_tombstone_keeps_its_values_until_its_time_is_over(office: Office, books: Books) -> None:
    list_id = delete_in_quickbooks(office, books)
    sweep(office, 364)
    assert record(office, list_id)["values"]["Name"]
    sweep(office, 366)
    row = record(office, list_id)
    assert set(row["values"]) == {"TimeCreated", "TimeModified"}
    assert {row[name] for name in ("name", "full_name", "sort_name", "search", "edit_sequence")} == {""}
    assert row["is_deleted"]
    others = [one for one in office.rows(tables.records) if one["list_id"] != list_id]
    assert all(one["values"]["Name"] for one in others)
    kinds = [one["kind"] for one in office.rows(tables.changes, tables.changes.c.list_id == list_id)]
    assert kinds == ["deleted"]


def test_looking_for_it_again_does_not_make_a_tombstone_younger(office: Office, books: Books) -> None:
    list_id = delete_in_quickbooks(office, books)
    since = record(office, list_id)["deleted_at"]
    for _ in range(2):
        office.ask(books, "customer", "list_id", list_id)
        office.run(books)
    assert record(office, list_id)["deleted_at"] == since
    assert record(office, list_id)["observed_at"] > since


def test_a_tombstone_with_more_changes_than_a_batch_is_done_in_several(
    office: Office, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    (list_id,) = books.list_ids("customer", 1)
    for number in range(4):
        books.quickbooks.change("customer", list_id, Phone=f"555-000{number}")
        office.ask(books, "customer", "list_id", list_id)
        office.run(books)
    delete_in_quickbooks(office, books)
    monkeypatch.setattr(retention, "BATCH", 3)
    assert sweep(office, 366, batches=1)
    assert record(office, list_id)["values"]["Name"]
    sweep(office, 366)
    assert record(office, list_id)["erased"]


def test_a_stripped_tombstone_that_is_looked_for_again_leaves_the_websites_row_alone(
    office: Office, books: Books
) -> None:
    list_id = delete_in_quickbooks(office, books)
    before = office.website.row("acme", "customer", list_id)
    assert before is not None
    sweep(office, 366)
    office.ask(books, "customer", "list_id", list_id)
    office.run(books)
    office.ask(books, "customer", "list_id", list_id)
    office.run(books)
    assert office.website.row("acme", "customer", list_id) == before
    assert office.count(tables.outbox) == 0


def test_a_stripped_tombstone_makes_no_row_where_the_website_has_none(office: Office, books: Books) -> None:
    list_id = delete_in_quickbooks(office, books)
    sweep(office, 366)
    office.on_website("DELETE FROM customers WHERE list_id = :id", id=list_id)
    office.ask(books, "customer", "list_id", list_id)
    office.run(books)
    last = office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    assert office.website.row("acme", "customer", list_id) is None
    assert office.get(last).outcome == "deleted"
    assert office.count(tables.outbox) == 0


def test_a_stripped_tombstone_that_revives_has_all_its_values_again(office: Office, books: Books) -> None:
    (list_id,) = books.list_ids("customer", 1)
    office.ask(books, "customer", "all")
    office.run(books)
    held = record(office, list_id)
    shown = office.website.row("acme", "customer", list_id)
    with office.database.write() as connection:
        connection.execute(
            tables.records.update()
            .where(tables.records.c.list_id == list_id)
            .values(is_deleted=True, deleted_at=datetime.now(UTC))
        )
    sweep(office, 366)
    assert record(office, list_id)["values"] != held["values"]
    asked = office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    again = record(office, list_id)
    # The mark is of a list run's observation, and this one was of the record by itself.
    moves = ("seq", "values_seq", "observed_at", "mark")
    assert {k: v for k, v in again.items() if k not in moves} == {k: v for k, v in held.items() if k not in moves}
    assert office.website.row("acme", "customer", list_id) == shown
    with office.database.read() as connection:
        row = queue.get(connection, asked.id)
    assert row is not None
    (change,) = office.rows(tables.changes, tables.changes.c.seq == row.seq)
    assert change["kind"] == "revived"
    assert {one["field"] for one in change["fields"]} >= {"Name", "FullName", "IsActive"}


def test_erased_records_are_in_no_list_and_are_shown_by_their_list_id(office: Office, books: Books) -> None:
    list_id = delete_in_quickbooks(office, books)
    sweep(office, 366)
    page = office.refreshing.search("customer", limit=100)
    assert list_id not in {one.list_id for one in page.records}
    assert page.total == 11
    assert office.refreshing.record("acme", "customer", list_id).full_name == ""


@pytest.mark.parametrize(
    ("table", "statement"),
    [
        ("changes", "SELECT 1 FROM changes WHERE changed_at < '2020-01-01' LIMIT 1"),
        ("exchanges", "SELECT id FROM exchanges WHERE at < '2020-01-01' LIMIT 1"),
        ("visits", "SELECT visit FROM visits WHERE last_call_at < '2020-01-01' LIMIT 1"),
        ("refreshes", "SELECT id FROM refreshes WHERE finished_at < '2020-01-01' AND state IN ('failed','published')"),
        ("refreshes", "SELECT id FROM refreshes WHERE retry_of = 5"),
        ("records", "SELECT list_id FROM records WHERE erased IS 0 AND deleted_at < '2020-01-01' AND is_deleted IS 1"),
        ("idempotency_keys", "SELECT key FROM idempotency_keys WHERE created_at < '2020-01-01'"),
    ],
)
def test_what_is_old_is_found_by_an_index(office: Office, table: str, statement: str) -> None:
    if not office.database.is_sqlite:
        pytest.skip("PostgreSQL reads small tables whole, whatever indexes there are")
    with office.database.read() as connection:
        plan = [row.detail for row in connection.execute(sa.text(f"EXPLAIN QUERY PLAN {statement}"))]
    assert any(line.startswith(f"SEARCH {table} USING") for line in plan), plan
