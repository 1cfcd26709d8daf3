"""The first connection: people who are written to, alerts, links for the QuickBooks PC, pauses with an end."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=True),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.CheckConstraint("channel <> 'mail' OR recipient IS NOT NULL", name=op.f("ck_messages_mail_has_recipient")),
        sa.CheckConstraint("channel IN ('mail', 'webhook')", name=op.f("ck_messages_channel")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index("ix_messages_due", ["due_at"], unique=False)

    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("company", sa.String(length=40), nullable=True),
        sa.Column("onset_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recovered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("particulars", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.CheckConstraint(
            "kind IN ('offline', 'wrong_password', 'wrong_file', 'publishing')", name=op.f("ck_alerts_kind")
        ),
        sa.CheckConstraint("recovered_at IS NULL OR recovered_at >= onset_at", name=op.f("ck_alerts_recovered")),
        sa.CheckConstraint("(kind = 'publishing') = (company IS NULL)", name=op.f("ck_alerts_whose")),
        sa.ForeignKeyConstraint(["company"], ["companies.company"], name=op.f("fk_alerts_company_companies")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.create_index("ix_alerts_onset", ["onset_at"], unique=False)
        batch_op.create_index(
            "uq_alerts_open_company",
            ["kind", "company"],
            unique=True,
            sqlite_where=sa.text("recovered_at IS NULL AND company IS NOT NULL"),
            postgresql_where=sa.text("recovered_at IS NULL AND company IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_alerts_open_installation",
            ["kind"],
            unique=True,
            sqlite_where=sa.text("recovered_at IS NULL AND company IS NULL"),
            postgresql_where=sa.text("recovered_at IS NULL AND company IS NULL"),
        )

    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=120), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("company", sa.String(length=40), nullable=True),
        sa.Column("subject", sa.String(length=255), nullable=True),
        sa.Column("detail", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.ForeignKeyConstraint(["company"], ["companies.company"], name=op.f("fk_audit_company_companies")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index("ix_audit_at", ["at"], unique=False)

    op.create_table(
        "setup_links",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("company", sa.String(length=40), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company"], ["companies.company"], name=op.f("fk_setup_links_company_companies")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_setup_links")),
    )
    with op.batch_alter_table("setup_links", schema=None) as batch_op:
        batch_op.create_index("ix_setup_links_company", ["company"], unique=False)

    # A column that is added brings its own conditions: SQLite would have to make the table anew for any other.
    op.add_column("askers", sa.Column("tell", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_askers_tell", "askers", ["tell"], unique=False)
    op.add_column("companies", sa.Column("paused_by", sa.String(length=120), nullable=True))
    op.add_column(
        "companies",
        sa.Column(
            "paused_until",
            sa.DateTime(timezone=True),
            sa.CheckConstraint("paused_until IS NULL OR paused", name=op.f("ck_companies_paused_until")),
            nullable=True,
        ),
    )
    op.add_column("connections", sa.Column("wrong_password_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("connections", sa.Column("wrong_password_same", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("connections", sa.Column("wrong_password_mark", sa.String(length=4), nullable=True))
    op.add_column("outbox", sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True))
    # The nearest to the truth that an older program kept.
    op.execute("UPDATE outbox SET queued_at = due_at")
    op.add_column("polls", sa.Column("address", sa.String(length=64), nullable=True))
    op.add_column("polls", sa.Column("refused", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("users", sa.Column("email", sa.String(length=254), nullable=True))
    op.add_column(
        "users",
        sa.Column(
            "alerts",
            sa.Boolean(),
            sa.CheckConstraint("email IS NOT NULL OR NOT alerts", name=op.f("ck_users_alerts_need_email")),
            nullable=False,
            server_default=sa.false(),
        ),
    )
    op.add_column("web_sessions", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("web_sessions", sa.Column("address", sa.String(length=64), nullable=True))
    op.add_column("web_sessions", sa.Column("browser", sa.String(length=200), nullable=True))
