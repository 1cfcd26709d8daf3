"""Why somebody may not do something on these pages, and who can change that."""

from qbwc_server.store import users
from qbwc_server.web.shared import shared, wording


def why_not() -> str:
    """Say to somebody who may only look why there is no button, and who can change that."""
    with shared().database.read() as connection:
        admins = [user.name for user in users.everyone(connection) if user.role == "admin" and not user.disabled]
    reader = wording()
    who = reader.text("cannot.ask", names=", ".join(admins)) if admins else reader.text("cannot.no_admin")
    return f"{reader.text('cannot.viewer')} {who}"
