"""Writing the website's database: exactly once, only what differs, never past what somebody else owns.

`Website` is the whole of it; `Dirty` goes in, `Published` comes out. The modules: records (values), errors, engine
(connections, retries), sqlite_file (a file that may be moved or replaced), tables, room (what the columns take as they
stand), values (what a value becomes in a column), filling (what a record becomes in a row), plan (decides for one
record, pure), statements, write (one transaction), schema (making the tables), website.
"""

from qbwc_server.publish.errors import (
    ForeignTable,
    NotInstalled,
    UnsupportedDatabase,
    WebsiteBusy,
    WebsiteDenied,
    WebsiteError,
    WebsiteUnreachable,
)
from qbwc_server.publish.records import SET_ASIDE, Dirty, Freshness, Outcome, Published
from qbwc_server.publish.website import Website

__all__ = [
    "SET_ASIDE",
    "Dirty",
    "ForeignTable",
    "Freshness",
    "NotInstalled",
    "Outcome",
    "Published",
    "UnsupportedDatabase",
    "Website",
    "WebsiteBusy",
    "WebsiteDenied",
    "WebsiteError",
    "WebsiteUnreachable",
]
