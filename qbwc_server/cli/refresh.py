"""`qbwc refresh`: asks for records or a list as QuickBooks has them now."""

import getpass
import math
from collections.abc import Sequence
from typing import Final

import click

from qbwc_server.cli.console import WrongUse, json_option
from qbwc_server.cli.progress import following
from qbwc_server.cli.shown import state_of, what_of
from qbwc_server.cli.workplace import Workplace, workplace
from qbwc_server.qbxml.lists import LISTS
from qbwc_server.refreshing import Refresh, Wish

_LISTS: Final = tuple(kind.name for kind in LISTS)
_BAD_ENDS: Final = ("failed", "cancelled")


def _with_an_end(_context: click.Context, _option: click.Parameter, seconds: float | None) -> float | None:
    # "nan" and "inf" are numbers too, and no clock ever reaches them.
    if seconds is not None and not (math.isfinite(seconds) and seconds >= 0):
        message = "a wait needs an end: give a number of seconds, 0 or more, for example 600."
        raise click.BadParameter(message)
    return seconds


@click.command("refresh")
@click.argument("list_name", metavar="|".join(_LISTS), type=click.Choice(_LISTS))
@click.option("--company", help="The company; may be left out if there is only one.")
@click.option("--list-id", "list_ids", multiple=True, metavar="ID", help="A record by its ListID; several may follow.")
@click.option("--full-name", "full_names", multiple=True, metavar="NAME", help="A record by its full name.")
@click.option("--find", metavar="TEXT", help="Look for records whose name contains TEXT; at most 50.")
@click.option("--all", "whole", is_flag=True, help="The whole list.")
@click.option("--changed", is_flag=True, help="What changed since the last time; all, if that never was.")
@click.option("--sweep", is_flag=True, help="What moves without a trace: stock, balances, full names.")
@click.option("--wait", type=float, callback=_with_an_end, metavar="SECONDS", help="Return when all are done.")
@click.argument("more", nargs=-1, metavar="[ID|NAME]...")
@json_option
def command(
    list_name: str,
    company: str | None,
    list_ids: tuple[str, ...],
    full_names: tuple[str, ...],
    find: str | None,
    more: tuple[str, ...],
    wait: float | None,
    *,
    whole: bool,
    changed: bool,
    sweep: bool,
    as_json: bool,
) -> None:
    """Ask for refreshes. Without --wait the answer is what stands in the queue.

    Exit status 1 with --wait: one has failed or was cancelled, or the time is over.
    """
    lists = [way for way, wanted in (("all", whole), ("changed", changed), ("sweep", sweep)) if wanted]
    way, values = _way(list_ids, full_names, find, more, lists)
    with workplace(as_json=as_json) as here:
        owner = company if company is not None else here.refreshing.only_company()
        asked = here.refreshing.ask([Wish(owner, list_name, way, value) for value in values], asker())
        for one in asked:
            here.say(
                "cli.refresh_joined" if one.joined else "cli.refresh_asked",
                id=one.refresh.id,
                what=what_of(here.settings.language, one.refresh),
            )
            if way == "changed" and one.refresh.scope == "all":
                here.say("refresh.whole")
        refreshes = tuple(one.refresh for one in asked)
        if wait is not None:
            refreshes = _wait(here, refreshes, wait)
        here.console.answer([refresh.as_json(here.settings.language) for refresh in refreshes])
        if wait is not None and not all(refresh.is_final and refresh.state not in _BAD_ENDS for refresh in refreshes):
            raise SystemExit(1)


def asker() -> str:
    """Return who asks at the command line: the account on this machine."""
    try:
        return f"{getpass.getuser()} (qbwc)"[:120]
    except (OSError, KeyError, ImportError):  # no name for this account
        return "qbwc"


def _way(
    list_ids: tuple[str, ...],
    full_names: tuple[str, ...],
    find: str | None,
    more: tuple[str, ...],
    lists: Sequence[str],
) -> tuple[str, tuple[str, ...]]:
    ways = [
        (way, values)
        for way, values in (
            ("list_id", list_ids),
            ("full_name", full_names),
            ("find", () if find is None else (find,)),
            *((way, ("",)) for way in lists),
        )
        if values
    ]
    if not ways:
        message = "Say what to refresh: --list-id ID, --full-name NAME, --find TEXT, --all, --changed or --sweep."
        raise WrongUse(message)
    if len(ways) > 1:
        message = "Use only one of --list-id, --full-name, --find, --all, --changed and --sweep at a time."
        raise WrongUse(message)
    way, values = ways[0]
    if more and way not in ("list_id", "full_name"):
        message = f"{more[0]!r} does not belong to --{way}. Put a text of several words into quotation marks."
        raise WrongUse(message)
    return way, (*values, *more)


def _wait(here: Workplace, refreshes: tuple[Refresh, ...], seconds: float) -> tuple[Refresh, ...]:
    with following(here.settings.language) as look:
        ended = here.refreshing.wait([refresh.id for refresh in refreshes], seconds, look=look)
    for refresh in ended:
        if refresh.is_final:
            here.say("cli.refresh_state", id=refresh.id, state=state_of(here.settings.language, refresh))
        else:
            here.say("cli.wait_over", id=refresh.id, seconds=f"{seconds:g}")
    return ended
