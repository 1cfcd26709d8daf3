"""The data directory and the secret key in it."""

import os
import secrets
from typing import TYPE_CHECKING, Final

from qbwc_server import words
from qbwc_server.settings.errors import SettingsError
from qbwc_server.settings.model import LEAST_SECRET_KEY, Settings

if TYPE_CHECKING:
    from pathlib import Path

SECRET_KEY_FILE: Final = "secret.key"  # noqa: S105 - the name of a file
_BYTES: Final = 32


def prepare_data_dir(settings: Settings) -> "Path":
    """Makes the data directory, for its owner alone, unless it is there; returns its path.

    Raises:
        SettingsError: It cannot be made, or a file has its name.
    """
    folder = settings.data_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise SettingsError(words.text(settings.language, "settings.data_dir_not_folder", path=folder)) from None
    except OSError as trouble:
        reason = trouble.strerror or str(trouble)
        raise SettingsError(
            words.text(settings.language, "settings.data_dir_not_made", path=folder, reason=reason)
        ) from None
    return folder


def make_secret_key(settings: Settings) -> bool:
    """Makes the file with the secret key, readable by its owner alone.

    Returns:
        Whether it was made: False if the settings hold a key, or the file is there.

    Raises:
        SettingsError: The file cannot be made.
    """
    if settings.secret_key is not None:
        return False
    path = prepare_data_dir(settings) / SECRET_KEY_FILE
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    except OSError as trouble:
        raise _unusable(settings, path, trouble.strerror or str(trouble)) from None
    with os.fdopen(handle, "w", encoding="ascii") as target:
        target.write(secrets.token_hex(_BYTES) + "\n")
        target.flush()
        os.fsync(target.fileno())
    return True


def secret_key(settings: Settings) -> bytes:
    """Returns the secret key that all processes of one installation share.

    Raises:
        SettingsError: There is none, or the file cannot be read or is too short.
    """
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    path = settings.data_dir / SECRET_KEY_FILE
    try:
        key = path.read_bytes().strip()
    except FileNotFoundError:
        raise SettingsError(words.text(settings.language, "settings.secret_key_missing", path=path)) from None
    except OSError as trouble:
        raise _unusable(settings, path, trouble.strerror or str(trouble)) from None
    if len(key) < LEAST_SECRET_KEY:
        raise SettingsError(words.text(settings.language, "settings.secret_key_file_short", path=path))
    return key


def _unusable(settings: Settings, path: "Path", reason: str) -> SettingsError:
    return SettingsError(words.text(settings.language, "settings.secret_key_unusable", path=path, reason=reason))
