"""Tells people that a refresh they asked for is done.

Theory of operation
-------------------
Refreshes become final in many places; none of them knows of mail. Who wants to be told is kept with the asker, and the
courier looks for those whose refresh is final. The mark is taken away in the transaction that writes the message, so
each of them is told once, whichever process comes first. Where the message cannot be written, the mark is taken away
too: it could not be written the next time either, and would stand in the way of the others.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from qbwc_server import codes, words
from qbwc_server.alerting.channels import MAIL
from qbwc_server.alerting.reading import Reader, paragraphs
from qbwc_server.alerting.writing import House
from qbwc_server.store import alerts, companies, history, messages, records, refreshes, tellings
from qbwc_server.store.alerts import Recipient
from qbwc_server.store.database import Database
from qbwc_server.store.messages import Draft
from qbwc_server.store.refreshes import QueuedRefresh
from qbwc_server.store.tellings import Telling

log = logging.getLogger(__name__)

_AT_ONCE: Final = 100
_COUNTED: Final = ("inserted", "updated", "unchanged", "deleted")
_ABSENT: Final = ("not_found", "deleted")


def tell(database: Database, house: House, now: datetime, *, mail: bool) -> int:
    """Write to those who wait for refreshes that are final; returns to how many.

    Args:
        mail: Whether there is a mail server; without one the marks are taken away all the same, since a mail of long
            ago helps nobody.
    """
    with database.read() as connection:
        due = tellings.due(connection, _AT_ONCE)
    written = 0
    for one in due:
        try:
            with database.write() as connection:
                written += _tell(connection, house, one, now, mail=mail)
        except OperationalError:
            # The database is away or busy; that passes.
            raise
        except Exception as problem:  # noqa: BLE001 - whatever it is, it concerns this one
            # The text of an unforeseen error may hold values of a record.
            log.error("refresh %s cannot be told of: %s", one.refresh_id, type(problem).__name__)  # noqa: TRY400
            with database.write() as connection:
                tellings.take(connection, one)
    return written


def _tell(connection: Connection, house: House, one: Telling, now: datetime, *, mail: bool) -> bool:
    """Take a mark away and write the message; tells whether there is one."""
    if not tellings.take(connection, one):
        return False
    to = alerts.address_of(connection, one.asked_by)
    refresh = refreshes.get(connection, one.refresh_id)
    if not mail or to is None or refresh is None:
        return False
    messages.add(connection, [_draft(connection, house.reader(to.language), refresh, to)], now)
    return True


def _draft(connection: Connection, reader: Reader, refresh: QueuedRefresh, to: Recipient) -> Draft:
    name, outcome = _name(connection, reader, refresh), _outcome(connection, reader, refresh)
    what = _what(connection, reader, refresh)
    title = companies.get(connection, refresh.company).title
    said = "alerts.done.outcome_what" if what else "alerts.done.outcome"
    body = paragraphs(
        reader.text("alerts.done.text", name=name, company=title),
        reader.text("alerts.done.cancelled")
        if refresh.state == "cancelled"
        else reader.text(said, outcome=outcome, what=what),
        *_trouble(reader, refresh),
        reader.text("alerts.done.link", url=f"{reader.url}/refreshes/{refresh.id}"),
        "-- \n" + reader.text("alerts.because_asked", user=to.name),
    )
    return Draft(MAIL, to.email, reader.text("alerts.done.subject", name=name, outcome=outcome), body)


def _name(connection: Connection, reader: Reader, refresh: QueuedRefresh) -> str:
    if refresh.way == "find":
        said = "queue.find_in_list" if refresh.value else "queue.find_forgotten"
        return reader.text(said, text=refresh.value, list=reader.text(f"list.{refresh.list}.title"))
    if refresh.reads_list:
        return reader.text(f"list.{refresh.list}.{refresh.scope}")
    known = records.get(connection, refresh.company, refresh.list, refresh.list_id or "")
    return refresh.full_name or (known.full_name if known is not None else "") or refresh.value


def _outcome(connection: Connection, reader: Reader, refresh: QueuedRefresh) -> str:
    if refresh.state != "published":
        return reader.text(f"state.{refresh.state}")
    absent = refresh.outcome in _ABSENT and not refresh.reads_list
    if refresh.error is not None and not absent:
        return reader.text("outcome.exceptions")
    if refresh.outcome is None or (refresh.scope != "record" and not absent):
        return reader.text("state.published")
    inactive = any(
        (one["field"], one["before"], one["after"]) == ("IsActive", True, False)
        for one in _changed(connection, refresh)
    )
    return words.outcome(reader.language, refresh.outcome, time_deleted=refresh.time_deleted, made_inactive=inactive)


def _what(connection: Connection, reader: Reader, refresh: QueuedRefresh) -> str:
    """Return how much came of it, in figures only: what changed can be looked at behind the sign-in."""
    if refresh.state != "published" or (refresh.outcome in _ABSENT and not refresh.reads_list):
        return ""
    if refresh.reads_list:
        counts = refresh.counts or {}
        told = ((name, int(counts.get(name, 0))) for name in _COUNTED)
        return ", ".join(reader.plural(f"outcome.count_{name}", n) for name, n in told if n)
    if refresh.scope == "find":
        return reader.plural("alerts.done.hits", len(refresh.hits or ()))
    changed = len(_changed(connection, refresh))
    return reader.plural("refresh.fields", changed) if changed else ""


def _changed(connection: Connection, refresh: QueuedRefresh) -> Sequence[Any]:
    """Return the fields that a single refresh brought up to date."""
    change = history.changes_at(connection, refresh.company, [refresh.seq or 0]).get(refresh.seq or 0)
    return change.fields if change is not None and refresh.outcome == "updated" else ()


def _trouble(reader: Reader, refresh: QueuedRefresh) -> tuple[str, ...]:
    """Return why it failed and what to do, without its particulars: they may be values of a record."""
    if refresh.error is None or (refresh.outcome in _ABSENT and not refresh.reads_list):
        return ()
    values = {"last": (refresh.error.get("values") or {}).get("last")}
    said = codes.explain(reader.language, str(refresh.error["code"]), **values)
    return said.message, reader.steps(said.who_text, said.steps)
