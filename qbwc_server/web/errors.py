"""Error pages: what happened, what to do; with a reference where the log holds more."""

import logging
import secrets
from typing import Final

from flask import Flask, Response, g, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError, StatementError
from werkzeug.exceptions import HTTPException

from qbwc_server.refreshing import BadWish, RefreshingError
from qbwc_server.store.database import DatabaseUnreachable
from qbwc_server.web.language import choose
from qbwc_server.web.shared import person, wording

_LOG = logging.getLogger(__name__)
_RETRY_SECONDS: Final = "10"
# HTTP status -> the area of the catalogue under "error.".
_TEXTS: Final = {
    400: "bad_request",
    403: "forbidden",
    404: "not_found",
    405: "method",
    409: "conflict",
    410: "gone",
    413: "too_large",
    422: "bad_request",
    429: "too_many",
    500: "internal",
    503: "unavailable",
}


def install(app: Flask) -> None:
    """Register the error pages."""
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(RefreshingError, _refused)
    for unreachable in (OperationalError, InterfaceError, DatabaseUnreachable):
        app.register_error_handler(unreachable, _unreachable)
    app.register_error_handler(Exception, _broken)


def _csrf(_error: CSRFError) -> Response:
    return _page(400, key="csrf")


def _http(error: HTTPException) -> Response:
    if error.code is not None and error.code < 400:  # noqa: PLR2004 - redirects of the router are no errors
        return make_response(error.get_response())
    return _page(error.code or 500)


def _refused(error: RefreshingError) -> Response:
    if isinstance(error, BadWish):
        return _page(error.status, said=error)
    return _page(error.status, key="no_record" if type(error).__name__ == "UnknownRecord" else None)


def _unreachable(error: Exception) -> Response:
    reference = _reference("a database cannot be used", error)
    answer = _page(503, reference=reference)
    answer.headers["Retry-After"] = _RETRY_SECONDS
    return answer


def _broken(error: Exception) -> Response:
    return _page(500, reference=_reference("a page could not be made", error))


def _reference(what: str, error: Exception) -> str:
    if isinstance(error, StatementError):
        # The values of a statement may be a record's, or a password's hash.
        error.hide_parameters = True
    reference = secrets.token_hex(4)
    _LOG.exception("%s: reference %s, %s %s", what, reference, request.method, request.endpoint)
    return reference


def _page(
    status: int, *, key: str | None = None, reference: str | None = None, said: BadWish | None = None
) -> Response:
    area = _TEXTS.get(status, "bad_request" if status < 500 else "internal")  # noqa: PLR2004 - whose fault it is
    if "wording" not in g:
        choose()
    page = render_template(
        "error.html",
        title=wording().text(f"error.{area}_title"),
        message=wording().text(said.key, **said.values) if said else wording().text(f"error.{key or area}"),
        reference=reference,
        status=status,
        home=person() is not None,
    )
    return make_response(page, status)
