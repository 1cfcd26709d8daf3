"""Signatures as Standard Webhooks has them: who receives a delivery can tell that it is ours, and when it was sent.

Source: Standard Webhooks, "Signature scheme" (symmetric, v1).
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

_PREFIX: Final = "whsec_"
_LEAST, _MOST = 24, 64  # bytes, once decoded


class BadSecret(ValueError):
    """A webhook's secret cannot be used.

    Attributes:
        variable: the environment variable that should hold it.
    """

    def __init__(self, variable: str, reason: str) -> None:
        self.variable = variable
        super().__init__(
            f"The environment variable {variable} {reason}. Put whsec_ and {_LEAST} to {_MOST} random bytes in base64 "
            f'into it, for example: echo "whsec_$(openssl rand -base64 32)"; while a secret is being replaced, the new '
            "one and the old one with a blank between."
        )


def secrets_in(variable: str, environ: Mapping[str, str]) -> tuple[bytes, ...]:
    """Return the secrets that a variable of the environment holds, in their order.

    Raises:
        BadSecret: it is not set, or what stands in it is no secret.
    """
    given = environ.get(variable, "").split()
    if not given:
        raise BadSecret(variable, "is not set, and a webhook is signed with what it holds")
    return tuple(_decoded(variable, each) for each in given)


def _decoded(variable: str, text: str) -> bytes:
    if not text.startswith(_PREFIX):
        raise BadSecret(variable, f"holds something that does not begin with {_PREFIX}")
    try:
        secret = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        # Not from the error: its text may show the secret.
        raise BadSecret(variable, "holds something that is not base64") from None
    if not _LEAST <= len(secret) <= _MOST:
        raise BadSecret(variable, f"holds a secret of {len(secret)} bytes")
    return secret


def headers(secrets: Sequence[bytes], webhook_id: str, sent_at: datetime, body: bytes) -> dict[str, str]:
    """Return the headers that go with a delivery.

    Args:
        secrets: one signature is made with each, so that a receiver that knows one of them takes the delivery.
        webhook_id: the same whenever the delivery is repeated.
        sent_at: of this try, aware.
        body: as it is posted.
    """
    moment = str(int(sent_at.timestamp()))
    signed = b".".join((webhook_id.encode(), moment.encode(), body))
    signatures = " ".join(f"v1,{_signature(secret, signed)}" for secret in secrets)
    return {"webhook-id": webhook_id, "webhook-timestamp": moment, "webhook-signature": signatures}


def _signature(secret: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode("ascii")
