"""Where to go after a sign-in or a switch of language: only ever to a page of our own."""

from typing import Final
from urllib.parse import urlsplit

from flask import g, request, url_for

# Methods of calls that change nothing; a HEAD is answered as its GET.
READING: Final = ("GET", "HEAD")


def here() -> str:
    """Return the address of this page below the application's root, to come back to it.

    An answer to a poll is a part of another page, which `part_of` named.
    """
    if "part_of" in g:
        return str(g.part_of)
    return request.full_path.rstrip("?") if request.method in READING else "/"


def part_of(page: str) -> None:
    """Say of which page this answer is a part."""
    g.part_of = page.removeprefix(request.script_root)


def local_target(wanted: str | None) -> str:
    r"""Return a wanted address if it is a path of this application, else the overview's.

    What a browser might read as another host ("//host", "/\host", control characters) is not followed.
    """
    home = url_for("overview.show")
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/\\")):
        return home
    if any(ord(character) < ord(" ") or character == "\\" for character in wanted):
        return home
    parts = urlsplit(wanted)
    if parts.scheme or parts.netloc:
        return home
    return f"{request.script_root}{wanted}"
