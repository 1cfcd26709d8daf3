"""Notices what goes wrong and what is right again, and has it told, once.

Theory of operation
-------------------
A round reads how everything stands and judges it (`judging`). Mostly nothing is to be done, and nothing is written.
Otherwise one transaction reads and judges again, writes the alerts and, beside them, the messages that tell of them: an
alert is never noted without its messages. Several processes may see the same; an open alert is single and recovers
once (`store.alerts`), and only the process that wrote it tells of it. Whether or not anybody is to be told, the alert
is noted: the page shows it. It is noted, too, when its messages cannot be put into words: that stops no other alert.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from qbwc_server.alerting import judging, writing
from qbwc_server.alerting.channels import MAIL, WEBHOOK
from qbwc_server.alerting.judging import Patience, Step
from qbwc_server.alerting.writing import House, News
from qbwc_server.store import alerts, messages
from qbwc_server.store.alerts import Backlog, Standing
from qbwc_server.store.database import Database

log = logging.getLogger(__name__)

_MOST_ENDED = 1000


@dataclass(frozen=True, slots=True)
class _Situation:
    """How everything stood at a moment, and what follows from it."""

    standings: Sequence[Standing]
    backlog: Backlog
    steps: Sequence[Step]


class Noticing:
    """Looks for trouble.

    Args:
        database: our own database.
        patience: when silence is too long.
        house: where messages come from.
        channels: the ways out that are set.
        clock: the time that decisions use.
    """

    def __init__(
        self,
        database: Database,
        patience: Patience,
        house: House,
        channels: tuple[str, ...],
        clock: Callable[[Connection], datetime],
    ) -> None:
        self.database = database
        self.patience = patience
        self.house = house
        self.channels = channels
        self.clock = clock
        self._listening: datetime | None = None

    def look(self) -> int:
        """Look once; returns how many alerts began or were over. This server counts as running from the first time."""
        with self.database.read() as connection:
            if not self._situation(connection, self.clock(connection)).steps:
                return 0
        with self.database.write() as connection:
            now = self.clock(connection)
            found = self._situation(connection, now)
            return sum(self._take(connection, step, found, now) for step in found.steps)

    def _situation(self, connection: Connection, now: datetime) -> _Situation:
        self._listening = self._listening or now
        standings, backlog = alerts.standings(connection, now), alerts.backlog(connection)
        verdicts = judging.verdicts(standings, backlog, self.patience, self._listening, now)
        ended = alerts.recent(connection, now - judging.REMEMBERED, _MOST_ENDED)
        return _Situation(standings, backlog, judging.steps(verdicts, alerts.open_ones(connection), ended, now))

    def _take(self, connection: Connection, step: Step, found: _Situation, now: datetime) -> bool:
        """Take one step; tells whether an alert began or was over."""
        verdict, alert = step.verdict, step.alert
        if alert is None:
            if not alerts.begin(connection, verdict.kind, verdict.company, step.particulars, now):
                return False
            self._tell(connection, step, found, writing.ONSET, now, now)
            return True
        if step.what == judging.DESCRIBE:
            alerts.describe(connection, alert.id, step.particulars)
            return False
        over = max(alert.onset_at, judging.right_since(alert) or now)
        if not alerts.recover(connection, alert.id, over):
            return False
        self._tell(connection, step, found, writing.RECOVERED, over, now)
        return True

    def _tell(
        self, connection: Connection, step: Step, found: _Situation, state: str, at: datetime, now: datetime
    ) -> None:
        people = alerts.recipients(connection) if MAIL in self.channels else ()
        try:
            news = _news(step, found, state, at)
            drafts = writing.drafts(self.house, news, people, webhook=WEBHOOK in self.channels)
        except Exception as problem:  # noqa: BLE001 - whatever it is, it concerns this alert
            # The text of an unforeseen error may hold values of a record.
            log.error("alert %s cannot be told: %s", step.verdict.kind, type(problem).__name__)  # noqa: TRY400
            return
        messages.add(connection, drafts, now)


def _news(step: Step, found: _Situation, state: str, at: datetime) -> News:
    verdict, told = step.verdict, step.particulars
    owner = next((one for one in found.standings if one.company == verdict.company), None)
    since = told.get("since")
    return News(
        kind=verdict.kind,
        state=state,
        company=verdict.company,
        title="" if owner is None else owner.title,
        at=at,
        since=datetime.fromisoformat(since) if since else at if step.alert is None else step.alert.onset_at,
        waiting=found.backlog.records if owner is None else owner.waiting,
        code=told.get("code", ""),
        values=_values(told.get("values") or {}),
    )


def _values(kept: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(kept.items()))
