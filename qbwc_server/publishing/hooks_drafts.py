"""What a webhook is told: which records were published and how, never what stands in them.

A receiver that wants the values looks into the website's database, where they are by then. Up to `MOST` records go
into one delivery: a whole list makes hundreds of posts, not tens of thousands.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import orjson

from qbwc_server.publish.records import Published
from qbwc_server.publishing.hooks_endpoints import Endpoint
from qbwc_server.store.deliveries import Draft

MOST: Final = 100
TOLD: Final = ("inserted", "updated", "deleted", "adopted")
"""The outcomes after which the website shows something else than before."""


def drafts(
    endpoints: Iterable[Endpoint], target: str, published: Sequence[Published], now: datetime
) -> tuple[Draft, ...]:
    """Return the deliveries that tell of what was published, in its order."""
    told = [one for one in published if one.outcome in TOLD]
    whose = [each.name for each in endpoints if target in each.targets]
    parts = [told[start : start + MOST] for start in range(0, len(told), MOST)] if whose else []
    bodies = [(_body(target, part, now), len(part)) for part in parts]
    return tuple(
        Draft(name, target, f"msg_{uuid.uuid4().hex}", records, body) for name in whose for body, records in bodies
    )


def _body(target: str, published: Iterable[Published], now: datetime) -> str:
    records = [
        {
            "company": one.company,
            "list": one.list,
            "list_id": one.list_id,
            "target": target,
            "outcome": one.outcome,
            "seq": one.seq,
        }
        for one in published
    ]
    at = now.isoformat().replace("+00:00", "Z")
    return orjson.dumps({"type": "record.published", "timestamp": at, "data": {"records": records}}).decode()
