"""How far the reading of a list has come, on standard error while a command waits.

On a terminal it is a bar; elsewhere a line each time a tenth is passed, so that a log stays readable.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import click

from qbwc_server import words
from qbwc_server.refreshing import Refresh, saying

_TENTHS = 10
Look = Callable[[Sequence[Refresh]], None]


@contextmanager
def following(language: str) -> Iterator[Look]:
    """Show how far a list has come each time that it is looked at; what is no list is passed over."""
    with ExitStack() as shown:
        follow = _bars(shown) if sys.stderr.isatty() else _lines(language)

        def look(refreshes: Sequence[Refresh]) -> None:
            for refresh in refreshes:
                if refresh.reads_list and refresh.begun and refresh.total:
                    follow(refresh)

        yield look


def _bars(shown: ExitStack) -> Callable[[Refresh], None]:
    bars: dict[int, Any] = {}

    def follow(refresh: Refresh) -> None:
        total, done = refresh.total or 0, saying.done_of(refresh)
        bar = bars.get(refresh.id)
        if bar is None:
            # What is left is not guessed at: how long QuickBooks needs for a page hangs on who else works there.
            bar = click.progressbar(length=total, show_pos=True, show_eta=False, file=sys.stderr)
            bars[refresh.id] = shown.enter_context(bar)
        if (bar.length, bar.pos) != (total, done):
            # It may go back: a reading that was lost begins again.
            bar.length, bar.pos = total, done
            bar.render_progress()

    return follow


def _lines(language: str) -> Callable[[Refresh], None]:
    tenths: dict[int, int] = {}

    def follow(refresh: Refresh) -> None:
        tenth = _TENTHS * saying.done_of(refresh) // (refresh.total or 1)
        if tenth != tenths.get(refresh.id, 0):
            told = words.text(
                language, "cli.refresh_progress", id=refresh.id, progress=saying.progress(language, refresh)
            )
            click.echo(told, err=True)
        tenths[refresh.id] = tenth

    return follow
