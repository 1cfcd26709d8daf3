"""The pages for people: one Flask application over refreshing and the accounts.

`make_web` builds it. QBWC and programs have doors of their own; none of their calls passes through here.
"""

from qbwc_server.web.factory import make_web

__all__ = ["make_web"]
