"""Who wants to be written to when a refresh is done."""

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from qbwc_server.store.tables import FINAL_STATES, askers, refreshes


@dataclass(frozen=True, slots=True)
class Telling:
    """A refresh that is final, and somebody who wants to know."""

    refresh_id: int
    asked_by: str


def want(connection: Connection, refresh_id: int, name: str, *, wanted: bool = True) -> bool:
    """Keep whether somebody who asked for a refresh wants to be written to.

    False when that person did not ask, or the refresh is final: who is to be told of it is settled then.
    """
    open_ones = select(refreshes.c.id).where(refreshes.c.id == refresh_id, refreshes.c.state.not_in(FINAL_STATES))
    mine = (askers.c.refresh_id.in_(open_ones), askers.c.asked_by == name)
    return connection.execute(update(askers).where(*mine).values(tell=wanted)).rowcount == 1


def wanted(connection: Connection, refresh_id: int, name: str) -> bool | None:
    """Tell whether somebody wants to be written to; None when that person did not ask for the refresh."""
    mine = (askers.c.refresh_id == refresh_id, askers.c.asked_by == name)
    found: bool | None = connection.execute(select(askers.c.tell).where(*mine)).scalar()
    return found


def due(connection: Connection, limit: int) -> tuple[Telling, ...]:
    """Return who is to be told of what, oldest first."""
    query = (
        select(askers.c.refresh_id, askers.c.asked_by)
        .join(refreshes, refreshes.c.id == askers.c.refresh_id)
        .where(askers.c.tell.is_(True), refreshes.c.state.in_(FINAL_STATES))
        .order_by(askers.c.refresh_id, askers.c.asked_by)
        .limit(limit)
    )
    return tuple(Telling(row.refresh_id, row.asked_by) for row in connection.execute(query))


def take(connection: Connection, telling: Telling) -> bool:
    """Take it upon oneself to write; False when somebody else did."""
    mine = (askers.c.refresh_id == telling.refresh_id, askers.c.asked_by == telling.asked_by, askers.c.tell.is_(True))
    return connection.execute(update(askers).where(*mine).values(tell=False)).rowcount == 1
