"""What every page reaches for: the settings, the database, the refreshing, and the person who is signed in."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

from flask import Flask, Response, abort, after_this_request, current_app, g, request
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from qbwc_server.publish import Website
from qbwc_server.publishing import Hooks
from qbwc_server.qbxml.lists import LISTS, ListType
from qbwc_server.refreshing import CompanyView, Refreshing
from qbwc_server.settings import Settings
from qbwc_server.store import audit
from qbwc_server.store.database import Database
from qbwc_server.store.sessions import Session
from qbwc_server.store.users import User
from qbwc_server.web.wording import Wording

_LOG = logging.getLogger(__name__)
_EXTENSION: Final = "qbwc"
# The part of the address that stands for a list, and the list: "customers" -> customer.
LISTINGS: Final = {each.table: each for each in LISTS}
LISTING_PART: Final = f"<any({', '.join(LISTINGS)}):listing>"


@dataclass(frozen=True, slots=True)
class Shared:
    """What the pages are built over.

    Attributes:
        settings: The settings the pages read.
        database: Our own database, for accounts and sessions.
        refreshing: Asking, looking, cancelling.
        website: The website's database, or None where it is not known here.
        simulated: Whether QuickBooks is the demo's own, which every page then says.
        hooks: The webhooks, or None where they are not known here.
    """

    settings: Settings
    database: Database
    refreshing: Refreshing
    website: Website | None
    simulated: bool
    hooks: Hooks | None = None

    def keep(self, app: Flask) -> None:
        """Lay this where `shared()` finds it."""
        app.extensions[_EXTENSION] = self


def shared() -> Shared:
    """Return what the running application was built over."""
    return cast("Shared", current_app.extensions[_EXTENSION])


def now() -> datetime:
    """Return the present, aware."""
    return datetime.now(UTC)


def person() -> User | None:
    """Return who is signed in."""
    return cast("User | None", g.get("person"))


def signed_in() -> User:
    """Return who is signed in; on a page that needs it."""
    user = person()
    if user is None:
        abort(403)
    return user


def need(role: str) -> User:
    """Return who is signed in, or answer 403 when that person may not do what the role may."""
    user = signed_in()
    if not user.may(role):
        abort(403)
    return user


def this_session() -> Session:
    """Return the session of this request; on a page that needs a sign-in."""
    signed_in()
    return cast("Session", g.session)


def address() -> str:
    """Return the address of who asks, as the trusted proxies tell it."""
    return request.remote_addr or "?"


def note(
    connection: Connection,
    what: audit.What,
    *,
    company: str | None = None,
    subject: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Note in the audit what the person who is signed in did, in the writing transaction of the deed."""
    at = shared().database.now(connection)
    audit.note(connection, signed_in().name, what, at, company=company, subject=subject, detail=detail)


def afterwards(work: Callable[[Connection], None]) -> None:
    """Do a piece of writing once the answer has gone out; where it cannot be done the log says so, and no more."""
    database = shared().database

    def write() -> None:
        try:
            with database.write() as connection:
                work(connection)
        except SQLAlchemyError as problem:
            _LOG.warning("what was to be written after an answer was not: %s", type(problem).__name__)

    @after_this_request
    def _register(response: Response) -> Response:
        response.call_on_close(write)
        return response


def wording() -> Wording:
    """Return the words in the reader's language."""
    return cast("Wording", g.wording)


def listed(listing: str) -> ListType:
    """Return the list that a part of an address stands for."""
    return LISTINGS[listing]


def companies() -> tuple[CompanyView, ...]:
    """Return the companies, asked for once per request."""
    if "companies" not in g:
        g.companies = shared().refreshing.companies()
    return cast("tuple[CompanyView, ...]", g.companies)


def title(name: str) -> str:
    """Return what a company is called."""
    return next((each.title for each in companies() if each.company == name), name)


def company(name: str) -> CompanyView:
    """Return one company, or answer 404."""
    found = next((each for each in companies() if each.company == name), None)
    if found is None:
        abort(404)
    return found
