"""The settings: what the owner of an installation may decide.

Each has a name in the environment (`QBWC_PORT`), the same in small letters without the prefix in `qbwc.toml` (`port`),
and a default. What is given on the command line counts before the environment, that before the file in the data
directory, that before the default.
"""

from qbwc_server.settings.data_dir import (
    SECRET_KEY_FILE,
    make_secret_key,
    prepare_data_dir,
    secret_key,
)
from qbwc_server.settings.errors import SettingsError
from qbwc_server.settings.load import FILE_NAME, PREFIX, load_settings, unknown_variables
from qbwc_server.settings.model import LEAST_SECRET_KEY, Settings
from qbwc_server.settings.office_hours import OfficeHours
from qbwc_server.settings.quiet_hours import QuietHours
from qbwc_server.settings.urls import shown_url

__all__ = [
    "FILE_NAME",
    "LEAST_SECRET_KEY",
    "PREFIX",
    "SECRET_KEY_FILE",
    "OfficeHours",
    "QuietHours",
    "Settings",
    "SettingsError",
    "load_settings",
    "make_secret_key",
    "prepare_data_dir",
    "secret_key",
    "shown_url",
    "unknown_variables",
]
