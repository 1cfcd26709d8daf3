"""Backup, restore and the move to another machine, with the commands of docs/running.md."""

import re
import shutil
import sqlite3
from pathlib import Path

import pytest
from real_server import RealServer, installed

from qbwc_server.rehearsal.company import sample_company

RUNNING = Path(__file__).parents[2] / "docs" / "running.md"
THERE = "/var/lib/qbwc-server"


@pytest.fixture
def documented() -> dict[str, str]:
    """The commands of each section, by its heading."""
    text = RUNNING.read_text(encoding="utf-8")
    return dict(re.findall(r"^## ([^\n]+)\n(?:(?!^## ).)*?^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL))


def test_a_backup_made_under_a_running_server_is_restored_on_another_machine(
    tmp_path: Path, documented: dict[str, str]
) -> None:
    books = sample_company(customers=10, items=10)
    backup, elsewhere = tmp_path / "backup", tmp_path / "elsewhere"
    backup.mkdir()
    with installed(tmp_path / "old") as old:
        account = old.add_company("acme", books)
        old.start()
        first = old.ask("acme", "customer", scope="all")
        old.connector(account, books).visit()
        old.final([first[0]["id"]])
        waiting = old.ask("acme", "item", scope="all")
        statement = re.search(r'sqlite3 (\S+) "(VACUUM INTO \'qbwc\.db\.new\')"', documented["Backup"])
        assert statement is not None
        source = sqlite3.connect(statement[1].replace(THERE, str(old.folder)))
        source.execute(statement[2].replace("qbwc.db.new", str(backup / "qbwc.db")))
        source.close()
        website, token = old.website_url, old._token
        key = re.search(rf"cp -p {THERE}/(secret\.key)", documented["Backup"])
        assert key is not None
        shutil.copy2(old.folder / key[1], backup)

    elsewhere.mkdir()
    for name in ("qbwc.db-wal", "qbwc.db-shm"):
        assert f"{THERE}/{name}" in documented["Restore"]
    for name in ("qbwc.db", "secret.key"):
        assert f" {name} " in documented["Restore"]
        shutil.copy2(backup / name, elsewhere)
    with RealServer(elsewhere, website_url=website) as restored:
        restored._token = token
        restored.prepare("init")
        restored.start()
        report = restored.connector(account, books).visit()
        assert (report.outcome, report.violations) == ("done", ())
        found = restored.final([first[0]["id"], waiting[0]["id"]])
        assert [one["state"] for one in found] == ["published"] * 2
        assert restored.website("SELECT count(*) AS n FROM items") == [{"n": 10}]
        assert (elsewhere / "secret.key").read_bytes() == (tmp_path / "old" / "secret.key").read_bytes()


@pytest.mark.parametrize("heading", ["Upgrade", "Backup", "Restore"])
def test_five_lines_do_it(documented: dict[str, str], heading: str) -> None:
    assert len(documented[heading].splitlines()) == 5
