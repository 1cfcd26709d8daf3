"""`qbwc doctor`: whether the whole installation is in order, and the cure where it is not."""

import importlib
import itertools
import sys
from typing import Any, Final

import click

from qbwc_server import words
from qbwc_server.checking import Finding, check_all, worded
from qbwc_server.cli.configured import configured
from qbwc_server.cli.console import Console, json_option
from qbwc_server.refreshing import Office, Refreshing
from qbwc_server.settings import Settings

_FAULT: Final = 1


@click.command("doctor")
@json_option
def command(*, as_json: bool) -> None:
    """Check the whole installation; each line that fails ends with its cure. Exit status 1 if one does."""
    settings = configured(opens_website=True)
    console = Console(as_json=as_json)
    found = check_all(
        settings,
        lambda database: Refreshing(database, office=Office.of(settings)).companies(),
        # Not imported above: a spyne that is broken is one of the findings.
        load_spyne=lambda: importlib.import_module("qbwc_server.soap.spyne_import"),
    )
    console.answer([_as_json(settings, one) for one in found])
    # What the same thing kept from being checked is said once.
    for line, _ in itertools.groupby(_line(settings, one) for one in found):
        console.say(line)
    faults = sum(not one.ok for one in found)
    language = settings.language
    console.say(words.plural(language, "checking.faults", faults) if faults else words.text(language, "checking.well"))
    if faults:
        sys.exit(_FAULT)


def _line(settings: Settings, finding: Finding) -> str:
    language = settings.language
    said = worded(finding, language, settings.time_zone)
    whole = said.message
    if said.cure is not None:
        whole = words.text(language, "checking.line", message=said.message, cure=said.cure)
    return f"{words.text(language, f'checking.word_{finding.state}'):<6}{whole}"


def _as_json(settings: Settings, finding: Finding) -> dict[str, Any]:
    said = worded(finding, settings.language, settings.time_zone)
    return {
        "check": finding.check,
        "ok": finding.ok,
        "state": finding.state,
        "message": said.message,
        "cure": said.cure,
    }
