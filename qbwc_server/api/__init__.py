"""The JSON API: the door for programs."""

from qbwc_server.api.application import PREFIX, make_api

__all__ = ["PREFIX", "make_api"]
