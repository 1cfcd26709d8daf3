"""What a record looked like when it was first seen is no longer kept a second time: later changes can be undone."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE changes SET fields = '[]' WHERE kind = 'created'")
