"""Our own database and the website's: reachable, ours, of the right schema, writable."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from qbwc_server.checking.files import file_findings
from qbwc_server.checking.finding import Finding, fault, good, guarded, guarded_all, reason, skipped
from qbwc_server.publish import (
    ForeignTable,
    NotInstalled,
    Website,
    WebsiteBusy,
    WebsiteDenied,
    WebsiteError,
    sqlite_file,
)
from qbwc_server.publish.tables import OWN, TARGETS
from qbwc_server.settings import Settings, shown_url
from qbwc_server.store.database import Database, DatabaseUnreachable
from qbwc_server.store.migrate import SchemaAhead, SchemaBehind, check_schema, head
from qbwc_server.store.tables import metadata

MOST_SKEW: Final = timedelta(seconds=60)
_LOCK_SECONDS: Final = 3


def own_database(settings: Settings) -> tuple[Finding, ...]:
    """Check our own database."""
    return guarded_all("database_reachable", lambda: _own(settings.database_url.get_secret_value()))


def website_database(settings: Settings) -> tuple[Finding, ...]:
    """Check the website's database; nothing is written there."""
    return guarded_all("website_reachable", lambda: _website(settings.website_database_url.get_secret_value()))


def _own(url: str) -> tuple[Finding, ...]:
    file = sqlite_file.path_of(sa.make_url(url))
    first = () if file is None else file_findings("database", file)
    if not all(one.ok for one in first if one.check in ("database_reachable", "database_writable")):
        return first
    database = Database(url)
    try:
        try:
            database.check()
        except DatabaseUnreachable as problem:
            cause = problem.__cause__ or problem
            unreachable = fault("database_reachable", "server.unreachable", url=shown_url(url), reason=reason(cause))
            return (*(one for one in first if one.check != unreachable.check), unreachable)
        schema = guarded("database_schema", lambda: _schema(database))
        if file is not None:
            return (*first, schema)
        reachable = good("database_reachable", "server.reachable", url=shown_url(url))
        return (reachable, schema, *_on_server(database, schema))
    finally:
        database.close()


def _on_server(database: Database, schema: Finding) -> tuple[Finding, ...]:
    tables = metadata.sorted_tables
    return (
        guarded("database_writable", lambda: writable("database_writable", database.engine, tables, deletes=True))
        if schema.ok
        else skipped("database_writable", "skipped.schema"),
        skipped("database_disk", "server.disk"),
        guarded("database_clock", lambda: _clock(database)),
    )


def _schema(database: Database) -> Finding:
    try:
        check_schema(database)
    except SchemaBehind:
        return fault("database_schema", "schema.behind", head=head())
    except SchemaAhead:
        return fault("database_schema", "schema.ahead", head=head())
    return good("database_schema", "schema.fit", head=head())


def _clock(database: Database) -> Finding:
    before = datetime.now(UTC)
    with database.read() as connection:
        theirs = database.now(connection)
    return clock("database_clock", theirs - (before + (datetime.now(UTC) - before) / 2), "clock.database")


def clock(check: str, ahead: timedelta, told: str) -> Finding:
    """Judge how far another clock is from this machine's.

    Args:
        ahead: The other clock's lead, negative if it is behind.
        told: The key of the words about that clock; with `_wrong` and `_wrong_cure` for a fault.
    """
    off = abs(ahead)
    return fault(check, f"{told}_wrong", off=off) if off > MOST_SKEW else good(check, told, off=off)


def _website(url: str) -> tuple[Finding, ...]:
    file = sqlite_file.path_of(sa.make_url(url))
    first = () if file is None else file_findings("website", file)
    if not all(one.ok for one in first if one.check in ("website_reachable", "website_writable")):
        return first
    # The stream's name matters only to those who write.
    website = Website(url, "", frozenset())
    try:
        tables = guarded("website_tables", lambda: _tables(website, url))
        if file is not None or tables.check == "website_reachable":
            return (*first, tables)
        reachable = good("website_reachable", "server.reachable", url=shown_url(url))
        every = (*OWN, *(aim.table for aim in TARGETS))
        rights = (
            guarded("website_writable", lambda: writable("website_writable", website.engine, every))
            if tables.ok
            else skipped("website_writable", "skipped.schema")
        )
        return (reachable, tables, rights, skipped("website_disk", "server.disk"))
    finally:
        website.close()


def _tables(website: Website, url: str) -> Finding:
    shown = shown_url(url)
    try:
        website.check()
    except NotInstalled as problem:
        return fault("website_tables", "tables.missing", name=problem.name)
    except ForeignTable as problem:
        return fault("website_tables", "tables.foreign", name=problem.name)
    except WebsiteDenied as problem:
        return fault("website_tables", "server.denied", url=shown, reason=reason(problem))
    except WebsiteBusy:
        return skipped("website_tables", "server.busy", url=shown)
    except WebsiteError as problem:
        return fault("website_reachable", "server.unreachable", url=shown, reason=reason(problem))
    return good("website_tables", "tables.fit")


def writable(check: str, engine: sa.Engine, tables: Iterable[sa.Table], *, deletes: bool = False) -> Finding:
    """Check that a server lets us write tables, with statements that match no row and are rolled back.

    Args:
        deletes: Whether rows are deleted there as well.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
        for table in tables:
            try:
                for statement in _idle(table, deletes=deletes):
                    connection.execute(statement)
            except DBAPIError as problem:
                return fault(check, "server.table_denied", table=table.name, reason=reason(problem))
        connection.rollback()
    return good(check, "server.writable")


def _idle(table: sa.Table, *, deletes: bool) -> list[sa.Executable]:
    columns = [column for column in table.columns if column is not table.autoincrement_column]
    nothing = sa.select(*columns).where(sa.false())
    statements: list[sa.Executable] = [
        sa.insert(table).from_select([column.name for column in columns], nothing, include_defaults=False),
        sa.update(table).values({columns[0].name: columns[0]}).where(sa.false()),
    ]
    if deletes:
        statements.append(sa.delete(table).where(sa.false()))
    return statements
