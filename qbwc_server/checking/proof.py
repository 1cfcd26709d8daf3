"""How a server proves that it is this very installation and not another one, without telling a secret.

Theory of operation
-------------------
Whoever asks sends a challenge made up at that moment; the server answers with the HMAC of it under a key that is
derived from the secret key for this purpose alone. All processes of an installation share the secret key, and nobody
else has it, so the right answer comes only from there. The answer lets nobody guess the key or sign anything else:
cookies are signed under other keys and another digest.
"""

import hmac
import re
import secrets
from typing import Final

PATH: Final = "/installation"
"""Where the challenge is sent: `GET /installation?challenge=…`, without sign-in."""

_PURPOSE: Final = b"qbwc-server: proof of installation"
_CHALLENGE_BYTES: Final = 16
_FORM: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_DIGEST: Final = "sha256"


def new_challenge() -> str:
    """Return a challenge that nobody has answered before: 32 hexadecimal digits."""
    return secrets.token_hex(_CHALLENGE_BYTES)


def is_challenge(text: str) -> bool:
    """Tell whether a text has the form of a challenge; nothing else is answered."""
    return _FORM.fullmatch(text) is not None


def prove(secret_key: bytes, challenge: str) -> str:
    """Return the answer to a challenge: 64 hexadecimal digits."""
    key = hmac.digest(secret_key, _PURPOSE, _DIGEST)
    return hmac.new(key, challenge.encode("ascii"), _DIGEST).hexdigest()


def proves(secret_key: bytes, challenge: str, answer: bytes) -> bool:
    """Tell whether an answer is that of the installation with this secret key."""
    return hmac.compare_digest(prove(secret_key, challenge).encode("ascii"), answer.strip())
