"""Two server processes of one installation, as behind a proxy that shares the calls out: they are one server."""

from pathlib import Path

import pytest
from chaos_office import Office, Wish
from real_server import RealServer, installed

from qbwc_server.rehearsal.company import sample_company
from qbwc_server.rehearsal.connector import SimulatedConnector

ROUNDS = 6


def visit(office: Office, first: SimulatedConnector, second: SimulatedConnector) -> None:
    """Make a visit whose calls go to one and the other in turn."""
    books = office.company
    ticket = first.authenticate()[0]
    books.begin_session()
    hcp, number = books.hcp_response(), 0
    while number < 100:
        first, second = second, first
        request = first.send_request(ticket, hcp, books.path)
        number, hcp = second.receive_response(ticket, books.process(request)), ""
        assert number >= 0, first.get_last_error(ticket)
    assert first.close_connection(ticket)
    books.end_session()
    for one in (first, second):
        assert one.violations == []
        one.forget()


def wishes_of(office: Office, servers: tuple[RealServer, RealServer], *, whole: bool) -> list[Wish]:
    """Ask at one and the other in turn."""
    wishes = office.day(whole=whole)
    for number, wish in enumerate(wishes):
        office.server = servers[number % 2]
        office.ask(wish)
    return wishes


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("website_url", ["postgresql", "mysql"], indirect=True)
def test_a_visit_may_go_to_both_in_turn_and_both_publish_once(
    tmp_path: Path, database_url: str, website_url: str
) -> None:
    with installed(tmp_path / "server", database_url=database_url, website_url=website_url) as one, one.twin() as other:
        office = Office(one, sample_company(customers=60, items=40), seed=13)
        connectors = one.connector(office.account, office.company), other.connector(office.account, office.company)
        one.start()
        other.start()
        first = office.everything()
        for wish in first:
            office.ask(wish)
        visit(office, *connectors)
        office.verify(first)
        for number in range(ROUNDS):
            wishes = wishes_of(office, (one, other), whole=number % 2 == 0)
            visit(office, *(connectors if number % 2 else connectors[::-1]))
            office.verify(wishes)
