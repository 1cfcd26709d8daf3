"""What is wrong with a change of an account, in the words of the pages."""

from typing import Final

from qbwc_server.store import accounts, users

_SAID: Final[dict[type[accounts.AccountError], str]] = {
    accounts.BadName: "users.bad_name",
    accounts.MisleadingName: "users.misleading_name",
    accounts.BadRole: "users.bad_role",
    users.BadPassword: "users.bad_password",
    users.UserExists: "users.exists",
    users.UnknownUser: "users.unknown",
    users.BadEmail: "users.bad_email",
    users.EmailNeeded: "users.email_needed",
    users.LastAdmin: "users.last_admin",
}


def told(trouble: accounts.AccountError) -> str:
    """Return the text in the catalogue that says what is wrong and what to do."""
    return _SAID[type(trouble)]
