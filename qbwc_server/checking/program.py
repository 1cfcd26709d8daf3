"""Python and spyne: whether this program runs on what it was made for."""

import re
import sys
from collections.abc import Callable
from importlib import metadata
from typing import Final

from qbwc_server.checking.finding import Finding, fault, good, guarded, skipped

LEAST_PYTHON: Final = (3, 11)
_DISTRIBUTION: Final = "qbwc-server"
_PIN: Final = re.compile(r"spyne\s*==\s*([0-9][\w.]*)", re.IGNORECASE)


def versions(load_spyne: Callable[[], object] | None = None) -> tuple[Finding, ...]:
    """Check Python and spyne.

    Args:
        load_spyne: Imports spyne as the SOAP door does; None where that door runs in this process already.
    """
    return (
        guarded("python", lambda: python(sys.version_info[:3])),
        guarded("spyne", lambda: spyne(installed("spyne"), pinned_spyne(), load_spyne)),
    )


def python(version: tuple[int, ...]) -> Finding:
    """Check a version of Python."""
    shown, least = (".".join(map(str, one)) for one in (version, LEAST_PYTHON))
    if version < LEAST_PYTHON:
        return fault("python", "python.old", version=shown, least=least)
    return good("python", "python.fit", version=shown)


def spyne(found: str | None, pinned: str | None, load: Callable[[], object] | None) -> Finding:
    """Check the installed release of spyne against the one this program was made for, and that it can be imported."""
    if found is None:
        return fault("spyne", "spyne.absent")
    if pinned is None:
        return skipped("spyne", "spyne.no_pin", version=found)
    if found != pinned:
        return fault("spyne", "spyne.other_release", version=found, pinned=pinned)
    if load is not None:
        try:
            load()
        except Exception as problem:  # noqa: BLE001 - an old library may fail in any way
            return fault("spyne", "spyne.broken", version=found, error=type(problem).__name__)
    return good("spyne", "spyne.fit", version=found)


def installed(name: str) -> str | None:
    """Return the installed release of a distribution, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def pinned_spyne() -> str | None:
    """Return the release of spyne that this program asks for; None where it was not installed as a distribution."""
    try:
        wanted = metadata.requires(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return None
    return next((pin[1] for one in wanted if (pin := _PIN.match(one))), None)
