"""`qbwc serve`: the server, in the foreground."""

import ctypes
import gc
import logging
import sys
from contextlib import suppress
from typing import Final

import click

from qbwc_server import words
from qbwc_server.app import Application, build_app
from qbwc_server.cli import logs
from qbwc_server.cli.alone import alone
from qbwc_server.cli.configured import configured
from qbwc_server.cli.console import Console, json_option
from qbwc_server.cli.serving import Server, listen
from qbwc_server.publish import WebsiteUnreachable
from qbwc_server.settings import Settings, secret_key

# A stop is promised within 10 seconds; a publisher that hangs on a dead network must not break the promise.
_STOP_SECONDS: Final = 9.5
# M_ARENA_MAX of glibc's malloc.h.
_ARENA_MAX: Final = -8
# How many more values than before there must be before Python looks for garbage among them.
_NEW_VALUES: Final = 50_000

_log = logging.getLogger(__name__)


@click.command("serve")
@click.option("--host", help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port to listen on.")
@json_option
def command(host: str | None, port: int | None, *, as_json: bool) -> None:
    """Serve the Web Connector, the pages and the API until SIGTERM or Ctrl+C."""
    _share_memory()
    settings = configured({"host": host, "port": port}, opens_website=True)
    logs.configure(settings.log_format)
    secret_key(settings)
    with alone(settings.database_url.get_secret_value()):
        _serve(settings, as_json=as_json)
    _log.info("%s", words.text(settings.language, "cli.stopped"))


def _serve(settings: Settings, *, as_json: bool) -> None:
    app = build_app(settings)
    try:
        check_website(app)
        server = Server(app.wsgi, listen(settings.host, settings.port), threads=settings.threads)
        server.stop_on_signals(within=_STOP_SECONDS)
        _rest()
        app.start()
        address = f"http://{settings.host}:{server.port}"
        _log.info("%s (%s)", words.text(settings.language, "cli.serving", url=address), settings.public_url)
        if as_json:
            Console(as_json=True).answer({"url": address, "public_url": settings.public_url, "port": server.port})
        server.run()
    finally:
        app.stop()


def _rest() -> None:
    """Let Python look for garbage less often, and not among what stays for good.

    Reading a list makes thousands of values that are gone a moment later by themselves: looking through all that the
    program holds, again and again, finds none of them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_VALUES, 20, 50)


def _share_memory() -> None:
    """Let all threads take memory from one place, before there are any.

    Each page of a list is read by whichever thread is free. With glibc each thread has a place of its own by default,
    and every one of them would stay as large as the largest page made it.
    """
    if sys.platform == "linux":
        # Another C library has no such function, or no such places.
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


def check_website(app: Application) -> None:
    """See that the website's tables are there; a website that is down is no reason not to start.

    Raises:
        NotInstalled, ForeignTable, WebsiteDenied: somebody must do something first.
    """
    try:
        app.website.check()
    except WebsiteUnreachable as problem:
        _log.warning("%s It is tried again by itself.", problem)
