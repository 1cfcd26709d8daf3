"""`qbwc refresh` of whole lists, beside a server whose simulated QuickBooks answers."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from web_office import WebOffice, running

from qbwc_server.cli import main
from qbwc_server.store import freshness, moves, tables

Qbwc = Callable[..., Result]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lists")


@pytest.fixture(scope="module")
def office(folder: Path) -> Iterator[WebOffice]:
    with running(folder, filled=False) as started:
        yield started


@pytest.fixture
def qbwc(office: WebOffice, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Qbwc:
    for name in [name for name in os.environ if name.startswith("QBWC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("QBWC_DATA_DIR", str(folder))

    def run(*arguments: str, visits: bool = False, language: str = "en", **env: str) -> Result:
        monkeypatch.setenv("QBWC_LANGUAGE", language)
        calling = threading.Timer(0.5, office.visit)
        if visits:
            calling.start()
        result = CliRunner().invoke(main, list(arguments), env=env, prog_name="qbwc")
        if visits:
            calling.join()
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def test_changes_of_a_list_never_read_are_all_of_it_and_the_progress_is_shown(office: WebOffice, qbwc: Qbwc) -> None:
    first = qbwc("refresh", "customer", "--changed", "--wait", "20", visits=True)
    assert first.exit_code == 0, first.output
    assert "The list was never read to its end, so all of it is read." in first.stdout
    assert "All customers" in first.stdout
    assert "60 of 60 customers." in first.stderr
    office.office.change("customer")
    again = qbwc("refresh", "customer", "--changed", "--wait", "20", "--json", visits=True)
    [run] = json.loads(again.stdout)
    assert (again.exit_code, run["scope"], run["state"]) == (0, "changed", "published")
    assert run["counts"] == {"updated": 1} | {name: n for name, n in run["counts"].items() if name != "updated"}
    assert "never read" not in again.output


def test_a_sweep_reads_the_stock(office: WebOffice, qbwc: Qbwc) -> None:
    swept = qbwc("refresh", "item", "--sweep", language="fr")
    assert (swept.exit_code, swept.stderr) == (0, "")
    assert "Stocks et noms complets des articles" in swept.stdout
    [run] = office.app.refreshing.list(list_name="item")
    assert (run.scope, run.state) == ("sweep", "waiting")


def test_the_queue_says_that_the_schedule_asked(office: WebOffice, qbwc: Qbwc) -> None:
    run = office.ask("item", "changed", by="schedule")
    assert "by schedule" in qbwc("queue", "list").stdout
    assert "selon l\u2019horaire" in qbwc("queue", "list", language="fr").stdout
    assert json.loads(qbwc("queue", "list", "--json").stdout)[0]["asked_by"] == "schedule"
    office.app.refreshing.cancel(run.id, "schedule")


def test_status_says_when_lists_were_read_and_how_far_one_is(office: WebOffice, qbwc: Qbwc) -> None:
    company, database = office.company, office.app.database
    run = office.ask("customer", "all")
    with database.write() as connection:
        now = database.now(connection)
        moves.change(connection, [run.id], first_sent_at=now, sent_at=now, first_seq=1, records=3200, total=20000)
        freshness.note_read(connection, company, "item", now, scope="all", changed_from=None, deleted_from=None)
        freshness.note_read(connection, company, "item", now, scope="sweep", changed_from=None, deleted_from=None)
        # Its last full read was made so long ago that one is missing.
        old = tables.freshness.update().where(tables.freshness.c.list == "item")
        connection.execute(old.values(last_full_read_at=now - timedelta(days=4)))
    told = qbwc("status", QBWC_SCHEDULES="on").stdout
    assert f"Being read: All customers, 3,200 of 20,000 customers (request {run.id})" in told
    assert "read for changes" in told
    assert "Items: the full read is missing since" in told
    assert "full read is missing" not in qbwc("status", QBWC_SCHEDULES="off").stdout
    answer = json.loads(qbwc("status", "--json").stdout)
    assert [one["id"] for one in answer["reading"]] == [run.id]
    items = next(one for one in answer["lists"] if one["list"] == "item")
    assert all(items[name] for name in ("last_full_read_at", "last_changed_read_at", "last_swept_at", "complete"))
    office.app.refreshing.cancel(run.id, "marie")
