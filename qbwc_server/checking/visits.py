"""When each company's Web Connector called last, and whether somebody must look after it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from qbwc_server.checking.finding import Finding, Trouble, fault, good, guarded, guarded_all, skipped
from qbwc_server.publish import sqlite_file
from qbwc_server.settings import Settings
from qbwc_server.store.database import Database, DatabaseUnreachable
from qbwc_server.store.migrate import SchemaAhead, SchemaBehind, open_database

_CHECK: Final = "last_visit"
_SILENT: Final = ("late", "offline")


class Connection(Protocol):
    """How a company's connection stands, as `refreshing` tells it."""

    @property
    def state(self) -> str:
        """As `ConnectionView` names it."""
        ...

    @property
    def last_seen_at(self) -> datetime | None:
        """When it called last; None for never."""
        ...

    @property
    def attention_code(self) -> str | None:
        """Why somebody must look after it, a code of `codes`."""
        ...

    @property
    def attention_values(self) -> Mapping[str, str]:
        """The particulars of that code."""
        ...


class Company(Protocol):
    """A company and its connection."""

    @property
    def company(self) -> str:
        """Its name."""
        ...

    @property
    def connection(self) -> Connection:
        """How it stands."""
        ...


Companies = Callable[[Database], Sequence[Company]]
"""Reads the companies from our database; a door has it from `refreshing`."""


def last_visits(settings: Settings, companies: Companies) -> tuple[Finding, ...]:
    """Check each company's last visit."""
    return guarded_all(_CHECK, lambda: _visits(settings, companies))


def _visits(settings: Settings, companies: Companies) -> tuple[Finding, ...]:
    url = settings.database_url.get_secret_value()
    file = sqlite_file.path_of(sa.make_url(url))
    if file is not None and not file.exists():
        return (skipped(_CHECK, "skipped.database"),)
    try:
        database = open_database(url)
    except (DatabaseUnreachable, SchemaBehind, SchemaAhead, SQLAlchemyError):
        return (skipped(_CHECK, "skipped.database"),)
    try:
        found = companies(database)
    finally:
        database.close()
    if not found:
        return (skipped(_CHECK, "visit.no_company"),)
    return tuple(guarded(_CHECK, lambda one=one: visit(one)) for one in found)  # type: ignore[misc]


def visit(company: Company) -> Finding:
    """Judge one company."""
    name, connection = company.company, company.connection
    at = connection.last_seen_at
    if connection.state == "needs_attention":
        trouble = Trouble(connection.attention_code or "unknown", connection.attention_values)
        return fault(_CHECK, "visit.attention", company=name, trouble=trouble)
    if connection.state == "paused":
        return skipped(_CHECK, "visit.paused", company=name)
    if at is None:
        return skipped(_CHECK, "visit.never", company=name)
    if connection.state in _SILENT:
        return fault(_CHECK, "visit.silent", company=name, at=at)
    if connection.state == "off_hours":
        return good(_CHECK, "visit.off_hours", company=name, at=at)
    return good(_CHECK, "visit.seen", company=name, at=at)
