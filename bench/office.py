"""A company at the server: customers asked for through the API, fetched by its Web Connector, seen published."""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench import process
from bench.quickbooks import Books
from bench.servers import Account
from bench.visit import Caller, Visit, visit
from bench.wire import BadStatus, request

_PAUSE = 0.02
_FINAL = ("published", "failed", "cancelled")


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

    def ask(self, **wish: object) -> Any:
        """Ask for customers by `scope` or `list_ids`; returns the API's answer.

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
            return json.loads(self.program.call(message))
        except BadStatus as problem:
            if problem.status < 500:
                raise NotInThisVersion(str(problem)) from problem
            raise

    def read(self, books: Books, scope: str, pid: int) -> Read:
        """Ask for the whole list or what changed in it, and see it published."""
        asked = self.ask(scope=scope)
        used = process.cpu(pid)
        began = time.perf_counter()
        made = visit(self.connector, self.account, books)
        self.published(asked["id"])
        return Read(time.perf_counter() - began, process.cpu(pid) - used, made)

    def published(self, refresh_id: int) -> None:
        """Wait until a refresh is published.

        Raises:
            NotPublished: it never will be.
        """
        while True:
            refresh = self.look(refresh_id)
            if refresh["state"] == "published":
                return
            if refresh["state"] in _FINAL:
                raise NotPublished(refresh)
            time.sleep(_PAUSE)

    def look(self, refresh_id: int) -> dict[str, Any]:
        """Return a refresh as it is now."""
        message = request("GET", f"/api/v1/refreshes/{refresh_id}", Authorization=f"Bearer {self.token}")
        found: dict[str, Any] = json.loads(self.program.call(message))
        return found
