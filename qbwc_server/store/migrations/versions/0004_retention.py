"""Retention: since when a record is a tombstone, whether its values were erased, and what finds the old by its age."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("records", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("records", sa.Column("erased", sa.Boolean(), nullable=False, server_default=sa.false()))
    # The change says it, as long as there is one; what was observed last is later or the same.
    op.execute(
        "UPDATE records SET deleted_at = COALESCE((SELECT MAX(changes.changed_at) FROM changes "
        "WHERE changes.company = records.company AND changes.list = records.list "
        "AND changes.list_id = records.list_id AND changes.kind = 'deleted'), records.observed_at) "
        "WHERE records.is_deleted"
    )
    op.create_index("ix_records_deleted", "records", ["erased", "deleted_at"], unique=False)
    op.create_index("ix_changes_changed", "changes", ["changed_at"], unique=False)
    op.create_index("ix_visits_last_call", "visits", ["last_call_at"], unique=False)
    op.create_index("ix_exchanges_at", "exchanges", ["at"], unique=False)
    op.create_index("ix_refreshes_finished", "refreshes", ["finished_at"], unique=False)
    op.create_index("ix_refreshes_retry_of", "refreshes", ["retry_of"], unique=False)
    op.create_index("ix_idempotency_keys_created", "idempotency_keys", ["created_at"], unique=False)
