"""Noticing trouble on real databases: one alert and one message at the onset, one at the recovery."""

import threading
from datetime import datetime, timedelta

import pytest
from alarms import WRONG, Alarms, add_person, be_refused, channels, sign_in
from office import Books, Office
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from qbwc_server import codes
from qbwc_server.alerting import judging
from qbwc_server.store import alerts, claims, companies, connector_passwords, outbox, tables
from qbwc_server.words import text


@pytest.fixture
def alarms(office: Office) -> Alarms:
    add_person(office, "anna")
    return Alarms(office, channels())


def test_a_wrong_password_is_told_once_to_each_in_their_language_and_once_to_the_webhook(
    office: Office, books: Books
) -> None:
    for name, language in (("anna", "en"), ("bruno", "fr"), ("chris", None)):
        add_person(office, name, language=language)
    alarms = Alarms(office, channels(webhook="http://127.0.0.1:9/x"), language="fr")
    be_refused(office, books)
    assert [alarms.look(), alarms.look(), alarms.look(5)] == [1, 0, 0]
    be_refused(office, books)
    assert alarms.look(5) == 0
    told = {row["recipient"]: row for row in alarms.messages()}
    assert set(told) == {"anna@example.com", "bruno@example.com", "chris@example.com", None}
    assert len(alarms.messages()) == 4
    assert told["anna@example.com"]["subject"] == "acme: the Web Connector tries to sign in with a wrong password"
    for address in ("bruno@example.com", "chris@example.com", None):
        assert "tente de se connecter avec un mauvais mot de passe" in told[address]["subject"]
    assert "https://books.example.com/connection" in told["anna@example.com"]["body"]
    payload = told[None]["payload"]
    assert (payload["kind"], payload["company"], payload["state"]) == ("wrong_password", "acme", "onset")
    assert payload["url"] == "https://books.example.com/connection"
    assert payload["text"].startswith(told[None]["subject"])


def test_a_single_wrong_password_is_told_when_the_right_one_does_not_follow(
    office: Office, books: Books, alarms: Alarms
) -> None:
    sign_in(office, books, WRONG)
    assert [alarms.look(), alarms.look(2), alarms.look(2)] == [0, 0, 1]
    sign_in(office, books)
    alarms.settle()
    sign_in(office, books, WRONG)
    alarms.later = timedelta()
    assert alarms.look() == 0
    sign_in(office, books)
    assert alarms.look(9) == 0


def test_the_right_password_is_told_once_after_it_held_for_a_minute(
    office: Office, books: Books, alarms: Alarms
) -> None:
    be_refused(office, books)
    alarms.look()
    sign_in(office, books)
    assert [alarms.look(), alarms.look(0.5), alarms.look(0.6), alarms.look(5)] == [0, 0, 1, 0]
    assert alarms.subjects()[1:] == ["acme: the Web Connector can sign in again"]
    (row,) = alarms.rows()
    assert row["recovered_at"] >= row["onset_at"]


def test_a_new_password_is_no_sign_in(office: Office, books: Books, alarms: Alarms) -> None:
    sign_in(office, books)
    be_refused(office, books)
    alarms.look()
    with office.database.write() as connection:
        fresh = connector_passwords.renew(connection, books.name, office.database.now(connection))
    alarms.settle()
    assert len(alarms.subjects()) == 1
    sign_in(office, books, fresh)
    alarms.settle()
    assert alarms.subjects()[1:] == ["acme: the Web Connector can sign in again"]


def test_what_comes_and_goes_is_told_less_and_less(office: Office, books: Books, alarms: Alarms) -> None:
    for _ in range(40):
        be_refused(office, books)
        alarms.look(0.5)
        sign_in(office, books)
        alarms.look(1.2)
        alarms.look(1.3)
    # There is trouble every three minutes; the second recovery would have to hold for two.
    assert len([subject for subject in alarms.subjects() if "sign" in subject]) == 3


def test_silence_is_told_after_the_minutes_of_the_setting_since_the_call_that_did_not_come(
    office: Office, books: Books, alarms: Alarms
) -> None:
    sign_in(office, books)
    assert [alarms.look(59), alarms.look(2), alarms.look(600)] == [0, 1, 0]
    assert alarms.subjects() == ["acme: the Web Connector does not call any more"]
    alarms.later = timedelta()
    sign_in(office, books)
    alarms.look()
    assert alarms.look(2) == 1
    assert alarms.subjects()[1:] == ["acme: the Web Connector calls again"]


def test_nobody_is_told_of_a_company_that_was_never_seen_or_is_paused(
    office: Office, books: Books, alarms: Alarms
) -> None:
    assert alarms.look(10_000) == 0
    alarms.later = timedelta()
    sign_in(office, books)
    office.pause(books, paused=True)
    assert alarms.look(10_000) == 0
    office.pause(books, paused=False)
    assert alarms.look() == 1


def test_a_pause_that_is_over_by_its_own_end_holds_nothing_back(office: Office, books: Books, alarms: Alarms) -> None:
    sign_in(office, books)
    with office.database.write() as connection:
        end = office.database.now(connection) + timedelta(minutes=15)
        companies.change(connection, books.name, paused=True, paused_until=end)
    assert alarms.look(100) == 1


def test_the_wrong_company_file_is_told_with_its_name_and_what_to_do(
    office: Office, books: Books, alarms: Alarms
) -> None:
    office.ask_one(books, "customer", "all")
    books.quickbooks.file_ids[books.owner_id] = "{11111111-2222-3333-4444-555555555555}"
    office.run(books)
    office.conversation.watch.flush(office.database)
    assert [alarms.look(), alarms.look(1)] == [1, 0]
    (message,) = alarms.messages()
    assert message["subject"] == "acme: the wrong company file is open"
    assert books.quickbooks.path in message["body"]
    assert "1 refresh waits" in message["body"]
    for step in (codes.explain("en", "wrong_file").steps[0], text("en", "who.office")):
        assert step in message["body"]
    books.quickbooks.file_ids[books.owner_id] = books.file_id
    office.run(books)
    alarms.settle()
    assert "acme: the right company file is open again" in alarms.subjects()


def test_another_trouble_does_not_make_the_wrong_file_right(office: Office, books: Books, alarms: Alarms) -> None:
    sign_in(office, books)
    with office.database.write() as connection:
        companies.notice(connection, books.name, attention="wrong_file", attention_values={"file": "X.qbw"})
    alarms.look()
    with office.database.write() as connection:
        companies.notice(connection, books.name, attention="0x80040408", attention_values=None)
    alarms.look(1)
    alarms.look(30)
    assert [row["recovered_at"] for row in alarms.rows()] == [None]


def test_a_website_that_stays_behind_is_told_and_so_is_its_return(office: Office, books: Books, alarms: Alarms) -> None:
    office.answered(books, books.list_ids("customer", 1)[0])
    sign_in(office, books)
    assert alarms.look(59) == 0
    alarms.later = timedelta(minutes=61)
    alarms.look()
    assert "The website is not being updated" in alarms.subjects()
    message = next(row for row in alarms.messages() if "website" in row["subject"])
    assert "1 record is on its way and is kept" in message["body"]
    office.publish()
    alarms.look()
    alarms.look(2)
    assert "The website is up to date again" in alarms.subjects()
    assert [row["company"] for row in alarms.rows() if row["kind"] == "publishing"] == [None]


def test_a_record_that_is_put_off_again_and_again_counts_from_its_answer(
    office: Office, books: Books, alarms: Alarms
) -> None:
    office.answered(books, books.list_ids("customer", 1)[0])
    with office.database.write() as connection:
        far = office.database.now(connection) + timedelta(hours=5)
        connection.execute(tables.outbox.update().values(due_at=far, attempts=9))
    alarms.look(61)
    assert [row["kind"] for row in alarms.rows() if row["company"] is None] == ["publishing"]


def test_a_record_that_is_answered_again_waits_since_its_first_answer(office: Office, books: Books) -> None:
    chosen = books.list_ids("customer", 1)[0]
    office.answered(books, chosen)
    with office.database.write() as connection:
        early = office.database.now(connection) - timedelta(minutes=90)
        connection.execute(tables.outbox.update().values(queued_at=early))
    office.answered(books, chosen)
    with office.database.read() as connection:
        assert alerts.backlog(connection).since == early


def test_a_record_set_aside_that_is_tried_again_waits_since_then(office: Office, books: Books) -> None:
    asked = office.answered(books, books.list_ids("customer", 1)[0])
    with office.database.write() as connection:
        early = office.database.now(connection) - timedelta(hours=3)
        connection.execute(tables.records.update().values(observed_at=early))
        connection.execute(tables.outbox.update().values(set_aside="held", queued_at=early))
        connection.execute(tables.freshness.update().values(dirty=False))
        connection.execute(
            tables.refreshes.update().values(
                state="failed", error={"code": "held"}, finished_at=office.database.now(connection)
            )
        )
        began = office.database.now(connection)
    office.refreshing.retry(asked.id, "anna")
    with office.database.read() as connection:
        since = alerts.backlog(connection).since
    assert since is not None
    assert since >= began


def test_a_record_set_aside_that_is_answered_again_waits_since_then(office: Office, books: Books) -> None:
    chosen = books.list_ids("customer", 1)[0]
    office.answered(books, chosen)
    with office.database.write() as connection:
        early = office.database.now(connection) - timedelta(hours=3)
        connection.execute(tables.outbox.update().values(set_aside="held", queued_at=early))
        began = office.database.now(connection)
    books.quickbooks.change("customer", chosen, Phone="514-555-0199")
    office.ask_one(books, "customer", "list_id", chosen)
    office.visit(books).to_the_end()
    assert office.rows(tables.outbox)[0]["queued_at"] >= began


def test_what_was_seen_again_while_it_was_published_waits_since_then(office: Office, books: Books) -> None:
    office.answered(books, books.list_ids("customer", 1)[0])
    office.change_company(books, unchecked_after=None)
    with office.database.write() as connection:
        early = office.database.now(connection) - timedelta(hours=3)
        connection.execute(tables.outbox.update().values(queued_at=early))
        (claimed,) = claims.claim(connection, office.database.now(connection), 9)
        again = office.database.now(connection)
        numbers = {claimed.list_id: claimed.seq + 1}
        outbox.put(connection, claimed.target, claimed.company, claimed.list, numbers, again, single=True)
        assert queued_at(connection) == early
        claims.done(connection, [claimed])
        assert queued_at(connection) == again


def queued_at(connection: Connection) -> datetime:
    found: datetime = connection.execute(select(tables.outbox.c.queued_at)).scalar_one()
    return found


def test_a_record_set_aside_for_a_person_is_no_backlog(office: Office, books: Books, alarms: Alarms) -> None:
    office.answered(books, books.list_ids("customer", 1)[0])
    office.publish()
    office.answered(books, books.list_ids("customer", 2)[1])
    with office.database.write() as connection:
        connection.execute(tables.outbox.update().values(set_aside="held"))
        now = office.database.now(connection)
        connection.execute(
            tables.refreshes.update()
            .where(tables.refreshes.c.state == "answered")
            .values(state="failed", error={"code": "held"}, finished_at=now)
        )
        connection.execute(tables.freshness.update().values(dirty=False))
    alarms.look(61)
    assert [row for row in alarms.rows() if row["company"] is None] == []


def test_a_server_that_was_down_gives_the_connector_and_the_publisher_time_and_forgets_nothing(
    office: Office, books: Books
) -> None:
    office.answered(books, books.list_ids("customer", 1)[0])
    sign_in(office, books)
    restarted = Alarms(office, channels(), later=timedelta(hours=5))
    assert [restarted.look(), restarted.look(59), restarted.look(2)] == [0, 0, 2]
    again = Alarms(office, channels(), later=timedelta(hours=9))
    assert again.look(2) == 0
    assert [row["recovered_at"] for row in again.rows()] == [None, None]


def test_only_those_who_want_alerts_and_may_sign_in_are_written_to(office: Office, books: Books) -> None:
    add_person(office, "without", alerts=False)
    add_person(office, "nowhere", email=None)
    add_person(office, "gone")
    with office.database.write() as connection:
        connection.execute(tables.users.update().where(tables.users.c.name == "gone").values(disabled=True))
    alarms = Alarms(office, channels())
    be_refused(office, books)
    assert alarms.look() == 1
    assert alarms.messages() == []


def test_without_a_mail_server_the_alert_is_noted_all_the_same(office: Office, books: Books) -> None:
    add_person(office, "anna")
    alarms = Alarms(office, channels(mail=False))
    be_refused(office, books)
    assert alarms.look() == 1
    assert alarms.messages() == []
    assert [row["kind"] for row in alarms.rows()] == ["wrong_password"]


def test_several_processes_that_see_the_same_tell_it_once(office: Office, books: Books, alarms: Alarms) -> None:
    others = [Alarms(office, channels()) for _ in range(4)]

    def all_look(minutes: float) -> int:
        found: list[int] = []
        ready = threading.Barrier(len(others))

        def look(one: Alarms) -> None:
            ready.wait()
            found.append(one.look(minutes))

        threads = [threading.Thread(target=look, args=(one,)) for one in others]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == len(others)
        return sum(found)

    be_refused(office, books)
    assert all_look(0) == 1
    sign_in(office, books)
    assert [all_look(0), all_look(2)] == [0, 1]
    assert len(alarms.messages()) == 2


def test_an_alert_begins_and_is_over_once(office: Office, books: Books) -> None:
    for kind, company in (("offline", books.name), ("publishing", None)):
        with office.database.write() as connection:
            now = office.database.now(connection)
            assert alerts.begin(connection, kind, company, {}, now)
            assert not alerts.begin(connection, kind, company, {}, now)
            (alert,) = alerts.open_ones(connection)
            assert alerts.recover(connection, alert.id, now)
            assert not alerts.recover(connection, alert.id, now)
            assert alerts.open_ones(connection) == ()


@pytest.mark.parametrize("kind", ["offline", "wrong_password", "wrong_file", "publishing"])
def test_the_website_is_the_installations_and_everything_else_a_companys(
    office: Office, books: Books, kind: str
) -> None:
    company = books.name if kind == "publishing" else None
    with office.database.write() as connection:
        row = {"kind": kind, "company": company, "onset_at": office.database.now(connection)}
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(tables.alerts.insert().values(row))


def test_an_alert_that_cannot_be_put_into_words_stops_no_other(
    office: Office, books: Books, alarms: Alarms, caplog: pytest.LogCaptureFixture
) -> None:
    with office.database.write() as connection:
        early = office.database.now(connection) - timedelta(hours=3)
        # No program of ours writes such a time; it stands for whatever nobody foresaw.
        particulars = {"since": "Secret Ltd", judging.RIGHT_SINCE: early.isoformat()}
        row = {"kind": "wrong_file", "company": books.name, "onset_at": early, "particulars": particulars}
        connection.execute(tables.alerts.insert().values(row))
    be_refused(office, books)
    assert alarms.look() == 2
    assert alarms.subjects() == ["acme: the Web Connector tries to sign in with a wrong password"]
    assert "alert wrong_file cannot be told: ValueError" in caplog.text
    assert "Secret" not in caplog.text


def test_a_stranger_with_a_wrong_password_does_not_hide_that_the_web_connector_is_gone(
    office: Office, books: Books, alarms: Alarms
) -> None:
    sign_in(office, books)
    with office.database.write() as connection:
        late = office.database.now(connection) + timedelta(minutes=60)
        connection.execute(tables.connections.update().values(wrong_passwords=1, wrong_password_at=late))
    alarms.look(61)
    assert "acme: the Web Connector does not call any more" in alarms.subjects()


def test_a_password_is_in_no_message(office: Office, books: Books) -> None:
    add_person(office, "anna")
    alarms = Alarms(office, channels(smtp="smtp://al:s3cret@127.0.0.1:9", webhook="http://127.0.0.1:9/t0ken"))
    be_refused(office, books)
    alarms.look()
    said = repr(alarms.messages()) + repr(alarms.rows()) + repr(alarms.channels)
    for secret in (WRONG, books.password, "s3cret", "t0ken"):
        assert secret not in said
