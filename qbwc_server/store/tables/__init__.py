"""The tables of our own database.

Invariants of stored data stand here as constraints; the migrations make the same.
"""

from qbwc_server.store.tables.accounts import ROLES, audit, setup_links, tokens, users, web_sessions
from qbwc_server.store.tables.alerts import CHANNELS, KINDS, alerts, messages
from qbwc_server.store.tables.companies import companies, connections, installation, polls, schedules
from qbwc_server.store.tables.deliveries import DELIVERY_STATES, deliveries
from qbwc_server.store.tables.queue import (
    FINAL_STATES,
    LISTS_READ,
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
    "CHANNELS",
    "DELIVERY_STATES",
    "FINAL_STATES",
    "KINDS",
    "LISTS_READ",
    "OUTCOMES",
    "ROLES",
    "SCOPES",
    "STATES",
    "WAYS",
    "UTCDateTime",
    "alerts",
    "askers",
    "audit",
    "changes",
    "companies",
    "connections",
    "deliveries",
    "exchanges",
    "freshness",
    "idempotency_keys",
    "installation",
    "messages",
    "metadata",
    "outbox",
    "polls",
    "records",
    "refreshes",
    "schedules",
    "setup_links",
    "staging",
    "tokens",
    "users",
    "visits",
    "web_sessions",
]
