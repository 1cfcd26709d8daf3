"""What the commands refuse: a bad value stops them with its name and the cure, and nothing is done."""

import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qbwc_server.cli import main

Qbwc = Callable[..., Result]


@pytest.fixture
def qbwc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Qbwc:
    """Runs a command in an empty directory, without settings from outside."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("QBWC_")]:
        monkeypatch.delenv(name)

    def run(*arguments: str, typed: str | None = None, charset: str = "utf-8", **env: str) -> Result:
        return CliRunner(charset=charset).invoke(main, list(arguments), input=typed, env=env, prog_name="qbwc")

    return run


@pytest.fixture
def installed(qbwc: Qbwc) -> Qbwc:
    assert qbwc("init").exit_code == 0
    return qbwc


def _refused(ran: Result, *told: str) -> None:
    assert ran.exit_code == 2, ran.output
    assert ran.stdout == ""
    for part in told:
        assert part in ran.stderr


@pytest.mark.parametrize("command", ["serve", "status", "company list", "refresh customer --all"])
def test_a_misspelt_private_field_stops_every_command(installed: Qbwc, command: str) -> None:
    ran = installed(*command.split(), QBWC_PUBLISH_PRIVATE="customer.Balence")

    _refused(ran, "QBWC_PUBLISH_PRIVATE", "customer.Balence", "customer.Balance is probably meant")


def test_a_misspelt_private_field_stops_init_before_it_makes_anything(qbwc: Qbwc, tmp_path: Path) -> None:
    _refused(qbwc("init", QBWC_PUBLISH_PRIVATE="customer.Name"), "customer.Name", "Take it out")
    assert not (tmp_path / "qbwc-data").exists()


def test_private_fields_that_exist_are_taken(installed: Qbwc) -> None:
    names = "customer.Balance,item.Custom.Shelf Mark,customer.Custom,item.PurchaseCost"
    assert installed("company", "list", QBWC_PUBLISH_PRIVATE=names).exit_code == 0


@pytest.mark.parametrize("command", ["init", "status", "serve --port 0"])
def test_a_mapping_is_refused_and_not_ignored(qbwc: Qbwc, tmp_path: Path, command: str) -> None:
    ran = qbwc(*command.split(), QBWC_MAPPING="mapping.toml")

    _refused(ran, "QBWC_MAPPING", "later version", "default tables")
    assert ran.stderr.count("\n") == 1
    assert not (tmp_path / "qbwc-data").exists()


def test_a_mapping_in_the_file_is_refused_by_its_name_there(installed: Qbwc, tmp_path: Path) -> None:
    (tmp_path / "qbwc-data" / "qbwc.toml").write_text("mapping = 'mapping.toml'\n", "utf-8")

    _refused(installed("status"), "mapping (", "qbwc.toml", "Take it out")
    assert installed("company", "list").exit_code == 0, "it has nothing to do with the website"


@pytest.mark.parametrize("seconds", ["nan", "inf", "-inf", "-1", "soon"])
def test_a_wait_without_an_end_is_refused_and_nothing_is_asked(installed: Qbwc, seconds: str) -> None:
    installed("company", "add", "acme")

    _refused(installed("refresh", "customer", "--all", "--wait", seconds), "--wait")
    assert installed("queue", "list", "--json").stdout == "[]\n"


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--title", "x" * 201, "1 to 200"),
        ("--user", " acme", "1 to 100"),
        ("--company-file", "C:\\a\n.qbw", "1 to 1024"),
    ],
)
def test_a_company_with_details_that_do_not_fit_is_refused(installed: Qbwc, option: str, value: str, told: str) -> None:
    ran = installed("company", "add", "acme", option, value)

    _refused(ran, option, told)
    assert ran.stderr.count("\n") == 1
    assert installed("company", "list", "--json").stdout == "[]\n"


README = Path(__file__).parents[2] / "README.md"


def test_the_commands_of_the_readme_do_what_stands_beside_them(qbwc: Qbwc) -> None:
    block = README.read_text("utf-8").partition("## Connect your own QuickBooks")[2].split("```")[1]
    lines = [line.partition("#") for line in block.strip().splitlines()]
    told = {" ".join(command.split()): what.strip() for command, _, what in lines}
    assert "asks for her password" in told["qbwc user add marie --role admin"]
    for command in told:
        typed = "correct horse\n" if " user " in command else None
        arguments = [*shlex.split(command)[1:], *(["--password-stdin"] if typed else [])]
        if arguments[0] != "serve":
            assert qbwc(*arguments, typed=typed).exit_code == 0, command
    assert list(told)[-1] == "qbwc serve", "what follows it would wait until the server stops"


def test_french_goes_into_a_file_whose_encoding_lacks_its_spaces(installed: Qbwc) -> None:
    installed("company", "add", "acme")
    installed("refresh", "customer", "--all")
    ran = installed("refresh", "customer", "--all", charset="cp1252", QBWC_LANGUAGE="fr")

    assert ran.exit_code == 0, ran.exception
    assert "déjà demandée ; la demande" in ran.stdout


def test_names_survive_as_json_whatever_the_encoding(installed: Qbwc) -> None:
    title = "Ателье\u202f→ Côté"
    installed("company", "add", "acme", "--title", title)

    assert json.loads(installed("company", "list", "--json", charset="cp1252").stdout)[0]["title"] == title
    assert title in installed("company", "list", "--json").stdout, "as it is where it can be"
    assert "?????? -> Côté" in installed("company", "list", charset="cp1252").stdout
