"""Less to write for each record of a list.

That a row of the outbox is some company's follows from its record. PostgreSQL keeps room beside rows that are soon
updated.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("outbox") as batch_op:
        batch_op.drop_constraint("fk_outbox_company_companies", type_="foreignkey")
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE outbox SET (fillfactor = 50)")
        op.execute("ALTER TABLE records SET (fillfactor = 80)")
