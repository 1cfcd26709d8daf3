from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from qbwc_server.refreshing import ConnectionView, FieldChange, Refresh
from qbwc_server.web.states import Badge, connection_sentence, refresh_badge, refresh_status, when_asked
from qbwc_server.web.wording import Wording

NOW = datetime(2026, 11, 24, 15, 20, tzinfo=UTC)
EN = Wording("en", "America/Toronto", NOW)
FR = Wording("fr", "America/Toronto", NOW)
CONNECTED = ConnectionView(
    state="connected",
    last_seen_at=NOW - timedelta(minutes=1),
    next_expected_at=NOW + timedelta(minutes=5),
    interval_seconds=300,
    product=None,
    country=None,
    connector_version=None,
    address=None,
    file=None,
    file_name=None,
    attention_code=None,
    attention_values={},
    wrong_passwords=0,
    wrong_password_at=None,
    qbxml_version=None,
)
LATE = replace(CONNECTED, state="late", last_seen_at=NOW - timedelta(minutes=11), next_expected_at=None)
OFFLINE = replace(LATE, state="offline", last_seen_at=NOW - timedelta(hours=3))
NEVER = replace(CONNECTED, state="never_seen", last_seen_at=None, next_expected_at=None, interval_seconds=None)
ONCE = replace(CONNECTED, next_expected_at=None, interval_seconds=None)
PAUSED = replace(CONNECTED, state="paused")
FREED = replace(PAUSED, paused_by="omar", paused_until=NOW + timedelta(minutes=15))
OFF_HOURS = replace(OFFLINE, state="off_hours")
TROUBLED = replace(CONNECTED, state="needs_attention", attention_code="wrong_file", attention_values={"file": "C:\\b"})
WAITING = Refresh(
    id=1,
    company="acme",
    list="customer",
    scope="record",
    list_id="8-1",
    full_name=None,
    state="waiting",
    outcome=None,
    asked_by="marie",
    asked_at=NOW,
    sent_at=None,
    answered_at=None,
    published_at=None,
    finished_at=None,
    expected_at=NOW + timedelta(minutes=5),
    records=0,
    changes=(),
    error_code=None,
    error_values={},
    joined=False,
    retry_of=None,
    way="list_id",
    value="8-1",
)
DONE = replace(WAITING, state="published", outcome="updated", expected_at=None, finished_at=NOW)


@pytest.mark.parametrize(
    ("connection", "sentence"),
    [
        (CONNECTED, "Waiting for QuickBooks – expected about 10:25"),  # noqa: RUF001 - as the catalogue has it
        (LATE, "Waiting for QuickBooks – it is later than usual"),  # noqa: RUF001
        (OFFLINE, "Waiting for QuickBooks – not seen since 07:20"),  # noqa: RUF001
        (NEVER, "Waiting for QuickBooks"),
        (PAUSED, "Waiting for QuickBooks"),
    ],
    ids=["connected", "late", "offline", "never", "paused"],
)
def test_waiting_says_honestly_when_quickbooks_is_expected(connection: ConnectionView, sentence: str) -> None:
    expected = WAITING.expected_at if connection is CONNECTED else None
    assert refresh_status(EN, replace(WAITING, expected_at=expected), connection, 0).badge.text == sentence


@pytest.mark.parametrize(
    ("state", "connection", "english", "tone"),
    [
        ("waiting", CONNECTED, "Being read from QuickBooks", "work"),
        ("sent", CONNECTED, "Being read from QuickBooks", "work"),
        ("sent", OFFLINE, "Being read from QuickBooks", "work"),
        ("waiting", LATE, "Waiting for QuickBooks – it is later than usual", "wait"),  # noqa: RUF001
        ("waiting", OFFLINE, "Waiting for QuickBooks – not seen since 07:20", "wait"),  # noqa: RUF001
    ],
)
def test_a_list_between_two_pages_is_being_read_while_somebody_calls(
    state: str, connection: ConnectionView, english: str, tone: str
) -> None:
    run = replace(WAITING, scope="all", way="all", state=state, begun=True, records=50, total=80)
    badge = refresh_status(EN, run, connection, 0).badge
    assert (badge.text, badge.tone) == (english, tone)
    assert refresh_badge(EN, run) == Badge("Being read from QuickBooks", "work")


def test_what_keeps_a_waiting_refresh_is_said_with_the_cure() -> None:
    status = refresh_status(EN, WAITING, TROUBLED, 0)
    assert status.trouble is not None
    assert "C:\\b" in status.trouble.message
    assert status.trouble.steps


@pytest.mark.parametrize(
    ("outcome", "changed", "sentence", "tone"),
    [
        ("updated", 1, "Done at 10:20: 1 field changed", "good"),
        ("updated", 2, "Done at 10:20: 2 fields changed", "good"),
        ("updated", 0, "Done at 10:20: the website was brought up to date", "good"),
        ("unchanged", 0, "Already up to date at 10:20", "good"),
        ("inserted", 9, "Done at 10:20: new on the website", "good"),
        ("not_found", 0, "Not found in QuickBooks; no record with this ListID was ever seen there", "quiet"),
        ("deleted", 0, "Deleted or merged in QuickBooks, which does not say when", "quiet"),
    ],
)
def test_done_says_what_came_of_it(outcome: str, changed: int, sentence: str, tone: str) -> None:
    badge = refresh_status(EN, replace(DONE, outcome=outcome), CONNECTED, changed).badge
    assert (badge.text, badge.tone) == (sentence, tone)


@pytest.mark.parametrize(
    ("outcome", "counts", "english", "french"),
    [
        (
            "mixed",
            {"updated": 3, "unchanged": 1997},
            "Done at 10:20: 3 updated, 1,997 unchanged",
            "Terminé à 10:20\u00a0: 3 modifiés, 1\u202f997 inchangés",
        ),
        (
            "mixed",
            {"unchanged": 1, "inserted": 1, "updated": 1, "deleted": 1},
            "Done at 10:20: 1 new, 1 updated, 1 unchanged, 1 deleted",
            "Terminé à 10:20\u00a0: 1 nouveau, 1 modifié, 1 inchangé, 1 supprimé",
        ),
        ("inserted", {"inserted": 60}, "Done at 10:20: 60 new", "Terminé à 10:20\u00a0: 60 nouveaux"),
        ("deleted", {"deleted": 2}, "Done at 10:20: 2 deleted", "Terminé à 10:20\u00a0: 2 supprimés"),
        ("unchanged", {"unchanged": 100}, "Already up to date at 10:20", "Déjà à jour à 10:20"),
        ("unchanged", {}, "Already up to date at 10:20", "Déjà à jour à 10:20"),
        (
            "mixed",
            {},
            "Done at 10:20: the website was brought up to date",
            "Terminé à 10:20\u00a0: le site a été mis à jour",
        ),
    ],
    ids=["some changed", "one of each", "all new", "all gone", "none changed", "empty", "uncounted"],
)
def test_a_whole_list_says_how_many_records_had_which_outcome(
    outcome: str, counts: dict[str, int], english: str, french: str
) -> None:
    done = replace(DONE, scope="all", way="all", outcome=outcome, counts=counts)
    for reader, sentence in ((EN, english), (FR, french)):
        badge = refresh_status(reader, done, CONNECTED, 0).badge
        assert (badge.text, badge.tone) == (sentence, "good")
    assert refresh_badge(EN, done) == Badge("Done", "good")


@pytest.mark.parametrize(
    ("scope", "outcome", "counts", "changed", "sentence"),
    [
        ("all", "mixed", {"updated": 3, "held": 2}, 0, "Done at 10:20, with exceptions: 3 updated"),
        ("all", "unchanged", {"unchanged": 9}, 0, "Done at 10:20, with exceptions: 9 unchanged"),
        ("all", "unchanged", {}, 0, "Done at 10:20, with exceptions"),
        ("record", "updated", {}, 1, "Done at 10:20, with exceptions: 1 field changed"),
        ("record", "unchanged", {}, 0, "Done at 10:20, with exceptions"),
        ("find", "unchanged", {}, 0, "Done at 10:20, with exceptions"),
    ],
)
def test_only_what_ended_with_an_error_is_done_with_exceptions(
    scope: str, outcome: str, counts: dict[str, int], changed: int, sentence: str
) -> None:
    done = replace(
        DONE, scope=scope, outcome=outcome, counts=counts, error_code="set_aside", error_values={"count": "2"}
    )
    status = refresh_status(EN, done, CONNECTED, changed)
    assert (status.badge.text, status.badge.tone) == (sentence, "bad")
    assert status.trouble is not None
    assert refresh_badge(EN, done) == Badge("Done, with exceptions", "bad")


@pytest.mark.parametrize(
    ("outcome", "values", "english", "french"),
    [
        (
            "deleted",
            {"time_deleted": "2026-07-01T23:59:00-05:00", "records": 1},
            "Deleted in QuickBooks on Jul 1, 2026 at 23:59; the website now shows it as deleted",
            "Supprimé dans QuickBooks le 1 juil. 2026 à 23:59\u202f; le site l\u2019indique maintenant comme supprimé",
        ),
        (
            "deleted",
            {"time_deleted": "2026-07-01T23:59:00"},
            "Deleted in QuickBooks on Jul 1, 2026 at 23:59",
            "Supprimé dans QuickBooks le 1 juil. 2026 à 23:59",
        ),
        (
            "deleted",
            {"time_deleted": "long ago"},
            "Deleted in QuickBooks long ago",
            "Supprimé dans QuickBooks long ago",
        ),
        (
            "deleted",
            {"records": 1},
            "Deleted or merged in QuickBooks, which does not say when; the website now shows it as deleted",
            (
                "Supprimé ou fusionné dans QuickBooks, qui ne dit pas quand\u202f; "
                "le site l\u2019indique maintenant comme supprimé"
            ),
        ),
        (
            "updated",
            {"changes": (FieldChange("8-1", "IsActive", before=True, after=False),)},
            "Done at 10:20: made inactive in QuickBooks",
            "Terminé à 10:20\u00a0: rendu inactif dans QuickBooks",
        ),
        (
            "updated",
            {"changes": (FieldChange("8-1", "IsActive", before=False, after=True),)},
            "Done at 10:20: 1 field changed",
            "Terminé à 10:20\u00a0: 1 champ modifié",
        ),
    ],
    ids=["deleted", "never here", "no time", "merged perhaps", "inactive", "active again"],
)
def test_a_record_that_vanished_says_how(outcome: str, values: dict[str, Any], english: str, french: str) -> None:
    done = replace(DONE, outcome=outcome, **values)
    for reader, sentence in ((EN, english), (FR, french)):
        assert refresh_status(reader, done, CONNECTED, len(done.changes)).badge.text == sentence


def test_a_search_without_a_hit_says_so() -> None:
    found = replace(DONE, scope="find", way="find", value="x", outcome="unchanged")
    assert refresh_badge(EN, found) == Badge("Done", "good")
    nothing = replace(found, outcome="not_found")
    assert refresh_badge(EN, nothing) == Badge("Not found in QuickBooks", "quiet")
    assert refresh_status(EN, nothing, CONNECTED, 0).badge == Badge("Not found in QuickBooks", "quiet")


def test_what_quickbooks_does_not_have_stays_a_quiet_result_whatever_it_said() -> None:
    gone = replace(DONE, outcome="not_found", error_code="3250")
    assert refresh_status(EN, gone, CONNECTED, 0).badge == Badge("Not found in QuickBooks", "quiet")


@pytest.mark.parametrize(
    ("reader", "done", "offline"),
    [
        (EN, "Done on Nov 22, 2026 at 10:20: 1 field changed", "not seen since Nov 22, 2026 at 10:20"),
        (FR, "Terminé le 22 nov. 2026 à 10:20\u00a0: 1 champ modifié", "aucun appel depuis le 22 nov. 2026 à 10:20"),
    ],
    ids=["en", "fr"],
)
def test_a_time_of_another_day_is_said_with_its_date_as_the_language_does(
    reader: Wording, done: str, offline: str
) -> None:
    then = NOW - timedelta(days=2)
    assert refresh_status(reader, replace(DONE, finished_at=then), CONNECTED, 1).badge.text == done
    waiting = refresh_status(reader, replace(WAITING, expected_at=None), replace(OFFLINE, last_seen_at=then), 0)
    assert waiting.badge.text.endswith(offline)


def test_a_failure_names_the_field_as_people_read_it() -> None:
    failed = replace(
        DONE,
        state="failed",
        outcome=None,
        error_code="ambiguous",
        error_values={"field": "Email", "count": "2"},
    )
    trouble = refresh_status(FR, failed, CONNECTED, 0).trouble
    assert trouble is not None
    assert "(Adresse de courriel)" in trouble.message
    assert refresh_badge(EN, failed).text == "Needs attention"


@pytest.mark.parametrize(
    ("connection", "part"),
    [
        (CONNECTED, "about every 5 minutes; the next check is expected at 10:25"),
        (ONCE, "It is not known yet how often"),
        (LATE, "Expected 6 minutes ago"),
        (OFFLINE, "has not been in touch since 07:20"),
        (NEVER, "The Web Connector has not called yet"),
        (PAUSED, "Paused. Requests are kept"),
        (FREED, "Paused by omar; it starts again at 10:35"),
        (OFF_HOURS, "has not been in touch since 07:20"),
        (TROUBLED, "belongs to another company"),
    ],
    ids=["connected", "once", "late", "offline", "never", "paused", "freed", "off_hours", "troubled"],
)
def test_who_asks_is_told_beforehand_when_quickbooks_will_hear_of_it(connection: ConnectionView, part: str) -> None:
    assert part in " ".join(when_asked(EN, connection))


def test_every_state_has_words_in_both_languages() -> None:
    for reader in (EN, FR):
        for connection in (CONNECTED, ONCE, LATE, OFFLINE, NEVER, PAUSED, FREED, OFF_HOURS, TROUBLED):
            assert connection_sentence(reader, connection)
            for state in ("waiting", "sent", "answered", "cancelled"):
                assert refresh_status(reader, replace(WAITING, state=state), connection, 0).badge.text


def test_an_answer_that_cannot_reach_the_website_yet_says_so_and_loses_nothing() -> None:
    answered = replace(WAITING, state="answered", expected_at=None)
    status = refresh_status(EN, answered, CONNECTED, 0, website_away=True)
    assert status.badge == Badge(EN.text("refresh.answered_website_down"), "wait")
    assert refresh_status(EN, DONE, CONNECTED, 1, website_away=True) == refresh_status(EN, DONE, CONNECTED, 1)


def test_while_quickbooks_is_kept_open_a_refresh_is_promised_within_seconds() -> None:
    held = replace(CONNECTED, hold_seconds=30, held_until=NOW + timedelta(seconds=20))
    assert when_asked(EN, held) == ("QuickBooks is open for the Web Connector just now: it takes a few seconds.",)
    assert "quelques secondes" in when_asked(FR, held)[0]
