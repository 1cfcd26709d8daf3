"""The API's Flask application: who may call, and every error as a problem document."""

from typing import Final

from flask import Flask, Response
from sqlalchemy.exc import InterfaceError, OperationalError
from werkzeug.exceptions import HTTPException

from qbwc_server.api import bodies, problems
from qbwc_server.api.access import authenticate
from qbwc_server.api.routes import make_routes
from qbwc_server.refreshing import Refreshing, RefreshingError
from qbwc_server.store.database import Database, DatabaseUnreachable

PREFIX: Final = "/api"
_MAXIMUM_BODY: Final = 1 << 20


def make_api(database: Database, refreshing: Refreshing) -> Flask:
    """Return the WSGI application for the paths under `PREFIX`.

    It stands beside the pages' application rather than in it, so that neither sessions nor CSRF reach it: each call
    carries its token.

    Args:
        database: our own database, for the tokens.
        refreshing: what the calls do.
    """
    api = Flask(__name__, static_folder=None)
    api.config["MAX_CONTENT_LENGTH"] = _MAXIMUM_BODY
    api.json.sort_keys = False  # type: ignore[attr-defined] # Flask's default provider has it
    api.register_blueprint(make_routes(refreshing), url_prefix=f"{PREFIX}/v1")

    @api.before_request
    def _who() -> None:
        authenticate(database)
        bodies.refuse_nul()

    @api.after_request
    def _headers(answer: Response) -> Response:
        answer.headers.setdefault("Cache-Control", "no-store")
        answer.headers.setdefault("X-Content-Type-Options", "nosniff")
        return answer

    api.register_error_handler(problems.Problem, problems.Problem.response)
    api.register_error_handler(HTTPException, problems.of_http)
    api.register_error_handler(RefreshingError, problems.of_refreshing)
    for unreachable in (OperationalError, InterfaceError, DatabaseUnreachable):
        api.register_error_handler(unreachable, problems.of_unreachable)
    api.register_error_handler(Exception, problems.of_bug)
    return api
