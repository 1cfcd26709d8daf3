"""Forgetting a person: nothing of them is left in our database, and others keep what is theirs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from office import Books, Office

from qbwc_server.publish import Website
from qbwc_server.refreshing import NotFailed, Refresh
from qbwc_server.store import audit, claims, messages, refreshes, tables
from qbwc_server.store.forgetting import BeingPublished, Forgotten, forget
from qbwc_server.store.messages import Draft

# The last part is found however the other letters are written.
NAME, MAIL, PHONE = "Zoé Quéry Wojcik", "zoe.query@example.org", "514 555-7788"
SEARCH = "Quéry"


@pytest.fixture
def person(books: Books) -> str:
    """The ListID of the person who is to be forgotten, one without jobs."""
    list_id = alone(books)[0]
    books.quickbooks.rename("customer", list_id, NAME)
    books.quickbooks.change("customer", list_id, Email=MAIL, Phone=PHONE, FirstName="Zoé", LastName="Quéry Wojcik")
    return list_id


def alone(books: Books) -> list[str]:
    """The ListIDs of the customers that neither are a job nor have any."""
    every = books.quickbooks.customers()
    names = [str(one["FullName"]) for one in every]
    return [
        str(one["ListID"])
        for one, name in zip(every, names, strict=True)
        if ":" not in name and not any(other.startswith(f"{name}:") for other in names)
    ]


def forgotten(office: Office, list_id: str) -> Forgotten:
    with office.database.write() as connection:
        return forget(connection, "acme", "customer", list_id, office.database.now(connection))


def everything(office: Office) -> str:
    """Every row of every table, as text."""
    there = sa.MetaData()
    there.reflect(office.database.engine)
    assert set(there.tables) >= set(tables.metadata.tables)
    with office.database.read() as connection:
        # As tuples: the text of a row of SQLAlchemy leaves out the middle of what is long.
        rows = [tuple(row) for table in there.sorted_tables for row in connection.execute(sa.select(table))]
    dump = "\n".join(map(repr, rows))
    # JSON on SQLite, and what goes to QuickBooks, write other letters by their numbers.
    return "\n".join((dump, dump.encode().decode("unicode_escape", "replace")))


def traces(office: Office) -> list[str]:
    held = everything(office).casefold()
    marks = (NAME, MAIL, PHONE, "wojcik", "zoé", "zoe", "quéry", "555-7788")
    return [mark for mark in marks if mark.casefold() in held]


def record(office: Office, list_id: str) -> dict[str, Any]:
    (row,) = office.rows(tables.records, tables.records.c.list_id == list_id)
    return row


def asked_in_every_way(office: Office, books: Books, person: str) -> list[Refresh]:
    made = [
        *office.ask(books, "customer", "list_id", person),
        *office.ask(books, "customer", "full_name", NAME),
        *office.ask(books, "customer", "find", SEARCH),
        *office.ask(books, "customer", "all"),
    ]
    office.run(books)
    books.quickbooks.change("customer", person, Notes="x", Phone="514 555-0000")
    made += office.ask(books, "customer", "list_id", person)
    office.run(books)
    assert all(office.get(one).state == "published" for one in made)
    return made


def test_nothing_of_the_person_is_left_in_any_table(office: Office, books: Books, person: str) -> None:
    made = asked_in_every_way(office, books, person)
    link = f"https://books.example.com/refreshes/{made[1].id}"
    with office.database.write() as connection:
        messages.add(
            connection, [Draft("mail", "a@example.com", f"{NAME}: done", f"{NAME}\n\n{link}\n")], made[0].asked_at
        )
    # Out at QuickBooks, waiting, and answered but not published.
    office.answered(books, person)
    office.ask(books, "customer", "full_name", NAME)
    office.visit(books).send()
    office.ask(books, "customer", "find", SEARCH)
    (text,) = [row["outstanding_text"] for row in office.rows(tables.visits) if row["outstanding"]]
    assert "Wojcik" in text

    done = forgotten(office, person)

    assert traces(office) == []
    assert (done.records, done.outbox, done.deliveries, done.jobs) == (1, 1, 1, ())
    assert (done.changes, done.cancelled) == (2, 3)
    assert {one["state"] for one in office.rows(tables.refreshes)} == {"published", "cancelled"}


def test_the_row_stays_with_its_number_and_dates(office: Office, books: Books, person: str) -> None:
    asked_in_every_way(office, books, person)
    before = record(office, person)
    forgotten(office, person)
    after = record(office, person)
    same = ("seq", "observed_at", "list_id", "is_deleted")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    dates = ("TimeCreated", "TimeModified")
    assert after["values"] == {name: before["values"][name] for name in dates}


def test_others_keep_everything(office: Office, books: Books, person: str) -> None:
    other = alone(books)[1]
    office.ask(books, "customer", "list_id", other)
    office.run(books)
    asked_in_every_way(office, books, person)
    found = office.ask_one(books, "customer", "find", "a")
    office.run(books)
    (name,) = [row["full_name"] for row in office.rows(tables.records) if row["list_id"] == other]
    waiting = office.ask_one(books, "customer", "full_name", name)
    not_its = [tables.records.c.list_id != person]
    before = office.rows(tables.records, *not_its), office.rows(tables.changes, tables.changes.c.list_id != person)
    forgotten(office, person)
    assert before == (
        office.rows(tables.records, *not_its),
        office.rows(tables.changes, tables.changes.c.list_id != person),
    )
    assert office.get(waiting).state == "waiting"
    hits = office.get(found).hits
    assert hits
    assert person not in {hit.list_id for hit in hits}


def test_what_is_not_known_is_said_and_nothing_is_touched(office: Office, books: Books, person: str) -> None:
    asked_in_every_way(office, books, person)
    before = everything(office)
    assert not forgotten(office, "80009999-1").anything
    assert everything(office) == before


def test_forgetting_again_finds_nothing(office: Office, books: Books, person: str) -> None:
    office.ask(books, "customer", "all")
    office.run(books)
    assert forgotten(office, person).anything
    assert not forgotten(office, person).anything


def test_an_answer_that_is_on_its_way_does_not_bring_the_person_back(office: Office, books: Books, person: str) -> None:
    other = alone(books)[1]
    asked = office.ask(books, "customer", "list_id", person, other)
    visit = office.visit(books)
    answer, _ = visit.answer(visit.send())
    forgotten(office, person)
    visit.receive(answer)
    office.publish()
    assert office.states(asked) == ["cancelled", "published"]
    assert traces(office) == []


def test_nothing_is_forgotten_while_somebody_has_the_person_in_hand_for_the_website(
    office: Office, books: Books, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.answered(books, person)
    publish = Website.publish
    refused: list[str] = []

    def meanwhile(website: Website, *batch: object) -> object:
        before = everything(office)
        with pytest.raises(BeingPublished, match="again in a minute"):
            forgotten(office, person)
        refused.append(person)
        assert everything(office) == before
        return publish(website, *batch)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(Website, "publish", meanwhile)
        office.publisher.run_once()
    assert refused == [person]
    assert forgotten(office, person).anything
    assert traces(office) == []


def test_a_claim_that_is_over_keeps_nobody_from_being_forgotten(office: Office, books: Books, person: str) -> None:
    # The website's numbers are looked at before anything is claimed.
    office.publish()
    office.answered(books, person)
    with office.database.write() as connection:
        claimed_at = office.database.now(connection)
        assert claims.claim(connection, claimed_at, 10)
        end = claimed_at + claims.CLAIM
        with pytest.raises(BeingPublished):
            forget(connection, "acme", "customer", person, end)
        assert forget(connection, "acme", "customer", person, end + timedelta(seconds=1)).outbox == 1
    office.publish()
    assert office.website.row("acme", "customer", person) is None
    assert traces(office) == []


def test_the_next_reading_brings_back_whom_quickbooks_still_has(office: Office, books: Books, person: str) -> None:
    office.ask(books, "customer", "all")
    office.run(books)
    shown = office.website.row("acme", "customer", person)
    forgotten(office, person)
    assert office.website.row("acme", "customer", person) == shown
    asked = office.ask_one(books, "customer", "list_id", person)
    office.run(books)
    assert record(office, person)["full_name"] == NAME
    assert office.website.row("acme", "customer", person) == shown
    with office.database.read() as connection:
        row = refreshes.get(connection, asked.id)
    assert row is not None
    assert [one["kind"] for one in office.rows(tables.changes, tables.changes.c.seq == row.seq)] == ["revived"]


def test_seeing_the_person_again_is_no_sign_that_readings_missed_something(
    office: Office, books: Books, person: str
) -> None:
    office.ask(books, "customer", "all")
    office.run(books)
    with office.database.write() as connection:
        # As after weeks: the newest time that was seen is of a later edit of another record.
        connection.execute(tables.freshness.update().values(changed_from="2099-01-01T00:00:00"))
    forgotten(office, person)
    office.ask(books, "customer", "list_id", person)
    office.run(books)
    assert record(office, person)["full_name"] == NAME
    (customers,) = office.rows(tables.freshness, tables.freshness.c.list == "customer")
    assert customers["complete"]


def test_once_deleted_in_quickbooks_the_website_is_told_that_and_no_more(
    office: Office, books: Books, person: str
) -> None:
    office.ask(books, "customer", "all")
    office.run(books)
    shown = dict(office.website.row("acme", "customer", person) or {})
    forgotten(office, person)
    books.quickbooks.delete("customer", person)
    office.ask(books, "customer", "all")
    office.run(books)
    told = dict(office.website.row("acme", "customer", person) or {})
    assert told.pop("is_deleted")
    assert not shown.pop("is_deleted")
    del told["published_at"], shown["published_at"]
    assert told == shown
    assert traces(office) == []


def test_a_search_that_lost_its_text_is_not_tried_again(office: Office, books: Books, person: str) -> None:
    office.ask(books, "customer", "list_id", person)
    office.run(books)
    search = office.ask_one(books, "customer", "find", SEARCH)
    forgotten(office, person)
    assert office.get(search).state == "cancelled"
    with pytest.raises(NotFailed):
        office.refreshing.retry(search.id, "anna")


def test_a_name_that_another_record_bears_now_stays_with_that_one(office: Office, books: Books, person: str) -> None:
    other = alone(books)[1]
    office.ask(books, "customer", "list_id", person)
    office.run(books)
    books.quickbooks.rename("customer", person, "Somebody Else")
    books.quickbooks.rename("customer", other, NAME)
    theirs = office.ask_one(books, "customer", "full_name", NAME)
    office.run(books)
    forgotten(office, person)
    assert (office.get(theirs).list_id, office.get(theirs).full_name) == (other, NAME)


def test_jobs_below_are_named_and_left(office: Office, books: Books) -> None:
    office.ask(books, "customer", "all")
    office.run(books)
    rows = office.rows(tables.records)
    parent, jobs = next(
        (row, [one for one in rows if one["full_name"].startswith(f"{row['full_name']}:")])
        for row in rows
        if any(one["full_name"].startswith(f"{row['full_name']}:") for one in rows)
    )
    done = forgotten(office, parent["list_id"])
    assert set(done.jobs) == {one["list_id"] for one in jobs}
    assert all(record(office, one["list_id"]) == one for one in jobs)


def test_the_lines_of_the_audit_name_nobody(office: Office, books: Books, person: str) -> None:
    made = asked_in_every_way(office, books, person)
    office.refreshing.cancel(office.ask_one(books, "customer", "full_name", NAME).id, "anna")
    with office.database.read() as connection:
        lines = audit.page(connection).entries
    assert {line.subject for line in lines} <= {None, person}
    assert len(lines) > len(made)
    assert datetime.now(UTC) > lines[0].at


def test_the_website_is_asked_which_columns_are_not_empty(office: Office, books: Books, person: str) -> None:
    office.ask(books, "customer", "list_id", person)
    office.run(books)
    held = {one["table"]: one["columns"] for one in office.website.held("acme", "customer", person)}
    assert set(held) == {"customers", "qbwc_publish_state", "qbwc_checked"}
    assert {"full_name", "email", "phone"} <= set(held["customers"])
    assert "balance" not in held["customers"]
    assert office.website.held("acme", "item", person) == []
    assert office.website.held("acme", "customer", "none") == []
