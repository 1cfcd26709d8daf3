"""The tables of our own database.

Invariants of stored data stand here as constraints; the migrations make the same.
"""

from qbwc_server.store.tables.accounts import ROLES, tokens, users, web_sessions
from qbwc_server.store.tables.companies import companies, connections, installation, polls
from qbwc_server.store.tables.queue import (
    FINAL_STATES,
    OUTCOMES,
    SCOPES,
    STATES,
    WAYS,
    askers,
    idempotency_keys,
    refreshes,
)
from qbwc_server.store.tables.records import changes, freshness, outbox, records
from qbwc_server.store.tables.types import UTCDateTime, metadata
from qbwc_server.store.tables.visits import exchanges, staging, visits

__all__ = [
    "FINAL_STATES",
    "OUTCOMES",
    "ROLES",
    "SCOPES",
    "STATES",
    "WAYS",
    "UTCDateTime",
    "askers",
    "changes",
    "companies",
    "connections",
    "exchanges",
    "freshness",
    "idempotency_keys",
    "installation",
    "metadata",
    "outbox",
    "polls",
    "records",
    "refreshes",
    "staging",
    "tokens",
    "users",
    "visits",
    "web_sessions",
]
