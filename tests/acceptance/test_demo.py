"""`qbwc demo`: the whole path in one command."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "qbwc_server", "demo", "--no-browser", *arguments]


def _environment(**more: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("QBWC_")}
    return {**clean, "PYTHONUTF8": "1", **more}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_once_leaves_when_both_records_are_on_the_website(tmp_path: Path) -> None:
    ran = subprocess.run(
        _command("--once", "--json", "--data-dir", "data", "--port", str(_free_port())),
        cwd=tmp_path,
        # A real installation's databases are none of the demo's business.
        env=_environment(QBWC_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none", QBWC_PORT="1"),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=90,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    refreshes = json.loads(ran.stdout)["refreshes"]
    assert [(one["list"], one["state"], one["outcome"]) for one in refreshes] == [
        ("customer", "published", "updated"),
        ("item", "published", "updated"),
    ]
    assert [[change["field"] for change in one["changes"]] for one in refreshes] == [["Phone"], ["Price"]]
    with closing(sqlite3.connect(tmp_path / "data" / "website.db")) as website, website:
        for table, column, one in zip(("customers", "items"), ("phone", "price"), refreshes, strict=True):
            query = f"SELECT {column} FROM {table} WHERE list_id = ?"  # noqa: S608 - names of this test
            assert website.execute(query, [one["list_id"]]).fetchone()[0] == one["changes"][0]["after"]
            assert website.execute(f"SELECT count(*) FROM {table}").fetchone()[0] >= 60  # noqa: S608 - the same
    for step in ("asked", "connector", "sent", "received", "published"):
        assert f" {step} " in ran.stderr
    assert "Traceback" not in ran.stderr


def test_it_can_be_run_again_in_the_same_folder(tmp_path: Path) -> None:
    for _ in range(2):
        ran = subprocess.run(
            _command("--once", "--data-dir", "data", "--customers", "20", "--items", "20"),
            cwd=tmp_path,
            env=_environment(QBWC_LANGUAGE="fr"),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=90,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        assert "Entreprise" in ran.stdout or "simulée" in ran.stdout


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    kept = tmp_path / "data" / "qbwc.toml"
    kept.parent.mkdir()
    kept.write_text("")
    ran = subprocess.run(
        _command("--once", "--data-dir", "data"),
        cwd=tmp_path,
        env=_environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=90,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "empty folder" in ran.stderr
    assert [path.name for path in kept.parent.iterdir()] == ["qbwc.toml"]


def test_a_given_port_that_is_busy_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        ran = subprocess.run(
            _command("--once", "--port", str(port)),
            env=_environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ran.returncode == 2
    assert f"Port {port}" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
def test_it_stays_until_it_is_stopped_and_leaves_no_folder(tmp_path: Path) -> None:
    port = _free_port()
    with subprocess.Popen(
        _command("--port", str(port), "--customers", "20", "--items", "20"),
        env=_environment(TMPDIR=str(tmp_path)),
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as demo:
        assert demo.stdout is not None
        lines = []
        for line in demo.stdout:
            lines.append(line)
            if "Ctrl+C" in line:
                break
        assert any("published" in line for line in lines)
        with urllib.request.urlopen(f"http://localhost:{port}/qbwc", timeout=10) as answer:
            assert answer.status == 200
        began = time.monotonic()
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(timeout=20) == 0
        assert time.monotonic() - began < 10
    assert list(tmp_path.iterdir()) == []
