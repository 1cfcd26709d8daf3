"""Names of tables and columns: how a statement to be copied writes them, and which one was probably meant."""

import difflib
from collections.abc import Iterable

from qbwc_server.publish.engine import Backend


def quoted(name: str, backend: Backend) -> str:
    """Return a name as the database quotes it."""
    mark = "`" if backend == "mysql" else '"'
    return mark + name.replace(mark, mark + mark) + mark


def written_table(table: str, schema: str | None, backend: Backend) -> str:
    """Return a table's name, with its schema where one is given."""
    return ".".join(quoted(part, backend) for part in (schema, table) if part)


def nearest(name: str, names: Iterable[str]) -> str:
    """Return the name that was probably meant, first one that differs only in capitals; "" where none is near."""
    by_small = {each.lower(): each for each in names}
    if name.lower() in by_small:
        return by_small[name.lower()]
    near = difflib.get_close_matches(name.lower(), by_small, n=1)
    return by_small[near[0]] if near else ""
