"""The floor of a list run: what reading the same answers and writing the same rows costs with nothing around it.

lxml reads each answer and each record's texts become a tuple; the database's own driver inserts the tuples into one
plain table, with as many columns as the website's, in one transaction an answer. Nothing is compared, nothing noted,
nothing counted, no value judged: no server can do less.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

import psycopg
import sqlalchemy as sa
from lxml import etree

from bench.quickbooks import Books, Sent
from qbwc_server.publish.tables import target

Row = tuple[str | None, ...]

_COLUMNS = tuple(target("customer").table.columns.keys())
_CREATE = f"CREATE TABLE customers ({', '.join(f'{name} TEXT' for name in _COLUMNS)}, PRIMARY KEY (company, list_id))"
_BLANKS: Row = (None,) * len(_COLUMNS)


@dataclass(frozen=True, slots=True)
class Cost:
    """What the floor took.

    Attributes:
        reading, writing: seconds.
        cpu: processor seconds of both; on PostgreSQL without those of the database's server.
    """

    reading: float
    writing: float
    cpu: float

    @property
    def seconds(self) -> float:
        """Return the seconds of both."""
        return self.reading + self.writing


def cost(url: str, books: Books, sent: Sequence[Sent]) -> Cost:
    """Return what reading and writing all that was sent takes.

    Args:
        url: an empty database; an SQLAlchemy URL.
        books: what prints the answers again, which is not counted.
        sent: the answers.
    """
    reading = writing = cpu = 0.0
    written: set[str | None] = set()
    with _table(sa.make_url(url)) as insert:
        for one in sent:
            text = books.print(one).encode()
            used, began = time.process_time(), time.perf_counter()
            rows = read(text)
            reading += time.perf_counter() - began
            cpu += time.process_time() - used
            # The first page, by which the server measures, comes again.
            fresh = [row for row in rows if row[1] not in written]
            written.update(row[1] for row in fresh)
            used, began = time.process_time(), time.perf_counter()
            insert(fresh)
            writing += time.perf_counter() - began
            cpu += time.process_time() - used
    return Cost(reading, writing, cpu)


def read(text: bytes) -> list[Row]:
    """Return a row for each record of an answer."""
    rows: list[Row] = []
    for _, record in etree.iterparse(BytesIO(text), events=("end",), tag="CustomerRet"):
        texts = [leaf.text for leaf in record.iter() if not len(leaf)]
        rows.append(("bench", *texts, *_BLANKS)[: len(_COLUMNS)])
        record.clear()
        del record.getparent()[0]
    return rows


@contextmanager
def _table(url: sa.URL) -> Iterator[Callable[[Sequence[Row]], None]]:
    """Make the table and give what inserts rows and commits."""
    if url.get_backend_name() == "sqlite":
        file = sqlite3.connect(url.database or "", isolation_level=None)
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("PRAGMA synchronous = FULL")
        file.execute(_CREATE)
        statement = f"INSERT INTO customers VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 - only marks

        def insert(rows: Sequence[Row]) -> None:
            file.execute("BEGIN IMMEDIATE")
            file.executemany(statement, rows)
            file.execute("COMMIT")

        yield insert
        file.close()
        return
    with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as server:
        server.execute(_CREATE)
        server.commit()
        wanted = f"INSERT INTO customers VALUES ({', '.join(['%s'] * len(_COLUMNS))})"  # noqa: S608 - only marks

        def insert_there(rows: Sequence[Row]) -> None:
            with server.cursor() as cursor:
                cursor.executemany(wanted, rows)
            server.commit()

        yield insert_there
