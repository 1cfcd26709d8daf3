"""How alembic runs the steps: on the connection of `store.migrate`, in its transaction."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON

from qbwc_server.store.tables import UTCDateTime, metadata


def _render(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    # A step must keep its meaning when the program's own types change, and name only what is in the table.
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, JSON):
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
        return "sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    render_item=_render,
    # The caller's transaction holds every step, and the lock.
    transaction_per_migration=False,
)
context.run_migrations()
