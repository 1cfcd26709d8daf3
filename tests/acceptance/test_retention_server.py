"""A server that runs takes away what is old, by itself."""

import time
from pathlib import Path

from real_server import installed


def test_a_running_server_takes_away_what_is_older_than_the_settings_say(tmp_path: Path) -> None:
    with installed(tmp_path / "home") as server:
        (server.folder / "qbwc.toml").write_text("keep_audit_days = 3\n", encoding="ascii")
        for name in ("shop", "till"):
            server.prepare("token", "add", name)
        server.pretend("UPDATE audit SET at = datetime('now', '-4 days') WHERE subject = 'shop'")
        server.pretend("UPDATE audit SET at = datetime('now', '-2 days') WHERE subject = 'tests'")
        server.start()
        end = time.monotonic() + 20
        while server.ours("SELECT 1 FROM audit WHERE subject = 'shop'"):
            assert time.monotonic() < end, "it is still there"
            time.sleep(0.1)
        assert {row["subject"] for row in server.ours("SELECT subject FROM audit")} == {"tests", "till"}
