"""`qbwc queue`: what was asked for, and what became of it."""

from collections.abc import Sequence
from typing import Final

import click

from qbwc_server.cli.console import json_option
from qbwc_server.cli.refresh import asker
from qbwc_server.cli.shown import state_of, what_of
from qbwc_server.cli.workplace import Workplace, workplace
from qbwc_server.refreshing import NotFailed, NotWaiting, Refresh, saying
from qbwc_server.store.tables import STATES

# What a database counts with.
_HIGHEST: Final = 2**63 - 1


@click.group("queue")
def command() -> None:
    """What was asked for, and what became of it."""


@command.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@click.option("--limit", type=click.IntRange(1, _HIGHEST), help="At most so many.")
@json_option
def show(state: str | None, limit: int | None, *, as_json: bool) -> None:
    """List the refreshes, newest first, final ones included."""
    with workplace(as_json=as_json) as here:
        refreshes = here.refreshing.list(state=state, limit=limit)
        _answer(here, refreshes)
        language = here.settings.language
        here.console.table(
            ("id", "company", "what", "state", "asked by", "asked at"),
            (
                (
                    one.id,
                    one.company,
                    what_of(language, one),
                    state_of(language, one),
                    saying.asker(language, one.asked_by),
                    one.asked_at,
                )
                for one in refreshes
            ),
            empty=here.text("cli.queue_empty"),
        )


@command.command("cancel")
@click.argument("ids", metavar="ID...", type=click.IntRange(1, _HIGHEST), nargs=-1, required=True)
@json_option
def cancel(ids: tuple[int, ...], *, as_json: bool) -> None:
    """Cancel refreshes that still wait, whoever asked for them."""
    with workplace(as_json=as_json) as here:
        _know(here, ids)
        done: list[Refresh] = []
        late = False
        for refresh_id in ids:
            try:
                done.append(here.refreshing.cancel(refresh_id, asker(), everyone=True))
                here.say("cli.cancelled", id=refresh_id)
            except NotWaiting:
                late = True
                done.append(here.refreshing.get(refresh_id))
                here.say("cli.not_waiting", id=refresh_id)
        _answer(here, done)
        if late:
            raise SystemExit(1)


@command.command("retry")
@click.argument("ids", metavar="ID...", type=click.IntRange(1, _HIGHEST), nargs=-1, required=True)
@json_option
def retry(ids: tuple[int, ...], *, as_json: bool) -> None:
    """Put failed refreshes into the queue again."""
    with workplace(as_json=as_json) as here:
        _know(here, ids)
        done: list[Refresh] = []
        sound = False
        for refresh_id in ids:
            try:
                done.append(here.refreshing.retry(refresh_id, asker()))
                here.say("cli.retried", id=refresh_id, new=done[-1].id)
            except NotFailed:
                sound = True
                done.append(here.refreshing.get(refresh_id))
                here.say("cli.not_failed", id=refresh_id)
        _answer(here, done)
        if sound:
            raise SystemExit(1)


def _know(here: Workplace, ids: Sequence[int]) -> None:
    """Stop at an unknown number before anything is done."""
    for refresh_id in ids:
        here.refreshing.get(refresh_id)


def _answer(here: Workplace, refreshes: Sequence[Refresh]) -> None:
    here.console.answer([refresh.as_json(here.settings.language) for refresh in refreshes])
