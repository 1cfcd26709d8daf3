"""A company as it is stored, for tests that judge one."""

from datetime import UTC, datetime, timedelta

from qbwc_server.store.companies import Company

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
"""A Monday at noon."""

LONG_AGO = NOW - timedelta(hours=100)

COMPANY = Company(
    company="acme",
    title="Acme",
    user_name="acme",
    owner_id="{1}",
    file_id="{2}",
    company_file=None,
    accepted_file=None,
    accepted_name=None,
    paused=False,
    paused_by=None,
    paused_until=None,
    created_at=LONG_AGO,
    password_changed_at=LONG_AGO,
    seq=0,
    visit=0,
    qbxml_version="13.0",
    version_cap=None,
    accepted_version=None,
    whole_records=False,
    takeovers=0,
    time_zone=None,
    quiet_hours=None,
    hold_seconds=0,
    last_asked_at=None,
    next_due_at=None,
)
