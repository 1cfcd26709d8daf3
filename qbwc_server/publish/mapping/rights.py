"""What the database lets our user do with a table.

PostgreSQL is asked right by right, so that roles and grants to everybody count. MySQL has no such question: its grants
are read, and where they name a role that we cannot look into, nothing is claimed. SQLite has no users.
"""

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Final

import sqlalchemy as sa

from qbwc_server.publish.mapping.reflected import Rights

NEEDED: Final = ("SELECT", "INSERT", "UPDATE")

_PG_RIGHTS: Final = (
    "SELECT r.kind, has_table_privilege(CAST(:oid AS oid), r.kind) OR (r.by_column AND (SELECT bool_and("
    "has_column_privilege(CAST(:oid AS oid), c.name, r.kind)) FROM unnest(CAST(:columns AS text[])) AS c(name))) "
    "FROM (VALUES ('SELECT', true), ('INSERT', true), ('UPDATE', true), ('DELETE', false), ('TRUNCATE', false)) "
    "AS r(kind, by_column)"
)
_PG_USER: Final = (
    "SELECT quote_ident(current_user) AS person, r.rolsuper AS is_superuser, "
    "pg_has_role(c.relowner, 'USAGE') AS is_owner, has_schema_privilege(c.relnamespace, 'USAGE') AS may_enter, "
    "quote_ident(n.nspname) AS schema "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace, pg_catalog.pg_roles r "
    "WHERE c.oid = :oid AND r.rolname = current_user"
)
# A sequence behind a default (serial) wants a right of its own; one behind an identity column does not.
_PG_SEQUENCE: Final = (
    "SELECT s.oid::regclass::text FROM pg_catalog.pg_attrdef d "
    "JOIN pg_catalog.pg_depend p ON p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid "
    "AND p.refclassid = 'pg_class'::regclass "
    "JOIN pg_catalog.pg_class s ON s.oid = p.refobjid AND s.relkind = 'S' "
    # The planner may ask for the right before it has thrown out what is no sequence.
    "WHERE d.adrelid = :oid "
    "AND CASE WHEN s.relkind = 'S' THEN NOT has_sequence_privilege(s.oid, 'USAGE') ELSE false END LIMIT 1"
)
# Under ANSI_QUOTES names stand in double quotation marks.
_NAME: Final = r"""(?:`(?:[^`]|``)*`|"(?:[^"]|"")*"|\*)"""
_GRANT: Final = re.compile(rf"GRANT (?P<what>.+) ON (?:TABLE )?(?P<where>{_NAME})\.(?P<table>{_NAME}) TO ")
_GRANT_ROLE: Final = re.compile(rf"GRANT {_NAME}(?:@\S+)? TO ")
_ONE: Final = re.compile(r"([A-Z][A-Z ]*[A-Z])(?: ?\(([^)]*)\))?")
_MYSQL_POWERS: Final = ("DELETE", "DROP", "ALTER", "SUPER")


def rights(
    connection: sa.Connection, table: str, schema: str | None, columns: Sequence[str], oid: int
) -> Rights | None:
    """Return what our user may do; None on SQLite, and where it cannot be told.

    Args:
        connection: to PostgreSQL or MySQL.
        table: its name.
        schema: of the table.
        columns: those of it that the mapping uses: rights to them alone do.
        oid: PostgreSQL's number of the table.
    """
    if connection.dialect.name == "postgresql":
        return _postgresql(connection, columns, oid)
    return None if connection.dialect.name == "sqlite" else _mysql(connection, table, schema, columns)


def _postgresql(connection: sa.Connection, columns: Sequence[str], oid: int) -> Rights:
    of = {"oid": oid, "columns": list(columns)}
    held = [str(kind) for kind, has in connection.execute(sa.text(_PG_RIGHTS), of) if has]
    about = connection.execute(sa.text(_PG_USER), {"oid": oid}).one()
    sequence = connection.execute(sa.text(_PG_SEQUENCE), {"oid": oid}).scalar()
    powers: list[str] = [kind for kind in held if kind not in NEEDED]
    if about.is_owner:
        powers = ["OWNER"]
    if about.is_superuser:
        powers = ["SUPERUSER"]
    return Rights(
        user=about.person,
        held=tuple(kind for kind in NEEDED if kind in held),
        powers=tuple(powers),
        lacks_schema="" if about.may_enter else about.schema,
        lacks_sequence=sequence or "",
    )


def _mysql(connection: sa.Connection, table: str, schema: str | None, columns: Sequence[str]) -> Rights | None:
    user, database = connection.exec_driver_sql("SELECT CURRENT_USER(), DATABASE()").one()
    grants = [str(row[0]) for row in connection.exec_driver_sql("SHOW GRANTS")]
    person, _, host = str(user).rpartition("@")
    quoted = f"{quoted_mysql(person)}@{quoted_mysql(host)}"
    return granted(grants, quoted, schema or str(database), table, columns)


def granted(grants: Iterable[str], user: str, database: str, table: str, columns: Sequence[str]) -> Rights | None:
    """Return what MySQL's grants let a user do; None where they are not enough to tell.

    Args:
        grants: as SHOW GRANTS prints them.
        user: quoted.
        database: of the table.
        table: its name.
        columns: those that the mapping uses.
    """
    found: set[str] = set()
    by_column: dict[str, set[str]] = {}
    has_role = False
    for grant in grants:
        has_role = has_role or _GRANT_ROLE.match(grant) is not None
        parts = _GRANT.match(grant)
        if parts is None or not _covers(parts["where"], parts["table"], database, table):
            continue
        for kind, names in _ONE.findall(parts["what"]):
            if names:
                by_column.setdefault(kind, set()).update(name.strip(' `"') for name in names.split(","))
            else:
                found.add(kind)
        if "WITH GRANT OPTION" in grant:
            found.add("GRANT OPTION")
    found.update(kind for kind, names in by_column.items() if names.issuperset(columns))
    has_all = bool(found & {"ALL PRIVILEGES", "ALL"})
    held = tuple(kind for kind in NEEDED if has_all or kind in found)
    if has_role and len(held) < len(NEEDED):
        return None
    return Rights(user, held, ("ALL PRIVILEGES",) if has_all else tuple(p for p in _MYSQL_POWERS if p in found))


def quoted_mysql(name: str) -> str:
    """Return a name in MySQL's quotation marks."""
    return "`" + name.replace("`", "``") + "`"


def _covers(where: str, name: str, database: str, table: str) -> bool:
    if where == "*":
        return True
    # In the name of a database, and only there, % and _ stand for any characters unless a backslash is before them.
    glob = re.sub(r"\\([%_])|([%_])|([*?\[])", _as_glob, _bare(where))
    return fnmatchcase(database.lower(), glob.lower()) and (name == "*" or _bare(name) == table)


def _bare(quoted: str) -> str:
    mark = quoted[0]
    return quoted[1:-1].replace(mark + mark, mark)


def _as_glob(found: re.Match[str]) -> str:
    if found[1]:
        return found[1]
    if found[2]:
        return "*" if found[2] == "%" else "?"
    return f"[{found[3]}]"
