"""`qbwc forget`, as people and programs run it on an installation that was filled."""

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from web_office import running

from qbwc_server.cli import main

Qbwc = Callable[..., Result]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """The data folder of an installation that read its customers, and what QuickBooks has of them."""
    folder = tmp_path_factory.mktemp("forget")
    with running(folder) as site:
        customers = site.office.quickbooks.customers()
    return folder, customers


@pytest.fixture
def qbwc(filled: tuple[Path, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch) -> Qbwc:
    for name in [name for name in os.environ if name.startswith("QBWC_")]:
        monkeypatch.delenv(name)

    def run(*arguments: str, typed: str = "", **env: str) -> Result:
        settings = {"QBWC_DATA_DIR": str(filled[0]), **env}
        return CliRunner().invoke(main, list(arguments), input=typed, env=settings, prog_name="qbwc")

    return run


@pytest.fixture
def customers(filled: tuple[Path, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    names = [str(one["FullName"]) for one in filled[1]]
    return [one for one in filled[1] if not any(name.startswith(f"{one['FullName']}:") for name in names)]


def test_a_program_is_told_what_went_and_what_the_website_still_holds(
    qbwc: Qbwc, customers: list[dict[str, Any]]
) -> None:
    list_id = customers[0]["ListID"]
    ran = qbwc("forget", "customer", list_id, "--yes", "--json")
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    assert told["list"] == "customer"
    assert told["list_id"] == list_id
    assert (told["records"], told["changes"], told["outbox"], told["deliveries"]) == (1, 1, 0, 0)
    assert told["website_problem"] is None
    tables = {one["table"]: one for one in told["website"]}
    assert "full_name" in tables["customers"]["columns"]
    assert tables["customers"]["key"] == {"company": told["company"], "list_id": list_id}
    assert str(customers[0]["FullName"]) not in ran.output


def test_the_audit_has_a_line_without_content(qbwc: Qbwc, filled: tuple[Path, Any], customers: list[Any]) -> None:
    qbwc("forget", "customer", customers[1]["ListID"], "--yes")
    with closing(sqlite3.connect(filled[0] / "qbwc.db")) as ours:
        query = "SELECT subject, detail FROM audit WHERE what = 'forgotten' AND subject = ?"
        found = ours.execute(query, (customers[1]["ListID"],)).fetchall()
    assert [(subject, json.loads(detail)) for subject, detail in found] == [
        (customers[1]["ListID"], {"list": "customer"})
    ]


def test_people_are_told_to_see_to_quickbooks_and_to_the_website(qbwc: Qbwc, customers: list[dict[str, Any]]) -> None:
    ran = qbwc("forget", "customer", customers[2]["ListID"], "--yes")
    assert ran.exit_code == 0, ran.output
    assert "If QuickBooks still has it" in ran.stdout
    assert "- table customers: " in ran.stdout
    assert "Nothing is deleted there by this program" in ran.stdout


def test_what_is_not_known_is_the_answer_no(qbwc: Qbwc) -> None:
    ran = qbwc("forget", "item", "80009999-1234567890", "--yes")
    assert ran.exit_code == 1
    assert "Nothing is known here of item 80009999-1234567890." in ran.stdout
    told = json.loads(qbwc("forget", "item", "80009999-1234567890", "--yes", "--json").stdout)
    assert (told["records"], told["website"]) == (0, [])


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "is being published at this moment"), ("fr", "est en cours de publication")]
)
def test_what_is_being_published_is_refused_until_it_is_done(
    qbwc: Qbwc, filled: tuple[Path, Any], customers: list[Any], language: str, sentence: str
) -> None:
    list_id = customers[-1]["ListID"]
    claimed = (
        "INSERT INTO outbox (target, company, list, list_id, seq, since, single, forced, queued_at, due_at, attempts,"
        " claimed_by, claimed_until) SELECT 'customers', company, list, list_id, seq, seq, 1, 0, observed_at,"
        " observed_at, 0, 'x', strftime('%Y-%m-%d %H:%M:%f000', 'now', '+4 minutes') FROM records WHERE list_id = ?"
    )
    values = 'SELECT "values" FROM records WHERE list_id = ?'
    with closing(sqlite3.connect(filled[0] / "qbwc.db")) as ours:
        before = ours.execute(values, (list_id,)).fetchall()
        ours.execute(claimed, (list_id,))
        ours.commit()
        try:
            ran = qbwc("forget", "customer", list_id, "--yes", "--json", QBWC_LANGUAGE=language)
            assert (ran.exit_code, ran.stdout) == (1, "")
            assert sentence in ran.stderr
            assert ours.execute(values, (list_id,)).fetchall() == before
        finally:
            ours.execute("DELETE FROM outbox WHERE list_id = ?", (list_id,))
            ours.commit()


def test_without_a_terminal_nothing_is_done_unless_it_is_meant(qbwc: Qbwc, customers: list[dict[str, Any]]) -> None:
    for more in ((), ("--json",)):
        refused = qbwc("forget", "customer", customers[3]["ListID"], *more, typed="y\n")
        assert refused.exit_code == 2
        assert "--yes" in refused.stderr
    assert qbwc("forget", "customer", customers[3]["ListID"], "--yes").exit_code == 0


@pytest.mark.parametrize(("typed", "status"), [("n\n", 1), ("y\n", 0)])
def test_a_person_is_asked_first(
    qbwc: Qbwc, customers: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, typed: str, status: int
) -> None:
    monkeypatch.setattr("qbwc_server.cli.forget.is_terminal", lambda: True)
    ran = qbwc("forget", "customer", customers[4]["ListID"], typed=typed)
    assert ran.exit_code == status, ran.output
    assert "This cannot be undone" in ran.stdout
    assert ("Forgotten: customer" in ran.stdout) is (status == 0)


def test_wrong_use_is_refused(qbwc: Qbwc) -> None:
    assert qbwc("forget", "vendor", "8-1", "--yes").exit_code == 2
    assert qbwc("forget", "customer", "--yes").exit_code == 2
    nowhere = qbwc("forget", "customer", "80000001-1", "--company", "nobody", "--yes")
    assert (nowhere.exit_code, "nobody" in nowhere.stderr) == (2, True)


def test_a_website_that_is_away_is_said_and_stops_nothing(
    qbwc: Qbwc, customers: list[dict[str, Any]], tmp_path: Path
) -> None:
    away = f"sqlite:///{tmp_path / 'none' / 'website.db'}"
    ran = qbwc("forget", "customer", customers[5]["ListID"], "--yes", "--json", QBWC_WEBSITE_DATABASE_URL=away)
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    assert (told["records"], told["website"]) == (1, None)
    assert told["website_problem"]
    assert "could not be seen" in ran.stderr
