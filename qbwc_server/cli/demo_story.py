"""What the demo tells of each refresh, a line for each step of its life."""

import contextlib
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from qbwc_server import words
from qbwc_server.cli.console import Console
from qbwc_server.cli.demo_office import PASSWORD, USER
from qbwc_server.cli.shown import state_of, what_of
from qbwc_server.refreshing import Refresh, Refreshing, UnknownRecord

_LABEL_WIDTH: Final = 11
_LOOK_EVERY: Final = 0.1
_MOST_FIELDS: Final = 5


class Story:
    """The lines of the demo.

    Args:
        console: where they go.
        language: the language of the settings.
        refreshing: where the refreshes are looked up.
    """

    def __init__(self, console: Console, language: str, refreshing: Refreshing) -> None:
        self._console = console
        self._language = language
        self._refreshing = refreshing
        self._told: dict[int, int] = {}

    def say(self, key: str, **values: object) -> None:
        """Print a sentence of the catalogue."""
        self._console.say(words.text(self._language, key, **values))

    def banner(self, title: str, folder: Path, url: str) -> None:
        """Print what this is and where to look."""
        self.say("demo.banner", company=title, folder=folder, url=url, user=USER, password=PASSWORD)

    def follow(self, ids: Sequence[int], stopped: threading.Event, end: float) -> bool:
        """Tell of refreshes until all are final.

        Args:
            ids: which ones.
            stopped: ends the waiting.
            end: as `time.monotonic` counts; ends the waiting too.

        Returns:
            Whether all are final.
        """
        while True:
            self.tell()
            if all(self._refreshing.get(refresh_id).is_final for refresh_id in ids):
                self.tell()
                return True
            if time.monotonic() > end or stopped.wait(_LOOK_EVERY):
                return False

    def tell(self) -> None:
        """Print the steps that were taken since the last time, oldest refresh first."""
        for refresh in reversed(self._refreshing.list(limit=50)):
            steps = self._steps(refresh)
            for moment, label, text in steps[self._told.get(refresh.id, 0) :]:
                self._line(moment, label, text)
            newly_done = refresh.is_final and self._told.get(refresh.id, 0) < len(steps)
            self._told[refresh.id] = max(len(steps), self._told.get(refresh.id, 0))
            if newly_done and refresh.finished_at is not None:
                seconds = (refresh.finished_at - refresh.asked_at).total_seconds()
                self.say("demo.complete", seconds=f"{seconds:.1f}")

    def changed(self, list_name: str, full_name: str, field: str) -> None:
        """Print what somebody changed in QuickBooks."""
        what = f"{words.text(self._language, f'list.{list_name}.name')} {full_name}"
        self._line(datetime.now().astimezone(), "QuickBooks", f"{what} · {words.field_label(self._language, field)}")

    def _steps(self, refresh: Refresh) -> list[tuple[datetime, str, str]]:
        """Return the steps a refresh has taken, each with its time."""
        steps = [(refresh.asked_at, "asked", f"{self._named(refresh)} · {refresh.asked_by}")]
        if refresh.sent_at is not None:
            steps.append((refresh.sent_at, "connector", self._signed_in(refresh)))
            steps.append((refresh.sent_at, "sent", _query(refresh)))
        if refresh.answered_at is not None:
            steps.append((refresh.answered_at, "received", self._received(refresh)))
        if refresh.is_final and refresh.finished_at is not None:
            steps.append(
                (refresh.finished_at, "published", f"{what_of(self._language, refresh)} · {self._end(refresh)}")
            )
        return [(moment, words.text(self._language, f"demo.{label}"), text) for moment, label, text in steps]

    def _named(self, refresh: Refresh) -> str:
        """Return what a refresh is about, with the name that the record had before."""
        if refresh.full_name is None and refresh.way == "list_id":
            with contextlib.suppress(UnknownRecord):
                known = self._refreshing.record(refresh.company, refresh.list, refresh.value).full_name
                return f"{words.text(self._language, f'list.{refresh.list}.name')} {known}"
        return what_of(self._language, refresh)

    def _signed_in(self, refresh: Refresh) -> str:
        company = self._refreshing.connection(refresh.company)
        return words.text(self._language, "demo.signed_in", company=company.file_name or refresh.company)

    def _received(self, refresh: Refresh) -> str:
        received = words.plural(self._language, f"list.{refresh.list}.count", refresh.records)
        fields = list(dict.fromkeys(change.field for change in refresh.changes))
        if refresh.scope != "record" or not fields:
            return received
        named = ", ".join(words.field_label(self._language, field) for field in fields[:_MOST_FIELDS])
        return f"{received} · {named}{' …' if len(fields) > _MOST_FIELDS else ''}"

    def _end(self, refresh: Refresh) -> str:
        return state_of(self._language, refresh)

    def _line(self, moment: datetime, label: str, text: str) -> None:
        self._console.say(f"{moment.astimezone():%H:%M:%S} {label:<{_LABEL_WIDTH}} {text}")


def _query(refresh: Refresh) -> str:
    query = f"{refresh.list.capitalize()}Query"
    by = {"list_id": "ListID", "full_name": "FullName", "find": "NameFilter"}.get(refresh.way)
    return query if by is None else f"{query} {by} {refresh.value}"
