"""Records as last seen, what changed, and what the website is still to be told."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    false,
)

from qbwc_server.store.tables.types import Counter, JSONType, UTCDateTime, company_column, metadata

LONGEST_NAME = 255
LONGEST_EDIT_SEQUENCE = 16

records = Table(
    "records",
    metadata,
    company_column(),
    Column("list", String(20), nullable=False),
    Column("list_id", String(36), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("name", String(LONGEST_NAME), nullable=False),
    Column("full_name", String(LONGEST_NAME), nullable=False),
    Column("sort_name", String(LONGEST_NAME), nullable=False),
    Column("search", Text, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("is_deleted", Boolean, nullable=False, default=False),
    Column("edit_sequence", String(LONGEST_EDIT_SEQUENCE), nullable=False),
    Column("observed_at", UTCDateTime, nullable=False),
    Column("values", JSONType, nullable=False),
    # Tells the observation that it stands for: the same again changes nothing. NULL after one of some fields only.
    Column("mark", String(32)),
    # The number of the observation that brought its values; NULL where that is not known.
    Column("values_seq", BigInteger),
    # Since when it is a tombstone; `observed_at` moves whenever it is looked for again.
    Column("deleted_at", UTCDateTime),
    # Only its ListID, number and dates are left, until QuickBooks shows it again.
    Column("erased", Boolean, nullable=False, default=False, server_default=false()),
    PrimaryKeyConstraint("company", "list", "list_id"),
    CheckConstraint("seq > 0", name="seq"),
    # Tombstones that still hold values, by age.
    Index("ix_records_deleted", "erased", "deleted_at"),
    Index("ix_records_sort", "company", "list", "sort_name", "list_id"),
    Index("ix_records_full_name", "company", "list", "full_name"),
    # The number of each is updated whenever a list is read.
    postgresql_with={"fillfactor": 80},
)

changes = Table(
    "changes",
    metadata,
    company_column(),
    Column("seq", BigInteger, nullable=False),
    Column("list", String(20), nullable=False),
    Column("list_id", String(36), nullable=False),
    Column("changed_at", UTCDateTime, nullable=False),
    # The list run that brought it, if it came with one.
    Column("refresh_id", Counter, ForeignKey("refreshes.id")),
    # created, updated, deleted or revived; and [{"field", "before", "after"}], or the values of what was created.
    Column("kind", String(10), nullable=False),
    Column("fields", JSONType, nullable=False),
    PrimaryKeyConstraint("company", "seq"),
    Index("ix_changes_record", "company", "list", "list_id", "seq"),
    Index("ix_changes_refresh", "refresh_id"),
    Index("ix_changes_changed", "changed_at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("target", String(40), nullable=False),
    # Some company's, as its record is.
    Column("company", String(40), nullable=False),
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
    # Since when it waits for the website; `due_at` moves whenever it is put off.
    Column("queued_at", UTCDateTime),
    # The observation that was claimed: what is published of it is done with.
    Column("claimed_seq", BigInteger),
    PrimaryKeyConstraint("target", "company", "list", "list_id"),
    Index("ix_outbox_due", "due_at"),
    Index("ix_outbox_order", "single", "since"),
    ForeignKeyConstraint(["company", "list", "list_id"], ["records.company", "records.list", "records.list_id"]),
    # Each of its rows is updated soon: with room beside it, no index is.
    postgresql_with={"fillfactor": 50},
)

freshness = Table(
    "freshness",
    metadata,
    company_column(),
    Column("list", String(20), nullable=False),
    Column("last_contact_at", UTCDateTime),
    Column("last_full_read_at", UTCDateTime),
    Column("complete", Boolean, nullable=False, default=False),
    Column("dirty", Boolean, nullable=False, default=True),
    Column("last_changed_read_at", UTCDateTime),
    Column("last_swept_at", UTCDateTime),
    # From which of QuickBooks's own times on changes and deletions are still to be asked for.
    Column("changed_from", String(19)),
    Column("deleted_from", String(19)),
    # What a record takes on the way, as measured: bytes of qbXML, and microseconds until it has arrived.
    Column("record_bytes", Integer),
    Column("record_micros", Integer),
    PrimaryKeyConstraint("company", "list"),
)
