"""Visits, their calls, and what was read of an answer that is not accepted yet."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, PrimaryKeyConstraint, String, Table, Text, false

from qbwc_server.store.tables.types import Counter, JSONType, UTCDateTime, company_column, metadata

visits = Table(
    "visits",
    metadata,
    company_column(),
    Column("visit", BigInteger, nullable=False),
    Column("ticket_sha256", String(64), nullable=False, unique=True),
    Column("state", String(12), nullable=False),
    Column("started_at", UTCDateTime, nullable=False),
    Column("last_call_at", UTCDateTime, nullable=False),
    Column("closed_at", UTCDateTime),
    Column("address", String(64)),
    # The session of the protocol core.
    Column("outstanding", String(50)),
    Column("outstanding_text", Text),
    Column("released", Boolean, nullable=False, default=False),
    Column("last_answered", String(50)),
    Column("last_number", Integer, nullable=False, default=0),
    Column("reason", String(40)),
    Column("reason_values", JSONType),
    # What was learnt of the company file before anything was sent.
    Column("file_checked", Boolean, nullable=False, default=False),
    Column("version", String(10)),
    Column("country", String(8)),
    # How far it got.
    Column("sends", Integer, nullable=False, default=0),
    Column("done", Integer, nullable=False, default=0),
    # Asks without IncludeRetElement; hands out nothing more.
    Column("plain", Boolean, nullable=False, default=False),
    Column("no_more", Boolean, nullable=False, default=False),
    # What is out: requestID -> kind, list and fields; and the running iterator.
    Column("requests", JSONType),
    Column("iterator", JSONType),
    # Asks for nothing beside what was asked for: QuickBooks refused a message set with counts or deletions in it.
    Column("bare", Boolean, nullable=False, default=False, server_default=false()),
    # QuickBooks has the company file in single-user mode: nobody else gets in while a visit is open.
    Column("single_user", Boolean, nullable=False, default=False, server_default=false()),
    PrimaryKeyConstraint("company", "visit"),
    Index("ix_visits_last_call", "last_call_at"),
)

exchanges = Table(
    "exchanges",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    company_column(),
    Column("visit", BigInteger, nullable=False),
    Column("at", UTCDateTime, nullable=False),
    Column("call", String(24), nullable=False),
    Column("answer", String(200), nullable=False),
    # The outgoing qbXML with its filter values masked; answers are never kept.
    Column("request", Text),
    Index("ix_exchanges_company_visit", "company", "visit"),
    Index("ix_exchanges_at", "at"),
)

staging = Table(
    "staging",
    metadata,
    company_column(),
    Column("visit", BigInteger, nullable=False),
    Column("message_set", String(50), nullable=False),
    # One number a reading: a repeated call that is read at the same time has its own rows.
    Column("reading", String(36), nullable=False),
    Column("n", Integer, nullable=False),
    Column("request_id", String(50), nullable=False),
    Column("list", String(20), nullable=False),
    Column("list_id", String(36), nullable=False),
    Column("staged_at", UTCDateTime, nullable=False),
    Column("observation", JSONType, nullable=False),
    PrimaryKeyConstraint("reading", "n"),
)
