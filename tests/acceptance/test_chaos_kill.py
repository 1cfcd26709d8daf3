"""The server killed (SIGKILL) at random instants, again and again, on one installation.

`--rounds N` kills N times on SQLite and N/10 times on PostgreSQL; without it 10 and 2 times.
"""

import random
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from chaos_office import Office, Wish
from real_server import RealServer, ServerGone, installed

from qbwc_server.rehearsal.company import sample_company

AGAIN = 0.25
# About as long as a round without a kill.
LONGEST = 0.6
DEFAULT = {"sqlite": 10, "postgresql": 2}


def rounds_on(engine: str, wanted: int | None) -> int:
    if wanted is None:
        return DEFAULT[engine]
    return wanted if engine == "sqlite" else max(1, wanted // 10)


@pytest.mark.timeout(3600)
def test_what_was_acknowledged_survives_a_kill_at_any_instant(
    tmp_path: Path, database_url: str, rounds: int | None
) -> None:
    engine = "sqlite" if database_url.startswith("sqlite") else "postgresql"
    website_url = None if engine == "sqlite" else database_url
    chance = random.Random(20)
    with installed(tmp_path / "server", database_url=database_url, website_url=website_url) as server:
        office = Office(server, sample_company(customers=24, items=20), seed=2)
        server.start()
        wishes = office.everything()
        office.work(wishes)
        office.verify(wishes)
        killed_again = 0
        for number in range(rounds_on(engine, rounds)):
            wishes = office.day(whole=number % 3 == 0)
            killing(server, chance.uniform(0, LONGEST), partial(office.work, wishes))
            server.start()
            if chance.random() < AGAIN:
                killed_again += 1
                killing(server, chance.uniform(0, LONGEST / 2), partial(recover, office, wishes))
                server.start()
            office.recover(wishes)
            office.verify(wishes)
        print(  # noqa: T201 - for those who run many rounds with -s
            f"\n{engine}: {rounds_on(engine, rounds)} rounds, {killed_again} killed again while recovering, "
            f"{len(office.asked)} refreshes acknowledged, 0 lost, 0 doubled; "
            f"restart {max(server.restarts):.1f} s at most"
        )


def recover(office: Office, wishes: list[Wish]) -> None:
    try:
        office.recover(wishes)
    except (ServerGone, AssertionError):
        # The visit saw its server die.
        assert office.server.has_died(5.0)


def killing(server: RealServer, seconds: float, work: Callable[[], None]) -> None:
    """Do some work while the server is killed after so many seconds."""
    timer = threading.Timer(seconds, server.kill)
    timer.start()
    try:
        work()
    finally:
        timer.join()
