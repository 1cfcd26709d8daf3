"""What has been heard of a company's Web Connector so far, on the way to its first answer from QuickBooks."""

import hashlib
from dataclasses import dataclass
from typing import Final, Literal

from qbwc_server import codes
from qbwc_server.refreshing import CompanyView
from qbwc_server.web.states import Badge, connection_trouble
from qbwc_server.web.wording import Wording

Stage = Literal["never", "renewed", "wrong_password", "trouble", "signed_in", "connected"]
_TONES: Final[dict[Stage, str]] = {
    "never": "quiet",
    "renewed": "wait",
    "wrong_password": "bad",
    "trouble": "bad",
    "signed_in": "work",
    "connected": "good",
}


@dataclass(frozen=True, slots=True)
class FirstCall:
    """How far the first connection is.

    Attributes:
        stage: "never" seen; "renewed", seen but not yet with the password that was made last; seen with a
            "wrong_password"; "trouble" with QuickBooks or its company file; "signed_in" without QuickBooks having been
            opened; "connected" once a company file was accepted.
        badge: The same as a sentence with its tone.
        trouble: What is in the way, who can mend it and how.
    """

    stage: Stage
    badge: Badge
    trouble: codes.Explanation | None

    @property
    def seen(self) -> str:
        """What is shown, in a few characters, for a poll to compare."""
        return hashlib.sha256(f"{self.stage}\n{self.badge.text}".encode()).hexdigest()[:12]

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self.stage == "connected"


def first_call(reader: Wording, company: CompanyView, *, asked: bool) -> FirstCall:
    """Say how far a company's first connection is.

    Args:
        reader: Whose words.
        company: The company and its connection.
        asked: Whether something waits to be asked of QuickBooks.
    """
    seen = company.connection
    stage = _stage(company)
    trouble = connection_trouble(reader, seen) if stage in ("wrong_password", "trouble") else None
    if trouble is not None:
        text = trouble.message
    elif stage == "connected":
        text = _connected(reader, company)
    elif stage == "signed_in" and seen.last_seen_at is not None:
        text = reader.text("setup.wait.asked" if asked else "setup.wait.signed_in", at=reader.at(seen.last_seen_at))
    else:
        text = reader.text("setup.wait.renewed" if stage == "renewed" else "setup.wait.never")
    return FirstCall(stage, Badge(text, _TONES[stage]), trouble)


def _stage(company: CompanyView) -> Stage:
    seen = company.connection
    if seen.attention_code == "wrong_password":
        return "wrong_password"
    if seen.attention_code is not None:
        return "trouble"
    if seen.last_seen_at is not None and seen.last_seen_at < company.password_changed_at:
        return "renewed"
    # A visit says so at once; that somebody signed in is written a few seconds later.
    if seen.qbxml_version:
        return "connected"
    return "never" if seen.last_seen_at is None else "signed_in"


def _connected(reader: Wording, company: CompanyView) -> str:
    seen = company.connection
    name = seen.file_name or seen.file or company.title
    version = f"Web Connector {seen.connector_version}" if seen.connector_version else None
    about = ", ".join(part for part in (seen.product, version) if part)
    if not about:
        return reader.text("setup.wait.connected_short", name=name)
    return reader.text("setup.wait.connected", name=name, about=about)
