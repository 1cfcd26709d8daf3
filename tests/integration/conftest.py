"""An office at each of our databases: what most of these tests work in."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from office import Books, Office, office_at


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """The server's parts over fresh databases."""
    with office_at(database_url, tmp_path) as made:
        yield made


@pytest.fixture
def books(office: Office) -> Books:
    """A company with its simulated QuickBooks."""
    return office.add()
