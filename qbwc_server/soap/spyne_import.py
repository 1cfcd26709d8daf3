"""Makes spyne 2.14.0 importable on CPython 3.11 and later, with every warning an error.

spyne's last release carries an old `six`, whose importer speaks a protocol that CPython dropped in 3.12 and warns
about in 3.11, and it imports `cgi`, which CPython dropped in 3.13. No file of spyne is changed: the handful of
standard modules it reaches through `six.moves` are put where its imports look for them, and a stand-in for `cgi`
exists while the import runs.

Import this module before anything of spyne; everything in `qbwc_server.soap` does.
"""

import collections.abc
import http.cookies
import importlib
import sys
import types
import urllib.error
import urllib.parse
import urllib.request
import warnings
from email.message import Message

_MOVES = "spyne.util.six.moves."
# What spyne 2.14.0 imports by way of its own six; nothing else of six.moves is imported by name.
_MOVED: tuple[tuple[str, types.ModuleType], ...] = (
    ("collections_abc", collections.abc),
    ("http_cookies", http.cookies),
    ("urllib.parse", urllib.parse),
    ("urllib.request", urllib.request),
    ("urllib.error", urllib.error),
)
_NEEDED = ("spyne", "spyne.server", "spyne.protocol.soap.soap11")


def _parse_header(line: str) -> tuple[str, dict[str, str]]:
    """Splits a header value such as `text/xml; charset=utf-8` into its main part and its parameters, as cgi did."""
    message = Message()
    message["content-type"] = line
    return message.get_content_type(), {name: str(value) for name, value in (message.get_params() or [])[1:]}


def _stub_cgi() -> types.ModuleType:
    """Returns a module that has the one function of `cgi` that spyne calls."""
    stub = types.ModuleType("cgi")
    stub.__dict__["parse_header"] = _parse_header
    return stub


def import_spyne() -> None:
    """Imports spyne and the parts of it that the SOAP door uses. Calling it again does nothing.

    Raises:
        ImportError: spyne is not installed, or is not the release this module knows.
    """
    if all(name in sys.modules for name in _NEEDED):
        return
    for name, module in _MOVED:
        sys.modules.setdefault(_MOVES + name, module)
    lent_cgi = "cgi" not in sys.modules
    if lent_cgi:
        sys.modules["cgi"] = _stub_cgi()
    finders = list(sys.meta_path)
    try:
        with warnings.catch_warnings():
            # They are about spyne's own age; nobody here can act on them.
            warnings.simplefilter("ignore")
            for name in _NEEDED:
                importlib.import_module(name)
    finally:
        if lent_cgi:
            del sys.modules["cgi"]
        # six leaves a finder of the dropped protocol behind, which would warn at every later import of anybody's.
        sys.meta_path[:] = [
            finder for finder in sys.meta_path if finder in finders or type(finder).__module__ != "spyne.util.six"
        ]
    # spyne runs a full garbage collection once a second inside a request; CPython's own counting is enough.
    importlib.import_module("spyne.const").__dict__["MIN_GC_INTERVAL"] = float("inf")


import_spyne()
