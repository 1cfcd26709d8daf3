"""The API's paths: refreshes, and the connection."""

from typing import Any, Final

from flask import Blueprint, Response, jsonify, request, url_for

from qbwc_server.api import bodies
from qbwc_server.api.access import caller, iso
from qbwc_server.refreshing import Refreshing, Wish
from qbwc_server.store.tables import STATES

_DEFAULT_LIMIT: Final = 100
_MOST: Final = 1000
# What a database counts with; a longer number is no refresh.
_ID: Final = f"int(min=1, max={2**63 - 1})"


def make_routes(refreshing: Refreshing) -> Blueprint:
    """Return the paths below /api/v1.

    Args:
        refreshing: what the calls do.
    """
    routes = Blueprint("v1", __name__)

    @routes.post("/refreshes")
    def ask() -> Response:
        caller().only("operator")
        order = bodies.read_order()
        company = _company(refreshing, order.company)
        different = tuple(dict.fromkeys(order.values))
        wishes = [Wish(company, order.list, order.way, value) for value in different]
        asked = refreshing.ask(wishes, caller().asker, idempotency_key=bodies.idempotency_key())
        by_value = dict(zip(different, asked, strict=True))
        # One element for each id given, also for one given twice: a caller matches them by place.
        shown = [{**by_value[value].refresh.as_json(), "joined": by_value[value].joined} for value in order.values]
        answer = jsonify(shown if order.several else shown[0])
        answer.status_code = 200 if all(one.joined for one in asked) else 202
        # For several there is no one address; the first is where a caller can begin.
        answer.headers["Location"] = url_for("v1.get", refresh_id=asked[0].refresh.id)
        return answer

    @routes.get(f"/refreshes/<{_ID}:refresh_id>")
    def get(refresh_id: int) -> Response:
        return jsonify(refreshing.get(refresh_id, company=_filter(refreshing)).as_json())

    @routes.get("/refreshes")
    def find() -> Response:
        found = refreshing.list(
            company=_filter(refreshing),
            state=bodies.choice("state", STATES),
            list_name=bodies.choice("list", bodies.LISTS),
            limit=bodies.limit(_DEFAULT_LIMIT, _MOST),
        )
        return jsonify([refresh.as_json() for refresh in found])

    @routes.delete(f"/refreshes/<{_ID}:refresh_id>")
    def cancel(refresh_id: int) -> Response:
        caller().only("operator")
        everyone = caller().token.may("admin")
        return jsonify(
            refreshing.cancel(refresh_id, caller().asker, everyone=everyone, company=_filter(refreshing)).as_json()
        )

    @routes.get("/connection")
    def connection() -> Response:
        return jsonify(_connection(refreshing, _company(refreshing, None)))

    return routes


def _filter(refreshing: Refreshing) -> str | None:
    """Return the company to look into, None for all that the token may see."""
    company = caller().company(request.args.get("company"))
    if company is not None:
        # An unknown one is told from one without refreshes.
        refreshing.connection(company)
    return company


def _company(refreshing: Refreshing, given: str | None) -> str:
    """Return the one company a call is about: from the body, the query, the token, or the only one there is."""
    named = request.args.get("company")
    if None not in (given, named) and given != named:
        raise bodies.unprocessable({"company": "The body and the query name different companies; name one of them."})
    wanted = given if given is not None else named
    return caller().company(wanted) or refreshing.only_company()


def _connection(refreshing: Refreshing, company: str) -> dict[str, Any]:
    seen = refreshing.connection(company)
    return {
        "company": company,
        "state": seen.state,
        "last_seen_at": iso(seen.last_seen_at),
        "next_expected_at": iso(seen.next_expected_at),
        "interval_seconds": seen.interval_seconds,
        "product": seen.product,
        "country": seen.country,
        "connector_version": seen.connector_version,
        "qbxml_version": seen.qbxml_version,
        "file_name": seen.file_name,
        "attention": seen.attention_code,
    }
