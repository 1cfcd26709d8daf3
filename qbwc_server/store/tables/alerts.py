"""What is wrong and was told, and the messages that tell it."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text, text

from qbwc_server.store.tables.types import Counter, JSONType, UTCDateTime, metadata, one_of

KINDS = ("offline", "wrong_password", "wrong_file", "publishing")
CHANNELS = ("mail", "webhook")

# One row from the onset of a trouble to its recovery; without a company it is the installation's.
alerts = Table(
    "alerts",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("kind", String(20), nullable=False),
    Column("company", String(40), ForeignKey("companies.company")),
    Column("onset_at", UTCDateTime, nullable=False),
    Column("recovered_at", UTCDateTime),
    Column("particulars", JSONType),
    CheckConstraint(one_of("kind", KINDS), name="kind"),
    CheckConstraint("recovered_at IS NULL OR recovered_at >= onset_at", name="recovered"),
    CheckConstraint("(kind = 'publishing') = (company IS NULL)", name="whose"),
    Index(
        "uq_alerts_open_company",
        "kind",
        "company",
        unique=True,
        sqlite_where=text("recovered_at IS NULL AND company IS NOT NULL"),
        postgresql_where=text("recovered_at IS NULL AND company IS NOT NULL"),
    ),
    Index(
        "uq_alerts_open_installation",
        "kind",
        unique=True,
        sqlite_where=text("recovered_at IS NULL AND company IS NULL"),
        postgresql_where=text("recovered_at IS NULL AND company IS NULL"),
    ),
    Index("ix_alerts_onset", "onset_at"),
)

# The courier's outbox: written in the transaction of what they tell of, deleted once they are delivered or given up.
messages = Table(
    "messages",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("channel", String(10), nullable=False),
    # An e-mail address; a webhook's stands in the settings.
    Column("recipient", String(254)),
    Column("subject", String(255), nullable=False),
    Column("body", Text, nullable=False),
    # What a webhook is sent beside the text.
    Column("payload", JSONType),
    Column("created_at", UTCDateTime, nullable=False),
    Column("due_at", UTCDateTime, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    CheckConstraint(one_of("channel", CHANNELS), name="channel"),
    CheckConstraint("channel <> 'mail' OR recipient IS NOT NULL", name="mail_has_recipient"),
    Index("ix_messages_due", "due_at"),
)
