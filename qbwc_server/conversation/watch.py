"""Who called last, kept in memory and written every few seconds.

A poll that finds nothing is by far the most common call; it must not cost a
write. What is lost in a crash is a few seconds of the polling history.
"""

import threading
from dataclasses import dataclass, field
from datetime import datetime

from qbwc_server.store import companies, connector_passwords, polls
from qbwc_server.store.database import Database
from qbwc_server.store.polls import Poll

KEPT_VERSIONS = 1000


@dataclass(slots=True)
class _Pending:
    calls: list[Poll] = field(default_factory=list)
    values: dict[str, object] = field(default_factory=dict)


class Watch:
    """The last calls of each company's Web Connector."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: dict[str, _Pending] = {}
        self._versions: dict[str, str] = {}

    def version_seen(self, address: str, version: str) -> None:
        """Note a Web Connector's version; clientVersion names no user, so the address must do."""
        with self._lock:
            if len(self._versions) >= KEPT_VERSIONS:
                self._versions.clear()
            self._versions[address] = version[:40]

    def seen(self, company: str, address: str, now: datetime) -> None:
        """Note that a company's Web Connector signed in."""
        with self._lock:
            pending = self._pending.setdefault(company, _Pending())
            pending.calls.append(Poll(now, address[:64]))
            pending.values["address"] = address[:64]
            version = self._versions.get(address)
            if version is not None:
                pending.values["connector_version"] = version

    def flush(self, database: Database) -> None:
        """Write what was seen since the last time."""
        with self._lock:
            pending, self._pending = self._pending, {}
        if not pending:
            return
        with database.write() as connection:
            for company, one in sorted(pending.items()):
                polls.record(connection, company, one.calls)
                companies.notice(connection, company, **one.values)
                connector_passwords.forgive(connection, company, max(call.at for call in one.calls))
