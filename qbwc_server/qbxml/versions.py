"""The qbXML versions and which of them to speak.

Source: qbXML SDK facts, "Versions and editions": the declared version decides which elements are accepted and
which fields come back; it must be one that QuickBooks itself lists, never the request processor's.
"""

import re
from collections.abc import Sequence
from typing import Final

VERSIONS: Final = (
    "1.0",
    "1.1",
    "2.0",
    "2.1",
    "3.0",
    "4.0",
    "4.1",
    "5.0",
    "6.0",
    "7.0",
    "8.0",
    "9.0",
    "10.0",
    "11.0",
    "12.0",
    "13.0",
)
# What is spoken to a QuickBooks that does not say what it speaks: from here on a whole list comes part by part.
LOWEST: Final = "5.0"
# The lowest spoken at all, to a QuickBooks that lists nothing better; ListDeletedQuery and custom fields begin here.
OLDEST: Final = "2.0"
ITERATORS_SINCE: Final = "5.0"
METADATA_SINCE: Final = "4.0"
HIGHEST: Final = VERSIONS[-1]

_SHAPE: Final = re.compile(r"([A-Za-z]{0,3})([0-9]{1,3})\.([0-9]{1,3})")


def version_key(version: str) -> tuple[int, int]:
    """Give (major, minor) of ``13.0`` or ``CA3.0``, for comparing.

    Raises:
        ValueError: not a version.
    """
    found = _SHAPE.fullmatch(version)
    if found is None:
        raise ValueError(f"{version[:20]!r} is no qbXML version; one looks like 13.0")
    return int(found[2]), int(found[3])


def choose(supported: Sequence[str], cap: str | None = None) -> str:
    """Give the highest version that QuickBooks lists and this program knows.

    That is one from 5.0 to 13.0; from 2.0 to 4.1 only where QuickBooks lists nothing of 5.0 or above.

    Args:
        supported: SupportedQBXMLVersion as HostQuery lists them; unreadable ones are passed over.
        cap: not above this one (a company whose QuickBooks refused a higher one).

    National ones (``CA3.0``) count only where no plain one would do. With nothing usable: 5.0.
    """
    listed = [version for version in map(str.strip, supported) if _SHAPE.fullmatch(version)]
    modern = any(has(version, LOWEST) for version in listed)
    floor, top = LOWEST if modern else OLDEST, HIGHEST if cap is None else cap
    usable = [version for version in listed if _is_known(version) and has(version, floor) and has(top, version)]
    plain = [version for version in usable if version[0].isdigit()]
    return max(plain or usable, key=version_key, default=LOWEST)


def lower(version: str) -> str | None:
    """Give the next lower version to try after a refusal, or None.

    From 5.0 and above it goes down to 5.0, no further: a QuickBooks that speaks 5.0 is refusing something else.
    From below 5.0 it goes down to 2.0.
    """
    floor = LOWEST if has(version, LOWEST) else OLDEST
    below = [known for known in VERSIONS if has(known, floor) and not has(known, version)]
    return below[-1] if below else None


def has(version: str, since: str) -> bool:
    """Whether something that appeared in ``since`` exists at ``version``."""
    return version_key(version) >= version_key(since)


def _is_known(version: str) -> bool:
    major, minor = version_key(version)
    return f"{major}.{minor}" in VERSIONS
