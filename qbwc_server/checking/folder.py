"""The data directory and the secret key: there, this user's, and closed to others."""

import os
import stat
import sys
from pathlib import Path
from typing import Final

from qbwc_server.checking.finding import Finding, fault, good, guarded, reason, skipped
from qbwc_server.settings import LEAST_SECRET_KEY, SECRET_KEY_FILE, Settings

if sys.platform != "win32":
    import pwd

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def data_directory(settings: Settings) -> tuple[Finding, ...]:
    """Check the data directory and the secret key."""
    key = settings.data_dir / SECRET_KEY_FILE
    found = [guarded("data_dir", lambda: _directory(settings.data_dir))]
    if settings.secret_key is not None:
        return (*found, good("secret_key", "secret_key.from_settings"))
    found.append(guarded("secret_key", lambda: _key(key)))
    if found[-1].ok:
        found.append(guarded("secret_key_rights", lambda: _rights("secret_key_rights", key)))
    return tuple(found)


def _directory(path: Path) -> Finding:
    if not path.is_dir():
        return fault("data_dir", "data_dir.absent", path=path)
    return _rights("data_dir", path)


def _key(path: Path) -> Finding:
    try:
        key = path.read_bytes().strip()
    except FileNotFoundError:
        return fault("secret_key", "secret_key.absent", path=path)
    except OSError as problem:
        return fault("secret_key", "secret_key.unreadable", path=path, reason=reason(problem))
    if len(key) < LEAST_SECRET_KEY:
        return fault("secret_key", "secret_key.short", path=path, least=LEAST_SECRET_KEY)
    return good("secret_key", "secret_key.fit", path=path)


def _rights(check: str, path: Path) -> Finding:
    if sys.platform == "win32":
        return skipped(check, "rights.windows", path=path)
    found = path.stat()
    if found.st_uid != os.geteuid():
        return fault(check, "rights.owner", path=path, owner=_user(found.st_uid), user=_user(os.geteuid()))
    if found.st_mode & _OTHERS:
        closed = "700" if path.is_dir() else "600"
        return fault(check, "rights.open", path=path, mode=f"{stat.S_IMODE(found.st_mode):o}", closed=closed)
    return good(check, "rights.closed", path=path)


def _user(number: int) -> str:
    if sys.platform == "win32":
        return str(number)
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
