"""Delivering what was written: taken, tried again, given up; a thread beside others of other processes."""

import logging
import threading
import time
from datetime import UTC, datetime

import pytest
from alarms import Alarms, add_person, be_refused, channels
from office import Books, Office
from receivers import hook_server, mail_server, mute_server, text_of
from sqlalchemy import Table

from qbwc_server.alerting import Courier
from qbwc_server.alerting import courier as courier_module
from qbwc_server.store import messages, tables
from qbwc_server.store.messages import Draft


def write(office: Office, *drafts: Draft) -> None:
    with office.database.write() as connection:
        messages.add(connection, drafts, office.database.now(connection))


def mail_to(*names: str) -> list[Draft]:
    return [Draft("mail", f"{name}@example.com", f"To {name}", "Body\n") for name in names]


def test_what_is_delivered_is_forgotten(office: Office) -> None:
    with mail_server() as box, hook_server() as hook:
        alarms = Alarms(office, channels(smtp=box.url, webhook=hook.url))
        write(office, *mail_to("anna", "ben"), Draft("webhook", None, "Hook", "Text", {"text": "Text"}))
        assert alarms.courier.deliver() == 3
        assert [mail["To"] for mail in box.mails] == ["anna@example.com", "ben@example.com"]
        assert hook.posts == [{"text": "Text"}]
        assert alarms.messages() == []
        assert alarms.courier.deliver() == 0


def test_what_is_not_taken_is_tried_again_later_and_later_and_given_up_after_a_day(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    with mail_server() as box, caplog.at_level(logging.WARNING):
        alarms = Alarms(office, channels(smtp=box.url))
        box.answer = "451 come back"
        write(office, *mail_to("anna"))
        alarms.courier.deliver()
        passed = 0
        for wait in (1, 5, 15, *(60,) * 24):
            assert len(alarms.messages()) == 1
            tried = alarms.messages()[0]["attempts"]
            alarms.pass_minutes(wait - 0.1)
            alarms.courier.deliver()
            assert alarms.messages()[0]["attempts"] == tried
            alarms.pass_minutes(0.2)
            alarms.courier.deliver()
            passed += wait
            if not alarms.messages():
                break
            assert alarms.messages()[0]["attempts"] == tried + 1
        assert 24 * 60 <= passed < 25 * 60
        assert alarms.messages() == []
    assert "given up" in caplog.text
    for private in ("anna", "Body", "come back"):
        assert private not in caplog.text


def test_one_refused_recipient_does_not_hold_the_others_up(office: Office) -> None:
    with mail_server() as box:
        box.refused_recipients = {"anna@example.com"}
        alarms = Alarms(office, channels(smtp=box.url))
        write(office, *mail_to("anna", "ben"))
        assert alarms.courier.deliver() == 1
        assert [row["recipient"] for row in alarms.messages()] == ["anna@example.com"]


def test_a_mail_server_that_hangs_is_tried_once_a_round_and_holds_the_webhook_not_up(office: Office) -> None:
    with mute_server() as port, hook_server() as hook:
        alarms = Alarms(office, channels(smtp=f"smtp://127.0.0.1:{port}", webhook=hook.url))
        alarms.courier.seconds = 0.4
        write(office, *mail_to(*(f"person{n}" for n in range(20))), Draft("webhook", None, "Hook", "T", {"text": "T"}))
        began = time.monotonic()
        assert alarms.courier.deliver() == 1
        assert time.monotonic() - began < 4
        assert len(hook.posts) == 1
        assert len(alarms.messages()) == 20


def test_what_a_dead_process_had_claimed_is_sent_when_its_claim_is_over_with_the_same_message_id(
    office: Office,
) -> None:
    with mail_server() as box:
        alarms = Alarms(office, channels(smtp=box.url))
        write(office, *mail_to("anna"))
        with office.database.write() as connection:
            message_id = messages.due(connection, alarms.clock(connection))[0][0]
            claimed = messages.claim(connection, message_id, alarms.clock(connection))
        assert claimed is not None
        # It sent the mail and died before it could say so.
        alarms.courier._send(claimed)
        assert alarms.courier.deliver() == 0
        alarms.pass_minutes(5.1)
        assert alarms.courier.deliver() == 1
        first, second = box.mails
        assert first["Message-ID"] == second["Message-ID"]


def test_several_processes_deliver_each_message_once(office: Office) -> None:
    with mail_server() as box:
        couriers = [Alarms(office, channels(smtp=box.url)).courier for _ in range(4)]
        names = [f"person{n}" for n in range(12)]
        write(office, *mail_to(*names))
        ready = threading.Barrier(len(couriers))

        def deliver(courier: Courier) -> None:
            ready.wait()
            courier.deliver()

        threads = [threading.Thread(target=deliver, args=(one,)) for one in couriers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(str(mail["To"]) for mail in box.mails) == sorted(f"{name}@example.com" for name in names)


def test_the_thread_notices_tells_and_delivers_and_stops(office: Office, books: Books) -> None:
    add_person(office, "anna")
    with mail_server() as box:
        courier = Alarms(office, channels(smtp=box.url)).courier
        be_refused(office, books)
        courier.start()
        box.wait_for(1)
        courier.stop()
        assert "wrong password" in text_of(box.mails[0])
        assert not [one for one in threading.enumerate() if one.name == "courier"]


def test_a_hanging_mail_server_does_not_keep_the_server_from_stopping(office: Office) -> None:
    with mute_server() as port:
        alarms = Alarms(office, channels(smtp=f"smtp://127.0.0.1:{port}"))
        alarms.courier.seconds = 5
        write(office, *mail_to("anna"))
        alarms.courier.start()
        while alarms.messages()[0]["attempts"] == 0:
            time.sleep(0.02)
        began = time.monotonic()
        alarms.courier.stop()
        assert time.monotonic() - began < 4
        assert alarms.courier._thread is not None
        alarms.courier._thread.join()


def test_a_database_that_is_away_ends_no_courier(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    alarms = Alarms(office, channels())
    with office.database.write() as connection:
        tables.messages.drop(connection)
    alarms.courier.start()
    while "alerts wait" not in caplog.text:
        time.sleep(0.02)
    assert alarms.courier._thread is not None
    assert alarms.courier._thread.is_alive()
    alarms.courier.stop()


def break_message(office: Office, message_id: int) -> None:
    """Keep what no program of ours writes; it stands for whatever nobody foresaw."""
    with office.database.write() as connection:
        connection.execute(
            tables.messages.update().where(tables.messages.c.id == message_id).values(payload=[None, "S3cret"])
        )


def test_a_message_that_cannot_be_made_stops_no_other_and_is_given_up_after_a_day(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    with mail_server() as box, hook_server() as hook:
        alarms = Alarms(office, channels(smtp=box.url, webhook=hook.url))
        write(office, *(Draft("webhook", None, "Hook", "Text", {"text": text}) for text in "ab"), *mail_to("anna"))
        broken = min(row["id"] for row in alarms.messages())
        break_message(office, broken)
        assert alarms.courier.deliver() == 2
        assert hook.posts == [{"text": "b"}]
        assert [(row["id"], row["attempts"]) for row in alarms.messages()] == [(broken, 1)]
        alarms.pass_minutes(24 * 60)
        assert alarms.courier.deliver() == 0
        assert alarms.messages() == []
    assert f"message {broken} failed unexpectedly" in caplog.text
    assert "S3cret" not in caplog.text


def test_a_name_of_several_lines_is_one_in_the_subject(office: Office) -> None:
    with mail_server() as box:
        alarms = Alarms(office, channels(smtp=box.url))
        write(office, Draft("mail", "anna@example.com", "Acme\u2028Ltd: away", "Text"))
        assert alarms.subjects() == ["Acme Ltd: away"]
        assert alarms.courier.deliver() == 1
        assert box.mails[0]["Subject"] == "Acme Ltd: away"


@pytest.mark.parametrize("table", [tables.alerts, tables.askers], ids=["looking", "telling"])
def test_a_step_that_fails_stops_no_other_step_of_the_round(
    office: Office, caplog: pytest.LogCaptureFixture, table: Table
) -> None:
    with mail_server() as box:
        courier = Alarms(office, channels(smtp=box.url)).courier
        write(office, *mail_to("anna"))
        with office.database.write() as connection:
            table.drop(connection)
        courier.run_once()
        assert len(box.mails) == 1
    assert "alerts wait" in caplog.text


def test_it_can_be_seen_when_the_last_round_was_finished(office: Office) -> None:
    courier = Alarms(office, channels()).courier
    began, seen = datetime.now(UTC), [courier.finished_at]
    for _ in range(2):
        courier.run_once()
        seen.append(courier.finished_at)
    never, first, second = seen
    assert never is None
    assert first is not None
    assert second is not None
    assert began <= first < second <= datetime.now(UTC)


def test_a_round_that_takes_long_is_logged_once_while_it_lasts(
    office: Office, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier_module, "LONG_ROUND", 1.5)
    with mute_server() as port:
        courier = Alarms(office, channels(smtp=f"smtp://127.0.0.1:{port}")).courier
        courier.run_once()
        time.sleep(1.7)
        assert caplog.text == ""
        courier.seconds = 3
        write(office, *mail_to("anna"))
        courier.run_once()
    said = [record.getMessage() for record in caplog.records]
    assert ["at one round" in each for each in said] == [True, False]
