"""The loop from the outbox to the website, and the webhooks that tell of it."""

from qbwc_server.publishing.hooks import Hooks, make_hooks
from qbwc_server.publishing.publisher import Publisher

__all__ = ["Hooks", "Publisher", "make_hooks"]
