"""Finds the two data folders, `qbxml_templates/` and `qwc/`, wherever the program runs from.

An installed wheel carries them inside the package, under `_data/`; a checkout (or an editable install) has them
beside the package, at the root of the repository.
"""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

_PACKAGE = __package__ or "qbwc_server"
_DATA = "_data"


class ResourceMissing(Exception):
    """A data file of the program is not where it belongs.

    Attributes:
        folder: The data folder, "qbxml_templates" or "qwc".
        name: The file's name in it.
    """

    def __init__(self, folder: str, name: str) -> None:
        self.folder = folder
        self.name = name
        super().__init__(
            f"The file {folder}/{name} of qbwc-server is missing; install the program again, or put the file back."
        )


def resource_bytes(folder: str, name: str) -> bytes:
    """Returns one data file as it stands on disk.

    Args:
        folder: "qbxml_templates" or "qwc".
        name: The file's name, without a path.

    Raises:
        ResourceMissing: The file is in neither place, or the name is a path.
    """
    if not _plain(folder) or not _plain(name):
        raise ResourceMissing(folder, name)
    for place in _places(folder):
        try:
            return place.joinpath(name).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            continue
    raise ResourceMissing(folder, name)


def resource_names(folder: str) -> tuple[str, ...]:
    """Returns the names of the files in a data folder, sorted.

    Raises:
        ResourceMissing: The folder is in neither place.
    """
    if _plain(folder):
        for place in _places(folder):
            if place.is_dir():
                return tuple(sorted(entry.name for entry in place.iterdir() if entry.is_file()))
    raise ResourceMissing(folder, "")


def _places(folder: str) -> tuple[Traversable, ...]:
    package = files(_PACKAGE)
    return (package.joinpath(_DATA, folder), Path(__file__).resolve().parent.parent / folder)


def _plain(name: str) -> bool:
    return bool(name) and name not in {".", ".."} and not set(name) & set("/\\:")
