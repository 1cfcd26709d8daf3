"""The queue: refreshes, who asked for them, and the keys of programs that ask."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    false,
    text,
)

from qbwc_server.store.tables.types import Counter, JSONType, UTCDateTime, company_column, metadata, one_of

STATES = ("waiting", "sent", "answered", "published", "failed", "cancelled")
FINAL_STATES = ("published", "failed", "cancelled")
OUTCOMES = ("inserted", "updated", "unchanged", "not_found", "deleted", "mixed")
SCOPES = ("record", "find", "changed", "all", "sweep")
WAYS = ("list_id", "full_name", "find", "all", "changed", "sweep")
LISTS_READ = ("all", "changed", "sweep")

refreshes = Table(
    "refreshes",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    company_column(),
    Column("list", String(20), nullable=False),
    Column("scope", String(10), nullable=False),
    Column("way", String(10), nullable=False),
    Column("value", String(255), nullable=False),
    Column("state", String(10), nullable=False),
    Column("outcome", String(12)),
    Column("urgent", Boolean, nullable=False),
    Column("asked_by", String(120), nullable=False),
    Column("asked_at", UTCDateTime, nullable=False),
    # Somebody asked for the same while it was under way, also who had asked already.
    Column("joined", Boolean, nullable=False, default=False),
    Column("first_sent_at", UTCDateTime),
    Column("sent_at", UTCDateTime),
    Column("answered_at", UTCDateTime),
    Column("published_at", UTCDateTime),
    Column("finished_at", UTCDateTime),
    # Which visit has it, and under which requestID it went out last.
    Column("visit", BigInteger),
    Column("request_id", String(50)),
    # Sends without an answer, and what was wrong the last time that something came (a code).
    Column("unanswered", Integer, nullable=False, default=0),
    Column("trouble", String(40)),
    # The largest message set it may travel in; to be asked for in a query of its own; missing once already.
    Column("most", Integer, nullable=False, default=1000),
    Column("alone", Boolean, nullable=False, default=False),
    Column("missed", Boolean, nullable=False, default=False),
    # Not to be handed out again by this visit.
    Column("held_by_visit", BigInteger),
    # Refused alone in that visit; what it means is known at the visit's end.
    Column("refused_alone", Boolean, nullable=False, default=False),
    # Refused alone with IncludeRetElement; whether that was the reason is known once it is taken without.
    Column("fields_refused", Boolean, nullable=False, default=False),
    # The record it turned out to be, and the observation that answers it (the last one, for a list).
    Column("list_id", String(36)),
    Column("full_name", String(255)),
    Column("seq", BigInteger),
    Column("first_seq", BigInteger),
    Column("records", Integer, nullable=False, default=0),
    Column("counts", JSONType),
    Column("hits", JSONType),
    Column("error", JSONType),
    Column("retry_of", Counter, ForeignKey("refreshes.id")),
    # Of a list run: how many records QuickBooks says there are, from which of its own times on they are asked for, and
    # the newest such time that was seen (TimeModified without its offset).
    Column("total", Integer),
    Column("modified_since", String(19)),
    Column("newest", String(19)),
    # The same of what QuickBooks says was deleted.
    Column("newest_deleted", String(19)),
    # Every page has come; what is left is to ask for the suspects.
    Column("through", Boolean, nullable=False, default=False, server_default=false()),
    # ListIDs that seem to be gone, each still to be asked for by itself.
    Column("suspects", JSONType),
    # In small pages, so that whoever works in QuickBooks does not notice.
    Column("small", Boolean, nullable=False, default=False, server_default=false()),
    # How often its iteration had to begin again.
    Column("resumed", Integer, nullable=False, default=0, server_default="0"),
    # When QuickBooks says that the record was deleted, in its own words.
    Column("time_deleted", String(40)),
    CheckConstraint(one_of("state", STATES), name="state"),
    CheckConstraint(one_of("scope", SCOPES), name="scope"),
    CheckConstraint(one_of("way", WAYS), name="way"),
    CheckConstraint(f"outcome IS NULL OR ({one_of('outcome', OUTCOMES)} AND state = 'published')", name="outcome"),
    CheckConstraint("state <> 'failed' OR error IS NOT NULL", name="failed_says_why"),
    CheckConstraint("state <> 'sent' OR (visit IS NOT NULL AND request_id IS NOT NULL)", name="sent_is_somewhere"),
    CheckConstraint("(finished_at IS NOT NULL) = (" + one_of("state", FINAL_STATES) + ")", name="finished"),
    Index(
        "uq_refreshes_waiting",
        "company",
        "list",
        "way",
        "value",
        unique=True,
        sqlite_where=text("state = 'waiting' AND first_sent_at IS NULL"),
        postgresql_where=text("state = 'waiting' AND first_sent_at IS NULL"),
    ),
    # Not partial: SQLite uses a partial index only where a query repeats its condition word for word.
    Index("ix_refreshes_state", "state", "company"),
    # The list last, or SQLite would take this index for what is sought by state within a list.
    Index("ix_refreshes_record", "company", "list_id", "list"),
    Index("ix_refreshes_finished", "finished_at"),
    # Looked into for each refresh that is deleted.
    Index("ix_refreshes_retry_of", "retry_of"),
)

askers = Table(
    "askers",
    metadata,
    Column("refresh_id", Counter, ForeignKey("refreshes.id", ondelete="CASCADE"), nullable=False),
    Column("asked_by", String(120), nullable=False),
    Column("asked_at", UTCDateTime, nullable=False),
    # Wants to be written to when it is done.
    Column("tell", Boolean, nullable=False, default=False, server_default=false()),
    PrimaryKeyConstraint("refresh_id", "asked_by"),
    # Looked through every few seconds for the few who want to be written to.
    Index("ix_askers_tell", "tell"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("asked_by", String(120), nullable=False),
    Column("key", String(255), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("refresh_ids", JSONType, nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    PrimaryKeyConstraint("asked_by", "key"),
    Index("ix_idempotency_keys_created", "created_at"),
)
