"""The same work in one process under cProfile: which functions of the server take the time.

What a call brought is published before the next call, so a backlog of what waits for the publisher is never seen here.
cProfile charges each call of a function; the order of the functions says more than their figures.
"""

import cProfile
import io
import pstats
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from bench import databases, soap
from bench.office import Office
from bench.quickbooks import Books
from bench.servers import install
from bench.visit import visit
from bench.wire import BadStatus
from qbwc_server.app import Application, build_app
from qbwc_server.cli.configured import configured

SHOWN = 25


class Direct:
    """Calls the application without a network, and profiles it if there is something to keep the profile in."""

    def __init__(self, application: Application, profile: cProfile.Profile | None = None) -> None:
        self._application = application
        self._profile: AbstractContextManager[object] = nullcontext() if profile is None else profile

    def call(self, message: bytes) -> bytes:
        """Answer a whole HTTP request with the body of the answer, and publish what it brought."""
        head, _, body = message.partition(b"\r\n\r\n")
        environ = _environ(head.decode("latin-1"), body)
        said = []
        with self._profile:
            answer = b"".join(self._application.wsgi(environ, lambda status, *_: said.append(status)))  # type: ignore[arg-type]
            while self._application.publisher.run_once():
                pass
        if not said[0].startswith("20"):
            raise BadStatus(f"HTTP/1.1 {said[0]}".encode(), answer)
        return answer


def profile(
    engine: str,
    books: Books,
    wishes: Sequence[Mapping[str, object]],
    *,
    before: Callable[[Office], object] = lambda _: None,
    hcp: str = soap.HCP,
) -> cProfile.Profile:
    """Profile a visit and publishing what it brings; asking is not counted.

    Args:
        engine: of both databases.
        books: what QuickBooks has open.
        wishes: what is asked for.
        before: done first, and not counted.
        hcp: what QuickBooks says of itself.
    """
    with tempfile.TemporaryDirectory(prefix="qbwc-bench-") as name, databases.fresh(engine, Path(name)) as three:
        accounts, token = install(Path(name), 1, three)
        given = {
            "QBWC_DATA_DIR": name,
            "QBWC_DATABASE_URL": three.own,
            "QBWC_WEBSITE_DATABASE_URL": three.website,
            "QBWC_SCHEDULES": "off",
        }
        application = build_app(configured(environ=given))
        found = cProfile.Profile()
        program = Direct(application)
        before(Office(program, program, accounts[0], token))
        office = Office(program, Direct(application, found), accounts[0], token)
        for wish in wishes:
            office.ask(wish)
        visit(office.connector, accounts[0], books, hcp)
        office.wait()
        application.stop()
        return found


def show(found: cProfile.Profile, customers: int) -> None:
    """Print the functions with most time of their own, in microseconds a record."""
    stats: Any = pstats.Stats(found, stream=io.StringIO())
    print(f"{stats.total_tt:.2f} s in all, {stats.total_tt / customers * 1e6:.0f} µs a record\n")
    print("| function | own µs a record | with what it calls | calls a record |")
    print("|---|---|---|---|")
    by_own = sorted(stats.stats.items(), key=lambda one: -one[1][2])
    for (file, line, function), (_, calls, own, whole, _) in by_own[:SHOWN]:
        share = (f"{seconds / customers * 1e6:.1f}" for seconds in (own, whole))
        print(f"| {_named(file, line, function)} | {' | '.join(share)} | {calls / customers:.2f} |")


def _named(file: str, line: int, function: str) -> str:
    if file == "~":
        return f"`{function}`"
    parts = Path(file).parts
    start = next((parts.index(part) + 1 for part in ("site-packages",) if part in parts), -2)
    return f"`{'/'.join(parts[start:])}:{line} {function}`"


def _environ(head: str, body: bytes) -> dict[str, Any]:
    line, *headers = head.split("\r\n")
    method, address, _ = line.split(" ")
    path, _, query = address.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for one in headers:
        name, _, value = one.partition(": ")
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    return environ
