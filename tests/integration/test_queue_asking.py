"""Asking, joining, cancelling, retrying; many at once; when the next visit is expected."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from office import Books, Office

from qbwc_server.refreshing import Asked, BadWish, IdempotencyConflict, NotFailed, NotWaiting, UnknownRefresh, Wish
from qbwc_server.store import moves, polls, refreshes, tables


def test_two_hundred_single_refreshes_take_at_most_four_round_trips_each_with_its_own_outcome(office: Office) -> None:
    books = office.add("big", customers=150, items=50)
    customers, items = books.list_ids("customer"), books.list_ids("item")
    office.ask(books, "customer", "list_id", *customers[:40])
    office.run(books)
    for list_id in customers[:10]:
        books.quickbooks.change("customer", list_id, Phone="555-0000")
    parents = {one["ParentRef"]["ListID"] for one in books.quickbooks.customers() if "ParentRef" in one}
    deleted = [one for one in customers[10:40] if one not in parents][:3]
    for list_id in deleted:
        books.quickbooks.delete("customer", list_id)
    asked = office.ask(books, "customer", "list_id", *customers[:149], "FFFF-1")
    asked += office.ask(books, "item", "list_id", *items)
    assert len(asked) == 200
    visit = office.run(books)
    assert visit.log[-2:] == [("receive", 100), ("close", "OK")]
    assert visit.round_trips <= 4
    expected = ["updated"] * 10 + ["unchanged"] * 30 + ["inserted"] * 109 + ["not_found"] + ["inserted"] * 50
    for list_id in deleted:
        expected[customers.index(list_id)] = "deleted"
    assert office.outcomes(asked) == expected


def test_twenty_threads_asking_for_one_record_are_one_request_one_change_and_twenty_answers(
    office: Office, books: Books
) -> None:
    list_id = books.list_ids("customer")[0]
    answers: list[Asked] = []
    failures: list[BaseException] = []
    start = threading.Barrier(20)

    def ask(number: int) -> None:
        try:
            start.wait()
            wish = Wish("acme", "customer", "list_id", list_id)
            answers.extend(office.refreshing.ask([wish], f"person {number}"))
        except BaseException as problem:  # noqa: BLE001 - shown below, in the thread that can
            failures.append(problem)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len({one.refresh.id for one in answers}) == 1
    assert sorted(one.joined for one in answers) == [False] + [True] * 19
    office.run(books)
    assert sum(text.count(list_id) for text in books.quickbooks.message_sets) == 1
    assert office.count(tables.changes) == 1
    got = [office.refreshing.get(one.refresh.id) for one in answers]
    assert {(one.state, one.outcome) for one in got} == {("published", "inserted")}


def test_asking_joins_only_while_the_first_waits(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    wish = Wish("acme", "customer", "list_id", list_id)
    first = office.refreshing.ask([wish], "anna")[0]
    second = office.refreshing.ask([wish], "ben")[0]
    assert (second.refresh.id, second.joined) == (first.refresh.id, True)
    assert office.get(first.refresh).joined
    visit = office.visit(books)
    request = visit.send()
    third = office.refreshing.ask([wish], "anna")[0]
    assert (third.refresh.id == first.refresh.id, third.joined) == (False, False)
    assert visit.receive(*visit.answer(request)) < 100
    visit.to_the_end()
    office.publish()
    assert office.states([first.refresh, third.refresh]) == ["published", "published"]


def test_what_was_asked_for_again_says_so_to_whoever_looks_also_when_one_person_asked_twice(
    office: Office, books: Books
) -> None:
    wish = Wish("acme", "customer", "list_id", books.list_ids("customer")[0])
    first = office.refreshing.ask([wish], "anna")[0]
    assert (first.joined, first.refresh.joined, office.get(first.refresh).joined) == (False, False, False)
    again = office.refreshing.ask([wish], "anna")[0]
    assert (again.refresh.id, again.joined, again.refresh.joined) == (first.refresh.id, True, True)
    assert office.get(first.refresh).joined
    office.run(books)
    assert office.get(first.refresh).joined, "also when it is done"


def test_a_record_by_list_id_and_by_name_are_different_wishes(office: Office, books: Books) -> None:
    one = books.quickbooks.customers()[0]
    by_id = office.ask_one(books, "customer", "list_id", str(one["ListID"]))
    by_name = office.ask_one(books, "customer", "full_name", str(one["FullName"]))
    assert by_id.id != by_name.id
    assert office.run(books).round_trips == 1
    assert office.states([by_id, by_name]) == ["published", "published"]


def test_the_same_wish_twice_in_one_asking_is_one_refresh(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    assert len(office.ask(books, "customer", "list_id", list_id, list_id)) == 1


def test_cancelling_withdraws_one_asker_and_the_last_one_cancels(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    asked = office.ask_one(books, "customer", "list_id", list_id, by="anna")
    office.ask_one(books, "customer", "list_id", list_id, by="ben")
    assert office.refreshing.cancel(asked.id, "anna").state == "waiting"
    assert office.refreshing.cancel(asked.id, "ben").state == "cancelled"
    assert office.visit(books).status == "none"
    with pytest.raises(NotWaiting):
        office.refreshing.cancel(asked.id, "ben")


def test_an_admin_cancels_for_everyone(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    asked = office.ask_one(books, "customer", "list_id", list_id, by="anna")
    office.ask_one(books, "customer", "list_id", list_id, by="ben")
    assert office.refreshing.cancel(asked.id, "root", everyone=True).state == "cancelled"


def test_what_has_gone_out_cannot_be_cancelled_and_is_answered(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    visit = office.visit(books)
    request = visit.send()
    with pytest.raises(NotWaiting, match="sent"):
        office.refreshing.cancel(asked.id, "anna")
    assert visit.receive(*visit.answer(request)) == 100
    visit.close()
    office.publish()
    assert office.get(asked).outcome == "inserted"


def test_asking_again_after_cancelling_is_a_new_refresh(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    first = office.ask_one(books, "customer", "list_id", list_id)
    office.refreshing.cancel(first.id, "anna")
    second = office.ask_one(books, "customer", "list_id", list_id)
    assert second.id != first.id
    office.run(books)
    assert office.states([first, second]) == ["cancelled", "published"]


def test_retry_of_a_failed_one_asks_quickbooks_again(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    failed = office.ask_one(books, "customer", "list_id", list_id)
    books.quickbooks.faults.status_for_list_id[list_id] = 3260
    office.run(books)
    with pytest.raises(UnknownRefresh):
        office.refreshing.retry(failed.id + 100, "anna")
    books.quickbooks.faults.status_for_list_id.clear()
    again = office.refreshing.retry(failed.id, "anna")
    assert (again.state, again.retry_of) == ("waiting", failed.id)
    office.run(books)
    assert office.get(again).outcome == "inserted"
    assert office.get(failed).state == "failed"
    with pytest.raises(NotFailed):
        office.refreshing.retry(again.id, "anna")


def test_an_idempotency_key_gives_the_same_refreshes_even_when_they_are_done(office: Office, books: Books) -> None:
    wishes = [Wish("acme", "customer", "list_id", one) for one in books.list_ids("customer", 3)]
    first = office.refreshing.ask(wishes, "token", idempotency_key="k")
    office.run(books)
    again = office.refreshing.ask(wishes, "token", idempotency_key="k")
    assert [one.refresh.id for one in again] == [one.refresh.id for one in first]
    assert all(one.refresh.is_final for one in again)
    with pytest.raises(IdempotencyConflict):
        office.refreshing.ask(wishes[:1], "token", idempotency_key="k")
    assert office.visit(books).status == "none"


@pytest.mark.parametrize(
    "wish",
    [
        Wish("acme", "invoice", "list_id", "1-1"),
        Wish("acme", "customer", "colour", "1-1"),
        Wish("acme", "customer", "list_id", ""),
        Wish("acme", "customer", "list_id", "x" * 37),
        Wish("acme", "customer", "list_id", " 80000001-1"),
        Wish("acme", "item", "full_name", "x" * 160),
        Wish("acme", "customer", "full_name", "x" * 210),
        Wish("acme", "customer", "full_name", "tab\tbed"),
        Wish("acme", "customer", "find", "   "),
    ],
)
def test_what_cannot_be_asked_for_is_refused_before_it_is_queued(office: Office, books: Books, wish: Wish) -> None:
    with pytest.raises(BadWish):
        office.refreshing.ask([Wish("acme", "customer", "list_id", books.list_ids("customer")[0]), wish], "anna")
    assert office.count(tables.refreshes) == 0


def test_a_name_with_markup_in_it_is_asked_for_as_it_is(office: Office, books: Books) -> None:
    list_id = books.quickbooks.add("customer", "Customer", Name='O\'Hara & <Sons> "Ltd" é€')
    asked = office.ask_one(books, "customer", "full_name", 'O\'Hara & <Sons> "Ltd" é€')
    office.run(books)
    assert (office.get(asked).outcome, office.get(asked).list_id) == ("inserted", list_id)


def test_more_than_a_set_can_hold_goes_in_several_and_nothing_is_left(office: Office) -> None:
    books = office.add("big", customers=450)
    asked = office.ask(books, "customer", "list_id", *books.list_ids("customer"))
    visit = office.run(books)
    assert visit.round_trips == 3
    assert set(office.outcomes(asked)) == {"inserted"}
    assert [number for call, number in visit.log if call == "receive"][-1] == 100


def test_every_outgoing_request_is_kept_with_its_names_masked(office: Office, books: Books) -> None:
    name = str(books.quickbooks.customers()[1]["FullName"])
    office.ask_one(books, "customer", "full_name", name)
    office.ask_one(books, "customer", "find", "secret-search")
    office.run(books)
    kept = [row["request"] for row in office.rows(tables.exchanges) if row["request"]]
    assert len(kept) == 1
    assert "CustomerQueryRq" in kept[0]
    assert name not in kept[0]
    assert "secret-search" not in kept[0]


def _polled(office: Office, *minutes_ago: float) -> None:
    now = datetime.now(UTC)
    with office.database.write() as connection:
        polls.record(connection, "acme", [polls.Poll(now - timedelta(minutes=ago), None) for ago in minutes_ago])


def test_the_expected_time_is_learnt_from_the_connectors_own_polls(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    assert asked.expected_at is None, "it never called"
    assert office.refreshing.connection("acme").state == "never_seen"
    _polled(office, 34, 24, 14, 4)
    view = office.refreshing.connection("acme")
    assert (view.state, view.interval_seconds) == ("connected", 600)
    expected = office.get(asked).expected_at
    assert expected is not None
    assert abs(expected - (datetime.now(UTC) + timedelta(minutes=6))) < timedelta(seconds=10)


def test_a_silent_connector_is_late_then_offline_and_nothing_is_promised(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    _polled(office, 40, 30, 20)
    assert office.refreshing.connection("acme").state == "late"
    assert office.get(asked).expected_at is None
    with office.database.write() as connection:
        connection.execute(tables.polls.delete())
    _polled(office, 120, 110, 100)
    assert office.refreshing.connection("acme").state == "offline"


def test_calls_within_a_second_are_one_visit_and_say_nothing_of_the_interval(office: Office, books: Books) -> None:
    assert books.name == "acme"
    _polled(office, 4, 4 + 0.3 / 60)
    view = office.refreshing.connection("acme")
    assert (view.state, view.interval_seconds) == ("connected", None)
    _polled(office, 14, 14 + 0.3 / 60, 24, 24 + 0.3 / 60)
    assert office.refreshing.connection("acme").interval_seconds == 600


def test_a_connector_that_calls_every_two_seconds_is_believed(office: Office, books: Books) -> None:
    assert books.name == "acme"
    _polled(office, *(seconds / 60 for seconds in range(1, 20, 2)))
    view = office.refreshing.connection("acme")
    assert (view.state, view.interval_seconds) == ("connected", 2)


def test_polls_are_remembered_but_a_poll_alone_writes_nothing(office: Office, books: Books) -> None:
    for _ in range(3):
        assert office.visit(books).status == "none"
    assert office.count(tables.polls) == 0
    office.conversation.watch.flush(office.database)
    assert office.count(tables.polls) == 3
    assert office.refreshing.connection("acme").state == "connected"
    assert office.refreshing.connection("acme").address == "192.0.2.7"


def test_a_paused_company_is_shown_as_paused_and_keeps_what_is_asked(office: Office, books: Books) -> None:
    office.pause(books, paused=True)
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    assert office.run(books).status == "none"
    assert office.refreshing.connection("acme").state == "paused"
    office.pause(books, paused=False)
    office.run(books)
    assert office.get(asked).state == "published"


def test_only_what_the_schedule_asked_for_in_vain_is_left_out_on_demand(office: Office) -> None:
    office.add("acme")
    with office.database.write() as connection:
        now = office.database.now(connection)

        def ended(by: str, outcome: str | None, **values: object) -> int:
            one = refreshes.add(connection, "acme", "item", "changed", "", by, now, **values)
            if outcome is not None:
                moves.conclude(connection, [one], outcome, now)
            return one

        quiet = ended("schedule", "unchanged")
        told = {
            ended("schedule", "mixed"),
            ended("schedule", "unchanged", error={"code": "bad_record", "values": {}}),
            ended("schedule", "unchanged", joined=True),
            ended("marie", "unchanged"),
            ended("schedule", None),
        }
    every = {one.id for one in office.refreshing.list()}
    assert every == {quiet, *told}
    assert {one.id for one in office.refreshing.list(quiet=False)} == told
    assert office.refreshing.count_quiet() == 1
