"""Judging the other tables that a target takes values from, and what its database user may do. Pure, like `checks`."""

from collections.abc import Iterator
from typing import Final

from qbwc_server.publish.engine import Backend
from qbwc_server.publish.mapping.finding import Finding
from qbwc_server.publish.mapping.model import TargetRule
from qbwc_server.publish.mapping.names import quoted, written_table
from qbwc_server.publish.mapping.reflected import Family, OtherTable, Reflected, Rights

# Families whose values the other's column takes as they are.
_ALIKE: Final[tuple[frozenset[Family], ...]] = (
    frozenset({"int", "bool", "decimal"}),
    frozenset({"text", "enum"}),
)
_NEW_USER: Final[dict[Backend, str]] = {
    "postgresql": "CREATE ROLE qbwc LOGIN PASSWORD '…';",
    "mysql": "CREATE USER 'qbwc'@'%' IDENTIFIED BY '…';",
    "sqlite": "",
}


def of_others(rule: TargetRule, reflected: Reflected, backend: Backend) -> Iterator[Finding]:
    """Yield what is wrong with lookups and with keys that name another target's row."""
    for other in reflected.others:
        values: dict[str, str | int] = {"other": other.table}
        if not other.is_there:
            yield Finding("error", "other_missing", rule.table, other.column, values)
            continue
        for name, near in other.near:
            yield Finding(
                "error", "other_column_missing", rule.table, other.column, {**values, "name": name, "near": near}
            )
        if other.near:
            continue
        yield from _look(rule, other, backend)
        yield from _alike(rule, other, reflected)


def of_rights(rule: TargetRule, reflected: Reflected, backend: Backend) -> Iterator[Finding]:
    """Yield the rights that are missing, and those that are more than publishing needs."""
    rights = reflected.rights
    if rights is None:
        return
    needed = ("SELECT", "INSERT", "UPDATE") if rule.missing == "insert" else ("SELECT", "UPDATE")
    lacking = [each for each in needed if each not in rights.held]
    grants = _grants(rule, rights, lacking, backend)
    if grants:
        told = ", ".join((*lacking, *(["USAGE"] if rights.lacks_schema or _lacks_sequence(rule, rights) else [])))
        values = {"user": rights.user, "rights": told, "sql": "\n".join(grants)}
        yield Finding("error", "rights_missing", rule.table, values=values)
    if rights.powers:
        table = written_table(rule.table, rule.schema, backend)
        new = f"{_NEW_USER[backend]}\nGRANT {', '.join(needed)} ON {table} TO {_new_name(backend)};"
        values = {"user": rights.user, "rights": ", ".join(rights.powers), "sql": new}
        yield Finding("warning", "rights_more", rule.table, values=values)


def _grants(rule: TargetRule, rights: Rights, lacking: list[str], backend: Backend) -> list[str]:
    grants = []
    if rights.lacks_schema:
        grants.append(f"GRANT USAGE ON SCHEMA {rights.lacks_schema} TO {rights.user};")
    if lacking:
        table = written_table(rule.table, rule.schema, backend)
        grants.append(f"GRANT {', '.join(lacking)} ON {table} TO {rights.user};")
    if _lacks_sequence(rule, rights):
        grants.append(f"GRANT USAGE ON SEQUENCE {rights.lacks_sequence} TO {rights.user};")
    return grants


def _lacks_sequence(rule: TargetRule, rights: Rights) -> bool:
    return bool(rights.lacks_sequence) and rule.missing == "insert"


def _new_name(backend: Backend) -> str:
    return "'qbwc'@'%'" if backend == "mysql" else "qbwc"


def _look(rule: TargetRule, other: OtherTable, backend: Backend) -> Iterator[Finding]:
    rights = other.rights
    if rights is not None and "SELECT" not in rights.held:
        sql = f"GRANT SELECT ON {written_table(other.table, rule.schema, backend)} TO {rights.user};"
        values = {"other": other.table, "user": rights.user, "sql": sql}
        yield Finding("error", "other_rights", rule.table, other.column, values)
    lookup = next((column.lookup for column in rule.columns if column.column == other.column), None)
    if other.role == "lookup" and not other.is_unique and lookup is not None:
        table = written_table(other.table, rule.schema, backend)
        index = quoted(f"{other.table}_{lookup.match}_key"[:60], backend)
        sql = f"CREATE UNIQUE INDEX {index} ON {table} ({quoted(lookup.match, backend)});"
        values = {"other": other.table, "name": lookup.match, "sql": sql}
        yield Finding("warning", "lookup_not_unique", rule.table, other.column, values)


def _alike(rule: TargetRule, other: OtherTable, reflected: Reflected) -> Iterator[Finding]:
    """Yield where the column that gives a value is of another sort than ours."""
    ours = reflected.column(other.column)
    if ours is None or not other.columns:
        return
    lookup = next((column.lookup for column in rule.columns if column.column == other.column), None)
    give = lookup.give if other.role == "lookup" and lookup is not None else other.columns[0].name
    theirs = next((column for column in other.columns if column.name == give), None)
    if theirs is None:
        return
    kinds = {ours.limit.kind, theirs.limit.kind}
    if len(kinds) == 1 or "any" in kinds or any(alike.issuperset(kinds) for alike in _ALIKE):
        return
    values = {"other": other.table, "name": give, "given": theirs.limit.type, "type": ours.limit.type}
    yield Finding("error", "other_kind", rule.table, other.column, values)
