"""What the website's programs are told of what was published."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, String, Table, Text

from qbwc_server.store.tables.types import Counter, UTCDateTime, metadata, one_of

DELIVERY_STATES = ("waiting", "delivered", "failed")

# Written in the transaction that marks the records published, and kept as a log once it is over.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    # Which of the webhooks, by the name it has here; its address and secrets are settings.
    Column("endpoint", String(255), nullable=False),
    Column("target", String(64), nullable=False),
    # The receiver knows a repetition by it.
    Column("webhook_id", String(64), nullable=False),
    Column("records", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    # Since when it has been tried: since it was made, or since it was replayed.
    Column("begun_at", UTCDateTime, nullable=False),
    Column("due_at", UTCDateTime),
    Column("tries", Integer, nullable=False, default=0),
    Column("tried_at", UTCDateTime),
    Column("finished_at", UTCDateTime),
    # Of the last try: what was wrong, and the first line of the answer.
    Column("trouble", String(20)),
    Column("answer", String(200)),
    # Last, so that the log is read without it.
    Column("body", Text, nullable=False),
    CheckConstraint(one_of("state", DELIVERY_STATES), name="state"),
    CheckConstraint("(state = 'waiting') = (due_at IS NOT NULL)", name="due"),
    CheckConstraint("(state = 'waiting') = (finished_at IS NULL)", name="finished"),
    Index("uq_deliveries_webhook_id", "webhook_id", unique=True),
    Index("ix_deliveries_due", "endpoint", "due_at"),
    Index("ix_deliveries_state", "state", "id"),
    Index("ix_deliveries_finished", "finished_at"),
)
