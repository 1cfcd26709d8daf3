"""Asking the website whether numbers were given out twice; `store.numbers` says when that may be."""

import logging

from qbwc_server.publish.website import Website
from qbwc_server.store import numbers
from qbwc_server.store.database import Database

log = logging.getLogger(__name__)


def begin(database: Database) -> None:
    """Let nothing be published before the website was asked; for a process that starts, before its doors open."""
    with database.write() as connection:
        numbers.begin(connection)


def check(database: Database, website: Website) -> None:
    """Ask for every company for which that is still to be done; a crash anywhere leaves it to be done.

    Raises:
        WebsiteError: the website cannot be asked.
    """
    with database.read() as connection:
        notes = numbers.unchecked(connection)
    if not notes:
        return
    highest = website.highest_seq()
    for company, note in notes.items():
        with database.write() as connection:
            distance = numbers.settle(connection, company, note, highest.get(company, 0))
        if distance:
            log.warning(
                "%s: the website knows observations that our database does not: it was restored from a backup. What "
                "was accepted since then got new numbers, and the next ones go on above those of the website.",
                company,
            )
