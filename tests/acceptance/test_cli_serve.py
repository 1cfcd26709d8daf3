"""`qbwc serve` as a process: it starts, works with a Web Connector, and stops cleanly."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from qbwc_server.cli import main

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")


@dataclass
class Ran:
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Ran]
_CALL = (
    b'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
    b'<soap:Body><serverVersion xmlns="http://developer.intuit.com/" /></soap:Body></soap:Envelope>'
)


def _environment() -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("QBWC_")}
    return {**clean, "PYTHONUTF8": "1", "QBWC_SCHEDULES": "off"}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command within this process; `serve` as one of its own."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("QBWC_")]:
        monkeypatch.delenv(name)

    def run(*arguments: str, typed: str = "") -> Ran:
        if arguments[0] != "serve":
            result = CliRunner().invoke(main, list(arguments), input=typed)
            return Ran(result.exit_code, result.stdout, result.stderr)
        ran = subprocess.run(
            [sys.executable, "-m", "qbwc_server", *arguments],
            cwd=tmp_path,
            env=_environment(),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    return run


class Serving:
    """A running `qbwc serve`."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "qbwc_server", "serve", "--port", "0", *arguments],
            cwd=folder,
            env=_environment(),
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.lines: list[str] = []
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found[1])
                break
        # Whatever is written later must not fill the pipe.
        self._reader = threading.Thread(target=lambda: self.lines.extend(self.process.stderr or ()))
        self._reader.start()

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.status()

    def status(self) -> int:
        """Waits for the end and returns the exit status."""
        status = self.process.wait(timeout=20)
        self._reader.join()
        if self.process.stderr is not None:
            self.process.stderr.close()
        return status


@pytest.fixture
def serve(run: Run, tmp_path: Path) -> Iterator[Callable[..., Serving]]:
    assert run("init").returncode == 0
    started: list[Serving] = []

    def start(*arguments: str) -> Serving:
        started.append(Serving(tmp_path, *arguments))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.end(signal.SIGKILL)


def _json(ran: Ran, status: int = 0) -> Any:
    assert ran.returncode == status, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_server_with_status_0(serve: Callable[..., Serving], number: int) -> None:
    server = serve()
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/healthz", timeout=10) as answer:
        assert answer.status == 200
        assert "Server" not in answer.headers
    began = time.monotonic()
    assert server.end(number) == 0
    assert time.monotonic() - began < 10
    assert "Traceback" not in "".join(server.lines)


def test_the_call_in_hand_is_answered_before_the_server_stops(serve: Callable[..., Serving]) -> None:
    server = serve()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        head = (
            f"POST /qbwc HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml; charset=utf-8\r\n"
            f"Content-Length: {len(_CALL)}\r\n\r\n"
        )
        connection.sendall(head.encode() + _CALL[:100])
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), timeout=5)
        connection.sendall(_CALL[100:])
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"serverVersionResult" in answer
    assert server.status() == 0


def test_a_busy_port_is_one_sentence(run: Run) -> None:
    run("init")
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        ran = run("serve", "--port", str(port))
    assert ran.returncode == 2
    assert f"Port {port}" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_second_server_on_one_sqlite_file_is_refused_until_the_first_is_gone(
    serve: Callable[..., Serving], run: Run
) -> None:
    first = serve()
    ran = run("serve", "--port", "0")
    assert ran.returncode == 2
    assert "Another server works on" in ran.stderr
    assert "PostgreSQL" in ran.stderr
    first.end(signal.SIGKILL)
    assert serve().end() == 0


def test_an_address_of_another_machine_is_one_sentence(run: Run) -> None:
    run("init")
    ran = run("serve", "--host", "192.0.2.1", "--port", "0")
    assert ran.returncode == 2
    assert "192.0.2.1" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_website_that_is_down_does_not_keep_the_server_from_starting_or_stopping(
    serve: Callable[..., Serving], tmp_path: Path
) -> None:
    (tmp_path / "qbwc-data" / "qbwc.toml").write_text('website_database_url = "mysql://nobody@127.0.0.1:1/none"\n')
    server = serve()
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/qbwc", timeout=10) as answer:
        assert answer.status == 200
    began = time.monotonic()
    assert server.end() == 0
    assert time.monotonic() - began < 10
    assert any("QBWC_WEBSITE_DATABASE_URL" in line for line in server.lines)


def test_a_website_without_our_tables_is_refused_with_the_command(run: Run, tmp_path: Path) -> None:
    run("init")
    (tmp_path / "qbwc-data" / "qbwc.toml").write_text('website_database_url = "sqlite:///{data_dir}/other.db"\n')
    ran = run("serve", "--port", "0")
    assert ran.returncode == 2
    assert "qbwc init" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_log_can_be_json(run: Run, tmp_path: Path) -> None:
    run("init")
    (tmp_path / "qbwc-data" / "qbwc.toml").write_text('log_format = "json"\n')
    server = Serving(tmp_path)
    assert server.end() == 0
    entries = [json.loads(line) for line in server.lines]
    assert all(set(entry) >= {"time", "level", "logger", "message"} for entry in entries)


def test_a_refresh_asked_for_at_the_command_line_is_published(serve: Callable[..., Serving], run: Run) -> None:
    password = _json(run("company", "add", "acme", "--json"))["password"]
    server = serve()
    connector = ("rehearse", "--url", f"http://127.0.0.1:{server.port}/qbwc", "--user", "acme", "--password-stdin")
    few = ("--customers", "20", "--items", "20", "--json")
    run("refresh", "customer", "--all")
    report = _json(run(*connector, *few, typed=f"{password}\n"))
    assert set(report) >= {"sessions", "calls", "violations"}
    assert (report["sessions"], report["violations"]) == (1, [])
    # The rehearsal's company carries no FileID and lies where it always lies, so it is accepted once and then known.
    asked = _json(run("refresh", "customer", "--find", "a", "--json"))
    assert asked[0]["state"] == "waiting"
    run(*connector, *few, typed=f"{password}\n")
    done = _json(run("refresh", "item", "--list-id", "FFFFFFFF-1", "--wait", "0", "--json"), status=1)
    run(*connector, *few, typed=f"{password}\n")
    states = {one["id"]: one for one in _json(run("queue", "list", "--json"))}
    assert (states[asked[0]["id"]]["state"], states[done[0]["id"]]["outcome"]) == ("published", "not_found")
    status = _json(run("status", "--json"))
    assert status["companies"][0]["connection"] == "connected"
    assert status["queue"]["published"] == 3
    assert server.end() == 0
    assert password not in "".join(server.lines)


def test_a_wrong_password_is_refused_and_shown(serve: Callable[..., Serving], run: Run) -> None:
    run("company", "add", "acme")
    server = serve()
    ran = run(
        "rehearse", "--url", f"http://127.0.0.1:{server.port}", "--user", "acme", "--password-stdin", "--json",
        typed="wrong\n",
    )  # fmt: skip
    assert _json(ran, status=1)["outcomes"] == ["refused"]
    assert "qbwc company password" in ran.stderr
    assert server.end() == 0


def test_rehearsing_against_nothing_says_no(run: Run) -> None:
    ran = run("rehearse", "--url", "http://127.0.0.1:1/qbwc", "--user", "a", "--password-stdin", "--json", typed="b\n")
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    assert json.loads(ran.stdout)["violations"]


def test_an_unknown_scenario_is_refused_with_those_there_are(run: Run) -> None:
    ran = run("rehearse", "--url", "http://127.0.0.1:1/qbwc", "--user", "a", "--scenario", "flood")
    assert ran.returncode == 2
    assert "ordinary" in ran.stderr
