"""Reads a mapping.toml, the owner's word on which field goes to which column; it holds no code.

Theory of operation: the file is read from the top, each table by the keys it may have (`file_section`); what cannot be
read is noted and left out, so that one reading finds every fault. What concerns several lines is judged at the end
(`file_whole`). Only a file without any fault becomes a `Mapping`.

Source: docs/mapping.md.
"""

import re
import tomllib
from collections.abc import Mapping as Dictionary
from decimal import Decimal
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from qbwc_server.publish.mapping import file_columns, file_rows
from qbwc_server.publish.mapping.file_fields import FIELDS, Vocabulary, list_names
from qbwc_server.publish.mapping.file_problems import BadMapping, Found, Problem
from qbwc_server.publish.mapping.file_section import TARGET_NAME, Section, nearest, target_place
from qbwc_server.publish.mapping.file_whole import judge, private_fields
from qbwc_server.publish.mapping.model import Mapping, TargetRule, Webhook

__all__ = ["FIELDS", "BadMapping", "Problem", "parse_mapping", "private_fields", "read_mapping"]

VERSION: Final = 1

_TABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_SECRET: Final = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
_LATER: Final = ("key-value", "woocommerce", "http")
_TARGET: Final = '[[publish]] name = "customers"'
_WEBHOOK: Final = 'webhook = { url = "https://www.example.com/hooks/qb", secret = "env:HOOK_SECRET" }'


def read_mapping(path: Path, *, fields: Dictionary[str, bool] = FIELDS) -> Mapping:
    """Read a mapping file.

    Args:
        path: of the file, in UTF-8.
        fields: the fields there are, as `FIELDS`.

    Raises:
        BadMapping: it cannot be read, or something in it is wrong.
    """
    try:
        # Some Windows editors put a byte order mark before UTF-8, which TOML does not know.
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise BadMapping((Problem(str(path), "absent"),)) from None
    except UnicodeDecodeError:
        raise BadMapping((Problem(str(path), "not_utf8"),)) from None
    except OSError as trouble:
        reason = trouble.strerror or type(trouble).__name__
        raise BadMapping((Problem(str(path), "unreadable", (("reason", reason),)),)) from None
    return parse_mapping(text, fields=fields, name=str(path))


def parse_mapping(text: str, *, fields: Dictionary[str, bool] = FIELDS, name: str = "mapping.toml") -> Mapping:
    """Read the text of a mapping file.

    Args:
        text: TOML.
        fields: the fields there are, as `FIELDS`.
        name: what the file is called where it is no TOML at all.

    Raises:
        BadMapping: something in it is wrong; holds all that is.
    """
    found, known = Found(), Vocabulary(fields)
    try:
        values = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError, ArithmeticError) as trouble:
        # ArithmeticError: a number of more digits than any has.
        raise BadMapping((Problem(name, "not_toml", (("reason", str(trouble)),)),)) from None
    mapping = _mapping(Section("", values, found), known)
    judge(mapping, known, found)
    if found.problems:
        raise BadMapping(tuple(found.problems))
    return mapping


def _mapping(file: Section, known: Vocabulary) -> Mapping:
    version = file.take("version")
    if type(version) is not int or version != VERSION:
        file.problem("version", "bad_version", version=str(VERSION))
    schema, state_table = _database(file)
    given = file.take("publish")
    if not isinstance(given, list) or not given or not all(isinstance(each, dict) for each in given):
        file.problem("publish", "no_targets", example=_TARGET)
        given = []
    targets, webhooks = [], []
    for number, values in enumerate(given, 1):
        section = Section(target_place(values.get("name"), number), values, file.found)
        targets.append(_target(section, schema, known))
        webhook = _after(section, targets[-1].name)
        webhooks += [webhook] if webhook else []
        section.close()
    file.close()
    return Mapping(tuple(targets), state_table, tuple(webhooks))


def _database(file: Section) -> tuple[str | None, str]:
    """Read `[target]`: the schema and the table of ours."""
    section = file.section("target", example='[target] schema = "public"')
    default = "qbwc_publish_state"
    if section is None:
        return None, default
    schema = section.text("schema")
    table = section.take("state_table")
    section.close()
    if table == "":
        section.problem("state_table", "no_state_table")
    elif table is not None and not (isinstance(table, str) and _TABLE.fullmatch(table)):
        section.problem("state_table", "bad_state_table")
    else:
        default = str(table or default)
    return schema, default


def _target(section: Section, schema: str | None, known: Vocabulary) -> TargetRule:
    """Read one target; what is missing is noted and left empty."""
    _kind(section)
    name = section.text("name", required=True)
    if name is not None and not TARGET_NAME.fullmatch(name):
        section.problem("name", "bad_target_name")
    source = _source(section)
    return TargetRule(
        name=name or section.place,
        list=source or "",
        table=_table(section),
        key=file_rows.key(section, source, known),
        columns=file_columns.columns(section, source, known),
        schema=section.text("schema") or schema,
        company=section.text("company"),
        types=file_rows.types(section, source),
        only=file_rows.only(section, source, known),
        adopt=file_rows.adopt(section, source, known),
        missing=section.choice("missing", ("insert", "skip"), "insert"),
        inactive=file_rows.inactive(section),
        notfound=section.choice("notfound", ("report", "same-as-inactive"), "report"),
        empty=file_columns.empty(section) or "null",
        allow_no_transactions=section.flag("allow_no_transactions"),
    )


def _kind(section: Section) -> None:
    # Looked at and not asked for: `kind` is no key of this file, but its readers know it from elsewhere.
    kind = section.values.get("kind")
    if kind is not None:
        section.take("kind")
        section.problem("kind", "kind_later" if kind in _LATER else "kind_unknown")


def _source(section: Section) -> str | None:
    source, known = section.text("source", required=True), list_names()
    if source is None or source in known:
        return source
    near = nearest(source, known)
    section.problem("source", "unknown_list_near" if near else "unknown_list", near=near, known=", ".join(known))
    return None


def _table(section: Section) -> str:
    table = section.text("table", required=True) or ""
    if "." in table:
        section.problem("table", "table_dot")
    elif table and not (len(table) <= file_columns.LONGEST_NAME and table.isprintable()):
        section.problem("table", "bad_name", most=str(file_columns.LONGEST_NAME))
    return table


def _after(section: Section, target: str) -> Webhook | None:
    """Read `[publish.after]`. What stands in it may be a secret by mistake, so no problem quotes it."""
    after = section.section("after", example=_WEBHOOK)
    if after is None:
        return None
    webhook = after.section("webhook", required=True, example=_WEBHOOK)
    after.close()
    if webhook is None:
        return None
    url, secret = webhook.text("url", required=True), webhook.text("secret", required=True)
    webhook.close()
    variable = _SECRET.fullmatch(secret or "")
    if secret is not None and variable is None:
        webhook.problem("secret", "bad_secret", example="env:HOOK_SECRET")
    if url is not None and not _is_address(url):
        webhook.problem("url", "bad_url", example="https://www.example.com/hooks/qb")
    return Webhook(target, url, variable[1]) if url and variable else None


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        whole = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
    plain = "@" not in parts.netloc and not parts.fragment and not re.search(r"[\s\x00-\x1f]", url)
    return parts.scheme in {"http", "https"} and whole and plain
