"""`qbwc demo`: the whole path in one command, with a simulated QuickBooks and a simulated Web Connector."""

import contextlib
import logging
import os
import signal
import socket
import tempfile
import threading
import time
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Final

import click

from qbwc_server.app import Application, build_app
from qbwc_server.cli import logs
from qbwc_server.cli.alone import alone
from qbwc_server.cli.configured import configured
from qbwc_server.cli.console import Console, WrongUse, json_option
from qbwc_server.cli.demo_office import Office
from qbwc_server.cli.demo_story import Story
from qbwc_server.cli.installing import install
from qbwc_server.cli.serving import PortBusy, Server, listen
from qbwc_server.refreshing import Asked, Refresh, Wish
from qbwc_server.settings import Settings, prepare_data_dir

_HOST: Final = "localhost"
_FIRST_PORT: Final = 8080
_PORTS: Final = 100
_SECONDS: Final = 60.0
_CHANGE_EVERY: Final = 30.0
# Says that a folder was made by a demo.
_MARK: Final = "demo"
# The demo makes its own databases and address; these of the environment say how to speak.
_KEPT: Final = ("QBWC_LANGUAGE", "QBWC_TIME_ZONE", "QBWC_LOG_FORMAT", "QBWC_THREADS")


@click.command("demo")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Exactly this port; the first free one from 8080 if left out."
)
@click.option(
    "--once", is_flag=True, help="Leave after both refreshes are on the website, or with status 1 after 60 s."
)
@click.option("--no-browser", is_flag=True, help="Do not open the page in a browser.")
@click.option("--customers", type=click.IntRange(1, 100_000), default=60, show_default=True, help="How many customers.")
@click.option("--items", type=click.IntRange(16, 100_000), default=80, show_default=True, help="How many items.")
@click.option("--data-dir", type=click.Path(file_okay=False, path_type=Path), help="Kept; a temporary one if left out.")
@json_option
def command(
    port: int | None, customers: int, items: int, data_dir: Path | None, *, once: bool, no_browser: bool, as_json: bool
) -> None:
    """Show a refresh from end to end: a server, a simulated QuickBooks and a simulated Web Connector, on SQLite."""
    began = time.monotonic()
    stopped = _stop_on_signals()
    console = Console(as_json=as_json)
    with contextlib.ExitStack() as open_things:
        folder = _own(data_dir) if data_dir else Path(open_things.enter_context(_temporary_folder()))
        sockets = _sockets(port)
        settings = _settings(folder, sockets[0].getsockname()[1])
        logs.configure(settings.log_format, level=logging.WARNING)
        prepare_data_dir(settings)
        (folder / _MARK).touch()
        install(settings)
        open_things.enter_context(alone(settings.database_url.get_secret_value()))
        app = build_app(settings, simulated=True)
        open_things.callback(app.stop)
        office = Office.open(app.database, settings.public_url, customers=customers, items=items)
        open_things.enter_context(_serving(app, sockets, settings.threads))
        story = Story(console, settings.language, app.refreshing)
        story.banner(office.title, folder, settings.public_url)
        app.refreshing.ask([Wish(office.company, name, "all", "") for name in ("customer", "item")], "demo")
        open_things.enter_context(office.visiting())
        refreshes = _first_refreshes(app, office, story, stopped, began + _SECONDS)
        done = all(refresh.state == "published" for refresh in refreshes) and len(refreshes) == 2  # noqa: PLR2004
        console.answer(
            {"url": settings.public_url, "refreshes": [refresh.as_json(settings.language) for refresh in refreshes]}
        )
        _end_of_story(story, done=done, once=once)
        if not once and not stopped.is_set():
            if not no_browser:
                threading.Thread(target=webbrowser.open, args=(settings.public_url,), daemon=True).start()
            _stay(office, story, stopped)
    if once and not done:
        raise SystemExit(1)


def _first_refreshes(
    app: Application, office: Office, story: Story, stopped: threading.Event, end: float
) -> tuple[Refresh, ...]:
    """Wait for the first lists, change a customer and an item in QuickBooks, and follow their refreshes."""
    lists = [refresh.id for refresh in app.refreshing.list(company=office.company) if not refresh.is_final]
    if not story.follow(lists, stopped, end):
        return ()
    asked: list[Asked] = []
    for name, list_id in (("customer", office.change("customer")), ("item", office.change("item"))):
        asked += app.refreshing.ask([Wish(office.company, name, "list_id", list_id)], "demo")
    ids = [one.refresh.id for one in asked]
    story.follow(ids, stopped, end)
    return tuple(app.refreshing.get(refresh_id) for refresh_id in ids)


def _end_of_story(story: Story, *, done: bool, once: bool) -> None:
    if done:
        story.say("demo.both_done")
    else:
        story.say("demo.timed_out", seconds=f"{_SECONDS:g}")
    if not once:
        story.say("demo.stays_open")


def _stay(office: Office, story: Story, stopped: threading.Event) -> None:
    """Change something in QuickBooks every 30 s, and tell of every refresh, whoever asks for it."""
    next_change = time.monotonic() + _CHANGE_EVERY
    while not stopped.wait(0.5):
        story.tell()
        if time.monotonic() >= next_change:
            next_change += _CHANGE_EVERY
            story.changed(*office.change_something())


def _sockets(port: int | None) -> tuple[socket.socket, ...]:
    if port is not None:
        return listen(_HOST, port)
    for candidate in range(_FIRST_PORT, _FIRST_PORT + _PORTS - 1):
        with contextlib.suppress(PortBusy):
            return listen(_HOST, candidate)
    return listen(_HOST, _FIRST_PORT + _PORTS - 1)


def _settings(folder: Path, port: int) -> Settings:
    own = {
        "data_dir": folder,
        "database_url": "sqlite:///{data_dir}/qbwc.db",
        "website_database_url": "sqlite:///{data_dir}/website.db",
        "public_url": f"http://localhost:{port}",
        "host": _HOST,
        "port": port,
        # The demo asks for what it shows.
        "schedules": "off",
    }
    return configured(own, {name: os.environ[name] for name in _KEPT if name in os.environ})


def _own(folder: Path) -> Path:
    """Return a folder that is empty or a demo's: everybody knows the demo's password, and its sample is published.

    Raises:
        WrongUse: something else is there.
    """
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _MARK).exists():
        message = f"{folder} holds something else than a demo. Give an empty folder with --data-dir, or none."
        raise WrongUse(message)
    return folder


def _temporary_folder() -> tempfile.TemporaryDirectory[str]:
    # Windows keeps a file that somebody still reads; that must not spoil the end.
    return tempfile.TemporaryDirectory(prefix="qbwc-demo-", ignore_cleanup_errors=True)


@contextlib.contextmanager
def _serving(app: Application, sockets: tuple[socket.socket, ...], threads: int) -> Iterator[None]:
    server = Server(app.wsgi, sockets, threads=threads)
    thread = threading.Thread(target=server.run, name="http")
    app.start()
    thread.start()
    try:
        yield
    finally:
        server.stop()
        thread.join()


def _stop_on_signals() -> threading.Event:
    stopped = threading.Event()

    def handle(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        stopped.set()

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), handle)
    return stopped
