"""A company at the server: customers asked for through the API, fetched by its Web Connector, seen published."""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench import process, soap
from bench.quickbooks import Books
from bench.servers import Account
from bench.visit import Caller, Visit, visit
from bench.wire import BadStatus, request

_PAUSE = 0.02
_OTHERWISE = ("waiting", "sent", "failed", "cancelled")


class NotPublished(Exception):
    """A refresh ended otherwise."""

    def __init__(self, refresh: Mapping[str, Any]) -> None:
        super().__init__(f"The refresh ended as {refresh['state']}, with {refresh['error']}.")


class NotInThisVersion(Exception):
    """The server cannot be asked this yet."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a refresh cost the server.

    Attributes:
        seconds: from the first call of the visit until all was published.
        cpu: processor seconds of the server's process.
        visit: the visit itself; what it waited is part of `seconds`.
    """

    seconds: float
    cpu: float
    visit: Visit


@dataclass(frozen=True, slots=True)
class Office:
    """A company at the server: who asks for it, and its Web Connector."""

    program: Caller
    connector: Caller
    account: Account
    token: str

    def ask(self, wish: Mapping[str, object]) -> None:
        """Ask for customers by `scope` or `list_ids`.

        Raises:
            NotInThisVersion: the server does not take this wish.
        """
        body = json.dumps({"company": self.account.company, "list": "customer", **wish}).encode()
        message = request(
            "POST",
            "/api/v1/refreshes",
            body,
            Authorization=f"Bearer {self.token}",
            Content_Type="application/json",
            Idempotency_Key=secrets.token_hex(8),
        )
        try:
            self.program.call(message)
        except BadStatus as problem:
            if problem.status < 500:
                raise NotInThisVersion(str(problem)) from problem
            raise

    def warm_up(self, books: Books, pid: int) -> None:
        """Fetch one customer, which loads what the server needs anyway and no list should be charged with."""
        self.read(books, {"list_id": books.list_id(0)}, pid)
        books.sent.clear()

    def read(self, books: Books, wish: Mapping[str, object], pid: int) -> Read:
        """Ask, and see what was asked for published; `pid` is the server's process.

        Raises:
            NotInThisVersion, NotPublished: see there.
        """
        self.ask(wish)
        return self.fetch(books, pid)

    def fetch(self, books: Books, pid: int, hcp: str = soap.HCP) -> Read:
        """Let the Web Connector come for what waits, until nothing of it is unpublished.

        Raises:
            NotPublished: see there.
        """
        used = process.cpu(pid)
        began = time.perf_counter()
        made = visit(self.connector, self.account, books, hcp)
        self.wait()
        return Read(time.perf_counter() - began, process.cpu(pid) - used, made)

    def wait(self) -> None:
        """Wait until all that the visit brought is published.

        Raises:
            NotPublished: something that was asked for is not, and will not be without another visit.
        """
        while self._found("answered"):
            time.sleep(_PAUSE)
        for state in _OTHERWISE:
            for one in self._found(state):
                raise NotPublished(one)

    def _found(self, state: str) -> list[dict[str, Any]]:
        message = request("GET", f"/api/v1/refreshes?state={state}&limit=1", Authorization=f"Bearer {self.token}")
        found: list[dict[str, Any]] = json.loads(self.program.call(message))
        return found
