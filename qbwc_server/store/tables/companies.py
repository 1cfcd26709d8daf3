"""Companies, how their Web Connectors call, and the installation."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    false,
    true,
)

from qbwc_server.store.tables.types import JSONType, UTCDateTime, company_column, metadata, one_of

installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("stream_id", String(36), nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    CheckConstraint("id = 1", name="single"),
)

companies = Table(
    "companies",
    metadata,
    Column("company", String(40), primary_key=True),
    Column("title", String(200), nullable=False),
    Column("user_name", String(100), nullable=False, unique=True),
    Column("password_sha256", String(64), nullable=False),
    Column("password_changed_at", UTCDateTime, nullable=False),
    Column("owner_id", String(38), nullable=False, unique=True),
    Column("file_id", String(38), nullable=False, unique=True),
    # The path given by the owner, and the file accepted last.
    Column("company_file", Text),
    Column("accepted_file", Text),
    Column("accepted_name", Text),
    Column("paused", Boolean, nullable=False, default=False),
    Column("created_at", UTCDateTime, nullable=False),
    # The observation counter and the number of the current visit.
    Column("seq", BigInteger, nullable=False, default=0),
    # The website is still to be asked whether it knows higher numbers than this one; NULL once it was (`numbers`).
    Column("unchecked_after", BigInteger, default=0),
    Column("visit", BigInteger, nullable=False, default=0),
    # qbXML: what was negotiated last, a cap after refusals, what was ever accepted.
    Column("qbxml_version", String(10)),
    Column("version_cap", String(10)),
    Column("accepted_version", String(10)),
    Column("whole_records", Boolean, nullable=False, default=False),
    # Visits with a request out that were taken over in a row.
    Column("takeovers", Integer, nullable=False, default=0),
    # Who paused it, and until when; without an end it stays so until somebody resumes it.
    Column("paused_by", String(120)),
    Column("paused_until", UTCDateTime),
    # Where its office is, if not where the installation's is; when nothing is asked of QuickBooks but by people.
    Column("time_zone", String(64)),
    Column("quiet_hours", String(80)),
    # How long a visit is kept open after somebody has asked; when somebody did last.
    Column("hold_seconds", Integer, nullable=False, default=0, server_default="0"),
    Column("last_asked_at", UTCDateTime),
    # When something of its schedule is due, looked at by each poll; NULL where nothing ever is.
    Column("next_due_at", UTCDateTime),
    # Whether its QuickBooks keeps an iterator alive over another query.
    Column("interleaves", Boolean, nullable=False, default=True, server_default=true()),
    CheckConstraint("seq >= 0", name="seq"),
    CheckConstraint("hold_seconds BETWEEN 0 AND 60", name="hold_seconds"),
    CheckConstraint("paused_until IS NULL OR paused", name="paused_until"),
)

schedules = Table(
    "schedules",
    metadata,
    company_column(),
    Column("list", String(20), nullable=False),
    # What is read: all, changed or sweep.
    Column("task", String(10), nullable=False),
    # Every so many minutes, or once a day at a time of the office's clock (14:05); never where neither is given.
    Column("every_minutes", Integer),
    Column("at", String(5)),
    Column("office_hours", Boolean, nullable=False),
    # When it was last asked for, and when it is due again.
    Column("asked_at", UTCDateTime),
    Column("due_at", UTCDateTime),
    PrimaryKeyConstraint("company", "list", "task"),
    CheckConstraint(one_of("task", ("all", "changed", "sweep")), name="task"),
    CheckConstraint("every_minutes IS NULL OR at IS NULL", name="one_rhythm"),
    CheckConstraint("every_minutes >= 1", name="every_minutes"),
)

connections = Table(
    "connections",
    metadata,
    company_column(primary_key=True),
    Column("last_seen_at", UTCDateTime),
    Column("address", String(64)),
    Column("connector_version", String(40)),
    Column("product", String(255)),
    Column("country", String(8)),
    Column("seen_file", Text),
    Column("seen_name", Text),
    Column("seen_file_id", String(64)),
    Column("attention", String(40)),
    Column("attention_values", JSONType),
    Column("attention_at", UTCDateTime),
    Column("wrong_passwords", Integer, nullable=False, default=0),
    Column("wrong_password_at", UTCDateTime),
    # The first of them, how many of the last were the same one, and a mark too short to tell which password it was.
    Column("wrong_password_since", UTCDateTime),
    Column("wrong_password_same", Integer, nullable=False, default=0, server_default="0"),
    Column("wrong_password_mark", String(4)),
)

polls = Table(
    "polls",
    metadata,
    company_column(),
    Column("polled_at", UTCDateTime, nullable=False),
    Column("address", String(64)),
    # Signed in with a wrong password.
    Column("refused", Boolean, nullable=False, default=False, server_default=false()),
    PrimaryKeyConstraint("company", "polled_at"),
)
