"""Processes of `qbwc` that start at once: forked from one that has everything imported already.

What runs in them is the command line as ever, with its environment, its log and its signals; only the second of
importing is spared. The tests of starting and stopping themselves (test_cli_serve, test_soap_process, test_demo) start
a Python of their own.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

# The drivers too, which SQLAlchemy imports when a URL names them.
_LOADED = (
    "qbwc_server.cli.serve",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "sqlalchemy.dialects.postgresql.psycopg",
    "psycopg",
    "pymysql",
)


class Running(Protocol):
    """What tests do with a process of either kind."""

    pid: int

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def kill(self) -> None: ...
    def send_signal(self, sig: int) -> None: ...


def launch(
    arguments: Sequence[str], environment: Mapping[str, str], log: Path, crashing: Sequence[str] = ()
) -> Running:
    """Start `qbwc` with these arguments; with `crashing` (its two files) it is made to die, see crashing_server.

    Args:
        arguments: of the command line.
        environment: all of it.
        log: takes what it says.
        crashing: ORDERS and TRACE, or nothing.
    """
    if sys.platform == "win32":
        script = [str(Path(__file__).with_name("crashing_server.py")), *crashing] if crashing else ["-m", "qbwc_server"]
        with log.open("ab") as said:
            return subprocess.Popen([sys.executable, *script, *arguments], env=environment, stdout=said, stderr=said)
    return _Forked(arguments, environment, log, crashing)


class _Forked:
    """A forked process, with the manners of `subprocess.Popen`."""

    def __init__(self, *given: object) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(_LOADED))
        self._process = context.Process(target=_run, args=given, daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        status = self._process.exitcode
        if status is None:
            raise subprocess.TimeoutExpired("qbwc", timeout or 0.0)
        return status

    def kill(self) -> None:
        self._process.kill()

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)


def _run(arguments: Sequence[str], environment: Mapping[str, str], log: Path, crashing: Sequence[str]) -> None:
    """Be that process."""
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with log.open("ab") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    sys.argv[:] = ["qbwc", *crashing, *arguments]
    if crashing:
        from crashing_server import main  # noqa: PLC0415 - only the process that is to die has its points in place
    else:
        from qbwc_server.cli import main  # noqa: PLC0415 - the same
    main()
