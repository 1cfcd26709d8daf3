"""Many rows of one statement."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Executable


def run(connection: Connection, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> None:
    """Execute a statement once for each row; nothing is done without rows."""
    if rows:
        connection.execute(statement, list(rows))
