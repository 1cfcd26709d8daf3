"""What PostgreSQL's planner knows of the records while a list is read for the first time.

Theory of operation
-------------------
Before a table was analyzed, PostgreSQL takes one company's list for a handful of rows, whatever it holds, and any index
that begins with company and list for as good a way to one record as the primary key. The plans that it keeps, for our
statements and for its own checks of foreign keys, then read the whole list for each record, and a first reading grows
with the square of the list. Autovacuum mends that within a minute or so, in which a whole list is read. The same holds
for the second list of a table whose statistics know of one alone.

So the first pages of a list have the three columns of the key analyzed, in their own transaction, which sees their
rows; that takes some milliseconds, or some tenths of a second where other lists have hundreds of thousands of records.
Two cannot analyze a table at once, nor beside a VACUUM: who comes second skips it, and the next page tries again. Who
does not own the table is told by a warning of PostgreSQL's and nothing happens. SQLite prefers a key that is given
whole without being told.
"""

from sqlalchemy import Connection, func, select, text

from qbwc_server.store.tables import records

_ENOUGH = 1000
_FEW = 25


def learn(connection: Connection, company: str, list_name: str, created: int) -> None:
    """Let the planner see a list that begins to fill; does nothing once it holds a thousand records.

    Args:
        created: how many records have just been written that were not known; a few are not worth it.
    """
    if connection.dialect.name != "postgresql" or created < _FEW:
        return
    of_list = select(records.c.list_id).where(records.c.company == company, records.c.list == list_name)
    found = of_list.limit(_ENOUGH + created).subquery()
    if connection.execute(select(func.count()).select_from(found)).scalar_one() - created < _ENOUGH:
        connection.execute(text("ANALYZE (SKIP_LOCKED) records (company, list, list_id)"))
