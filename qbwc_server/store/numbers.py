"""Observation numbers that may have been given out twice.

Theory of operation
-------------------
A number means one observation, and the website is told of each number once. When
our database is restored from a backup its counter goes back, and the numbers of
the lost days, which the website knows, are given out again for other
observations. Only the website can tell, and it may be away for long after the
start, while answers are accepted all the same.

So each process that starts notes in `unchecked_after` where the counter stands,
before it accepts anything; a note that is there already stays, as does that of a
new company, which is 0: one of the same name may be forgotten. As long as there
is a note, nothing of the company goes to the website, by no process. Whoever is
to publish first asks the website for the highest number of our stream. What this
database gave out before the note is at most that high; what came after it never
left the house. If the website knows higher ones, they are those of lost days:
then every number after the note is moved above both, all by the same distance,
in the transaction that takes the note away. All comparisons between numbers come
out as before, and neither the counter nor a claim can have overtaken the note
unseen. That a record is as it was read before says nothing then: the website may
show it as it was in the lost days. A restart without a restored backup finds nothing higher, and moves
nothing.
"""

from sqlalchemy import Column, Connection, select, update

from qbwc_server.store import companies
from qbwc_server.store.tables import changes, outbox, records, refreshes
from qbwc_server.store.tables import companies as table

# Whatever holds an observation number: the company it counts for, and the column.
_HELD: tuple[Column[int], ...] = (
    records.c.seq,
    records.c.values_seq,
    changes.c.seq,
    outbox.c.seq,
    outbox.c.since,
    outbox.c.claimed_seq,
    refreshes.c.seq,
    refreshes.c.first_seq,
)


def begin(connection: Connection) -> None:
    """Note where the counters stand, as a process must that starts, before it accepts answers."""
    # In the order of all who hold several companies' rows.
    connection.execute(select(table.c.company).order_by(table.c.company).with_for_update()).all()
    connection.execute(update(table).where(table.c.unchecked_after.is_(None)).values(unchecked_after=table.c.seq))


def unchecked(connection: Connection) -> dict[str, int]:
    """Return the companies for which the website is still to be asked, each with its note."""
    query = select(table.c.company, table.c.unchecked_after).where(table.c.unchecked_after.is_not(None))
    return {row.company: row.unchecked_after for row in connection.execute(query)}


def settle(connection: Connection, company: str, note: int, highest: int) -> int:
    """Take a company's note away, and move what it was about where the website knows higher numbers.

    Args:
        note: as `unchecked` returned it before the website was asked.
        highest: the highest number of our stream that the website knows for the company, 0 for none.

    Returns:
        by how much the numbers after the note were moved. 0: nothing was, or another process has done it already.
    """
    held = select(table.c.seq, table.c.unchecked_after).where(table.c.company == company).with_for_update()
    found = connection.execute(held).one()
    if found.unchecked_after != note:
        return 0
    distance = max(found.seq, highest) - note if highest > note else 0
    if distance:
        for column in _HELD:
            holder = column.table
            moved = update(holder).where(holder.c.company == company, column > note)
            connection.execute(moved.values({column: column + distance}))
        # What the website was told in the lost days is not what these records say, whatever their numbers and marks
        # are: each is compared anew once it is seen.
        ours = update(records).where(records.c.company == company)
        connection.execute(ours.values(mark=None, values_seq=found.seq + distance))
    companies.change(connection, company, seq=found.seq + distance, unchecked_after=None)
    return distance
