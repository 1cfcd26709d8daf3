"""The server killed (SIGKILL) before and after each of its commits and answers, on the whole way of a refresh.

The points are not listed here: a round without a kill tells which there are. Without an option all of them are killed
at on SQLite and the most telling ones on PostgreSQL; `--rounds N` with N of 100 or more kills at the second passing of
each too, and at all of them on both.
"""

from pathlib import Path

import pytest
from chaos_office import Office
from real_server import RealServer, installed

from qbwc_server.rehearsal.company import sample_company

# Calls that change nothing: what is around them is killed at random (test_chaos_kill).
IDLE = ("GET/", "serverVersion", "clientVersion")
# The steps of design.md §1: asking, the four calls of a visit, and the publisher with its three transactions.
STEPS = (
    "POST/api/vN/refreshes asking.ask ours",
    "POST/api/vN/refreshes reply",
    "authenticate visiting._begin ours",
    "authenticate reply",
    "sendRequestXML visiting.send_request ours",
    "sendRequestXML reply",
    "receiveResponseXML visiting._accept ours",
    "receiveResponseXML reply",
    "closeConnection visiting._simple ours",
    "closeConnection reply",
    "publisher publisher.run_once ours",
    "publisher website.publish",
    "publisher publisher._mark ours",
    "publisher lists.finish ours",
)
AT_START = (
    "publisher website.publish website after",
    "publisher publisher._begin ours before",
    "publisher numbers.check ours before",
)
WHERE_IT_CHANGES_HANDS = ("receiveResponseXML visiting._accept ours", "publisher website.publish website")
MANY = 100


@pytest.mark.timeout(1800)
def test_what_was_acknowledged_survives_a_kill_at_each_commit_and_each_answer(
    tmp_path: Path, database_url: str, rounds: int | None
) -> None:
    thorough = (rounds or 0) >= MANY
    on_sqlite = database_url.startswith("sqlite")
    website_url = None if on_sqlite else database_url
    with installed(tmp_path / "server", database_url=database_url, website_url=website_url) as server:
        office = Office(server, sample_company(customers=24, items=20), seed=3)
        server.start(crashing=True)
        wishes = office.everything()
        office.work(wishes)
        office.verify(wishes)
        points = traced(server, office)
        for step in STEPS:
            assert any(point.startswith(step) for _, point in points), f"the way of a refresh does not pass {step}"
        wanted = [(n, point) for n, point in points if n <= (2 if thorough else 1) and not point.startswith(IDLE)]
        if not (on_sqlite or thorough):
            wanted = [(n, point) for n, point in wanted if point.startswith(WHERE_IT_CHANGES_HANDS)]
        killed = [kill_at(server, office, n, point) for n, point in wanted]
        assert sum(killed) == len(killed), [one for one, died in zip(wanted, killed, strict=True) if not died]
        print(  # noqa: T201 - for those who run it with -s
            f"\n{'SQLite' if on_sqlite else 'PostgreSQL'}: {len(killed)} points, "
            f"{len(office.asked)} refreshes acknowledged, 0 lost, 0 doubled"
        )


def traced(server: RealServer, office: Office) -> list[tuple[int, str]]:
    """Live through a day without a kill; returns the points passed, each with the number of its passing."""
    server.trace.unlink(missing_ok=True)
    server.order("trace")
    wishes = office.day(whole=True)
    office.work(wishes)
    office.verify(wishes)
    server.order("go on")
    lines = [line.split(" ", 1) for line in server.trace.read_text(encoding="ascii").splitlines()]
    return [(int(n), point) for n, point in lines]


def kill_at(server: RealServer, office: Office, n: int, point: str) -> bool:
    """Live through a day with a death at a point, recover, verify; False when the point was not passed."""
    wishes = office.day(whole=True)
    server.order(f"kill {n} {point}")
    office.work(wishes)
    # What the publisher does now and then may still be to come.
    died = server.has_died(3.0)
    server.order("go on")
    if not died:
        server.kill()
    server.start(crashing=True)
    try:
        office.recover(wishes)
        office.verify(wishes)
    except AssertionError as problem:
        problem.add_note(f"after a kill at passing {n} of: {point}")
        raise
    return died


def test_a_death_at_each_commit_of_the_start_is_healed_by_the_next_start(tmp_path: Path) -> None:
    with installed(tmp_path / "server") as server:
        office = Office(server, sample_company(customers=24, items=20), seed=4)
        wishes = office.everything()
        for point in AT_START:
            server.order(f"kill 1 {point}")
            server.start(crashing=True)
            office.work(wishes)
            assert server.has_died(5.0)
        server.order("kill 1 publisher numbers.check ours after")
        server.start(crashing=True)
        assert server.has_died(5.0)
        server.start()
        office.recover(wishes)
        office.verify(wishes)
