"""The steps make exactly the tables that the program writes, and other schemas are refused."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from qbwc_server.store import migrate
from qbwc_server.store.database import Database
from qbwc_server.store.tables import (
    UTCDateTime,
    askers,
    companies,
    connections,
    metadata,
    outbox,
    records,
    refreshes,
)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


def _shape(connection: sa.Connection) -> dict[str, Any]:
    inspector = sa.inspect(connection)
    return {
        table: {
            "columns": [{**column, "type": str(column["type"])} for column in inspector.get_columns(table)],
            "key": inspector.get_pk_constraint(table),
            "foreign": _sorted(inspector.get_foreign_keys(table)),
            "unique": _sorted(inspector.get_unique_constraints(table)),
            "checks": _sorted(inspector.get_check_constraints(table)),
            "indexes": _sorted(inspector.get_indexes(table)),
        }
        for table in sorted(inspector.get_table_names())
        if table != "alembic_version"
    }


def _sorted(found: Any) -> list[dict[str, Any]]:
    # Objects of the dialect have no comparison of their own.
    return sorted(
        ({**entry, "dialect_options": repr(sorted(_texts(entry)))} for entry in found),
        key=lambda entry: str(entry["name"]),
    )


def _texts(entry: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in entry.get("dialect_options", {}).items()]


def test_alembic_finds_the_steps_that_their_files_are_named_for() -> None:
    scripts = ScriptDirectory.from_config(migrate.alembic_config())
    files = sorted(Path(script.path).name[:4] for script in scripts.walk_revisions())
    assert files == sorted(script.revision for script in scripts.walk_revisions())
    assert scripts.get_current_head() == migrate.head() == files[-1]


def test_the_steps_make_what_the_tables_declare(database: Database) -> None:
    assert migrate.revision(database) is None
    assert migrate.upgrade(database) == migrate.head() == migrate.revision(database)
    with database.write() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        by_steps = _shape(connection)
        metadata.drop_all(connection)
        metadata.create_all(connection)
        assert _shape(connection) == by_steps
    assert set(by_steps) == set(metadata.tables)


def test_upgrading_again_changes_nothing(database: Database) -> None:
    migrate.upgrade(database)
    with database.read() as connection:
        before = _shape(connection), migrate.stream_id(connection)
    migrate.upgrade(database)
    migrate.check_schema(database)
    with database.read() as connection:
        assert (_shape(connection), migrate.stream_id(connection)) == before


def test_upgrades_at_the_same_time_wait_for_each_other(database: Database) -> None:
    done: list[str] = []
    threads = [threading.Thread(target=lambda: done.append(migrate.upgrade(database))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [migrate.head()] * 4


def test_a_database_never_set_up_is_refused_with_the_command(database: Database) -> None:
    with pytest.raises(migrate.SchemaBehind, match="qbwc init"):
        migrate.check_schema(database)


def test_a_newer_database_is_refused_and_not_touched(database: Database) -> None:
    migrate.upgrade(database)
    with database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrate.SchemaAhead, match="9999"):
        migrate.check_schema(database)
    with pytest.raises(migrate.SchemaAhead):
        migrate.upgrade(database)
    assert migrate.revision(database) == "9999"


def test_what_an_older_program_stored_is_kept_by_the_upgrade(database: Database) -> None:
    with database.write() as connection:
        configuration = migrate.alembic_config()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "0001")
        connection.execute(
            sa.text(
                "INSERT INTO companies (company, title, user_name, password_sha256, password_changed_at, owner_id, "
                "file_id, paused, created_at, seq, visit, whole_records, takeovers) "
                "VALUES ('acme', 'Acme', 'acme', 'x', :now, 'o', 'f', :paused, :now, 7, 1, :paused, 0)"
            ).bindparams(sa.bindparam("now", type_=UTCDateTime())),
            {"now": datetime(2026, 1, 2, tzinfo=UTC), "paused": True},
        )
        connection.execute(
            sa.text("INSERT INTO connections (company, wrong_passwords) VALUES ('acme', 3)"),
        )
        connection.execute(
            sa.text(
                "INSERT INTO records (company, list, list_id, seq, name, full_name, sort_name, search, is_active, "
                'is_deleted, edit_sequence, observed_at, "values") '
                "VALUES ('acme', 'customer', '8-1', 1, 'Ann', 'Ann', 'ann', 'ann', :no, :no, '1', :now, '{}')"
            ).bindparams(sa.bindparam("now", type_=UTCDateTime())),
            {"now": datetime(2026, 1, 2, tzinfo=UTC), "no": False},
        )
        connection.execute(
            sa.text(
                "INSERT INTO outbox (target, company, list, list_id, seq, since, single, forced, due_at, attempts) "
                "VALUES ('qb_customers', 'acme', 'customer', '8-1', 1, 1, :no, :no, :due, 0)"
            ).bindparams(sa.bindparam("due", type_=UTCDateTime())),
            {"due": datetime(2026, 1, 3, tzinfo=UTC), "no": False},
        )
        connection.execute(
            sa.text(
                "INSERT INTO refreshes (id, company, list, scope, way, value, state, urgent, asked_by, asked_at, "
                "joined, unanswered, most, alone, missed, refused_alone, fields_refused, records) "
                "VALUES (5, 'acme', 'item', 'all', 'all', '', 'waiting', :no, 'ann', :now, "
                ":no, 0, 9, :no, :no, :no, :no, 0)"
            ).bindparams(sa.bindparam("now", type_=UTCDateTime())),
            {"now": datetime(2026, 1, 2, tzinfo=UTC), "no": False},
        )
        connection.execute(
            sa.text("INSERT INTO askers (refresh_id, asked_by, asked_at) VALUES (5, 'ann', :now)").bindparams(
                sa.bindparam("now", type_=UTCDateTime())
            ),
            {"now": datetime(2026, 1, 2, tzinfo=UTC)},
        )
    with pytest.raises(migrate.SchemaBehind, match="0001"):
        migrate.check_schema(database)

    migrate.upgrade(database)

    with database.read() as connection:
        acme = connection.execute(sa.select(companies)).one()
        seen = connection.execute(sa.select(connections)).one()
        waiting = connection.execute(sa.select(outbox)).one()
        asked = connection.execute(sa.select(refreshes)).one()
        assert [row.asked_by for row in connection.execute(sa.select(askers))] == ["ann"]
    assert (asked.id, asked.scope, asked.small, asked.resumed) == (5, "all", False, 0)
    with database.write() as connection, pytest.raises(sa.exc.IntegrityError):
        connection.execute(sa.delete(companies))
    assert (acme.company, acme.paused, acme.paused_until, acme.seq) == ("acme", True, None, 7)
    assert (seen.wrong_passwords, seen.wrong_password_same) == (3, 0)
    assert waiting.queued_at == waiting.due_at


def test_a_tombstone_of_an_older_program_is_as_old_as_its_deletion_or_else_as_it_was_seen_last(
    database: Database,
) -> None:
    moments = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3)]
    with database.write() as connection:
        configuration = migrate.alembic_config()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "0003")
        connection.execute(
            sa.text(
                "INSERT INTO companies (company, title, user_name, password_sha256, password_changed_at, owner_id, "
                "file_id, paused, created_at, seq, visit, whole_records, takeovers) "
                "VALUES ('acme', 'Acme', 'acme', 'x', :now, 'o', 'f', :no, :now, 7, 1, :no, 0)"
            ).bindparams(sa.bindparam("now", type_=UTCDateTime())),
            {"now": moments[0], "no": False},
        )
        for list_id, gone in (("told", True), ("untold", True), ("living", False)):
            connection.execute(
                sa.text(
                    "INSERT INTO records (company, list, list_id, seq, name, full_name, sort_name, search, is_active, "
                    'is_deleted, edit_sequence, observed_at, "values") '
                    "VALUES ('acme', 'customer', :id, 1, 'Ann', 'Ann', 'ann', 'ann', :gone, :gone, '1', :now, '{}')"
                ).bindparams(sa.bindparam("now", type_=UTCDateTime())),
                {"id": list_id, "now": moments[2], "gone": gone},
            )
        for seq, (kind, at) in enumerate(zip(("deleted", "deleted", "updated"), (0, 1, 2), strict=True), 1):
            connection.execute(
                sa.text(
                    "INSERT INTO changes (company, seq, list, list_id, changed_at, kind, fields) "
                    "VALUES ('acme', :seq, 'customer', 'told', :at, :kind, '[]')"
                ).bindparams(sa.bindparam("at", type_=UTCDateTime())),
                {"seq": seq, "at": moments[at], "kind": kind},
            )

    migrate.upgrade(database)

    with database.read() as connection:
        found = {row.list_id: (row.deleted_at, row.erased) for row in connection.execute(sa.select(records))}
    assert found == {"told": (moments[1], False), "untold": (moments[2], False), "living": (None, False)}
