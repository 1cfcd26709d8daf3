"""Whole lists: what a list run knows of itself, schedules, and what a record takes on the way."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_SCOPE = "scope IN ('record', 'find', 'changed', 'all', 'sweep')"
_WAY = "way IN ('list_id', 'full_name', 'find', 'all', 'changed', 'sweep')"


def upgrade() -> None:
    op.create_table(
        "schedules",
        sa.Column("company", sa.String(length=40), nullable=False),
        sa.Column("list", sa.String(length=20), nullable=False),
        sa.Column("task", sa.String(length=10), nullable=False),
        sa.Column("every_minutes", sa.Integer(), nullable=True),
        sa.Column("at", sa.String(length=5), nullable=True),
        sa.Column("office_hours", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("task IN ('all', 'changed', 'sweep')", name=op.f("ck_schedules_task")),
        sa.CheckConstraint("every_minutes IS NULL OR at IS NULL", name=op.f("ck_schedules_one_rhythm")),
        sa.CheckConstraint("every_minutes >= 1", name=op.f("ck_schedules_every_minutes")),
        sa.ForeignKeyConstraint(["company"], ["companies.company"], name=op.f("fk_schedules_company_companies")),
        sa.PrimaryKeyConstraint("company", "list", "task", name=op.f("pk_schedules")),
    )
    # SQLite makes the table anew: a condition that is there cannot be changed otherwise.
    with op.batch_alter_table("refreshes", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_refreshes_scope"), type_="check")
        batch_op.create_check_constraint(op.f("ck_refreshes_scope"), _SCOPE)
        batch_op.drop_constraint(op.f("ck_refreshes_way"), type_="check")
        batch_op.create_check_constraint(op.f("ck_refreshes_way"), _WAY)
        batch_op.add_column(sa.Column("total", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("modified_since", sa.String(length=19), nullable=True))
        batch_op.add_column(sa.Column("newest", sa.String(length=19), nullable=True))
        batch_op.add_column(sa.Column("newest_deleted", sa.String(length=19), nullable=True))
        batch_op.add_column(sa.Column("through", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("suspects", _JSON, nullable=True))
        batch_op.add_column(sa.Column("small", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("resumed", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("time_deleted", sa.String(length=40), nullable=True))

    op.add_column("companies", sa.Column("time_zone", sa.String(length=64), nullable=True))
    op.add_column("companies", sa.Column("quiet_hours", sa.String(length=80), nullable=True))
    # A column that is added brings its own condition: SQLite would have to make the table anew for any other.
    op.add_column(
        "companies",
        sa.Column(
            "hold_seconds",
            sa.Integer(),
            sa.CheckConstraint("hold_seconds BETWEEN 0 AND 60", name=op.f("ck_companies_hold_seconds")),
            nullable=False,
            server_default="0",
        ),
    )
    op.add_column("companies", sa.Column("last_asked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("companies", sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("companies", sa.Column("interleaves", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("visits", sa.Column("bare", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("visits", sa.Column("single_user", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("records", sa.Column("mark", sa.String(length=32), nullable=True))
    op.add_column("records", sa.Column("values_seq", sa.BigInteger(), nullable=True))
    op.add_column("outbox", sa.Column("claimed_seq", sa.BigInteger(), nullable=True))
    op.create_index("ix_outbox_order", "outbox", ["single", "since"], unique=False)
    op.add_column("freshness", sa.Column("last_changed_read_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("freshness", sa.Column("last_swept_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("freshness", sa.Column("changed_from", sa.String(length=19), nullable=True))
    op.add_column("freshness", sa.Column("deleted_from", sa.String(length=19), nullable=True))
    op.add_column("freshness", sa.Column("record_bytes", sa.Integer(), nullable=True))
    op.add_column("freshness", sa.Column("record_micros", sa.Integer(), nullable=True))
