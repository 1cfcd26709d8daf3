"""The last times that a Web Connector came by, and what its calls show over time.

Theory of operation
-------------------
A call that finds nothing to do leaves only its time (`polls`); one that is given work is a visit. Both are shown as
calls, so that whoever looks sees that the Web Connector comes even while nothing waits. Patterns are what several
calls say together and a single one does not: the same wrong password again, the same trouble each time, calls from
two places in turn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise, takewhile
from typing import Any, Final, Literal

from sqlalchemy import Connection

from qbwc_server import codes
from qbwc_server.store import companies, polls, visits
from qbwc_server.store.companies import Company, Seen
from qbwc_server.store.polls import Poll
from qbwc_server.store.visits import Visit

SHOWN: Final = 20
Result = Literal["nothing_waited", "refused", "done", "under_way", "broken_off", "trouble"]
PatternKind = Literal["same_password", "same_password_new", "same_trouble", "two_addresses"]
# A visit begins with a call that signed in; further apart they are two.
_SAME_CALL: Final = timedelta(seconds=3)
# A visit without a call for that long is given up.
_SILENT: Final = timedelta(minutes=15)
_LEAST_REPEATED: Final = 3
_LEAST_SAME_PASSWORD: Final = 2
_LEAST_TURNS: Final = 3


@dataclass(frozen=True, slots=True)
class Call:
    """One coming-by of a Web Connector.

    Attributes:
        began_at: When it signed in.
        ended_at: When it said goodbye; None while it is there, if it never did, and where nothing waited.
        address: Where it called from.
        requests: How many message sets it was given.
        result: How it went.
        code: What was in the way, of a "trouble".
        values: The particulars of that.
    """

    began_at: datetime
    ended_at: datetime | None
    address: str | None
    requests: int
    result: Result
    code: str | None
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Pattern:
    """What several calls say together.

    Attributes:
        kind: What it is: "same_password" and, where the password was changed before, "same_password_new";
            "same_trouble"; "two_addresses".
        n: How many times.
        since: Since when.
        code: The trouble that repeats.
        addresses: Where the calls come from.
        changed_at: When the password was changed.
    """

    kind: PatternKind
    n: int
    since: datetime
    code: str | None = None
    addresses: tuple[str, ...] = ()
    changed_at: datetime | None = None


def latest(connection: Connection, company: str, now: datetime) -> tuple[Call, ...]:
    """Return a company's last calls, newest first, at most `SHOWN`.

    Raises:
        UnknownCompany: of `store.companies`.
    """
    current = companies.get(connection, company).visit
    found = visits.last(connection, company, SHOWN)
    calls = [_of_visit(visit, current, now) for visit in found]
    calls += [_of_poll(poll) for poll in polls.last(connection, company) if not _began(poll, found)]
    return tuple(sorted(calls, key=lambda call: call.began_at, reverse=True)[:SHOWN])


def patterns(connection: Connection, company: str, now: datetime) -> tuple[Pattern, ...]:
    """Return what a company's last calls say together.

    Raises:
        UnknownCompany: of `store.companies`.
    """
    owner = companies.get(connection, company)
    seen = companies.connection_of(connection, company)
    signed_in = [poll for poll in polls.last(connection, company) if not poll.refused]
    return judge(owner, seen, latest(connection, company, now), signed_in)


def judge(company: Company, seen: Seen, calls: Sequence[Call], signed_in: Sequence[Poll]) -> tuple[Pattern, ...]:
    """Return what calls say together; both sequences are newest first."""
    found = (_same_password(company, seen), _same_trouble(calls), _two_addresses(signed_in))
    return tuple(one for one in found if one is not None)


def _same_password(company: Company, seen: Seen) -> Pattern | None:
    since = seen.wrong_password_since
    if since is None or seen.wrong_password_same < _LEAST_SAME_PASSWORD:
        return None
    # One that never got in knows no other password.
    changed = company.password_changed_at if seen.last_seen_at is not None else None
    if changed is not None and changed <= company.created_at:
        changed = None
    kind: PatternKind = "same_password" if changed is None else "same_password_new"
    return Pattern(kind, seen.wrong_password_same, since, changed_at=changed)


def _same_trouble(calls: Sequence[Call]) -> Pattern | None:
    worked = [call for call in calls if call.result in ("done", "trouble")]
    if not worked or worked[0].code is None:
        return None
    again = list(takewhile(lambda call: call.code == worked[0].code, worked))
    if len(again) < _LEAST_REPEATED:
        return None
    return Pattern("same_trouble", len(again), again[-1].began_at, code=worked[0].code)


def _two_addresses(signed_in: Sequence[Poll]) -> Pattern | None:
    known = [poll for poll in signed_in if poll.address]
    turns = [later for later, earlier in pairwise(known) if later.address != earlier.address]
    # One change is a laptop that was carried home; back and forth is two programs.
    if len(turns) < _LEAST_TURNS:
        return None
    addresses = tuple(dict.fromkeys(poll.address for poll in known if poll.address))
    return Pattern("two_addresses", len(turns), turns[-1].at, addresses=addresses)


def _of_visit(visit: Visit, current: int, now: datetime) -> Call:
    code = visit.reason if visit.reason and codes.find(visit.reason).policy != "result" else None
    result: Result = "done"
    if code is not None:
        result = "trouble"
    elif visit.closed_at is None:
        there = visit.visit == current and not visit.released and now - visit.last_call_at < _SILENT
        result = "under_way" if there else "broken_off"
    values: dict[str, Any] = visit.reason_values or {}
    told = {name: str(value) for name, value in values.items()}
    return Call(visit.started_at, visit.closed_at, visit.address, visit.sends, result, code, told)


def _of_poll(poll: Poll) -> Call:
    return Call(poll.at, None, poll.address, 0, "refused" if poll.refused else "nothing_waited", None, {})


def _began(poll: Poll, found: Sequence[Visit]) -> bool:
    return not poll.refused and any(abs(visit.started_at - poll.at) < _SAME_CALL for visit in found)
