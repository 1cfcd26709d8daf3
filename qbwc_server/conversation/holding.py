"""Whether a visit that has nothing to hand out is kept open: QBWC waits and asks again (`""`, then NoOp)."""

from datetime import datetime, tzinfo

from sqlalchemy import Connection

from qbwc_server.store import holds, moves
from qbwc_server.store.companies import Company
from qbwc_server.store.visits import Visit


def may_hold(connection: Connection, company: Company, visit: Visit, now: datetime, installation: tzinfo) -> bool:
    """Tell whether a visit is held now; one that keeps something back for the next visit never is.

    `installation` is the time zone of companies that have none of their own.
    """
    quiet = holds.is_quiet(company, now, installation)
    if holds.until(company, now, single_user=visit.single_user, quiet=quiet) is None:
        return False
    return not moves.anything_held_back(connection, company.company, visit.visit)
