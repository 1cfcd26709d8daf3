"""The simulated Web Connector before a reference server, for the tests of the connector itself."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from reference_server import PASSWORD, OneCustomer, ReferenceServer

from qbwc_server.rehearsal.connector import Habits, SimulatedConnector


@pytest.fixture
def reference() -> Iterator[ReferenceServer]:
    with ReferenceServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def one_customer() -> OneCustomer:
    return OneCustomer()


@pytest.fixture
def connect(reference: ReferenceServer, one_customer: OneCustomer) -> Iterator[Callable[..., SimulatedConnector]]:
    made: list[SimulatedConnector] = []

    def make(**options: Any) -> SimulatedConnector:
        habits = options.pop("habits", Habits(noop_wait=0.0))
        password = options.pop("password", PASSWORD)
        made.append(
            SimulatedConnector(reference.url, "acme", password, one_customer, habits=habits, timeout=10, **options)
        )
        return made[-1]

    yield make
    for connector in made:
        connector.disconnect()


@pytest.fixture
def connector(connect: Callable[..., SimulatedConnector]) -> SimulatedConnector:
    return connect()
