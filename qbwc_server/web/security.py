"""Headers, the cookie, forms: what protects every page whatever it shows.

Theory of operation
-------------------
There is one cookie, Flask's signed session. It holds the secret of the session row in our database, the CSRF secret
and the language; a copied or old cookie is worth nothing once the row is gone. Signing in empties it first, so that
a cookie planted beforehand carries nothing over.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request
from werkzeug.datastructures import MultiDict

SESSION_LIFETIME: Final = timedelta(hours=12)
_COOKIE: Final = "qbwc"
_NUL: Final = "\0"
_YEAR: Final = 365 * 24 * 3600
_MAX_FORM_BYTES: Final = 256 * 1024

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def configure(app: Flask, public_url: str, secret_key: bytes) -> None:
    """Set what Flask does about the cookie and the size of forms."""
    secure = urlsplit(public_url).scheme == "https"
    app.config.update(
        SECRET_KEY=secret_key,
        SESSION_COOKIE_NAME=f"__Host-{_COOKIE}" if secure else _COOKIE,
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=SESSION_LIFETIME,
        MAX_CONTENT_LENGTH=_MAX_FORM_BYTES,
        SEND_FILE_MAX_AGE_DEFAULT=_YEAR,
        # The token belongs to the session and ends with it; the session's own end is enough.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
        # Referers are stripped by privacy tools; the token and SameSite hold without them.
        WTF_CSRF_SSL_STRICT=False,
    )


def refuse_nul() -> None:
    """Answer 404 for an address, 400 for a query or a form with a NUL in it, which no database can look for."""
    if _NUL in request.path:
        abort(404)
    if any(_NUL in each for fields in (request.args, request.form) for each in _texts(fields)):
        abort(400)


def _texts(fields: MultiDict[str, str]) -> Iterator[str]:
    for name, value in fields.items(multi=True):
        yield name
        yield value


def protect(response: Response) -> Response:
    """Add the headers; pages are never kept by a cache, the vendored files are."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static" or response.status_code != 200:  # noqa: PLR2004 - "OK"
        response.headers.setdefault("Cache-Control", "no-store")
    return response
