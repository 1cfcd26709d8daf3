"""The publisher's thread, and what it does beside publishing."""

import pytest
from office import Books, Office

from qbwc_server.publish.errors import WebsiteError
from qbwc_server.publishing import Publisher
from qbwc_server.store import installation, tables


def test_the_publisher_thread_publishes_without_being_called(office: Office, books: Books) -> None:
    publisher = Publisher(office.database, office.website)
    publisher.start()
    try:
        asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
        office.visit(books).to_the_end()
        publisher.wake()
        got = office.refreshing.wait([asked.id], 20)[0]
    finally:
        publisher.stop()
    assert got.outcome == "inserted"
    assert office.accepted == 1


def test_what_is_to_be_done_at_each_tick_does_not_wait_for_the_website(office: Office, books: Books) -> None:
    office.answered(books, books.list_ids("customer")[0])
    office.website.close()
    place = office.folder / "site.db"
    place.unlink()
    place.mkdir()
    done: list[str] = []
    publisher = Publisher(
        office.database,
        office.website,
        at_each_tick=lambda: done.append("tick"),
        now_and_then=lambda: done.append("now and then"),
    )
    with pytest.raises(WebsiteError):
        publisher._round()
    assert done == ["tick", "now and then"]


def test_staging_that_was_never_accepted_is_swept(office: Office, books: Books) -> None:
    with office.database.write() as connection:
        now = office.database.now(connection)
        connection.execute(
            tables.staging.insert().values(
                company=books.name,
                visit=1,
                message_set="1.1",
                reading="r",
                n=0,
                request_id="1.1.1",
                list="customer",
                list_id="1-1",
                staged_at=now.replace(year=now.year - 1),
                observation={},
            )
        )
    office.publisher._chores(everything=True)
    assert office.count(tables.staging) == 0


def test_the_stream_is_named_once(office: Office) -> None:
    with office.database.write() as connection:
        now = office.database.now(connection)
        assert installation.begin(connection, now) == installation.begin(connection, now)
