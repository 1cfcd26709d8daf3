"""What the doors show: values made from rows, in the words of the contract."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from qbwc_server import codes
from qbwc_server.store.schedules import ASKED_BY
from qbwc_server.store.tables import FINAL_STATES, LISTS_READ


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of a record before and after; None is absent.

    `first` is whether the record was seen for the first time, so that there was no before.
    """

    list_id: str
    field: str
    before: Any
    after: Any
    first: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the contract's shape."""
        return {"list_id": self.list_id, "field": self.field, "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that a search in QuickBooks found; it is not ours until somebody refreshes it."""

    list_id: str
    full_name: str
    is_active: bool


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Refresh:
    """Somebody's wish to have a record or a list as QuickBooks has it now. Source: contract, JSON API."""

    id: int
    company: str
    list: str
    scope: str
    list_id: str | None
    full_name: str | None
    state: str
    outcome: str | None
    asked_by: str
    asked_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    published_at: datetime | None
    finished_at: datetime | None
    expected_at: datetime | None
    records: int
    changes: tuple[FieldChange, ...]
    error_code: str | None
    error_values: Mapping[str, str]
    # Whether somebody asked for the same while it was under way, also who had asked already.
    joined: bool
    retry_of: int | None
    way: str
    value: str
    hits: tuple[Hit, ...] = ()
    askers: tuple[str, ...] = ()
    # Of a list: how many records had which outcome, held and refused ones among them.
    counts: Mapping[str, int] = field(default_factory=dict)
    # Of a list: how many records QuickBooks said there are to come, how often reading began again after something was
    # lost, and whether a page has come yet. `records` is how many came so far.
    total: int | None = None
    resumed: int = 0
    begun: bool = False
    # When QuickBooks says that the record was deleted there: its own text, the wall clock of its machine.
    time_deleted: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in FINAL_STATES

    @property
    def reads_list(self) -> bool:
        """Whether it reads a list, page by page."""
        return self.scope in LISTS_READ

    @property
    def by_schedule(self) -> bool:
        """Whether nobody asked for it: its time had come."""
        return self.asked_by == ASKED_BY

    @property
    def is_reading(self) -> bool:
        """Whether pages of the list have come and more are to come; between two of them it waits."""
        return self.begun and self.reads_list and self.state in ("waiting", "sent")

    @property
    def made_inactive(self) -> bool:
        """Whether what was refreshed is a record that was made inactive in QuickBooks."""
        return self.scope == "record" and any(
            (one.field, one.before, one.after) == ("IsActive", True, False) for one in self.changes
        )

    def as_json(self, language: str = "en") -> dict[str, Any]:
        """Return the contract's shape; sentences in `language`."""
        error = None if self.error_code is None else codes.error_json(language, self.error_code, **self.error_values)
        return {
            "id": self.id,
            "company": self.company,
            "list": self.list,
            "scope": self.scope,
            "list_id": self.list_id,
            "full_name": self.full_name,
            "state": self.state,
            "outcome": self.outcome,
            "asked_by": self.asked_by,
            "asked_at": _time(self.asked_at),
            "sent_at": _time(self.sent_at),
            "answered_at": _time(self.answered_at),
            "published_at": _time(self.published_at),
            "expected_at": _time(self.expected_at),
            "records": self.records,
            "total": self.total,
            "resumed": self.resumed,
            "counts": dict(self.counts),
            "time_deleted": self.time_deleted,
            "changes": [change.as_json() for change in self.changes],
            "error": error,
            "joined": self.joined,
            "retry_of": self.retry_of,
            "hits": [
                {"list_id": hit.list_id, "full_name": hit.full_name, "is_active": hit.is_active} for hit in self.hits
            ],
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """A refresh that was asked for, and whether this asking joined one that waited already."""

    refresh: Refresh
    joined: bool


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """What is known of a company's Web Connector.

    `state` is one of never_seen, connected, late, offline, off_hours, needs_attention, paused.
    """

    state: str
    last_seen_at: datetime | None
    next_expected_at: datetime | None
    interval_seconds: int | None
    product: str | None
    country: str | None
    connector_version: str | None
    address: str | None
    file: str | None
    file_name: str | None
    attention_code: str | None
    attention_values: Mapping[str, str]
    wrong_passwords: int
    wrong_password_at: datetime | None
    qbxml_version: str | None
    # Who paused it and until when; without an end it stays so until somebody resumes it.
    paused_by: str | None = None
    paused_until: datetime | None = None
    wrong_password_since: datetime | None = None
    # How long a visit is kept open after somebody asks (0 for not at all), until when the present one is, and whether
    # the last one found the company file in single-user mode, which forbids it.
    hold_seconds: int = 0
    held_until: datetime | None = None
    single_user: bool = False


@dataclass(frozen=True, slots=True)
class CompanyView:
    """A company and its connection."""

    company: str
    title: str
    user: str
    company_file: str | None
    owner_id: str
    file_id: str
    paused: bool
    password_changed_at: datetime
    connection: ConnectionView


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record as last seen in QuickBooks; values in JSON form by qbXML field name.

    One that is `erased` has lost its values here, and whether it is active is not known any more.
    """

    company: str
    list: str
    list_id: str
    seq: int
    name: str
    full_name: str
    is_active: bool
    is_deleted: bool
    observed_at: datetime
    edit_sequence: str
    published_at: datetime | None
    erased: bool
    values: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecordPage:
    """One page of records; `next` and `previous` are cursors, None where there is nothing."""

    records: tuple[RecordView, ...]
    next: str | None
    previous: str | None
    total: int


@dataclass(frozen=True, slots=True)
class PublishingView:
    """How far publishing is behind."""

    waiting: int
    set_aside: int
    oldest_due_at: datetime | None
    last_error: str | None
