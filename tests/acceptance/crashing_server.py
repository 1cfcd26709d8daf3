"""The server, made to die by its own hand at a chosen point: `crashing_server.py ORDERS TRACE serve …`.

A point is named after the step it belongs to, where it is, and which side of it: `receiveResponseXML visiting._accept
ours before` is the instant before our database commits what that function of the server did in that call, `publisher
website.publish website after` the one after the website's database has committed; `sendRequestXML reply before` and
`… after` stand around an answer. ORDERS is a file that the test writes at any time: `NUMBER kill N POINT` kills the
process (SIGKILL, so that nothing is tidied up) at the N-th passing of the point after the order came; `NUMBER trace`
writes each point that is passed to TRACE. Nothing in the product knows of this.
"""

import os
import re
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import waitress.server
from sqlalchemy.engine import default

from qbwc_server.cli import main as qbwc
from qbwc_server.cli import serving

# These open and close transactions for others.
_PASSING_ON = ("qbwc_server.store.database", "qbwc_server.publish.engine")
_METHOD = re.compile(r"(\w+)\W*\Z")
# Time for waitress to put the last bytes of an answer on the wire.
_FLUSH_SECONDS = 0.05


class Orders:
    """What the test wants, looked up at every point."""

    def __init__(self, orders: Path, trace: Path) -> None:
        self._orders = orders
        self._trace = trace
        self._lock = threading.Lock()
        self._number = ""
        self._passed: Counter[str] = Counter()

    def passing(self, point: str) -> None:
        """Die here if so ordered."""
        with self._lock:
            try:
                number, _, order = self._orders.read_text(encoding="ascii").strip().partition(" ")
            except FileNotFoundError:
                return
            if number != self._number:
                self._number = number
                self._passed.clear()
            self._passed[point] += 1
            if order == "trace":
                with self._trace.open("a", encoding="ascii") as file:
                    file.write(f"{self._passed[point]} {point}\n")
            elif order == f"kill {self._passed[point]} {point}":
                # Where there is no SIGKILL, SIGTERM ends a process as rudely.
                os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
                time.sleep(60)


def step() -> str:
    """The step that this thread is in: a SOAP method, an HTTP method and path, or the publisher."""
    return getattr(_here, "step", threading.current_thread().name)


_here = threading.local()


def wrap_commits(orders: Orders) -> None:
    """Put a point before and after each commit that follows a writing statement, on every database."""
    plain: Callable[[default.DefaultDialect, Any], None] = default.DefaultDialect.do_commit

    def do_commit(self: default.DefaultDialect, dbapi_connection: Any) -> None:
        point = f"{step()} {_place()} {_which(dbapi_connection)}"
        orders.passing(f"{point} before")
        plain(self, dbapi_connection)
        orders.passing(f"{point} after")

    default.DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]


def _place() -> str:
    """Which function of the server has its transaction committed."""
    frame = sys._getframe(2)
    while frame.f_back is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith("qbwc_server.") and module not in _PASSING_ON:
            return f"{module.rpartition('.')[2]}.{frame.f_code.co_name}"
        frame = frame.f_back
    return "start"


def _which(connection: Any) -> str:
    """Whose database a connection leads to; the test calls the website's `website…`."""
    driver = connection.driver_connection
    if hasattr(driver, "info"):
        name = str(driver.info.dbname)
    else:
        name = Path(driver.execute("PRAGMA database_list").fetchone()[2]).name
    return "website" if name.startswith("website") else "ours"


class Reply:
    """A WSGI answer with a point after its last byte."""

    def __init__(self, parts: list[bytes], after: Callable[[], None]) -> None:
        self._parts = parts
        self._after = after

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._parts)

    def close(self) -> None:
        """Called by waitress after the last part was handed to the socket."""
        self._after()


def wrap_replies(orders: Orders) -> None:
    """Put a point before and after each answer."""
    plain = waitress.server.create_server

    def create_server(application: Any, **options: Any) -> Any:
        def surrounded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            _here.step = _step_of(environ)
            answer = application(environ, start_response)
            try:
                parts = list(answer)
            finally:
                if hasattr(answer, "close"):
                    answer.close()
            name = _here.step
            orders.passing(f"{name} reply before")

            def after() -> None:
                # The bytes leave with waitress's loop, which runs once this thread has given them up.
                threading.Thread(target=_later, args=(orders, f"{name} reply after"), daemon=True).start()

            return Reply(parts, after)

        return plain(surrounded, **options)

    serving.create_server = create_server  # type: ignore[attr-defined,assignment]


def _later(orders: Orders, point: str) -> None:
    time.sleep(_FLUSH_SECONDS)
    orders.passing(point)


def _step_of(environ: dict[str, Any]) -> str:
    action = _METHOD.search(environ.get("HTTP_SOAPACTION", ""))
    if action:
        return action[1]
    return f"{environ['REQUEST_METHOD']}{re.sub('[0-9]+', 'N', environ['PATH_INFO'])}".replace(" ", "_")


def main() -> None:
    """Start the command line with the points in place."""
    orders = Orders(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.argv[1:] = sys.argv[3:]
    wrap_commits(orders)
    wrap_replies(orders)
    qbwc()


if __name__ == "__main__":
    main()
