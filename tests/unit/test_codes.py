import re

import click
import pytest

from qbwc_server import cli, codes, words

HRESULTS = (
    "308 400 401 402 403 406 408 409 40A 40D 410 414 416 417 418 41A 41D 41F 420 422 424 438".split()  # noqa: SIM905
)
STATUSES = (
    *(0, 1, 500, 501, 510, 530, 531, 550, 560, 570, 600, 1000, 1010, 1030, 1060),
    *(3000, 3010, 3020, 3030, 3031, 3035, 3100, 3120, 3130, 3140, 3170, 3171, 3175, 3176, 3180),
    *(3200, 3210, 3231, 3250, 3260, 3261, 3263, 3391, 9100),
)
OURS = (
    *("held", "ambiguous", "refused_value", "wrong_file", "file_unconfirmed", "no_answer", "not_found", "deleted"),
    *("cancelled_late", "website_down", "not_understood", "version_too_old", "foreign_answer", "truncated"),
    *("empty_answer", "not_xml", "wrong_kind", "paused", "taken_over", "internal", "permission", "wrong_password"),
    *("given_up", "left_out", "list_short"),
)
EVERY = codes.known()
# What may be the last reason of a request that is given up, and how it is said that one is kept.
RETRIED = tuple(
    code
    for code in (*EVERY, codes.find("0x8004FFFF"))
    if code.policy == "retry" and code.code not in ("taken_over", "unknown_ticket", "older_version", "3231")
)
KEPT = re.compile(r"is kept|again at|next check|is sent|nothing is lost|conservée|repartira|vérification|perdu")
# Names under which others sell what this program does; no sentence of ours advertises or blames one.
RIVALS = re.compile(r"conductor|codat|qbsync|consolibyte|autofy|skyvia|zapier|webgility", re.IGNORECASE)


@pytest.mark.parametrize("digits", HRESULTS)
def test_every_hresult_users_meet_is_known(digits: str) -> None:
    assert codes.find(f"0x80040{digits}").kind == "hresult"
    assert codes.is_known(f"0x80040{digits}")


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_is_known_as_a_number_and_as_text(status: int) -> None:
    assert codes.find(status).kind == "status"
    assert codes.find(status) == codes.find(str(status))
    assert codes.is_known(status)


@pytest.mark.parametrize("number", [*range(1000, 1047), 1048, 1085])
def test_every_message_of_the_web_connector_is_known(number: int) -> None:
    found = codes.find(f"qbwc{number}")

    assert (found.code, found.kind) == (f"QBWC{number}", "qbwc")


@pytest.mark.parametrize("name", OURS)
def test_our_own_names_are_known(name: str) -> None:
    assert codes.find(name).kind == "ours"
    assert codes.is_known(name)


@pytest.mark.parametrize("written", ["0x8004040A", "0X8004040a", " 0x8004040a ", "8004040A"])
def test_an_hresult_is_found_however_it_is_written(written: str) -> None:
    assert codes.find(written).code == "0x8004040A"


@pytest.mark.parametrize(
    ("code", "policy"),
    [
        ("0x80040400", "split"),
        ("0x80040401", "retry"),
        ("0x80040402", "retry"),
        ("0x80040408", "wait"),
        ("0x8004040A", "wait"),
        ("0x80040414", "wait"),
        ("0x8004041A", "wait"),
        (0, "result"),
        (1, "result"),
        (500, "result"),
        (3120, "result"),
        (3250, "result"),
        (3231, "retry"),
        (1000, "retry"),
        (3391, "retry"),
        (3260, "fail"),
        (3261, "fail"),
        ("held", "fail"),
        ("ambiguous", "fail"),
        ("refused_value", "fail"),
        ("no_answer", "fail"),
        ("wrong_file", "wait"),
        ("website_down", "wait"),
        ("truncated", "retry"),
    ],
)
def test_what_becomes_of_a_refresh(code: str | int, policy: str) -> None:
    assert codes.find(code).policy == policy


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("code", EVERY, ids=lambda code: code.code)
def test_every_code_says_what_happened_and_three_steps(language: str, code: codes.Code) -> None:
    said = codes.explain(language, code)

    assert words.has(language, f"code.{code.wording}.message")
    assert said.message.endswith(".")
    assert said.who == code.blame
    assert said.who_text
    assert len(said.steps) == 3
    for sentence in (said.message, *said.steps):
        assert "{" not in sentence
        assert not RIVALS.search(sentence)


def test_particulars_are_told_when_all_are_given() -> None:
    assert "Open acme.qbw (or" in codes.explain("en", "0x8004040A", file="acme.qbw").message
    assert "acme.qbw" not in codes.explain("en", "0x8004040A", other="acme.qbw").message
    assert codes.explain("en", "0x8004040A", file="") == codes.explain("en", "0x8004040A")


def test_the_fullest_sentence_is_used_that_the_particulars_allow() -> None:
    full = codes.explain("fr", "refused_value", column="name", length="143", limit="100", reason="too_long").message
    less = codes.explain("fr", "refused_value", column="name", reason="not_a_number").message

    assert "100 caractères" in full
    assert "La colonne name" in less
    assert (
        "5 décimales"
        in codes.explain(
            "fr", "refused_value", column="price", length="7", limit="5", reason="too_many_decimals"
        ).message
    )
    assert "La colonne" not in codes.explain("fr", "refused_value").message


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("last", RETRIED, ids=lambda code: code.code)
def test_a_request_given_up_says_what_was_wrong_and_never_that_it_is_kept(language: str, last: codes.Code) -> None:
    said = codes.explain(language, "given_up", last=last.code)

    assert codes.explain(language, last).message.partition(".")[0] in said.message
    assert not [text for text in (said.message, *said.steps) if KEPT.search(text)]
    assert said.code == "given_up"
    assert (last.code in said.message) == (last.kind != "ours")
    assert len(said.steps) == 3
    assert said.steps[1] == words.text(language, "code.given_up.again")


@pytest.mark.parametrize("last", RETRIED, ids=lambda code: code.code)
def test_who_can_cure_a_request_given_up_follows_the_last_reason(last: codes.Code) -> None:
    said = codes.explain("en", "given_up", last=last.code)

    assert said.who == ("office" if last.blame == "nobody" else last.blame)
    if last.blame != "nobody":
        first, again, third = codes.explain("en", last).steps
        assert said.steps == (first, words.text("en", "code.given_up.again"), third)
        assert "Update Selected" in again, "the step that is left out says how it is sent again"


def test_a_request_given_up_reads_well() -> None:
    english = codes.explain("en", "given_up", last="0x80040402")
    french = codes.explain("fr", "given_up", last="truncated")

    assert english.message == (
        "QuickBooks was asked five times without success, and the request was stopped so that others can go on. "
        "The last reason known (code 0x80040402): QuickBooks met an unexpected error."
    )
    assert english.steps == (
        "Close QuickBooks and open it again with the company file.",
        "On the request's page, choose Try again.",
        "If it persists, send the end of the file qbsdklog.txt from that PC to the person who looks after this server.",
    )
    assert french.message == (
        "QuickBooks a été interrogé cinq fois sans succès, et la demande a été arrêtée pour que les autres avancent. "
        "Dernière raison connue\u00a0: «\u00a0La réponse de QuickBooks s\u2019est interrompue avant la fin.\u00a0»"
    )
    assert french.who_text == "Les auteurs de ce programme"


def test_a_request_that_waits_is_told_what_becomes_of_it_after_what_happened() -> None:
    assert codes.explain("en", 1000).message == (
        "QuickBooks had an internal error. The request is kept and is sent again at the next check."
    )
    assert codes.explain("en", "internal", id="x1").message == (
        "Something went wrong on our side. Reference x1. Your request was not lost."
    )


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("code", [code for code in EVERY if code.policy in ("wait", "retry")], ids=lambda one: one.code)
def test_what_has_not_failed_offers_no_button_that_only_failures_have(language: str, code: codes.Code) -> None:
    button = words.text(language, "action.try_again")

    assert [step for step in codes.explain(language, code).steps if button in step] == []


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_steps_name_only_commands_that_are_there(language: str) -> None:
    named = {
        (code.code, *command.split())
        for code in EVERY
        for step in codes.explain(language, code).steps
        for command in re.findall(r"(?<!/)\bqbwc ([a-z]+(?: [a-z]+)?)", step)
    }

    assert {found[0] for found in named} >= {"paused", "wrong_password", "file_unconfirmed", "0x80040406", "0x80040416"}
    for _, *path in named:
        command: click.Command | None = cli.main
        for name in path:
            if isinstance(command, click.Group):
                command = command.get_command(click.Context(command), name)
        assert command is not None, path


def test_an_unknown_code_is_kept_and_loses_no_refresh() -> None:
    said = codes.explain("en", "0x80049999")

    assert said.code == "0x80049999"
    assert "0x80049999" in said.message
    assert codes.find("0x80049999").policy == "retry"
    assert codes.find(4711).wording == "unknown_status"
    assert codes.find("QBWC2001").kind == "qbwc"
    assert not codes.is_known("qwerty")


def test_what_people_send_is_not_repeated_at_length() -> None:
    assert len(codes.find("x" * 1000).code) <= 40


def test_braces_in_what_people_send_are_only_text() -> None:
    assert "{0.__class__}" in codes.explain("en", "{0.__class__}").message


def test_a_macro_status_has_one_sentence_for_its_whole_range() -> None:
    assert codes.find(9150).wording == "9100"
    assert codes.find(9150).code == "9150"


def test_a_number_with_two_meanings_gives_both_and_a_status_comes_first() -> None:
    assert [code.kind for code in codes.find_all("1010")] == ["status", "qbwc"]
    assert [code.code for code in codes.find_all("1039")] == ["QBWC1039"]
    assert codes.find(1039).kind == codes.find("1039").kind == "status"


def test_the_error_of_a_refresh_is_ready_for_json() -> None:
    error = codes.error_json("en", "held")

    assert list(error) == ["code", "message", "who", "steps"]
    assert error["who"] == "us"
    assert isinstance(error["steps"], list)
