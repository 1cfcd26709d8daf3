"""A real server for the tests: `qbwc serve` as a process of its own, reached only as outsiders reach it."""

import contextlib
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, cast

import sqlalchemy as sa
from click.testing import CliRunner
from warm import Running, launch

from qbwc_server.cli import main
from qbwc_server.rehearsal.company import SimulatedCompany
from qbwc_server.rehearsal.connector import Company, SimulatedConnector

START_SECONDS = 30.0
FINAL = ("published", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Account:
    """A company at the server and its Web Connector account, as `qbwc company add --json` tells them."""

    company: str
    user: str
    password: str = field(repr=False)
    owner_id: str
    file_id: str


@dataclass(slots=True)
class Answer:
    """An answer of the JSON API."""

    status: int
    body: Any


class ServerGone(Exception):
    """A call got no answer: the server is not there, or died over it."""


class RealServer:
    """`qbwc serve` and its command line on one data folder; start, stop, kill and start again.

    Attributes:
        folder: the data folder.
        port: the same over all starts.
        database_url, website_url: SQLAlchemy URLs.
        restarts: seconds from each start to the first answer.
    """

    def __init__(self, folder: Path, *, database_url: str | None = None, website_url: str | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.database_url = database_url or f"sqlite:///{folder / 'qbwc.db'}"
        self.website_url = website_url or f"sqlite:///{folder / 'website.db'}"
        self.orders = folder / "orders"
        self.trace = folder / "trace"
        self.log = folder / "server.log"
        self.restarts: list[float] = []
        self._order = 0
        self._process: Running | None = None
        self._token = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.is_running:
            self.kill()

    # --- the command line ---

    def qbwc(self, *arguments: str, said: str = "") -> Any:
        """Run a command with --json, with `said` on its standard input, and return its answer."""
        done = subprocess.run(
            [sys.executable, "-m", "qbwc_server", *arguments, "--json"],
            env=self._environment(),
            input=said.encode(),
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, f"qbwc {' '.join(arguments)}: {done.stderr.decode()}"
        return json.loads(done.stdout)

    def prepare(self, *arguments: str, said: str = "") -> Any:
        """Run a command as `qbwc` does, but in this process, which spares a second: for what no test is about."""
        done = CliRunner().invoke(main, [*arguments, "--json"], input=said.encode(), env=self._environment())
        assert done.exit_code == 0, f"qbwc {' '.join(arguments)}: {done.stderr}"
        return json.loads(done.stdout)

    def install(self) -> None:
        """Make the databases and a token for the API."""
        self.prepare("init")
        self._token = str(self.prepare("token", "add", "tests", "--role", "admin")["token"])

    def twin(self) -> "RealServer":
        """Give another process of the same installation, with a port of its own; it is not started."""
        other = self.alike()
        other.log = self.folder / "twin.log"
        other._token = self._token
        return other

    def alike(self) -> "RealServer":
        """Give a server with the same settings."""
        return RealServer(self.folder, database_url=self.database_url, website_url=self.website_url)

    def add_company(self, name: str, company: SimulatedCompany | None = None) -> Account:
        """Add a company; a simulated one takes the .qwc's FileID."""
        made = self.prepare("company", "add", name)
        account = Account(**{key: made[key] for key in ("company", "user", "password", "owner_id", "file_id")})
        if company is not None:
            company.register(account.owner_id, account.file_id)
        return account

    def connector(self, account: Account, company: Company, *, timeout: float = 60.0) -> SimulatedConnector:
        """Return a Web Connector with that account."""
        return SimulatedConnector(f"{self.url}/qbwc", account.user, account.password, company, timeout=timeout)

    # --- the process ---

    def start(self, *, crashing: bool = False) -> None:
        """Start the server and wait until it answers; one that is to crash may be dead before anybody looks."""
        began = time.monotonic()
        files = (str(self.orders), str(self.trace)) if crashing else ()
        self._process = launch(["serve", "--port", str(self.port)], self._environment(), self.log, files)
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5):
                break
            if crashing and self._process.poll() is not None:
                return
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() - began < START_SECONDS, "the server does not begin to listen"
            time.sleep(0.01)
        self.restarts.append(time.monotonic() - began)

    def start_in_vain(self) -> tuple[int, str]:
        """Start a server that cannot, and return its exit status and what it said."""
        launch = [sys.executable, "-m", "qbwc_server", "serve", "--port", str(self.port)]
        done = subprocess.run(launch, env=self._environment(), capture_output=True, check=False, timeout=60)
        return done.returncode, done.stderr.decode()

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def has_died(self, seconds: float) -> bool:
        """Whether the process is dead, given it some time to be."""
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=seconds)
        return not self.is_running

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """SIGKILL: nothing is tidied up."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(timeout=10)

    def terminate(self) -> None:
        """SIGTERM; does not wait."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)

    def wait_for_end(self, seconds: float) -> int:
        """Wait for the process to end by itself and return its exit status."""
        assert self._process is not None
        return self._process.wait(timeout=seconds)

    def order(self, text: str) -> None:
        """Give the crashing server an order; see crashing_server."""
        self._order += 1
        fresh = self.orders.with_suffix(".new")
        fresh.write_text(f"{self._order} {text}\n", encoding="ascii")
        fresh.replace(self.orders)

    def memory(self, name: str) -> int:
        """Return a figure of the process in bytes: VmRSS now, VmHWM at most."""
        for line in Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
        raise AssertionError(name)

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("QBWC_")}
        return inherited | {
            "QBWC_DATA_DIR": str(self.folder),
            "QBWC_DATABASE_URL": self.database_url,
            "QBWC_WEBSITE_DATABASE_URL": self.website_url,
            "QBWC_PUBLIC_URL": self.url,
            # Nothing but what a test asks for, unless it is about schedules.
            "QBWC_SCHEDULES": "off",
        }

    # --- the API ---

    def api(self, method: str, path: str, body: object = None, *, key: str | None = None) -> Answer:
        """Call the JSON API.

        Raises:
            ServerGone: no answer came.
        """
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        if key is not None:
            headers["Idempotency-Key"] = key
        connection = http.client.HTTPConnection("localhost", self.port, timeout=60)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return Answer(answer.status, json.loads(answer.read() or b"null"))
        except (OSError, http.client.HTTPException) as problem:
            raise ServerGone(str(problem)) from problem
        finally:
            connection.close()

    def ask(self, company: str, list_name: str, *, key: str | None = None, **wish: object) -> list[dict[str, Any]]:
        """Ask for refreshes by `list_id`, `list_ids`, `full_name`, `find` or `scope`; returns them.

        Raises:
            ServerGone: it is not known whether they were queued.
        """
        body = {"company": company, "list": list_name, **wish}
        answer = self.api("POST", "/api/v1/refreshes", body, key=key or secrets.token_hex(8))
        assert answer.status in (200, 202), answer
        return answer.body if isinstance(answer.body, list) else [answer.body]

    def refresh(self, refresh_id: int) -> dict[str, Any]:
        """Return a refresh as it is now."""
        answer = self.api("GET", f"/api/v1/refreshes/{refresh_id}")
        assert answer.status == 200, answer
        return cast("dict[str, Any]", answer.body)

    def final(self, ids: Sequence[int], seconds: float = 15.0) -> list[dict[str, Any]]:
        """Wait until refreshes are final and return them."""
        end = time.monotonic() + seconds
        pause = 0.02
        found = [self.refresh(one) for one in ids]
        while any(one["state"] not in FINAL for one in found):
            assert time.monotonic() < end, f"not final after {seconds} s: {_open(found)}"
            time.sleep(pause)
            # What takes long is not kept from its work by being asked.
            pause = min(2 * pause, 0.3)
            found = [one if one["state"] in FINAL else self.refresh(one["id"]) for one in found]
        return found

    # --- the databases, looked at from outside ---

    def ours(self, query: str, **values: object) -> list[dict[str, Any]]:
        """Ask the server's own database."""
        return _rows(self.database_url, query, values)

    def pretend(self, statement: str) -> None:
        """Change the server's own database behind its back."""
        engine = sa.create_engine(self.database_url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            connection.execute(sa.text(statement))

    def website(self, query: str, **values: object) -> list[dict[str, Any]]:
        """Ask the website's database."""
        return _rows(self.website_url, query, values)


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def installed(folder: Path, *, database_url: str | None = None, website_url: str | None = None) -> Iterator[RealServer]:
    """Give a server whose databases are made; it is not started, and is killed at the end."""
    folder.mkdir(exist_ok=True)
    with RealServer(folder, database_url=database_url, website_url=website_url) as server:
        server.install()
        yield server


def _rows(url: str, query: str, values: Mapping[str, object]) -> list[dict[str, Any]]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            return [dict(row) for row in connection.execute(sa.text(query), dict(values)).mappings()]
    finally:
        engine.dispose()


def _open(found: Sequence[Mapping[str, Any]]) -> list[tuple[object, ...]]:
    return [(one["id"], one["list"], one["scope"], one["state"]) for one in found if one["state"] not in FINAL]
