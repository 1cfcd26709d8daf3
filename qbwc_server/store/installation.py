"""What is there once an installation: the name of its stream of observations."""

import uuid
from datetime import datetime

from sqlalchemy import Connection, select

from qbwc_server.store.tables import installation


def stream_id(connection: Connection) -> str | None:
    """Return the stream's id, or None before `init`."""
    found: str | None = connection.execute(select(installation.c.stream_id)).scalar()
    return found


def begin(connection: Connection, now: datetime) -> str:
    """Return the stream's id and make it if there is none yet."""
    found = stream_id(connection)
    if found is None:
        found = str(uuid.uuid4())
        connection.execute(installation.insert().values(id=1, stream_id=found, created_at=now))
    return found
