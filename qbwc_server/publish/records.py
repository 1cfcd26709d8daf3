"""What goes into the website's database and what comes back: plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Outcome = Literal[
    "inserted",
    "adopted",
    "updated",
    "unchanged",
    "deleted",
    "skipped",
    "ambiguous",
    "held",
    "refused_value",
    "unread",
]
"""`adopted`, `skipped` and `ambiguous` only come of the website's own tables, by a mapping."""

SET_ASIDE: tuple[Outcome, ...] = ("ambiguous", "held", "refused_value")
"""Outcomes after which the website still shows what it showed before."""


@dataclass(frozen=True, slots=True)
class Dirty:
    """A record to be brought to the website, whole, as our database holds it.

    Attributes:
        company: name of the company.
        list: name of the list, such as "customer".
        list_id: QuickBooks's ListID, unique within company and list.
        seq: number of the observation; a higher one is newer. Counted per company.
        values: field name to value in JSON form (money and quantities as digits in text); absent is NULL. None: they
            have not changed since `values_seq`, and are given only if the website does not show them.
        is_deleted: QuickBooks no longer has the record.
        observed_at: when QuickBooks's answer arrived, aware.
        single: the record was asked for by itself, so `qbwc_checked` is written.
        forced: a person wants it written though its EditSequence is lower than the website's.
        values_seq: number of the observation that brought its values.
        erased: we hold no values of it any more: the website's row keeps its own, and none is made.
    """

    company: str
    list: str
    list_id: str
    seq: int
    values: Mapping[str, object] | None
    is_deleted: bool
    observed_at: datetime
    single: bool
    forced: bool = False
    erased: bool = False
    values_seq: int = 0


@dataclass(frozen=True, slots=True)
class Published:
    """What became of one `Dirty`.

    Attributes:
        company: as in the `Dirty`.
        list: as in the `Dirty`.
        list_id: as in the `Dirty`.
        seq: as in the `Dirty`.
        outcome: what happened; of a repeated delivery, what happened the first time. `unread`: nothing happened, for
            want of its values; deliver it with them.
        detail: facts for a person, never a value of the record. `refused_value`: "column", "reason" ("too_long",
            "too_many_digits", "too_many_decimals", "out_of_range", "not_a_number", "bad_character",
            "trailing_space", "wrong_kind", "database") with "length" and "limit" where they apply, and the
            database's "code". `held`: "website" and "quickbooks", the two EditSequences.
    """

    company: str
    list: str
    list_id: str
    seq: int
    outcome: Outcome
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh one list of one company is; all times aware. None leaves what the website has.

    Attributes:
        company: name of the company.
        list: name of the list.
        last_contact_at: when QuickBooks last answered anything about the list.
        last_changed_read_at: when the changed records were last read.
        last_full_read_at: when the whole list was last read.
        complete: the website holds the whole list.
    """

    company: str
    list: str
    last_contact_at: datetime | None = None
    last_changed_read_at: datetime | None = None
    last_full_read_at: datetime | None = None
    complete: bool | None = None
