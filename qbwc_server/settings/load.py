"""Gathers the settings from the command line, the environment and qbwc.toml, and says what is wrong with them."""

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from qbwc_server import words
from qbwc_server.settings.errors import SettingsError
from qbwc_server.settings.model import Settings

PREFIX: Final = "QBWC_"
FILE_NAME: Final = "qbwc.toml"
_PATHS: Final = ("mapping",)
# More than any setting takes; Python refuses to read very many.
_MOST_DIGITS: Final = 20


@dataclass(frozen=True, slots=True)
class _Layers:
    """The settings as they were given, by where they were given."""

    path: Path  # of qbwc.toml
    command_line: Mapping[str, object]
    environment: Mapping[str, object]
    file: Mapping[str, object]

    def merged(self) -> dict[str, object]:
        return {**self.file, **self.environment, **self.command_line}

    def shown(self, name: str) -> str:
        """The name of a setting as the person who gave it wrote it."""
        if name in self.command_line:
            return "--" + name.replace("_", "-")
        if name in self.file and name not in self.environment:
            return f"{name} ({self.path})"
        return PREFIX + name.upper()


def load_settings(
    overrides: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    fields: Mapping[str, bool] | None = None,
    mapping: bool = True,
) -> Settings:
    """Gathers the settings of this process.

    Args:
        overrides: What the command line says, by setting ("port"); None as a value means "not given".
        environ: The environment; the process's own when left out. Variables that are no setting are ignored.
        fields: The fields there are, as "customer.Balance", and whether each is private; without them only the form
            of the names in publish_private is checked.
        mapping: Whether a mapping file may be named; False where it would not be followed.

    Raises:
        SettingsError: An unknown key or a bad value: all of them, a sentence each.
    """
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    environment = _from_environment(os.environ if environ is None else environ)
    folder = given.get("data_dir") or environment.get("data_dir") or Settings.model_fields["data_dir"].default
    path = Path(str(folder)).expanduser().absolute() / FILE_NAME
    early = str(given.get("language") or environment.get("language") or words.DEFAULT_LANGUAGE)
    layers = _Layers(path, given, environment, _from_file(path, early))
    merged = layers.merged()
    try:
        return Settings.model_validate(merged, context={"fields": fields, "mapping": mapping})
    except ValidationError as refused:
        language = str(merged.get("language", early))
        raise SettingsError(*(_problem(language, layers, error) for error in refused.errors())) from None


def unknown_variables(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Returns the variables of the environment that look like settings and are none, sorted; to be warned about."""
    source = os.environ if environ is None else environ
    return tuple(sorted(name for name in source if name.startswith(PREFIX) and _setting(name) is None))


def _setting(variable: str) -> str | None:
    name = variable.removeprefix(PREFIX).lower()
    return name if name in Settings.model_fields and variable == PREFIX + name.upper() else None


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    # An empty variable is how many tools write "not given".
    found = ((_setting(variable), value) for variable, value in environ.items() if variable.startswith(PREFIX))
    return {name: _typed(name, value) for name, value in found if name is not None and value.strip()}


def _typed(name: str, value: str) -> object:
    """Turn digits into the number that qbwc.toml would hold; anything else is for the setting's check to refuse."""
    whole = Settings.model_fields[name].annotation is int and value.isascii() and value.isdigit()
    return int(value) if whole and len(value) <= _MOST_DIGITS else value


def _from_file(path: Path, language: str) -> dict[str, Any]:
    try:
        # Some Windows editors put a byte order mark before UTF-8, which TOML does not know.
        filed = tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except NotADirectoryError:
        raise SettingsError(words.text(language, "settings.data_dir_not_folder", path=path.parent)) from None
    except OSError as trouble:
        reason = trouble.strerror or str(trouble)
        raise SettingsError(words.text(language, "settings.unreadable", path=path, reason=reason)) from None
    except ValueError as trouble:
        # Not TOML, not UTF-8, or a number of more digits than Python reads.
        raise SettingsError(words.text(language, "settings.not_toml", path=path, reason=trouble)) from None
    if "data_dir" in filed:
        raise SettingsError(words.text(language, "settings.data_dir_in_file", path=path))
    for name in _PATHS:
        # A path in the file is seen from the file, wherever the program is started.
        if isinstance(filed.get(name), str):
            filed[name] = path.parent / Path(filed[name]).expanduser()
    return filed


def _problem(language: str, layers: _Layers, error: ErrorDetails) -> str:
    name = str(error["loc"][0]) if error["loc"] else ""
    shown = layers.shown(name)
    # Deeper down it is a part of a setting that is not known.
    if error["type"] == "extra_forbidden" and len(error["loc"]) == 1:
        near = difflib.get_close_matches(name, Settings.model_fields, n=1)
        if near:
            return words.text(language, "settings.unknown_key_near", name=shown, near=near[0])
        return words.text(language, "settings.unknown_key", name=shown, known=", ".join(Settings.model_fields))
    own = f"settings.{error['type']}"
    if error["type"] != "bad" and words.has(words.DEFAULT_LANGUAGE, own):
        return words.text(language, own, name=shown, **error.get("ctx", {}))
    return words.text(language, "settings.bad", name=shown, expected=words.text(language, f"settings.expect.{name}"))
