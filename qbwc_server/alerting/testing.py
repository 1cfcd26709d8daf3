"""A test message, delivered at once, so that whoever asks for it learns what came of it."""

import contextlib
import ssl
import threading
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from qbwc_server.alerting import mailing, posting
from qbwc_server.alerting.channels import MailServer
from qbwc_server.alerting.reading import Reader

# Somebody waits before the page, and one of the server's threads with them.
_SECONDS: Final = 15.0
_UNDER_WAY: Final = threading.Lock()


@contextlib.contextmanager
def alone() -> Iterator[bool]:
    """Be the only one of this process who sends a test; False where somebody else does."""
    mine = _UNDER_WAY.acquire(blocking=False)
    try:
        yield mine
    finally:
        if mine:
            _UNDER_WAY.release()


def mail(server: MailServer, reader: Reader, address: str, now: datetime, *, tls: ssl.SSLContext | None = None) -> None:
    """Send a test mail; the mail server took it when this returns.

    Raises:
        Undelivered
    """
    subject, text = _words(reader)
    made = mailing.compose(server, address, subject, text, at=now, identity=uuid.uuid4().hex)
    mailing.send(server, made, tls=tls, seconds=_SECONDS)


def post(address: str, reader: Reader, now: datetime, *, tls: ssl.SSLContext | None = None) -> None:
    """Post a test to the webhook, in the form of an alert of the kind "test"; it took it when this returns.

    Raises:
        Undelivered
    """
    subject, text = _words(reader)
    at = now.isoformat().replace("+00:00", "Z")
    whole = f"{subject}\n{text}"
    payload = {"text": whole, "kind": "test", "company": None, "state": "onset", "at": at, "url": reader.url}
    posting.post(address, payload, tls=tls, seconds=_SECONDS)


def _words(reader: Reader) -> tuple[str, str]:
    return reader.text("alerts.test_subject"), reader.text("alerts.test_text", url=reader.url)
