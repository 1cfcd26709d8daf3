"""Schedules from outside: the command, the page, and what a poll makes of them."""

import json
import os
import shlex
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from setting_up import SHORT, add_company, at_quickbooks, download, make_password
from web_office import Browser, Site, serving

from qbwc_server.cli import main
from qbwc_server.rehearsal.company import sample_company
from qbwc_server.store import tables

Qbwc = Callable[..., Result]


@pytest.fixture
def qbwc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Qbwc:
    """Runs a command in an installation with the company acme."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("QBWC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("QBWC_TIME_ZONE", "America/Toronto")

    def run(line: str, **env: str) -> Result:
        return CliRunner().invoke(main, shlex.split(line), env=env, prog_name="qbwc")

    assert run("init").exit_code == 0
    assert run("company add acme").exit_code == 0
    return run


def _rhythms(ran: Result) -> dict[str, str | int | None]:
    assert ran.exit_code == 0, ran.output
    return {
        f"{one['list']}.{one['task']}": one["every_minutes"] or one["at"] for one in json.loads(ran.stdout)["tasks"]
    }


DEFAULT = {
    "customer.changed": 10,
    "customer.all": "02:00",
    "item.changed": 10,
    "item.sweep": 30,
    "customer.sweep": None,
    "item.all": "02:00",
}


def test_a_company_has_the_default_schedule(qbwc: Qbwc) -> None:
    shown = qbwc("company schedule acme").stdout
    for part in ("every 10 min", "every 30 min in office hours", "every day at 02:00", "at the next call"):
        assert part in shown
    assert "Time zone: America/Toronto" in shown
    ran = qbwc("company schedule acme --json")
    assert _rhythms(ran) == DEFAULT
    whole = json.loads(ran.stdout)
    assert (whole["schedules"], whole["own_time_zone"], whole["quiet_hours"]) == ("on", None, None)
    assert "QBWC_SCHEDULES is off" in qbwc("company schedule acme", QBWC_SCHEDULES="off").stdout
    assert "chaque jour à 02:00" in qbwc("company schedule acme", QBWC_LANGUAGE="fr").stdout


def test_a_schedule_is_changed_for_one_list_or_all(qbwc: Qbwc) -> None:
    changed = _rhythms(qbwc("company schedule acme --changed 15 --sweep off --full 03:30 --json"))
    both = {"customer.changed": 15, "item.changed": 15, "customer.all": "03:30", "item.all": "03:30"}
    assert changed == both | {"item.sweep": None, "customer.sweep": None}
    one = _rhythms(qbwc("company schedule acme --list item --changed 5 --sweep 60 --full off --json"))
    assert one == changed | {"item.changed": 5, "item.sweep": 60, "item.all": None}
    places = qbwc("company schedule acme --time-zone America/Vancouver --quiet 'Mon-Fri 22:00-06:00' --json")
    whole = json.loads(places.stdout)
    assert (whole["time_zone"], whole["quiet_hours"]) == ("America/Vancouver", "mon-fri 22:00-06:00")
    back = qbwc("company schedule acme --default --json")
    assert _rhythms(back) == DEFAULT
    assert json.loads(back.stdout)["own_time_zone"] is None


def test_a_change_is_noted_and_what_changes_nothing_is_not(qbwc: Qbwc, tmp_path: Path) -> None:
    assert "is changed" in qbwc("company schedule acme --list item --sweep 20").stdout
    assert "as it was" in qbwc("company schedule acme --list item --sweep 20").stdout
    assert qbwc("company schedule acme").exit_code == 0
    with closing(sqlite3.connect(tmp_path / "qbwc-data" / "qbwc.db")) as connection:
        noted = connection.execute("SELECT company, detail FROM audit WHERE what = 'schedule_changed'").fetchall()
    assert [(company, json.loads(detail)) for company, detail in noted] == [("acme", {"changed": ["item.sweep"]})]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--changed soon", "“soon” is no number of minutes"),
        ("--changed 0", "“0” is no number"),
        ("--changed 1441", "1440"),
        ("--full 24:10", "“24:10” is no time of day"),
        ("--full 2", "Write it as 02:00"),
        ("--time-zone Moon/Tycho", "“Moon/Tycho” is no time zone"),
        ("--time-zone ../etc/passwd", "no time zone"),
        ("--quiet nights", "mon-fri 22:00-06:00"),
        ("--quiet 'mon-sun 00:00-24:00'", "leave some of the week free"),
        ("--list vendor", "vendor"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence_and_changes_nothing(qbwc: Qbwc, options: str, told: str) -> None:
    refused = qbwc(f"company schedule acme --changed 7 {options}")
    assert refused.exit_code == 2
    assert told in refused.stderr
    assert "Traceback" not in refused.stderr
    assert _rhythms(qbwc("company schedule acme --json")) == DEFAULT


def test_an_unknown_company_has_no_schedule(qbwc: Qbwc) -> None:
    for options in ("", "--changed 5"):
        refused = qbwc(f"company schedule nobody {options}")
        assert refused.exit_code == 2
        assert "nobody" in refused.stderr


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with serving(tmp_path, own={"schedules": "on"}) as site:
        yield site


@pytest.fixture
def ada(site: Site) -> Browser:
    browser = Browser(site.url)
    browser.sign_in("ada")
    add_company(browser)
    return browser


SCHEDULE = f"/connection/{SHORT}/schedule"


def test_administrators_change_a_schedule_on_its_page(site: Site, ada: Browser) -> None:
    assert SCHEDULE in ada.get("/connection").text
    page = ada.get(SCHEDULE)
    assert "every 30 min in office hours" in page.words
    typed = {"item.sweep": "45", "customer.changed": "", "time_zone": "America/Vancouver", "quiet_hours": ""}
    saved = ada.submit(page, SCHEDULE, **typed)
    assert "The schedule is changed" in saved.text
    assert "every 45 min in office hours" in saved.words
    assert 'name="customer.changed" type="number" min="1" max="1440" value=""' in saved.text
    assert 'value="02:00"' in saved.text
    with site.app.database.read() as connection:
        noted = connection.execute(tables.audit.select().where(tables.audit.c.what == "schedule_changed")).one()
    assert (noted.who, noted.company) == ("ada", SHORT)
    assert sorted(noted.detail["changed"]) == ["customer.changed", "item.sweep", "time_zone"]
    assert "changed a schedule" in ada.get("/audit").words
    reset = ada.submit(saved, SCHEDULE, reset="yes")
    assert "every 30 min in office hours" in reset.words


def test_what_cannot_be_is_said_and_kept_to_be_corrected(ada: Browser) -> None:
    refused = ada.submit(ada.get(SCHEDULE), SCHEDULE, **{"item.sweep": "45", "quiet_hours": "nights"})
    assert refused.status == 422
    assert "“nights” are no quiet hours" in refused.words
    assert 'value="nights"' in refused.text
    assert 'value="45"' in refused.text
    assert "every 30 min in office hours" in ada.get(SCHEDULE).words


def test_a_very_long_text_is_not_shown_again_whole(ada: Browser) -> None:
    for field in ("item.sweep", "quiet_hours", "time_zone"):
        refused = ada.submit(ada.get(SCHEDULE), SCHEDULE, **{field: "9" * 5000})
        assert refused.status == 422
        assert f"“{'9' * 80}…”" in refused.words
        assert "9" * 81 not in refused.text


def test_others_see_a_schedule_and_change_nothing(site: Site, ada: Browser) -> None:
    token = ada.get(SCHEDULE).form(SCHEDULE).fields
    marie = Browser(site.url)
    marie.sign_in("marie")
    page = marie.get(SCHEDULE)
    assert "every day at 02:00" in page.words
    assert not [form for form in page.forms if form.action.endswith("/schedule")]
    assert marie.post(SCHEDULE, token).status in (400, 403)
    own = marie.get("/account").form("/account/contact").fields
    assert marie.post(SCHEDULE, own).status == 403
    assert marie.get("/connection/nobody/schedule").status == 404


def test_the_overview_says_that_a_full_read_is_missing(site: Site, ada: Browser) -> None:
    connector = at_quickbooks(download(ada), make_password(ada), sample_company(customers=3, items=3))
    connector.visit()
    ada.settle("/", "Fetched" if "Fetched" in ada.get("/").words else "Done")
    assert "full read is missing" not in ada.get("/").words
    with site.app.database.write() as connection:
        long_ago = site.app.database.now(connection) - timedelta(days=4)
        values = {"last_full_read_at": long_ago}
        connection.execute(tables.freshness.update().where(tables.freshness.c.list == "item").values(values))
    told = ada.get("/").words
    assert "Items: the full read is missing since" in told
    assert "Customers: the full read" not in told
    assert "Items: the full read is missing since" in ada.get(SCHEDULE).words
