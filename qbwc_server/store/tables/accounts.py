"""Accounts: people, their sessions, the tokens of programs, the links handed out, and what was done."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, String, Table, false

from qbwc_server.store.tables.types import Counter, JSONType, UTCDateTime, company_column, metadata, one_of

ROLES = ("viewer", "operator", "admin")

users = Table(
    "users",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("role", String(10), nullable=False),
    Column("password_hash", String(255), nullable=False),
    Column("language", String(8)),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("created_at", UTCDateTime, nullable=False),
    # Where to write to, and whether alerts are wanted there.
    Column("email", String(254)),
    Column("alerts", Boolean, nullable=False, default=False, server_default=false()),
    CheckConstraint(one_of("role", ROLES), name="role"),
    CheckConstraint("email IS NOT NULL OR NOT alerts", name="alerts_need_email"),
)

web_sessions = Table(
    "web_sessions",
    metadata,
    Column("token_sha256", String(64), primary_key=True),
    Column("user_name", String(100), ForeignKey("users.name", ondelete="CASCADE"), nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    Column("expires_at", UTCDateTime, nullable=False),
    # How its owner recognises it.
    Column("seen_at", UTCDateTime),
    Column("address", String(64)),
    Column("browser", String(200)),
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
    CheckConstraint(one_of("role", ROLES), name="role"),
)

# Who did what that others may want to know of: never a value of a record, never a secret.
audit = Table(
    "audit",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("at", UTCDateTime, nullable=False),
    Column("who", String(120), nullable=False),
    Column("what", String(40), nullable=False),
    Column("company", String(40), ForeignKey("companies.company")),
    # Which user, token, record or setting it concerns.
    Column("subject", String(255)),
    Column("detail", JSONType),
    Index("ix_audit_at", "at"),
)

# Links to the page for the person at the QuickBooks PC.
setup_links = Table(
    "setup_links",
    metadata,
    Column("token_sha256", String(64), primary_key=True),
    company_column(),
    Column("created_by", String(120), nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    Column("expires_at", UTCDateTime, nullable=False),
    Index("ix_setup_links_company", "company"),
)
