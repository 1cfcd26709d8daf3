"""Every error of the API as a problem document.

Source: RFC 9457, Problem Details for HTTP APIs.
"""

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from flask import Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from qbwc_server.refreshing import RefreshingError, UnknownCompany, UnknownRefresh

_log = logging.getLogger(__name__)
_RETRY_SECONDS: Final = "10"


class Problem(Exception):
    """Ends a request with a problem document.

    Args:
        status: the HTTP status.
        detail: what happened and what to do, for the people who write the caller.
        errors: for 422, one sentence per field of the body or query.
        headers: further headers of the answer.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.errors = errors
        self.headers = headers or {}

    def response(self) -> Response:
        """Return the document as an HTTP answer."""
        status = HTTPStatus(self.status)
        document: dict[str, object] = {
            "type": "about:blank",
            "title": status.phrase,
            "status": status.value,
            "detail": str(self),
        }
        if self.errors:
            document["errors"] = [{"field": field, "detail": detail} for field, detail in self.errors.items()]
        answer = Response(json.dumps(document), status.value, content_type="application/problem+json")
        answer.headers.update(self.headers)
        return answer


def of_http(problem: HTTPException) -> Response:
    """Return the document for what Flask refuses by itself: unknown paths, wrong methods, bodies too large."""
    status = problem.code or HTTPStatus.INTERNAL_SERVER_ERROR.value
    headers: dict[str, str] = {}
    if isinstance(problem, MethodNotAllowed) and problem.valid_methods:
        headers["Allow"] = ", ".join(sorted(problem.valid_methods))
    return Problem(status, _DETAILS.get(status) or str(problem.description or ""), headers=headers).response()


def of_refreshing(problem: RefreshingError) -> Response:
    """Return the document for a request that cannot be met; its cure is one that a program has."""
    return Problem(problem.status, _CURES.get(type(problem)) or str(problem)).response()


def of_unreachable(problem: Exception) -> Response:
    """Return the document for a database of ours that cannot be used just now."""
    _log.error("an API call met a database that cannot be used", exc_info=problem)
    return Problem(
        503,
        "The server's database cannot be used just now. Try again; with the same Idempotency-Key nothing comes twice.",
        headers={"Retry-After": _RETRY_SECONDS},
    ).response()


def of_bug(problem: Exception) -> Response:
    """Return the document for a mistake of ours; the log has the cause, the caller learns nothing of it."""
    _log.error("an API call failed", exc_info=problem)
    return Problem(500, "Something went wrong on our side. Try again later; the server's log has the cause.").response()


_DETAILS = {
    404: "There is nothing at this path. The API's paths begin with /api/v1/.",
    405: "This path does not take this method; Allow names those it takes.",
    413: "The body is too large. Send at most 1 MiB; ask for at most 1000 records in one call.",
}

# In place of texts that name commands of the server.
_CURES: Final[Mapping[type[RefreshingError], str]] = {
    UnknownRefresh: "There is no refresh with this id for this token; GET /api/v1/refreshes lists those there are.",
    UnknownCompany: "There is no such company for this token; where there is one only, 'company' may be left out.",
}
