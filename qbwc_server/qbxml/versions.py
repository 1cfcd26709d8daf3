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
# 5.0 brought iterators; without them a whole list cannot be read.
LOWEST: Final = "5.0"
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
    """Give the highest version that QuickBooks lists and this program knows, from 5.0 to 13.0.

    Args:
        supported: SupportedQBXMLVersion as HostQuery lists them; unreadable ones are passed over.
        cap: not above this one (a company whose QuickBooks refused a higher one).

    National ones (``CA3.0``) count only where no plain one would do. With nothing usable: 5.0.
    """
    top = version_key(HIGHEST if cap is None else cap)
    usable: dict[bool, list[tuple[tuple[int, int], str]]] = {True: [], False: []}
    for text in supported:
        version = text.strip()
        found = _SHAPE.fullmatch(version)
        if found is None:
            continue
        key = version_key(version)
        known = f"{key[0]}.{key[1]}" in VERSIONS
        if known and version_key(LOWEST) <= key <= top:
            usable[found[1] == ""].append((key, version))
    best = usable[True] or usable[False]
    return max(best)[1] if best else LOWEST


def lower(version: str) -> str | None:
    """Give the next lower version to try after a refusal, or None below 5.0."""
    below = [known for known in VERSIONS if version_key(LOWEST) <= version_key(known) < version_key(version)]
    return below[-1] if below else None


def has(version: str, since: str) -> bool:
    """Whether something that appeared in ``since`` exists at ``version``."""
    return version_key(version) >= version_key(since)
