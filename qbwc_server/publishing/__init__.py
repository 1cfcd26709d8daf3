"""The loop from the outbox to the website."""

from qbwc_server.publishing.publisher import Publisher

__all__ = ["Publisher"]
