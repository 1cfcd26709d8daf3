"""The live hold: a visit is kept open for a while after somebody has asked, and what is asked next goes out at once.

Whether it holds is a reading of what is stored, made anew at each call: a pause, a file in single-user mode and the
end of its time each end it without anything being written.
"""

from datetime import datetime, timedelta, tzinfo
from typing import Final

from sqlalchemy import Connection

from qbwc_server.settings.quiet_hours import QuietHours
from qbwc_server.store import companies
from qbwc_server.store.companies import Company, CompanyError

MOST_SECONDS: Final = 60
OFF: Final = "off"


class BadHold(CompanyError):
    """A time that a visit cannot be held for."""

    def __init__(self) -> None:
        super().__init__(f"QuickBooks can be kept open for 1 to {MOST_SECONDS} whole seconds, or not at all: off.")


def read_seconds(text: str) -> int:
    """Read a number of seconds as people give it: digits, or "off" for not at all, which is 0.

    Raises:
        BadHold: it is neither, or too long.
    """
    if text.lower() == OFF:
        return 0
    # Python refuses to read very many digits.
    if not text.isascii() or not text.isdecimal() or len(text.lstrip("0")) > len(str(MOST_SECONDS)):
        raise BadHold
    return int(text.lstrip("0") or "0")


def set_seconds(connection: Connection, company: str, seconds: int) -> Company:
    """Hold a company's visits for so long after each time that somebody asks; 0 for not at all.

    Raises:
        BadHold, UnknownCompany
    """
    companies.lock(connection, company)
    if not 0 <= seconds <= MOST_SECONDS:
        raise BadHold
    companies.change(connection, company, hold_seconds=seconds)
    return companies.get(connection, company)


def until(company: Company, now: datetime, *, single_user: bool, quiet: bool) -> datetime | None:
    """Return until when a company's visit is held; None when it is not.

    Args:
        company: as it is stored now.
        now: the database's time.
        single_user: whether the visit found the company file in single-user mode, where nobody else gets in.
        quiet: whether these are the company's quiet hours.
    """
    if company.hold_seconds <= 0 or company.last_asked_at is None or single_user or quiet or company.is_paused(now):
        return None
    end = company.last_asked_at + timedelta(seconds=company.hold_seconds)
    return end if now < end else None


def is_quiet(company: Company, now: datetime, installation: tzinfo) -> bool:
    """Tell whether these are a company's quiet hours, by its own clock or that of the installation."""
    if not company.quiet_hours:
        return False
    try:
        return QuietHours.parse(company.quiet_hours).covers(now, company.zone or installation)
    except ValueError:
        return True
