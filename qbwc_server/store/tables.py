"""The tables of our own database.

Invariants of stored data stand here as constraints; the migrations make the same.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

STATES = ("waiting", "sent", "answered", "published", "failed", "cancelled")
FINAL_STATES = ("published", "failed", "cancelled")
OUTCOMES = ("inserted", "updated", "unchanged", "not_found", "deleted", "mixed")
SCOPES = ("record", "find", "changed", "all")
WAYS = ("list_id", "full_name", "find", "all", "changed")
ROLES = ("viewer", "operator", "admin")


class UTCDateTime(TypeDecorator[datetime]):
    """An aware UTC time; SQLite, which has no zones, keeps it as naive UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware time into what the database keeps."""
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn what the database keeps into an aware UTC time."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# None is NULL, never the JSON word null, so that IS NULL means what it says.
JSONType = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
# SQLite numbers rows by itself only for INTEGER PRIMARY KEY.
Counter = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def _company(**options: Any) -> Column[str]:
    return Column("company", String(40), ForeignKey("companies.company"), nullable=False, **options)


installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("stream_id", String(36), nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    CheckConstraint("id = 1", name="single"),
)

companies = Table(
    "companies",
    metadata,
    Column("company", String(40), primary_key=True),
    Column("title", String(200), nullable=False),
    Column("user_name", String(100), nullable=False, unique=True),
    Column("password_sha256", String(64), nullable=False),
    Column("password_changed_at", UTCDateTime, nullable=False),
    Column("owner_id", String(38), nullable=False, unique=True),
    Column("file_id", String(38), nullable=False, unique=True),
    # The path given by the owner, and the file accepted last.
    Column("company_file", Text),
    Column("accepted_file", Text),
    Column("accepted_name", Text),
    Column("paused", Boolean, nullable=False, default=False),
    Column("created_at", UTCDateTime, nullable=False),
    # The observation counter and the number of the current visit.
    Column("seq", BigInteger, nullable=False, default=0),
    # The website is still to be asked whether it knows higher numbers than this one; NULL once it was (`numbers`).
    Column("unchecked_after", BigInteger, default=0),
    Column("visit", BigInteger, nullable=False, default=0),
    # qbXML: what was negotiated last, a cap after refusals, what was ever accepted.
    Column("qbxml_version", String(10)),
    Column("version_cap", String(10)),
    Column("accepted_version", String(10)),
    Column("whole_records", Boolean, nullable=False, default=False),
    # Visits with a request out that were taken over in a row.
    Column("takeovers", Integer, nullable=False, default=0),
    CheckConstraint("seq >= 0", name="seq"),
)

connections = Table(
    "connections",
    metadata,
    _company(primary_key=True),
    Column("last_seen_at", UTCDateTime),
    Column("address", String(64)),
    Column("connector_version", String(40)),
    Column("product", String(255)),
    Column("country", String(8)),
    Column("seen_file", Text),
    Column("seen_name", Text),
    Column("seen_file_id", String(64)),
    Column("attention", String(40)),
    Column("attention_values", JSONType),
    Column("attention_at", UTCDateTime),
    Column("wrong_passwords", Integer, nullable=False, default=0),
    Column("wrong_password_at", UTCDateTime),
)

polls = Table(
    "polls",
    metadata,
    _company(),
    Column("polled_at", UTCDateTime, nullable=False),
    PrimaryKeyConstraint("company", "polled_at"),
)

refreshes = Table(
    "refreshes",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    _company(),
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
    CheckConstraint(_one_of("state", STATES), name="state"),
    CheckConstraint(_one_of("scope", SCOPES), name="scope"),
    CheckConstraint(_one_of("way", WAYS), name="way"),
    CheckConstraint(f"outcome IS NULL OR ({_one_of('outcome', OUTCOMES)} AND state = 'published')", name="outcome"),
    CheckConstraint("state <> 'failed' OR error IS NOT NULL", name="failed_says_why"),
    CheckConstraint("state <> 'sent' OR (visit IS NOT NULL AND request_id IS NOT NULL)", name="sent_is_somewhere"),
    CheckConstraint("(finished_at IS NOT NULL) = (" + _one_of("state", FINAL_STATES) + ")", name="finished"),
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
)

askers = Table(
    "askers",
    metadata,
    Column("refresh_id", Counter, ForeignKey("refreshes.id", ondelete="CASCADE"), nullable=False),
    Column("asked_by", String(120), nullable=False),
    Column("asked_at", UTCDateTime, nullable=False),
    PrimaryKeyConstraint("refresh_id", "asked_by"),
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
)

visits = Table(
    "visits",
    metadata,
    _company(),
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
    PrimaryKeyConstraint("company", "visit"),
)

exchanges = Table(
    "exchanges",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    _company(),
    Column("visit", BigInteger, nullable=False),
    Column("at", UTCDateTime, nullable=False),
    Column("call", String(24), nullable=False),
    Column("answer", String(200), nullable=False),
    # The outgoing qbXML with its filter values masked; answers are never kept.
    Column("request", Text),
    Index("ix_exchanges_company_visit", "company", "visit"),
)

staging = Table(
    "staging",
    metadata,
    _company(),
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

records = Table(
    "records",
    metadata,
    _company(),
    Column("list", String(20), nullable=False),
    Column("list_id", String(36), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("name", String(255), nullable=False),
    Column("full_name", String(255), nullable=False),
    Column("sort_name", String(255), nullable=False),
    Column("search", Text, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("is_deleted", Boolean, nullable=False, default=False),
    Column("edit_sequence", String(16), nullable=False),
    Column("observed_at", UTCDateTime, nullable=False),
    Column("values", JSONType, nullable=False),
    PrimaryKeyConstraint("company", "list", "list_id"),
    CheckConstraint("seq > 0", name="seq"),
    Index("ix_records_sort", "company", "list", "sort_name", "list_id"),
    Index("ix_records_full_name", "company", "list", "full_name"),
)

changes = Table(
    "changes",
    metadata,
    _company(),
    Column("seq", BigInteger, nullable=False),
    Column("list", String(20), nullable=False),
    Column("list_id", String(36), nullable=False),
    Column("changed_at", UTCDateTime, nullable=False),
    # The list run that brought it, if it came with one.
    Column("refresh_id", Counter, ForeignKey("refreshes.id")),
    # created, updated, deleted or revived; and [{"field", "before", "after"}].
    Column("kind", String(10), nullable=False),
    Column("fields", JSONType, nullable=False),
    PrimaryKeyConstraint("company", "seq"),
    Index("ix_changes_record", "company", "list", "list_id", "seq"),
    Index("ix_changes_refresh", "refresh_id"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("target", String(40), nullable=False),
    _company(),
    Column("list", String(20), nullable=False),
    Column("list_id", String(36), nullable=False),
    Column("seq", BigInteger, nullable=False),
    # The seq at which it became dirty: what a list run waits for.
    Column("since", BigInteger, nullable=False),
    # A single refresh wants the website's qbwc_checked written.
    Column("single", Boolean, nullable=False, default=False),
    # When a list run last put it here, if one did.
    Column("listed_at", UTCDateTime),
    # A person wants this observation on the website though QuickBooks's EditSequence is the lower one.
    Column("forced", Boolean, nullable=False, default=False),
    Column("due_at", UTCDateTime, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("claimed_by", String(36)),
    Column("claimed_until", UTCDateTime),
    # Set aside for a person: held, refused_value or ambiguous, and what it concerns.
    Column("set_aside", String(16)),
    Column("detail", JSONType),
    PrimaryKeyConstraint("target", "company", "list", "list_id"),
    Index("ix_outbox_due", "due_at"),
    ForeignKeyConstraint(["company", "list", "list_id"], ["records.company", "records.list", "records.list_id"]),
)

freshness = Table(
    "freshness",
    metadata,
    _company(),
    Column("list", String(20), nullable=False),
    Column("last_contact_at", UTCDateTime),
    Column("last_full_read_at", UTCDateTime),
    Column("complete", Boolean, nullable=False, default=False),
    Column("dirty", Boolean, nullable=False, default=True),
    PrimaryKeyConstraint("company", "list"),
)

users = Table(
    "users",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("role", String(10), nullable=False),
    Column("password_hash", String(255), nullable=False),
    Column("language", String(8)),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("created_at", UTCDateTime, nullable=False),
    CheckConstraint(_one_of("role", ROLES), name="role"),
)

web_sessions = Table(
    "web_sessions",
    metadata,
    Column("token_sha256", String(64), primary_key=True),
    Column("user_name", String(100), ForeignKey("users.name", ondelete="CASCADE"), nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    Column("expires_at", UTCDateTime, nullable=False),
    Index("ix_web_sessions_user", "user_name"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("token_sha256", String(64), nullable=False, unique=True),
    Column("role", String(10), nullable=False),
    Column("company", String(40), ForeignKey("companies.company")),
    Column("created_at", UTCDateTime, nullable=False),
    Column("revoked_at", UTCDateTime),
    CheckConstraint(_one_of("role", ROLES), name="role"),
)
