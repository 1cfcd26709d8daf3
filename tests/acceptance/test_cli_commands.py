"""The commands that look after an installation, each run as people run it."""

import importlib
import json
import os
import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from qbwc_server.cli import _COMMANDS, main
from qbwc_server.cli.alone import alone


@dataclass
class Ran:
    returncode: int
    stdout: str
    stderr: str


Qbwc = Callable[..., Ran]
PASSWORD = "correct horse"
# These take over the log and the signals of their process, so they get one of their own.
_OWN_PROCESS = ("serve",)


@pytest.fixture
def real_qbwc(tmp_path: Path) -> Qbwc:
    """Runs `qbwc` as a process in an empty directory of its own, without settings from outside."""

    def run(*arguments: str, typed: str = "", env: dict[str, str] | None = None) -> Ran:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("QBWC_")}
        ran = subprocess.run(
            [sys.executable, "-m", "qbwc_server", *arguments],
            input=typed,
            cwd=tmp_path,
            env={**clean, "PYTHONUTF8": "1", **(env or {})},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    return run


@pytest.fixture
def qbwc(real_qbwc: Qbwc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Qbwc:
    """Runs the same commands within this process, which is ten times faster."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("QBWC_")]:
        monkeypatch.delenv(name)

    def run(*arguments: str, typed: str = "", env: dict[str, str] | None = None) -> Ran:
        if arguments[0] in _OWN_PROCESS:
            return real_qbwc(*arguments, typed=typed, env=env)
        result = CliRunner().invoke(main, list(arguments), input=typed, env=env, prog_name="qbwc")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def installed(qbwc: Qbwc) -> Qbwc:
    assert qbwc("init").returncode == 0
    return qbwc


def _json(ran: Ran) -> Any:
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def _refused(ran: Ran, *words: str) -> None:
    assert ran.returncode == 2, ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""
    for word in words:
        assert word in ran.stderr


def test_init_makes_everything_and_can_be_repeated(qbwc: Qbwc, tmp_path: Path) -> None:
    first = _json(qbwc("init", "--json"))
    assert set(first) >= {"database", "website_database", "revision"}
    folder = tmp_path / "qbwc-data"
    key = (folder / "secret.key").read_bytes()
    if sys.platform != "win32":
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert _json(qbwc("init", "--json")) == first
    assert (folder / "secret.key").read_bytes() == key
    with closing(sqlite3.connect(folder / "website.db")) as website, website:
        tables = {name for (name,) in website.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables >= {"customers", "items", "qbwc_freshness", "qbwc_checked"}


def test_the_process_itself_keeps_its_streams_and_exit_status_apart(real_qbwc: Qbwc) -> None:
    refused = real_qbwc("company", "list", "--json")
    _refused(refused, "qbwc init")
    assert refused.stderr.count("\n") == 1
    assert set(_json(real_qbwc("init", "--json"))) >= {"database", "website_database", "revision"}
    made = real_qbwc("company", "add", "acme", "--json")
    assert _json(made)["company"] == "acme"
    assert "acme" in made.stderr
    assert real_qbwc("company", "accept", "acme").returncode == 1


def test_a_foreign_table_is_told_and_not_touched(qbwc: Qbwc, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as shop, shop:
        shop.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT)")
    _refused(
        qbwc("init", env={"QBWC_WEBSITE_DATABASE_URL": f"sqlite:///{(tmp_path / 'shop.db').as_posix()}"}),
        "customers",
        "QBWC_MAPPING",
    )
    with closing(sqlite3.connect(tmp_path / "shop.db")) as shop, shop:
        assert [row[1] for row in shop.execute("PRAGMA table_info(customers)")] == ["id", "name"]


@pytest.mark.parametrize("command", ["status", "serve", "user list", "queue list"])
def test_before_init_every_command_names_it(qbwc: Qbwc, tmp_path: Path, command: str) -> None:
    _refused(qbwc(*command.split()), "qbwc init")
    assert not (tmp_path / "qbwc-data").exists()


@pytest.mark.parametrize("revision", ["0000", "9999"])
def test_another_schema_is_refused_with_the_command(installed: Qbwc, tmp_path: Path, revision: str) -> None:
    with closing(sqlite3.connect(tmp_path / "qbwc-data" / "qbwc.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = ?", [revision])
    for command in ("serve", "status"):
        _refused(installed(command), "qbwc init")
    _refused(installed("init"), "newer")


def test_init_takes_no_step_while_a_server_works_on_the_file(installed: Qbwc, tmp_path: Path) -> None:
    file = tmp_path / "qbwc-data" / "qbwc.db"
    with alone(f"sqlite:///{file}"):
        assert installed("init").returncode == 0
        with closing(sqlite3.connect(file)) as database, database:
            database.execute("UPDATE alembic_version SET version_num = '0001'")
        before = file.read_bytes()
        _refused(installed("init"), "Another server works on", "Stop that one first")
        assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"QBWC_PORT": "many"}, ("QBWC_PORT",)),
        ({"QBWC_PUBLIC_URL": "https://192.0.2.7"}, ("QBWC_PUBLIC_URL",)),
        ({"QBWC_DATABASE_URL": "postgresql://nobody:hidden@127.0.0.1:1/none"}, ("QBWC_DATABASE_URL",)),
        ({"QBWC_WEBSITE_DATABASE_URL": "mysql://nobody:hidden@127.0.0.1:1/none"}, ("QBWC_WEBSITE_DATABASE_URL",)),
        ({"QBWC_WEBSITE_DATABASE_URL": "oracle://x"}, ("QBWC_WEBSITE_DATABASE_URL",)),
        ({"QBWC_DATA_DIR": "taken"}, ("taken",)),
    ],
)
def test_a_bad_setting_stops_with_its_name(
    qbwc: Qbwc, tmp_path: Path, environment: dict[str, str], words: tuple[str, ...]
) -> None:
    (tmp_path / "taken").write_text("a file")
    ran = qbwc("init", env=environment)
    _refused(ran, *words)
    assert "hidden" not in ran.stderr


def test_an_unknown_key_in_the_file_stops_with_its_name(installed: Qbwc, tmp_path: Path) -> None:
    (tmp_path / "qbwc-data" / "qbwc.toml").write_text('prot = "8080"\n')
    _refused(installed("status"), "prot", "qbwc.toml")


def test_a_missing_secret_key_is_told(installed: Qbwc, tmp_path: Path) -> None:
    (tmp_path / "qbwc-data" / "secret.key").unlink()
    _refused(installed("serve"), "qbwc init")


def test_a_company_is_added_with_its_account(installed: Qbwc) -> None:
    made = _json(
        installed("company", "add", "acme", "--title", "Acme & Fils", "--company-file", r"C:\Acme.qbw", "--json")
    )
    assert set(made) >= {"company", "title", "user", "password", "owner_id", "file_id", "app_url"}
    assert (made["company"], made["title"], made["user"]) == ("acme", "Acme & Fils", "acme")
    assert made["app_url"] == "http://localhost:8080/qbwc"
    assert re.fullmatch(r"\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}", made["owner_id"])
    listed = _json(installed("company", "list", "--json"))
    assert "password" not in listed[0]
    assert {name: listed[0][name] for name in ("company", "owner_id", "file_id")} == {
        name: made[name] for name in ("company", "owner_id", "file_id")
    }
    assert made["password"] not in installed("company", "list").stdout


def test_company_names_are_checked(installed: Qbwc) -> None:
    for bad in ("Acme", "a b", "é", "x" * 41):
        _refused(installed("company", "add", bad), "a-z")
    assert installed("company", "add", "acme").returncode == 0
    _refused(installed("company", "add", "acme"), "acme")
    _refused(installed("company", "pause", "nobody"), "qbwc company list")


def test_a_company_is_paused_and_resumed(installed: Qbwc) -> None:
    installed("company", "add", "acme")
    assert _json(installed("company", "pause", "acme", "--json"))["paused"] is True
    assert _json(installed("status", "--json"))["companies"][0]["connection"] == "paused"
    assert _json(installed("company", "resume", "acme", "--json"))["paused"] is False


def test_a_new_password_is_another_one(installed: Qbwc) -> None:
    first = _json(installed("company", "add", "acme", "--json"))["password"]
    second = _json(installed("company", "password", "acme", "--json"))["password"]
    assert first != second
    assert len(second) == 24


def test_the_qwc_file_is_the_same_for_ever(installed: Qbwc, tmp_path: Path) -> None:
    made = _json(installed("company", "add", "acme", "--json"))
    printed = installed("company", "qwc", "acme").stdout
    assert installed("company", "qwc", "acme", "-o", "acme.qwc").returncode == 0
    assert (tmp_path / "acme.qwc").read_text("utf-8") == printed
    installed("company", "password", "acme")
    assert installed("company", "qwc", "acme").stdout == printed
    for part in (made["owner_id"], made["file_id"], "pdpNotNeeded", "<IsReadOnly>false</IsReadOnly>"):
        assert part in printed
    assert made["password"] not in printed


def test_a_company_file_never_seen_cannot_be_accepted(installed: Qbwc) -> None:
    installed("company", "add", "acme")
    ran = installed("company", "accept", "acme", "--json")
    assert ran.returncode == 1
    assert json.loads(ran.stdout)["accepted"] is False


def test_a_wrong_path_of_the_company_file_is_corrected_or_taken_away(installed: Qbwc) -> None:
    made = _json(installed("company", "add", "acme", "--company-file", r"C:\Wrong.qbw", "--json"))
    kept = {name: made[name] for name in ("company", "title", "user", "owner_id", "file_id", "app_url")}
    right = r"C:\Users\Public\Société\Acme & Fils.qbw"
    set_ = installed("company", "file", "acme", right, "--json")
    assert _json(set_) == {**kept, "company_file": right, "paused": False}
    assert right in set_.stderr
    assert _json(installed("company", "list", "--json"))[0]["company_file"] == right
    assert _json(installed("company", "file", "acme", "--any", "--json"))["company_file"] is None
    assert right in installed("company", "file", "acme", right, env={"QBWC_LANGUAGE": "fr"}).stdout


def test_a_company_file_is_given_by_its_path_or_taken_as_it_is(installed: Qbwc) -> None:
    installed("company", "add", "acme", "--company-file", r"C:\Acme.qbw")
    _refused(installed("company", "file", "nobody", r"C:\Acme.qbw"), "qbwc company list")
    _refused(installed("company", "file", "acme"), "PATH", "--any")
    _refused(installed("company", "file", "acme", r"C:\Acme.qbw", "--any"), "PATH", "--any")
    _refused(installed("company", "file", "acme", "C:\\a\n.qbw"), "PATH", "1024")
    assert _json(installed("company", "list", "--json"))[0]["company_file"] == r"C:\Acme.qbw"
    assert "accepted" in installed("company", "file", "--help").stdout


def test_users_are_added_listed_and_disabled(installed: Qbwc) -> None:
    added = installed("user", "add", "marie", "--role", "operator", "--password-stdin", "--json", typed=f"{PASSWORD}\n")
    assert _json(added) == {"user": "marie", "role": "operator"}
    _refused(
        installed("user", "add", "marie", "--role", "viewer", "--password-stdin", typed=f"{PASSWORD}\n"),
        "qbwc user password marie",
    )
    assert installed("user", "password", "marie", "--password-stdin", typed="another phrase\n").returncode == 0
    assert _json(installed("user", "disable", "marie", "--json"))["disabled"] is True
    assert [user["user"] for user in _json(installed("user", "list", "--json"))] == ["marie"]
    assert _json(installed("user", "enable", "marie", "--json"))["disabled"] is False
    _refused(installed("user", "enable", "luc"), "qbwc user list")
    assert PASSWORD not in added.stdout + added.stderr


def test_where_to_write_to_a_user_is_set_and_taken_away(installed: Qbwc, tmp_path: Path) -> None:
    made = ("user", "add", "marie", "--role", "operator", "--email", "marie@example.com", "--password-stdin")
    assert installed(*made, typed=f"{PASSWORD}\n").returncode == 0
    assert _contact(installed("user", "list", "--json")) == ("marie@example.com", False)
    assert _contact(installed("user", "email", "marie", "m@example.com", "--alerts", "--json")) == (
        "m@example.com",
        True,
    )
    assert _contact(installed("user", "email", "marie", "n@example.com", "--json")) == ("n@example.com", True)
    _refused(installed("user", "email", "marie"), "--none")
    _refused(installed("user", "email", "marie", "nowhere"), "marie@example.com")
    _refused(installed("user", "email", "marie", "--none", "--alerts"), "Give one")
    assert _contact(installed("user", "email", "marie", "--none", "--json")) == (None, False)
    with closing(sqlite3.connect(tmp_path / "qbwc-data" / "qbwc.db")) as database:
        noted = database.execute("SELECT detail FROM audit WHERE what = 'contact_changed' ORDER BY id")
        assert [json.loads(detail) for (detail,) in noted] == [{"alerts": True}, {"alerts": True}, {"alerts": False}]


@pytest.mark.parametrize("name", ["api:shop", "root (qbwc)", "schedule", "192.0.2.1"])
def test_a_user_is_not_named_as_programs_commands_and_strangers_are(installed: Qbwc, name: str) -> None:
    added = installed("user", "add", name, "--role", "viewer", "--password-stdin", typed=f"{PASSWORD}\n")
    _refused(added, name, "Choose another name")
    assert _json(installed("user", "list", "--json")) == []


def _contact(ran: Ran) -> tuple[str | None, bool]:
    answer = _json(ran)
    user = answer[0] if isinstance(answer, list) else answer
    return user["email"], user["alerts"]


def test_what_is_done_to_users_and_tokens_on_the_command_line_is_noted(installed: Qbwc, tmp_path: Path) -> None:
    installed("user", "add", "marie", "--role", "operator", "--password-stdin", typed=f"{PASSWORD}\n")
    for command in ("disable", "enable"):
        installed("user", command, "marie")
    installed("user", "password", "marie", "--password-stdin", typed="another phrase\n")
    installed("token", "add", "shop")
    installed("token", "revoke", "shop")
    with closing(sqlite3.connect(tmp_path / "qbwc-data" / "qbwc.db")) as database:
        noted = list(database.execute("SELECT who, what, subject, detail FROM audit ORDER BY id"))
    assert [(what, subject) for _, what, subject, _ in noted] == [
        ("user_added", "marie"),
        ("user_disabled", "marie"),
        ("user_enabled", "marie"),
        ("password_changed", "marie"),
        ("token_added", "shop"),
        ("token_revoked", "shop"),
    ]
    assert all(who.endswith("(qbwc)") for who, *_ in noted)
    assert PASSWORD not in str(noted)


def test_wrong_passwords_and_roles_are_refused(installed: Qbwc) -> None:
    _refused(installed("user", "add", "marie", "--role", "owner"), "viewer")
    _refused(installed("user", "add", "marie", "--role", "viewer"), "--password-stdin")
    _refused(installed("user", "add", "marie", "--role", "viewer", "--password-stdin", typed="short\n"), "8")
    _refused(installed("user", "disable", "marie"), "qbwc user list")


def test_tokens_are_shown_once(installed: Qbwc) -> None:
    installed("company", "add", "acme")
    made = _json(installed("token", "add", "shop", "--role", "viewer", "--company", "acme", "--json"))
    assert made["token"].startswith("qbwc_")
    assert made["token"] not in installed("token", "list", "--json").stdout
    _refused(installed("token", "add", "shop"), "qbwc token revoke shop")
    _refused(installed("token", "add", "other", "--company", "nobody"), "qbwc company list")
    assert installed("token", "revoke", "shop").returncode == 0
    _refused(installed("token", "revoke", "shop"), "qbwc token list")


def test_refreshes_are_queued_joined_cancelled_and_listed(installed: Qbwc) -> None:
    installed("company", "add", "acme")
    asked = _json(installed("refresh", "customer", "--list-id", "80000001-1", "80000002-1", "--json"))
    assert [refresh["list_id"] for refresh in asked] == ["80000001-1", "80000002-1"]
    again = _json(installed("refresh", "customer", "--list-id", "80000001-1", "--json"))
    assert (again[0]["id"], asked[0]["joined"], again[0]["joined"]) == (asked[0]["id"], False, True)
    _json(installed("refresh", "item", "--find", "hammer", "--json"))
    listed = _json(installed("queue", "list", "--json"))
    assert [refresh["id"] for refresh in listed] == sorted((one["id"] for one in listed), reverse=True)
    assert len(_json(installed("queue", "list", "--limit", "1", "--json"))) == 1
    number = str(asked[0]["id"])
    assert _json(installed("queue", "cancel", number, "--json"))[0]["state"] == "cancelled"
    late = installed("queue", "cancel", number, "--json")
    assert (late.returncode, json.loads(late.stdout)[0]["state"]) == (1, "cancelled")
    retried = _json(installed("queue", "retry", number, "--json"))[0]
    assert (retried["state"], retried["retry_of"]) == ("waiting", asked[0]["id"])
    assert installed("queue", "retry", str(asked[1]["id"])).returncode == 1
    assert _json(installed("status", "--json"))["queue"]["waiting"] == 3


def test_waiting_without_a_connector_ends_with_a_no(installed: Qbwc) -> None:
    installed("company", "add", "acme")
    ran = installed("refresh", "item", "--all", "--wait", "0.2", "--json")
    assert ran.returncode == 1
    assert json.loads(ran.stdout)[0]["state"] == "waiting"


def test_wrong_refreshes_are_refused(installed: Qbwc) -> None:
    _refused(installed("refresh", "customer", "--all"), "qbwc company add")
    installed("company", "add", "acme")
    installed("company", "add", "globex")
    _refused(installed("refresh", "customer", "--all"), "acme", "globex")
    _refused(installed("refresh", "customer", "--all", "--company", "nobody"), "qbwc company list")
    _refused(installed("refresh", "customer", "--company", "acme"), "--list-id")
    _refused(installed("refresh", "customer", "--all", "--find", "x", "--company", "acme"), "only one")
    _refused(installed("refresh", "customer", "--changed", "--sweep", "--company", "acme"), "only one")
    _refused(installed("refresh", "invoice", "--all"), "customer")
    _refused(installed("refresh", "customer", "--find", "two", "words", "--company", "acme"), "words")
    _refused(installed("queue", "cancel", "7"), "qbwc queue list")


def test_status_tells_of_a_website_that_is_down(installed: Qbwc) -> None:
    down = installed("status", "--json", env={"QBWC_WEBSITE_DATABASE_URL": "mysql://x@127.0.0.1:1/none"})
    assert _json(down)["website_database"]["ok"] is False
    assert set(_json(down)) >= {"companies", "queue", "publishing"}


@pytest.mark.parametrize(
    ("command", "english", "french"),
    [
        ("company list", "qbwc company add NAME", "pas encore de société"),
        ("status", "qbwc company add NAME", "pas encore de société"),
        ("user list", "qbwc user add NAME --role admin", "utilisateur. Créez-en un"),
        ("token list", "qbwc token add NAME", "pas encore de jeton"),
        ("queue list", "Nothing is in the queue.", "est en file."),
    ],
)
def test_where_nothing_is_yet_the_command_that_makes_something_is_told(
    installed: Qbwc, command: str, english: str, french: str
) -> None:
    assert english in installed(*command.split()).stdout
    assert french in installed(*command.split(), env={"QBWC_LANGUAGE": "fr"}).stdout


def test_sentences_come_in_french(installed: Qbwc) -> None:
    assert "prêtes" in installed("init", env={"QBWC_LANGUAGE": "fr"}).stdout


def test_each_line_of_the_list_of_commands_begins_that_commands_own_help() -> None:
    for module, line in _COMMANDS.values():
        command = importlib.import_module(module).command
        assert command.get_short_help_str(limit=200) == line


@pytest.mark.parametrize("arguments", [("--help",), ("status", "--help"), ("company", "--help"), ("init", "--help")])
def test_commands_that_serve_nothing_load_no_part_of_the_server(arguments: tuple[str, ...]) -> None:
    script = (
        "import sys\nfrom qbwc_server.cli import main\n"
        "main(sys.argv[1:], standalone_mode=False)\n"
        "print({'flask', 'spyne', 'waitress', 'alembic'} & set(sys.modules), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
    assert ran.stderr.splitlines()[-1] == "set()"


def test_help_and_version_need_no_installation(qbwc: Qbwc) -> None:
    listed = qbwc("--help")
    assert listed.returncode == 0
    for command in ("demo", "init", "serve", "company", "user", "token", "refresh", "queue", "status", "rehearse"):
        assert f"  {command} " in listed.stdout
    assert qbwc("--version").returncode == 0
    _refused(qbwc("nonsense"), "nonsense")


def test_a_pause_may_end_by_itself_and_what_is_done_to_a_company_is_noted(installed: Qbwc, tmp_path: Path) -> None:
    assert installed("company", "add", "acme").returncode == 0
    assert json.loads(installed("company", "pause", "acme", "--minutes", "15", "--json").stdout)["paused"] is True
    assert json.loads(installed("company", "resume", "acme", "--json").stdout)["paused"] is False
    assert installed("company", "pause", "acme", "--minutes", "0").returncode == 2

    with closing(sqlite3.connect(tmp_path / "qbwc-data" / "qbwc.db")) as connection:
        noted = connection.execute("SELECT what, company FROM audit ORDER BY id").fetchall()
    assert noted == [("company_added", "acme"), ("company_paused", "acme"), ("company_resumed", "acme")]


def test_how_long_quickbooks_is_kept_open_is_set_and_noted(installed: Qbwc, tmp_path: Path) -> None:
    assert installed("company", "add", "acme").returncode == 0
    for seconds, kept in (("60", 60), ("off", 0), ("30", 30), ("OFF", 0)):
        assert _json(installed("company", "hold", "acme", seconds, "--json"))["hold_seconds"] == kept
    assert "kept open for 20 seconds" in installed("company", "hold", "acme", "20").stdout
    for wrong in ("61", "1.5", "long", "٣", " 5 ", "1_0", "+5", "9" * 5000):
        refused = installed("company", "hold", "acme", wrong)
        assert refused.returncode == 2
        assert "1 to 60 whole seconds, or not at all: off" in refused.stderr
    assert _json(installed("company", "list", "--json"))[0]["hold_seconds"] == 20

    with closing(sqlite3.connect(tmp_path / "qbwc-data" / "qbwc.db")) as connection:
        noted = connection.execute("SELECT count(*) FROM audit WHERE what = 'hold_changed'").fetchone()
    assert noted == (5,)
