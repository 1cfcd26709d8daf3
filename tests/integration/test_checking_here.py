"""What is on this machine beside the databases: the data directory, the secret key, the port, the environment."""

import http.server
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qbwc_server.checking import (
    Finding,
    data_directory,
    forgotten_settings,
    last_visits,
    local_port,
    versions,
    worded,
)
from qbwc_server.cli.installing import install
from qbwc_server.refreshing import Refreshing
from qbwc_server.settings import Settings, load_settings

as_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = load_settings({"data_dir": tmp_path / "data"}, {})
    install(found)
    return found


def faults(found: tuple[Finding, ...]) -> dict[str, str]:
    return {one.check: one.told for one in found if not one.ok}


def cure(found: tuple[Finding, ...]) -> str:
    (one,) = (one for one in found if not one.ok)
    said = worded(one, "en", "UTC")
    assert said.cure
    return said.cure


def test_this_machine_runs_what_the_program_was_made_for() -> None:
    assert [one.state for one in versions()] == ["ok", "ok"]


# --- the data directory and the secret key ---


def test_a_fresh_data_directory_is_in_order(settings: Settings) -> None:
    assert [one.state for one in data_directory(settings)] == ["ok", "ok", "ok"]


def test_a_missing_data_directory_is_found(tmp_path: Path) -> None:
    found = data_directory(load_settings({"data_dir": tmp_path / "nowhere"}, {}))

    assert faults(found) == {"data_dir": "data_dir.absent", "secret_key": "secret_key.absent"}
    assert not (tmp_path / "nowhere").exists()


def test_a_data_directory_that_others_may_open_is_found(settings: Settings) -> None:
    settings.data_dir.chmod(0o755)

    found = data_directory(settings)

    assert faults(found) == {"data_dir": "rights.open"}
    assert cure(found) == f"Close it: chmod 700 {settings.data_dir}"


def test_a_secret_key_that_others_may_read_is_found(settings: Settings) -> None:
    (settings.data_dir / "secret.key").chmod(0o640)

    found = data_directory(settings)

    assert faults(found) == {"secret_key_rights": "rights.open"}
    assert "chmod 600" in cure(found)


@as_root
def test_a_secret_key_of_another_user_is_found_with_both_names(settings: Settings) -> None:
    os.chown(settings.data_dir / "secret.key", 65534, 65534)

    found = data_directory(settings)

    assert faults(found) == {"secret_key_rights": "rights.owner"}
    assert "sudo -u" in cure(found)


def test_a_missing_secret_key_is_found(settings: Settings) -> None:
    (settings.data_dir / "secret.key").unlink()

    assert faults(data_directory(settings)) == {"secret_key": "secret_key.absent"}
    assert "qbwc init" in cure(data_directory(settings))


def test_a_short_secret_key_is_found_and_not_shown(settings: Settings) -> None:
    (settings.data_dir / "secret.key").write_text("hunter2\n")

    found = data_directory(settings)

    assert faults(found) == {"secret_key": "secret_key.short"}
    assert "Delete the file" in cure(found)
    assert "hunter2" not in f"{[worded(one, 'en', 'UTC') for one in found]}"


def test_a_secret_key_from_the_settings_needs_no_file(settings: Settings) -> None:
    (settings.data_dir / "secret.key").unlink()

    assert faults(data_directory(settings.with_changes(secret_key="k" * 32))) == {}


# --- the port ---


def test_a_free_port_is_no_fault(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port = one.getsockname()[1]

    (found,) = local_port(settings.with_changes(port=port))

    assert (found.state, found.told) == ("ok", "port.free")


def test_a_port_of_another_program_is_found(settings: Settings) -> None:
    with _stranger() as port:
        found = local_port(settings.with_changes(port=port))

    assert faults(found) == {"port": "port.busy"}
    assert "QBWC_PORT" in cure(found)


def test_a_port_that_is_taken_and_not_answered_is_found(settings: Settings) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        found = local_port(settings.with_changes(port=one.getsockname()[1]))

    assert faults(found) == {"port": "port.busy"}


def test_a_host_that_is_not_this_machine_is_found(settings: Settings) -> None:
    # Kept for examples; no machine has it. Source: RFC 5737.
    found = local_port(settings.with_changes(host="192.0.2.1"))

    assert faults(found) == {"port": "port.elsewhere"}
    assert "QBWC_HOST" in cure(found)


@contextmanager
def _stranger() -> Iterator[int]:
    class Quiet(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


# --- the settings and the companies ---


def test_a_variable_that_is_no_setting_is_found(settings: Settings) -> None:
    found = forgotten_settings(settings, {"QBWC_PORTT": "8081"})

    assert faults(found) == {"variables": "variables.unknown"}
    assert "name" in cure(found)


def test_alerts_that_go_nowhere_are_told_and_no_fault(settings: Settings) -> None:
    found = forgotten_settings(settings, {})

    assert {one.check: one.state for one in found} == {"variables": "ok", "mail": "skipped", "webhook": "skipped"}


def test_a_mail_server_without_a_sender_is_found(settings: Settings) -> None:
    found = forgotten_settings(settings.with_changes(smtp_url="smtp://u:hunter2@mail.example.com"), {})

    assert faults(found) == {"mail": "mail.no_sender"}
    assert "QBWC_MAIL_FROM" in cure(found)


def test_alerts_that_are_set_up_are_told_without_a_password(settings: Settings) -> None:
    whole = settings.with_changes(
        smtp_url="smtp://u:hunter2@mail.example.com",
        mail_from="qbwc@example.com",
        alert_webhook="https://hooks.example.com/hunter2",
    )

    found = forgotten_settings(whole, {})

    assert [one.state for one in found] == ["ok", "ok", "ok"]
    assert "hunter2" not in f"{[worded(one, 'en', 'UTC') for one in found]}"


def test_companies_are_not_looked_at_in_a_database_that_is_not_in_order(tmp_path: Path) -> None:
    settings = load_settings({"data_dir": tmp_path / "nowhere"}, {})

    (found,) = last_visits(settings, lambda database: Refreshing(database).companies())

    assert (found.state, found.told) == ("skipped", "skipped.database")
    assert not (tmp_path / "nowhere").exists()
