"""Starts the two servers as processes of their own: `qbwc serve` on a new installation, and the no-op."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.databases import Databases

THREADS = 8
_START_SECONDS = 30


class NotStarted(Exception):
    """A server does not listen."""

    def __init__(self, command: list[str], said: str) -> None:
        super().__init__(f"'{' '.join(command)}' ended, or does not listen after {_START_SECONDS} s: {said.strip()}")


class CommandFailed(Exception):
    """The installation cannot be made."""

    def __init__(self, arguments: tuple[str, ...], said: str) -> None:
        super().__init__(f"'qbwc {' '.join(arguments)}' failed: {said.strip()}")


@dataclass(frozen=True, slots=True)
class Account:
    """A company's Web Connector account."""

    company: str
    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Servers:
    """Both servers, listening.

    Attributes:
        noop: port of the application that does nothing.
        qbwc: port of `qbwc serve`.
        accounts: one for each connector.
        token: for the API.
    """

    noop: int
    qbwc: int
    accounts: tuple[Account, ...]
    token: str


@dataclass(frozen=True, slots=True)
class Serving:
    """`qbwc serve`, listening.

    Attributes:
        pid: its process.
        port: where.
        accounts: one for each company.
        token: for the API.
    """

    pid: int
    port: int
    accounts: tuple[Account, ...]
    token: str


@contextlib.contextmanager
def running(folder: Path, companies: int) -> Iterator[Servers]:
    """Make an installation in an empty folder by the command line, and run both servers while the block lasts.

    Raises:
        CommandFailed, NotStarted: see there.
    """
    noop = _free_port()
    with (
        _process(["-m", "bench.noop", str(noop), str(THREADS)], _environment(folder), noop, folder / "noop.log"),
        serving(folder, companies) as one,
    ):
        yield Servers(noop, one.port, one.accounts, one.token)


@contextlib.contextmanager
def serving(folder: Path, companies: int, databases: Databases | None = None) -> Iterator[Serving]:
    """Make an installation in an empty folder by the command line, and run its server while the block lasts.

    Args:
        folder: the data folder.
        companies: how many; they are named bench-0, bench-1 ...
        databases: where; None for SQLite files in the folder.

    Raises:
        CommandFailed, NotStarted: see there.
    """
    environment = _environment(folder, databases)
    accounts, token = _install(environment, companies)
    port = _free_port()
    with _process(
        ["-m", "qbwc_server", "serve", "--port", str(port)], environment, port, folder / "serve.log"
    ) as process:
        yield Serving(process.pid, port, accounts, token)


def install(folder: Path, companies: int, databases: Databases) -> tuple[tuple[Account, ...], str]:
    """Make an installation whose server is not run; returns its accounts and a token for the API."""
    return _install(_environment(folder, databases), companies)


def _environment(folder: Path, databases: Databases | None = None) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("QBWC_")}
    ours = {"QBWC_DATA_DIR": str(folder), "QBWC_THREADS": str(THREADS), "QBWC_SCHEDULES": "off"}
    if databases is not None:
        ours |= {"QBWC_DATABASE_URL": databases.own, "QBWC_WEBSITE_DATABASE_URL": databases.website}
    return inherited | ours


def _install(environment: dict[str, str], companies: int) -> tuple[tuple[Account, ...], str]:
    _qbwc(environment, "init")
    made = [_qbwc(environment, "company", "add", f"bench-{number}") for number in range(companies)]
    accounts = tuple(Account(one["company"], one["user"], one["password"]) for one in made)
    return accounts, _qbwc(environment, "token", "add", "bench")["token"]


def _qbwc(environment: dict[str, str], *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "qbwc_server", *arguments, "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandFailed(arguments, done.stderr)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextlib.contextmanager
def _process(
    arguments: list[str], environment: dict[str, str], port: int, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, *arguments]
    with log.open("wb") as file:
        process = subprocess.Popen(command, env=environment, stderr=file)
    try:
        end = time.monotonic() + _START_SECONDS
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > end:
                raise NotStarted(command, log.read_text(errors="replace"))
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
