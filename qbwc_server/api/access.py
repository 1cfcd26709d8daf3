"""Who calls the API and what this token may see."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from flask import g, request

from qbwc_server.api.problems import Problem
from qbwc_server.store import tokens
from qbwc_server.store.database import Database

_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="qbwc"'}
_INVALID: Final = {"WWW-Authenticate": 'Bearer realm="qbwc", error="invalid_token"'}
_ASKER: Final = "api:"


@dataclass(frozen=True, slots=True)
class Caller:
    """The token of this call.

    Attributes:
        token: as it is kept.
    """

    token: tokens.Token

    @property
    def asker(self) -> str:
        """What the queue shows as the one who asked."""
        return f"{_ASKER}{self.token.name}"

    def only(self, role: str) -> None:
        """Refuse the call unless the token may do what a role may do.

        Raises:
            Problem: 403.
        """
        if not self.token.may(role):
            raise Problem(
                403, f"The token {self.token.name!r} has the role {self.token.role}; this needs {role} or more."
            )

    def company(self, wanted: str | None) -> str | None:
        """Return the company a call is about: the wanted one, or the token's own; None when neither is given.

        Raises:
            Problem: 404, another company than the token's, which must not learn whether there is one.
        """
        bound = self.token.company
        if bound is None:
            return wanted
        if wanted is not None and wanted != bound:
            raise Problem(404, f"There is no company {wanted!r} for this token.")
        return bound


def authenticate(database: Database) -> None:
    """Put the caller into `flask.g`.

    Raises:
        Problem: 401.
    """
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret.strip():
        raise Problem(
            401,
            "Send 'Authorization: Bearer TOKEN'; 'qbwc token add NAME' on the server makes a token.",
            headers=_CHALLENGE,
        )
    with database.read() as connection:
        token = tokens.owner_of(connection, secret.strip())
    if token is None:
        raise Problem(401, "This token is unknown or was revoked.", headers=_INVALID)
    g.caller = Caller(token)


def caller() -> Caller:
    """Return who calls."""
    found: Caller = g.caller
    return found


def iso(moment: datetime | None) -> str | None:
    """Return a time as ISO 8601 in UTC."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
