"""Requests as rows of a list: in the queue, on a record's page, on the overview."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for

from qbwc_server.qbxml.lists import ListType, list_type
from qbwc_server.refreshing import Refresh, UnknownRecord, saying
from qbwc_server.web.shared import person, shared, wording
from qbwc_server.web.states import Badge, refresh_badge
from qbwc_server.web.wording import Wording


@dataclass(frozen=True, slots=True)
class Row:
    """One request in a list of them.

    Attributes:
        refresh: The request.
        badge: Its state in a word or two.
        what: What was asked for.
        kind: The list it is about.
        link: The record's page, or the request's own.
    """

    refresh: Refresh
    badge: Badge
    what: str
    kind: ListType
    link: str


def rows(refreshes: Sequence[Refresh]) -> tuple[Row, ...]:
    """Make rows of requests."""
    return tuple(row(wording(), each) for each in refreshes)


def row(reader: Wording, each: Refresh) -> Row:
    """Make one row."""
    kind = list_type(each.list)
    own = url_for("queue.one", refresh_id=each.id)
    to_record = each.scope == "record" and each.list_id is not None
    link = (
        url_for("record.show", listing=kind.table, company_name=each.company, list_id=each.list_id)
        if to_record
        else own
    )
    return Row(each, refresh_badge(reader, each), what(reader, each), kind, link)


def what(reader: Wording, each: Refresh) -> str:
    """Say what a request asks for."""
    if each.way == "find":
        return saying.search(reader.language, each.list, each.value)
    if each.reads_list:
        return reader.text(f"list.{each.list}.{each.scope}")
    return each.full_name or _known_name(each) or each.value


def _known_name(each: Refresh) -> str | None:
    # Until the answer is there a request has only the ListID; people know the record by its name.
    if each.way != "list_id":
        return None
    try:
        return shared().refreshing.record(each.company, each.list, each.value).full_name
    except UnknownRecord:
        return None


def may_cancel(refresh: Refresh) -> bool:
    """Tell whether the reader can take back a request for this; it ends when nobody is left who asked.

    A list that is being read waits between two pages, so that can be tried.
    """
    user = person()
    if user is None or not (refresh.state == "waiting" or refresh.is_reading):
        return False
    return user.may("admin") or (user.may("operator") and user.name in refresh.askers)
