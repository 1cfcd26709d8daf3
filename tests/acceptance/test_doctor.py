"""`qbwc doctor` on real installations: exit status, JSON, words, and a server that runs or does not."""

import http.client
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from real_server import RealServer, installed

from qbwc_server.rehearsal.company import SimulatedCompany


@dataclass(frozen=True)
class Examined:
    """What the command did."""

    status: int
    lines: list[str]
    findings: dict[str, dict[str, Any]]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RealServer]:
    with installed(tmp_path / "data") as made:
        (tmp_path / "data").chmod(0o700)
        yield made


def doctor(server: RealServer, **environ: str) -> Examined:
    """Run it for people and programs at once: words are on standard error then."""
    done = subprocess.run(
        [sys.executable, "-m", "qbwc_server", "doctor", "--json"],
        env=server._environment() | {"QBWC_PORT": str(server.port)} | environ,
        capture_output=True,
        check=False,
        timeout=120,
    )
    said = done.stderr.decode().splitlines()
    found = json.loads(done.stdout or "[]")
    return Examined(done.returncode, said, {one["check"]: one for one in found})


def test_an_installation_in_order_passes_while_its_server_runs(server: RealServer) -> None:
    company = SimulatedCompany("Acme Inc.")
    account = server.add_company("acme", company)
    server.start()
    connector = server.connector(account, company)
    connector.authenticate()
    connector.disconnect()
    end = time.monotonic() + 20
    # Who called is written every few seconds.
    while server.ours("SELECT last_seen_at FROM connections")[0]["last_seen_at"] is None:
        assert time.monotonic() < end
        time.sleep(0.1)

    seen = doctor(server, QBWC_OFFICE_HOURS="always")

    assert seen.status == 0, seen.lines
    assert all(one["ok"] is True and one["cure"] is None for one in seen.findings.values())
    assert seen.findings["port"]["state"] == "ok"
    assert "is running" in seen.findings["port"]["message"]
    assert seen.findings["last_visit"]["state"] == "ok"
    assert "acme" in seen.findings["last_visit"]["message"]
    assert seen.lines[-1] == "All is well."
    assert {line.split()[0] for line in seen.lines[:-1]} == {"OK", "SKIP"}


def test_several_faults_are_found_at_once_and_each_line_ends_with_its_cure(server: RealServer) -> None:
    (server.folder / "secret.key").chmod(0o644)
    server.folder.chmod(0o755)
    (server.folder / "website.db").unlink()

    seen = doctor(server, QBWC_PORTT="8080")

    failed = {check: one for check, one in seen.findings.items() if not one["ok"]}
    assert seen.status == 1
    assert set(failed) == {
        "variables",
        "data_dir",
        "secret_key_rights",
        "website_reachable",
        "public_url_connects",
    }
    lines = [line for line in seen.lines if line.startswith("FAIL")]
    assert [line.endswith(one["cure"]) for line, one in zip(lines, failed.values(), strict=True)] == [True] * 5
    assert all(one["cure"] for one in failed.values())
    assert seen.lines[-1] == "5 faults found."


def test_the_words_are_in_the_language_of_the_settings(server: RealServer) -> None:
    seen = doctor(server, QBWC_LANGUAGE="fr")

    assert seen.lines[-1] == "1 défaut trouvé."
    (failed,) = (line for line in seen.lines if line.startswith("ÉCHEC"))
    assert failed.endswith("Lancez le serveur\u00a0: qbwc serve")


def test_a_wrong_setting_ends_with_2_before_anything_is_checked(server: RealServer) -> None:
    seen = doctor(server, QBWC_PUBLIC_URL="http://books.example.com")

    assert (seen.status, seen.findings) == (2, {})
    assert "QBWC_PUBLIC_URL" in seen.lines[-1]


def test_a_refused_password_is_told_in_the_words_of_the_connection(server: RealServer) -> None:
    company = SimulatedCompany("Acme Inc.")
    account = server.add_company("acme", company)
    server.start()
    server.connector(replace(account, password="wrong"), company).visit()

    seen = doctor(server)

    assert seen.status == 1
    assert "password" in seen.findings["last_visit"]["message"]
    assert "password" in seen.findings["last_visit"]["cure"].lower()


def test_nothing_secret_is_shown(server: RealServer) -> None:
    server.start()
    secret = (server.folder / "secret.key").read_text().strip()

    seen = doctor(
        server, QBWC_SMTP_URL="smtp://u:hunter2@mail.example.com", QBWC_ALERT_WEBHOOK="https://h.example/hunter3"
    )

    whole = "\n".join(seen.lines) + json.dumps(seen.findings)
    assert [word for word in (secret, "hunter2", "hunter3") if word in whole] == []


def test_only_a_challenge_is_answered_and_no_cookie_is_set(server: RealServer) -> None:
    server.start()

    right, cookie = _proof_of(server, "0123456789abcdef" * 2)
    again, _ = _proof_of(server, "0123456789abcdef" * 2)
    other, _ = _proof_of(server, "fedcba9876543210" * 2)
    wrong, _ = _proof_of(server, "give me a cookie")

    assert re.fullmatch(r"200 [0-9a-f]{64}\n", right)
    assert (right == again, right == other, cookie) == (True, False, None)
    assert wrong.startswith("400 ")


def _proof_of(server: RealServer, challenge: str) -> tuple[str, str | None]:
    """Ask for a proof, and return status and body, and the cookie."""
    line = http.client.HTTPConnection("localhost", server.port, timeout=10)
    line.request("GET", f"/installation?challenge={quote(challenge)}")
    answer = line.getresponse()
    body = answer.read().decode()
    line.close()
    return f"{answer.status} {body}", answer.getheader("Set-Cookie")
