"""Drafts the next step from the difference between the steps and `store.tables`.

    python -m qbwc_server.store.migrations.draft 0002 "queue: a reason of its own"

The draft is put beside the others, to be read, formatted and corrected by hand: alembic sees no change of a CHECK.
There is no way back down: a backup is.
"""

import sys
import tempfile
from pathlib import Path

from alembic import command

from qbwc_server.store.database import Database
from qbwc_server.store.migrate import alembic_config


def draft(number: str, message: str) -> None:
    """Write the draft of one step.

    Args:
        number: The new revision, four digits.
        message: What it changes, in a few words.
    """
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'draft.db'}")
        try:
            with database.write() as connection:
                configuration = alembic_config()
                configuration.attributes["connection"] = connection
                if any((Path(__file__).parent / "versions").glob("[0-9]*.py")):
                    command.upgrade(configuration, "head")
                command.revision(configuration, message, autogenerate=True, rev_id=number)
        finally:
            database.close()


if __name__ == "__main__":
    draft(sys.argv[1], sys.argv[2])
