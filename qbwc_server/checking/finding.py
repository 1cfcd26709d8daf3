"""What a check found, without a language: a state, a key of the catalogue and the values it needs."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from sqlalchemy.exc import DBAPIError

from qbwc_server.publish import WebsiteError

State = Literal["ok", "fault", "skipped"]

_LONGEST: Final = 200
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bytes:
    """A size of a file or disk, in bytes."""

    count: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """A code of `codes` with its particulars; worded as its own sentence, and its steps as `{steps}`."""

    code: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        check: The stable name of the check, such as "public_url_tls_chain". A check that is made for each of several
            things (a company, a variable) has a finding for each.
        state: "ok"; "fault", somebody must do something; "skipped", it could not be told or does not apply here, and
            the message says why.
        told: The key of the message below `checking` in the catalogue; a fault's cure has the same with `_cure`.
        values: What the placeholders of both stand for: text, int, datetime, timedelta, Bytes or Trouble.
    """

    check: str
    state: State
    told: str
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether nobody has to do anything about it."""
        return self.state != "fault"


def good(check: str, told: str, **values: object) -> Finding:
    """Return a finding that all is well."""
    return Finding(check, "ok", told, values)


def fault(check: str, told: str, **values: object) -> Finding:
    """Return a finding that something is wrong."""
    return Finding(check, "fault", told, values)


def skipped(check: str, told: str, **values: object) -> Finding:
    """Return a finding that nothing could be found out."""
    return Finding(check, "skipped", told, values)


def guarded(check: str, look: Callable[[], Finding]) -> Finding:
    """Return what a check finds; one that breaks is a fault that names it."""
    return guarded_all(check, lambda: (look(),))[0]


def guarded_all(check: str, look: Callable[[], tuple[Finding, ...]]) -> tuple[Finding, ...]:
    """Return what a group of checks finds; if it breaks, a fault under the name given."""
    try:
        return look()
    except Exception as problem:  # noqa: BLE001 - a check that breaks must not hide what the others find
        # The message may hold what nobody should read, so only its kind is shown.
        _log.debug("the check %s broke", check, exc_info=True)
        return (Finding(check, "fault", "broken", {"check": check, "error": type(problem).__name__}),)


def reason(problem: BaseException) -> str:
    """Return the first line of what a database, a system call or a library says, as short as it may be shown."""
    cause: BaseException = problem
    if isinstance(problem, WebsiteError) and problem.__cause__ is not None:
        cause = problem.__cause__
    if isinstance(cause, DBAPIError) and cause.orig is not None:
        cause = cause.orig
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    # MySQL's drivers put a number before the sentence.
    told = next((str(one) for one in reversed(cause.args) if str(one).strip()), "")
    return (told.strip().partition("\n")[0] or type(cause).__name__)[:_LONGEST]
