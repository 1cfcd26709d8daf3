"""`qbwc mapping`: a mapping to begin with, and whether one fits the website's tables."""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import click
from sqlalchemy.exc import SQLAlchemyError

from qbwc_server import words
from qbwc_server.cli import mapping_told
from qbwc_server.cli.configured import configured
from qbwc_server.cli.console import Console, WrongUse, json_option
from qbwc_server.cli.workplace import Workplace, workplace
from qbwc_server.publish.mapping.by_values import Known, compare
from qbwc_server.publish.mapping.evidence import Evidence
from qbwc_server.publish.mapping.file import BadMapping, read_mapping
from qbwc_server.publish.mapping.meanings import list_of, table_of
from qbwc_server.publish.mapping.proposal import Proposal, toml
from qbwc_server.publish.mapping.reflected import Reflected
from qbwc_server.publish.mapping.starting import Site, opened
from qbwc_server.publish.mapping.suggest import Surroundings, suggest
from qbwc_server.qbxml.lists import LISTS
from qbwc_server.store import companies, freshness, records
from qbwc_server.store.database import DatabaseUnreachable

_LISTS: Final = tuple(kind.name for kind in LISTS)
_NO: Final = 1
_WRONG_USE: Final = 2


@click.group("mapping")
def command() -> None:
    """A mapping for a website that has its own tables: suggest one, and check it."""


@command.command("check")
@json_option
def check(*, as_json: bool) -> None:
    """Check the file that QBWC_MAPPING names against the website's tables. Exit status 1 if it cannot work."""
    settings = configured()
    language, console = settings.language, Console(as_json=as_json)
    if settings.mapping is None:
        raise WrongUse(words.text(language, "mapping_cli.none"))
    try:
        mapping = read_mapping(settings.mapping)
    except BadMapping as bad:
        for sentence in bad.said(language):
            click.echo(sentence, err=True)
        sys.exit(_WRONG_USE)
    with opened(settings.website_database_url.get_secret_value()) as site:
        judged = tuple(site.judged(mapping))
    found = [(target, finding) for target, findings in judged for finding in findings]
    console.answer(
        {"mapping": str(settings.mapping), "findings": [mapping_told.as_json(language, *each) for each in found]}
    )
    for each in found:
        console.say(mapping_told.finding_line(language, *each))
    faults = sum(finding.level == "error" for _, finding in found)
    console.say(
        words.plural(language, "mapping_cli.faults", faults) if faults else words.text(language, "mapping_cli.well")
    )
    if faults:
        sys.exit(_NO)


@dataclass(frozen=True, slots=True)
class _Aim:
    """A table that is to show a list."""

    list: str
    table: str


@command.command("suggest")
@click.option("--list", "list_name", type=click.Choice(_LISTS), help="Only this list; both where it is left out.")
@click.option("--table", metavar="T", help="The website's table; guessed from the names where it is left out.")
@click.option("--schema", metavar="S", help="Its schema, on PostgreSQL.")
@click.option("--by-values", is_flag=True, help="Compare values too, and report what the website gets wrong.")
@click.option("--company", help="Whose records; may be left out if there is only one company.")
@json_option
def suggest_command(
    list_name: str | None,
    table: str | None,
    schema: str | None,
    company: str | None,
    *,
    by_values: bool,
    as_json: bool,
) -> None:
    """Print a mapping.toml to begin with, its guesses marked. Nothing is written anywhere.

    The mapping goes to standard output, the report to standard error. Exit status 1: no table looks like the list.
    """
    settings = configured()
    language, console = settings.language, Console(as_json=as_json)
    with opened(settings.website_database_url.get_secret_value()) as site:
        aims = _aims(site, list_name, table, schema, language)
        if not aims:
            sys.exit(_NO)
        if by_values:
            with workplace(as_json=as_json) as here:
                owner = _owner(here, company)
                made = [_suggested(site, aim, schema, partial(_compared, here, owner)) for aim in aims]
        else:
            made = [_suggested(site, aim, schema, None) for aim in aims]
    text = toml([proposal for proposal, _ in made], language)
    evidence = [found for _, found in made if found is not None]
    for line in (line for found in evidence for line in mapping_told.report_lines(language, found)):
        click.echo(line, err=True)
    console.answer({"mapping": text, "report": [found.as_json() for found in evidence] if by_values else None})
    if not as_json:
        click.echo(text, nl=False)


def _aims(site: Site, list_name: str | None, table: str | None, schema: str | None, language: str) -> Sequence[_Aim]:
    if schema is not None and site.backend != "postgresql":
        raise WrongUse(words.text(language, "mapping_cli.no_schema"))
    tables = site.tables(schema)
    if table is not None:
        if table not in tables:
            raise WrongUse(words.text(language, "mapping_cli.no_table", table=table))
        of = list_name or list_of(table)
        if of is None:
            raise WrongUse(words.text(language, "mapping_cli.which_list", table=table))
        return (_Aim(of, table),)
    aims = []
    for name in (list_name,) if list_name else _LISTS:
        found = table_of(tables, name)
        if found is None:
            click.echo(words.text(language, f"mapping_cli.no_{name}"), err=True)
        else:
            aims.append(_Aim(name, found))
    return aims


_Compared = Callable[[Site, Reflected, str, str | None], Evidence]


def _suggested(
    site: Site, aim: _Aim, schema: str | None, compared: _Compared | None
) -> tuple[Proposal, Evidence | None]:
    table = site.table(aim.table, schema)
    if table is None:  # pragma: no cover - it was there a moment ago
        raise WrongUse(words.text("en", "mapping_cli.no_table", table=aim.table))
    evidence = None if compared is None else compared(site, table, aim.list, schema)
    around = Surroundings(site.backend, site.around(table, schema), evidence, schema)
    return suggest(table, aim.list, around), evidence


def _owner(here: Workplace, company: str | None) -> str:
    if company is None:
        return here.refreshing.only_company()
    with here.database.read() as connection:
        return companies.get(connection, company).company


def _compared(
    here: Workplace, company: str, site: Site, table: Reflected, list_name: str, schema: str | None
) -> Evidence:
    with here.database.read() as connection:
        read = freshness.get(connection, company, list_name)
    if read is None or not read.complete:
        click.echo(here.text(f"mapping_cli.incomplete_{list_name}"), err=True)
    found = compare(
        table,
        list_name,
        lambda: site.rows(table, schema),
        lambda: _records(here, company, list_name),
    )
    if not found.records:
        raise WrongUse(here.text(f"mapping_cli.unread_{list_name}"))
    return found


def _records(here: Workplace, company: str, list_name: str) -> Iterator[Known]:
    try:
        with here.database.read() as connection:
            for one in records.every(connection, company, list_name):
                yield Known(one.list_id, one.values, is_active=one.is_active, is_deleted=one.is_deleted)
    except SQLAlchemyError as problem:
        # Else it would be taken for one of the website's.
        raise DatabaseUnreachable(here.database.url, problem) from problem
