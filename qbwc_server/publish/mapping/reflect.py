"""Looking at a table of the website's database."""

from qbwc_server.publish.mapping.reflected import Limit, Reflected, ReflectedColumn, limits

__all__ = ["Limit", "Reflected", "ReflectedColumn", "limits"]
