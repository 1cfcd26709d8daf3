# ruff: noqa: E501 - drafted lines may be long
"""Initial schema."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "companies",
        sa.Column("company", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("user_name", sa.String(length=100), nullable=False),
        sa.Column("password_sha256", sa.String(length=64), nullable=False),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_id", sa.String(length=38), nullable=False),
        sa.Column("file_id", sa.String(length=38), nullable=False),
        sa.Column("company_file", sa.Text(), nullable=True),
        sa.Column("accepted_file", sa.Text(), nullable=True),
        sa.Column("accepted_name", sa.Text(), nullable=True),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("unchecked_after", sa.BigInteger(), nullable=True),
        sa.Column("visit", sa.BigInteger(), nullable=False),
        sa.Column("qbxml_version", sa.String(length=10), nullable=True),
        sa.Column("version_cap", sa.String(length=10), nullable=True),
        sa.Column("accepted_version", sa.String(length=10), nullable=True),
        sa.Column("whole_records", sa.Boolean(), nullable=False),
        sa.Column("takeovers", sa.Integer(), nullable=False),
        sa.CheckConstraint("seq >= 0", name=op.f("ck_companies_seq")),
        sa.PrimaryKeyConstraint("company", name=op.f("pk_companies")),
        sa.UniqueConstraint("file_id", name=op.f("uq_companies_file_id")),
        sa.UniqueConstraint("owner_id", name=op.f("uq_companies_owner_id")),
        sa.UniqueConstraint("user_name", name=op.f("uq_companies_user_name")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("asked_by", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("refresh_ids", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("asked_by", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stream_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_installation_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_table(
        "users",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('viewer', 'operator', 'admin')", name=op.f("ck_users_role")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_users")),
    )
    op.create_table(
        "connections",
        sa.Column("company", sa.String(length=40), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("connector_version", sa.String(length=40), nullable=True),
        sa.Column("product", sa.String(length=255), nullable=True),
        sa.Column("country", sa.String(length=8), nullable=True),
        sa.Column("seen_file", sa.Text(), nullable=True),
        sa.Column("seen_name", sa.Text(), nullable=True),
        sa.Column("seen_file_id", sa.String(length=64), nullable=True),
        sa.Column("attention", sa.String(length=40), nullable=True),
        sa.Column("attention_values", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("attention_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wrong_passwords", sa.Integer(), nullable=False),
        sa.Column("wrong_password_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["company"], ["companies.company"], name=op.f("fk_connections_company_companies")),
        sa.PrimaryKeyConstraint("company", name=op.f("pk_connections")),
    )
    op.create_table(
        "exchanges",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("company", sa.String(length=40), nullable=False),
        sa.Column("visit", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("call", sa.String(length=24), nullable=False),
        sa.Column("answer", sa.String(length=200), nullable=False),
        sa.Column("request", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["company"], ["companies.company"], name=op.f("fk_exchanges_company_companies")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchanges")),
    )
    with op.batch_alter_table("exchanges", schema=None) as batch_op:
        batch_op.create_index("ix_exchanges_company_visit", ["company", "visit"], unique=False)

    op.create_table(
        "freshness",
        sa.Column("company", sa.String(length=40), nullable=False),
        sa.Column("list", sa.String(length=20), nullable=False),
        sa.Column("last_contact_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_full_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("dirty", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["company"], ["companies.company"], name=op.f("fk_freshness_company_companies")),
        sa.PrimaryKeyConstraint("company", "list", name=op.f("pk_freshness")),
    )
    op.create_table(
        "polls",
        sa.Column("company", sa.String(length=40), nullable=False),
        sa.Column("polled_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company"], ["companies.company"], name=op.f("fk_polls_company_companies")),
        sa.PrimaryKeyConstraint("company", "polled_at", name=op.f("pk_polls")),
    )
    op.create_table(
        "records",
        sa.Column("company", sa.String(length=40), nullable=False),
        sa.Column("list", sa.String(length=20), nullable=False),
        sa.Column("list_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("full_name", sa.String(length=255), nullable=False),
        sa.Column("sort_name", sa.String(length=255), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        sa.Column("edit_sequence", sa.String(length=16), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("values", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.CheckConstraint("seq > 0", name=op.f("ck_records_seq")),
        sa.ForeignKeyConstraint(["company"], ["companies.company"], name=op.f("fk_records_company_companies")),
        sa.PrimaryKeyConstraint("company", "list", "list_id", name=op.f("pk_records")),
    )
    with op.batch_alter_table("records", schema=None) as batch_op:
        batch_op.create_index("ix_records_full_name", ["company", "list", "full_name"], unique=False)
        batch_op.create_index("ix_records_sort", ["company", "list", "sort_name", "list_id"], unique=False)

    op.create_table(
        "refreshes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("company", sa.String(length=40), nullable=False),
        sa.Column("list", sa.String(length=20), nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("way", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("asked_by", sa.String(length=120), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("joined", sa.Boolean(), nullable=False),
        sa.Column("first_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("visit", sa.BigInteger(), nullable=True),
        sa.Column("request_id", sa.String(length=50), nullable=True),
        sa.Column("unanswered", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.String(length=40), nullable=True),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.Column("missed", sa.Boolean(), nullable=False),
        sa.Column("held_by_visit", sa.BigInteger(), nullable=True),
        sa.Column("refused_alone", sa.Boolean(), nullable=False),
        sa.Column("fields_refused", sa.Boolean(), nullable=False),
        sa.Column("list_id", sa.String(length=36), nullable=True),
        sa.Column("full_name", sa.String(length=255), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("first_seq", sa.BigInteger(), nullable=True),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("hits", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("error", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("retry_of", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "(finished_at IS NOT NULL) = (state IN ('published', 'failed', 'cancelled'))",
            name=op.f("ck_refreshes_finished"),
        ),
        sa.CheckConstraint(
            "outcome IS NULL OR (outcome IN ('inserted', 'updated', 'unchanged', 'not_found', 'deleted', 'mixed') AND state = 'published')",
            name=op.f("ck_refreshes_outcome"),
        ),
        sa.CheckConstraint("scope IN ('record', 'find', 'changed', 'all')", name=op.f("ck_refreshes_scope")),
        sa.CheckConstraint("state <> 'failed' OR error IS NOT NULL", name=op.f("ck_refreshes_failed_says_why")),
        sa.CheckConstraint(
            "state <> 'sent' OR (visit IS NOT NULL AND request_id IS NOT NULL)",
            name=op.f("ck_refreshes_sent_is_somewhere"),
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'sent', 'answered', 'published', 'failed', 'cancelled')",
            name=op.f("ck_refreshes_state"),
        ),
        sa.CheckConstraint("way IN ('list_id', 'full_name', 'find', 'all', 'changed')", name=op.f("ck_refreshes_way")),
        sa.ForeignKeyConstraint(["company"], ["companies.company"], name=op.f("fk_refreshes_company_companies")),
        sa.ForeignKeyConstraint(["retry_of"], ["refreshes.id"], name=op.f("fk_refreshes_retry_of_refreshes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refreshes")),
    )
    with op.batch_alter_table("refreshes", schema=None) as batch_op:
        batch_op.create_index("ix_refreshes_record", ["company", "list_id", "list"], unique=False)
        batch_op.create_index("ix_refreshes_state", ["state", "company"], unique=False)
        batch_op.create_index(
            "uq_refreshes_waiting",
            ["company", "list", "way", "value"],
            unique=True,
            sqlite_where=sa.text("state = 'waiting' AND first_sent_at IS NULL"),
            postgresql_where=sa.text("state = 'waiting' AND first_sent_at IS NULL"),
        )

    op.create_table(
        "staging",
        sa.Column("company", sa.String(length=40), nullable=False),
        sa.Column("visit", sa.BigInteger(), nullable=False),
        sa.Column("message_set", sa.String(length=50), nullable=False),
        sa.Column("reading", sa.String(length=36), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.String(length=50), nullable=False),
        sa.Column("list", sa.String(length=20), nullable=False),
        sa.Column("list_id", sa.String(length=36), nullable=False),
        sa.Column("staged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("observation", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["company"], ["companies.company"], name=op.f("fk_staging_company_companies")),
        sa.PrimaryKeyConstraint("reading", "n", name=op.f("pk_staging")),
    )
    op.create_table(
        "tokens",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("company", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('viewer', 'operator', 'admin')", name=op.f("ck_tokens_role")),
        sa.ForeignKeyConstraint(["company"], ["companies.company"], name=op.f("fk_tokens_company_companies")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tokens")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_tokens_token_sha256")),
    )
    op.create_table(
        "visits",
        sa.Column("company", sa.String(length=40), nullable=False),
        sa.Column("visit", sa.BigInteger(), nullable=False),
        sa.Column("ticket_sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_call_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("outstanding", sa.String(length=50), nullable=True),
        sa.Column("outstanding_text", sa.Text(), nullable=True),
        sa.Column("released", sa.Boolean(), nullable=False),
        sa.Column("last_answered", sa.String(length=50), nullable=True),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("reason_values", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("file_checked", sa.Boolean(), nullable=False),
        sa.Column("version", sa.String(length=10), nullable=True),
        sa.Column("country", sa.String(length=8), nullable=True),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("plain", sa.Boolean(), nullable=False),
        sa.Column("no_more", sa.Boolean(), nullable=False),
        sa.Column("requests", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("iterator", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.ForeignKeyConstraint(["company"], ["companies.company"], name=op.f("fk_visits_company_companies")),
        sa.PrimaryKeyConstraint("company", "visit", name=op.f("pk_visits")),
        sa.UniqueConstraint("ticket_sha256", name=op.f("uq_visits_ticket_sha256")),
    )
    op.create_table(
        "web_sessions",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("user_name", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_name"], ["users.name"], name=op.f("fk_web_sessions_user_name_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_web_sessions")),
    )
    with op.batch_alter_table("web_sessions", schema=None) as batch_op:
        batch_op.create_index("ix_web_sessions_user", ["user_name"], unique=False)

    op.create_table(
        "askers",
        sa.Column("refresh_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_by", sa.String(length=120), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["refresh_id"], ["refreshes.id"], name=op.f("fk_askers_refresh_id_refreshes"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("refresh_id", "asked_by", name=op.f("pk_askers")),
    )
    op.create_table(
        "changes",
        sa.Column("company", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("list", sa.String(length=20), nullable=False),
        sa.Column("list_id", sa.String(length=36), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refresh_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("fields", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["company"], ["companies.company"], name=op.f("fk_changes_company_companies")),
        sa.ForeignKeyConstraint(["refresh_id"], ["refreshes.id"], name=op.f("fk_changes_refresh_id_refreshes")),
        sa.PrimaryKeyConstraint("company", "seq", name=op.f("pk_changes")),
    )
    with op.batch_alter_table("changes", schema=None) as batch_op:
        batch_op.create_index("ix_changes_record", ["company", "list", "list_id", "seq"], unique=False)
        batch_op.create_index("ix_changes_refresh", ["refresh_id"], unique=False)

    op.create_table(
        "outbox",
        sa.Column("target", sa.String(length=40), nullable=False),
        sa.Column("company", sa.String(length=40), nullable=False),
        sa.Column("list", sa.String(length=20), nullable=False),
        sa.Column("list_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("single", sa.Boolean(), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("forced", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.String(length=36), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("set_aside", sa.String(length=16), nullable=True),
        sa.Column("detail", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.ForeignKeyConstraint(
            ["company", "list", "list_id"],
            ["records.company", "records.list", "records.list_id"],
            name=op.f("fk_outbox_company_list_list_id_records"),
        ),
        sa.ForeignKeyConstraint(["company"], ["companies.company"], name=op.f("fk_outbox_company_companies")),
        sa.PrimaryKeyConstraint("target", "company", "list", "list_id", name=op.f("pk_outbox")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_due", ["due_at"], unique=False)
