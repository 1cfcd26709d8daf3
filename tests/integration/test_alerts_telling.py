"""Being written to when a refresh is done, on real databases."""

import re
import threading
from typing import Any

import pytest
from alarms import Alarms, add_person, channels
from office import Books, Office

from qbwc_server.alerting.telling import tell
from qbwc_server.refreshing import Refresh
from qbwc_server.store import tables, tellings


@pytest.fixture
def alarms(office: Office) -> Alarms:
    add_person(office, "anna", alerts=False)
    return Alarms(office, channels())


def want(office: Office, refresh: Refresh, name: str = "anna") -> bool:
    with office.database.write() as connection:
        return tellings.want(connection, refresh.id, name)


def told(alarms: Alarms) -> list[dict[str, Any]]:
    """Let the courier look for refreshes that are done; returns the messages there are."""
    with alarms.office.database.read() as connection:
        now = alarms.clock(connection)
    tell(alarms.office.database, alarms.noticing.house, now, mail="mail" in alarms.channels.names)
    return alarms.messages()


def test_who_wants_to_know_is_written_to_once_when_it_is_done(office: Office, books: Books, alarms: Alarms) -> None:
    chosen = books.list_ids("customer", 1)[0]
    office.ask_one(books, "customer", "list_id", chosen)
    office.run(books)
    books.quickbooks.change("customer", chosen, Phone="514-555-0199")
    asked = office.ask_one(books, "customer", "list_id", chosen)
    assert want(office, asked)
    assert told(alarms) == []
    office.visit(books).to_the_end()
    assert told(alarms) == []
    office.publish()
    (message,) = told(alarms)
    assert told(alarms) == [message]
    name = office.refreshing.record(books.name, "customer", chosen).full_name
    assert message["recipient"] == "anna@example.com"
    assert message["subject"] == f"{name}: Updated on the website"
    assert "1 field changed" in message["body"]
    assert f"https://books.example.com/refreshes/{asked.id}" in message["body"]
    assert "514-555-0199" not in message["body"]


def test_a_message_is_in_the_readers_language(office: Office, books: Books) -> None:
    add_person(office, "bruno", language="fr")
    alarms = Alarms(office, channels())
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer", 1)[0], by="bruno")
    want(office, asked, "bruno")
    office.run(books)
    (message,) = told(alarms)
    assert message["subject"].endswith("Nouveau sur le site")
    assert "est terminée" in message["body"]


def test_only_who_asked_and_wants_it_is_written_to(office: Office, books: Books, alarms: Alarms) -> None:
    add_person(office, "ben")
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer", 1)[0])
    office.ask_one(books, "customer", "list_id", books.list_ids("customer", 1)[0], by="ben")
    assert not want(office, asked, "stranger")
    want(office, asked, "ben")
    office.run(books)
    assert [row["recipient"] for row in told(alarms)] == ["ben@example.com"]


def test_a_whole_list_is_told_in_figures(office: Office, books: Books, alarms: Alarms) -> None:
    want(office, office.ask_one(books, "customer", "all"))
    office.run(books)
    (message,) = told(alarms)
    assert message["subject"] == "All customers: Done"
    assert "Result: Done (12 new)." in message["body"]


def test_a_search_is_told_with_the_number_of_hits(office: Office, books: Books, alarms: Alarms) -> None:
    chosen = str(books.quickbooks.customers()[0]["FullName"])
    asked = office.ask(books, "customer", "find", chosen, "no such name at all")
    for one in asked:
        want(office, one)
    office.run(books)
    found, missing = told(alarms)
    assert f"Result: Done ({len(office.get(asked[0]).hits)} names found)." in found["body"]
    assert "Result: Not found in QuickBooks." in missing["body"]


def test_what_was_not_found_is_told_as_that(office: Office, books: Books, alarms: Alarms) -> None:
    want(office, office.ask_one(books, "customer", "list_id", "8000FFFF-1234567890"))
    office.run(books)
    office.run(books)
    (message,) = told(alarms)
    assert message["subject"] == "8000FFFF-1234567890: Not found in QuickBooks"


def test_a_record_that_vanished_is_told_with_how(office: Office, books: Books, alarms: Alarms) -> None:
    parents = {one["ParentRef"]["ListID"] for one in books.quickbooks.customers() if "ParentRef" in one}
    gone, inactive = [one for one in books.list_ids("customer") if one not in parents][:2]
    office.ask(books, "customer", "list_id", gone, inactive)
    office.run(books)
    books.quickbooks.delete("customer", gone)
    books.quickbooks.change("customer", inactive, IsActive=False)
    for one in office.ask(books, "customer", "list_id", gone, inactive):
        want(office, one)
    office.run(books)
    office.run(books)
    outcomes = sorted(message["subject"].partition(": ")[2] for message in told(alarms))
    assert re.fullmatch(r"Deleted in QuickBooks on \w+ \d+, \d{4} at .*", outcomes[0])
    assert outcomes[1] == "Made inactive in QuickBooks"


def test_a_failure_is_told_with_what_to_do_and_without_values(office: Office, books: Books, alarms: Alarms) -> None:
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer", 1)[0])
    want(office, asked)
    with office.database.write() as connection:
        connection.execute(
            tables.refreshes.update().values(
                state="failed",
                finished_at=office.database.now(connection),
                error={"code": "refused_value", "values": {"column": "s3cret"}},
            )
        )
    (message,) = told(alarms)
    assert "Needs attention" in message["subject"]
    assert "What to do" in message["body"]
    assert "s3cret" not in message["body"]


def test_a_refresh_that_somebody_else_cancelled_is_told_to_those_who_want_to_know(
    office: Office, books: Books, alarms: Alarms
) -> None:
    for name in ("ben", "root"):
        add_person(office, name)
    chosen = books.list_ids("customer", 1)[0]
    for name in ("anna", "ben", "root"):
        asked = office.ask_one(books, "customer", "list_id", chosen, by=name)
    for name in ("anna", "root"):
        want(office, asked, name)
    assert office.refreshing.cancel(asked.id, "root", everyone=True).state == "cancelled"
    (message,) = told(alarms)
    assert message["recipient"] == "anna@example.com"
    assert "Somebody cancelled it" in message["body"]
    assert office.get(asked).askers == ("anna",)
    assert told(alarms) == [message]


def test_several_processes_tell_it_once(office: Office, books: Books, alarms: Alarms) -> None:
    asked = office.ask(books, "customer", "list_id", *books.list_ids("customer", 8))
    for one in asked:
        want(office, one)
    office.run(books)
    ready = threading.Barrier(4)

    def look() -> None:
        ready.wait()
        told(alarms)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(alarms.messages()) == 8
    with office.database.write() as connection:
        connection.execute(tables.askers.update().values(tell=True))
        due = tellings.due(connection, 1)[0]
        assert [tellings.take(connection, due), tellings.take(connection, due)] == [True, False]


def test_who_withdraws_is_not_written_to(office: Office, books: Books, alarms: Alarms) -> None:
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer", 1)[0])
    want(office, asked)
    assert office.refreshing.cancel(asked.id, "anna").state == "cancelled"
    assert told(alarms) == []


def test_without_a_mail_server_or_an_address_nobody_is_written_to_later_either(office: Office, books: Books) -> None:
    add_person(office, "anna", alerts=False)
    want(office, office.ask_one(books, "customer", "list_id", books.list_ids("customer", 1)[0]))
    office.run(books)
    assert told(Alarms(office, channels(mail=False))) == []
    assert told(Alarms(office, channels())) == []


def test_of_what_is_final_nobody_is_told_any_more(office: Office, books: Books, alarms: Alarms) -> None:
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer", 1)[0])
    assert want(office, asked)
    office.run(books)
    assert len(told(alarms)) == 1
    for _ in range(2):
        assert not want(office, asked)
        assert len(told(alarms)) == 1


def test_a_refresh_that_cannot_be_put_into_words_stops_no_other_and_is_given_up(
    office: Office, books: Books, alarms: Alarms, caplog: pytest.LogCaptureFixture
) -> None:
    asked = office.ask(books, "customer", "list_id", *books.list_ids("customer", 3))
    for one in asked:
        want(office, one)
    office.run(books)
    with office.database.write() as connection:
        # No program of ours writes such an error; it stands for whatever nobody foresaw.
        change = tables.refreshes.update().where(tables.refreshes.c.id == asked[0].id)
        connection.execute(change.values(error={"values": {"last": "S3cret"}}))
    assert len(told(alarms)) == 2
    with office.database.read() as connection:
        assert tellings.due(connection, 9) == ()
    assert f"refresh {asked[0].id} cannot be told of: KeyError" in caplog.text
    assert "S3cret" not in caplog.text
