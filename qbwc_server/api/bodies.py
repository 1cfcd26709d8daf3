"""Reads what callers send: the body of a refresh, and the query."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import request

from qbwc_server.api.problems import Problem
from qbwc_server.lines import is_line
from qbwc_server.qbxml import lists
from qbwc_server.refreshing import fault_of
from qbwc_server.store.tables import LISTS_READ

LIMIT_DIGITS: Final = 10
MAXIMUM_IDS: Final = 1000
_MAXIMUM_KEY: Final = 255
_NUL: Final = "\0"
LISTS: Final = tuple(kind.name for kind in lists.LISTS)
_WAYS: Final = ("list_id", "list_ids", "full_name", "find", "scope")
_NOT_TEXT: Final = "Must be a text that is not empty."


@dataclass(frozen=True, slots=True)
class Order:
    """What a body asks for.

    Attributes:
        company: as given, or None.
        list: the name of a list, such as "customer".
        way: "list_id", "full_name", "find", "all", "changed" or "sweep".
        values: one for each refresh; "" for what reads the list.
        several: whether the answer is an array, because `list_ids` was given.
    """

    company: str | None
    list: str
    way: str
    values: tuple[str, ...]
    several: bool


def refuse_nul() -> None:
    """Refuse a path or query with a NUL in it, which no database can look for; bodies say it by field.

    Raises:
        Problem: 404 for a path, 400 for a query.
    """
    if _NUL in request.path:
        raise Problem(404, "There is nothing at this path; it holds a NUL character.")
    for name, value in request.args.items(multi=True):
        if _NUL in name or _NUL in value:
            raise Problem(400, "The query holds a NUL character (%00); leave it out.")


def read_order() -> Order:
    """Read the body of POST /refreshes.

    Raises:
        Problem: 400 no JSON, 415 not sent as JSON, 422 with a sentence per field.
    """
    body = _json_object()
    errors: dict[str, str] = {}
    for name in body:
        if name not in (*_WAYS, "list", "company"):
            errors[name] = f"There is no such field; those there are: list, company, {', '.join(_WAYS)}."
    if body.get("list") not in LISTS:
        errors["list"] = f"Must be one of {', '.join(LISTS)}."
    _check_company(body.get("company"), errors)
    ways = [way for way in _WAYS if way in body]
    if len(ways) != 1:
        errors[ways[1] if ways else "list_id"] = f"Give exactly one of {', '.join(_WAYS)}."
        raise unprocessable(errors)
    way, values = _way(body, ways[0], errors)
    if errors:
        raise unprocessable(errors)
    return Order(body.get("company"), body["list"], way, values, several=ways[0] == "list_ids")


def idempotency_key() -> str | None:
    """Return the Idempotency-Key header.

    Raises:
        Problem: 422, too long or empty.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 1 <= len(key.strip()) <= _MAXIMUM_KEY:
        raise unprocessable({"Idempotency-Key": f"Must have 1 to {_MAXIMUM_KEY} characters."})
    return None if key is None else key.strip()


def choice(name: str, allowed: tuple[str, ...]) -> str | None:
    """Return a query value that must be one of several, or None if it is not given.

    Raises:
        Problem: 422.
    """
    value = request.args.get(name)
    if value is not None and value not in allowed:
        raise unprocessable({name: f"Must be one of {', '.join(allowed)}."})
    return value


def limit(default: int, most: int) -> int:
    """Return the query's limit.

    Raises:
        Problem: 422.
    """
    value = request.args.get("limit")
    if value is None:
        return default
    if not (value.isascii() and value.isdigit() and len(value) <= LIMIT_DIGITS and 1 <= int(value) <= most):
        raise unprocessable({"limit": f"Must be a number from 1 to {most}."})
    return int(value)


def _json_object() -> dict[str, Any]:
    if request.mimetype != "application/json":
        raise Problem(415, "Send the body as JSON, with 'Content-Type: application/json'.")
    try:
        body = json.loads(request.get_data(cache=False))
    except (ValueError, RecursionError) as problem:
        reason = f" ({problem.msg}, line {problem.lineno})" if isinstance(problem, json.JSONDecodeError) else ""
        raise Problem(400, f"The body is not JSON{reason}.") from problem
    if not isinstance(body, dict):
        raise Problem(400, 'The body must be a JSON object, such as {"list": "customer", "list_id": "…"}.')
    return body


def _way(body: Mapping[str, Any], way: str, errors: dict[str, str]) -> tuple[str, tuple[str, ...]]:
    if way == "list_ids":
        return "list_id", _ids(body, errors)
    if way == "scope":
        if body[way] not in LISTS_READ:
            errors[way] = f"Must be one of {', '.join(LISTS_READ)}."
        return str(body[way]), ("",)
    fault = _fault(body, way, body[way])
    if fault is not None:
        errors[way] = fault
    return way, (str(body[way]),)


def _ids(body: Mapping[str, Any], errors: dict[str, str]) -> tuple[str, ...]:
    values = body["list_ids"]
    if not isinstance(values, list) or not 1 <= len(values) <= MAXIMUM_IDS:
        errors["list_ids"] = f"Must be an array of 1 to {MAXIMUM_IDS} ListIDs."
        return ()
    for at, one in enumerate(values):
        fault = _fault(body, "list_id", one)
        if fault is not None:
            errors[f"list_ids[{at}]"] = fault
    return tuple(values)


def _fault(body: Mapping[str, Any], way: str, value: object) -> str | None:
    """Return what is wrong with a value; of a list that there is not, only whether it is a text."""
    if not isinstance(value, str) or not value.strip():
        return _NOT_TEXT
    fault = fault_of(body["list"], way, value) if body.get("list") in LISTS else None
    return None if fault is None else str(fault)


def _check_company(given: object, errors: dict[str, str]) -> None:
    if given is None:
        return
    if not isinstance(given, str) or not given.strip():
        errors["company"] = _NOT_TEXT
    # A lone surrogate, which JSON can spell, is no character; no database can look for it or for a NUL.
    elif not is_line(given):
        errors["company"] = "Must be the name of a company, which is one line."


def unprocessable(errors: Mapping[str, str]) -> Problem:
    """Return the problem of a body or query with these faults, a sentence for each field."""
    return Problem(422, "The request was understood, but its content cannot be used; see errors.", errors=errors)
