"""`python -m bench`: the costs of calls without a subcommand, those of whole lists with one.

Each subcommand makes installations of its own in temporary folders and drops them; figures of Linux's /proc are used.
"""

import argparse
import os
import platform
from typing import Any

from bench import calls, databases, growth, lists, profiling, singles, whole
from bench.office import NotInThisVersion, Office
from bench.quickbooks import Books, VersionTooNew
from bench.visit import visit


def main() -> None:
    """Measure what was asked for, and print its table."""
    parser = _parser()
    given = parser.parse_args()
    print(f"{os.cpu_count()} processors, {platform.system()}, Python {platform.python_version()}\n", flush=True)
    try:
        given.run(given)
    except (NotInThisVersion, VersionTooNew) as problem:
        print(f"not in this version: {problem}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Without a subcommand: an empty poll and a single refresh, as ratios to a WSGI no-op.",
    )
    parser.add_argument("--rounds", type=_several, default=20, help="how often the servers take turns (default: 20)")
    parser.add_argument("--seconds", type=float, default=0.5, help="of polling in a turn (default: 0.5)")
    parser.add_argument("--refreshes", type=int, default=8, help="refreshes in a turn; 0 leaves them out (default: 8)")
    parser.set_defaults(run=lambda given: calls.show(given.rounds, given.seconds, given.refreshes))
    commands = parser.add_subparsers(title="whole lists, as ratios to the floor", metavar="SUBCOMMAND")

    one = _command(commands, "lists", "a list read into an empty website, and again with nothing changed", 20_000)
    one.add_argument("--again", action="store_true", help="with --profile: the second reading")
    one.set_defaults(run=_lists)
    two = _command(commands, "growth", "ten times the records, and 50 changed ones among few and among many", 20_000)
    two.set_defaults(run=_growth)
    three = _command(commands, "singles", "single refreshes that all wait at once, fetched in one visit", 1000)
    three.set_defaults(run=_singles)
    four = _command(commands, "whole", "a list in one answer, from a QuickBooks without iterators", 46_000)
    four.set_defaults(run=_whole)
    for command in (one, three):
        command.add_argument("--times", type=int, default=3, help="rounds, each anew (default: 3)")
    return parser


def _command(commands: Any, name: str, what: str, customers: int) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=what, description=what)
    command.add_argument("--engine", choices=databases.ENGINES, default="sqlite", help="of both databases")
    command.add_argument("--customers", type=int, default=customers, help=f"default: {customers}")
    command.add_argument("--profile", action="store_true", help="profile the same work instead, in one process")
    return command


def _lists(given: argparse.Namespace) -> None:
    if given.profile:
        books = Books(given.customers)
        whole_list = {"scope": "all"}
        before = (lambda office: _fetch(office, books)) if given.again else (lambda _: None)
        profiling.show(profiling.profile(given.engine, books, [whole_list], before=before), given.customers)
    else:
        lists.show(given.engine, given.customers, given.times)


def _growth(given: argparse.Namespace) -> None:
    if not given.profile:
        growth.show(given.engine, given.customers)
        return
    books = Books(given.customers)

    def change(office: Office) -> None:
        _fetch(office, books)
        books.change(growth.changed(given.customers, 0))

    profiling.show(profiling.profile(given.engine, books, [{"scope": "changed"}], before=change), growth.CHANGED)


def _singles(given: argparse.Namespace) -> None:
    if given.profile:
        books = Books(given.customers)
        profiling.show(profiling.profile(given.engine, books, singles.wishes(books)), given.customers)
    else:
        singles.show(given.engine, given.customers, given.times)


def _whole(given: argparse.Namespace) -> None:
    if given.profile:
        books = Books(given.customers, whole.NEWEST)
        found = profiling.profile(given.engine, books, [{"scope": "all"}], hcp=whole.HCP)
        profiling.show(found, given.customers)
    else:
        whole.show(given.engine, given.customers)


def _fetch(office: Office, books: Books) -> None:
    office.ask({"scope": "all"})
    visit(office.connector, office.account, books)
    office.wait()


def _several(text: str) -> int:
    number = int(text)
    if number < 2:
        raise argparse.ArgumentTypeError("give 2 or more, to have a spread")
    return number


if __name__ == "__main__":
    main()
