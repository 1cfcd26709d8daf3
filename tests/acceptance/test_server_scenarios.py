"""Everything that goes wrong with a Web Connector, at the real server: it keeps to the protocol and loses nothing."""

import contextlib
import threading
from collections.abc import Iterator

import pytest
from real_server import Account, RealServer, installed

from qbwc_server.rehearsal import scenarios
from qbwc_server.rehearsal.company import SimulatedCompany, sample_company
from qbwc_server.rehearsal.connector import Outcome, SimulatedConnector
from qbwc_server.rehearsal.connector_faults import Fault, FaultKind


class Place:
    """A running server with one company, whose people ask and whose connector comes by."""

    def __init__(self, server: RealServer) -> None:
        self.server = server
        self.books: SimulatedCompany = sample_company(customers=30, items=20)
        self.account: Account = server.add_company("acme", self.books)
        self.url = f"{server.url}/qbwc"

    def connector(self) -> SimulatedConnector:
        return self.server.connector(self.account, self.books)

    @contextlib.contextmanager
    def steps(self) -> Iterator[SimulatedConnector]:
        """A connector for single calls."""
        connector = self.connector()
        try:
            yield connector
        finally:
            connector.disconnect()

    def begin(self, connector: SimulatedConnector) -> tuple[str, str]:
        """Begin a visit; returns the ticket and the first request."""
        ticket = connector.authenticate()[0]
        return ticket, connector.send_request(ticket, self.books.hcp_response(), self.books.path)

    def answer(self, request: str) -> str:
        self.books.begin_session()
        return self.books.process(request)

    def ask(self) -> list[int]:
        customers = [str(one["ListID"]) for one in self.books.customers()]
        items = [str(one["ListID"]) for one in self.books.items()]
        asked = self.server.ask("acme", "customer", list_ids=customers[:5])
        asked += self.server.ask("acme", "item", list_ids=items[:3])
        asked += self.server.ask("acme", "customer", full_name=str(self.books.customers()[6]["FullName"]))
        return [one["id"] for one in asked]

    def states(self, ids: list[int]) -> set[str]:
        return {self.server.refresh(one)["state"] for one in ids}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with installed(tmp_path_factory.mktemp("scenarios") / "server") as server:
        made = Place(server)
        server.start()
        yield made


@pytest.mark.parametrize("scenario", [one.name for one in scenarios.SCENARIOS])
def test_no_scenario_sees_a_violation_or_loses_a_refresh(place: Place, scenario: str) -> None:
    ids = place.ask()
    report = scenarios.run(
        scenario, url=place.url, user=place.account.user, password=place.account.password, company=place.books
    )
    assert report.violations == ()
    place.connector().visit()
    found = place.server.final(ids)
    assert [(one["state"], one["error"]) for one in found if one["state"] != "published"] == []
    assert place.books.write_attempts == []


def test_a_second_connector_with_the_same_account_takes_over_and_the_first_is_told(place: Place) -> None:
    ids = place.ask()
    with place.steps() as first:
        ticket, request = place.begin(first)
        assert "CustomerQueryRq" in request
        report = place.connector().visit()
        assert (report.outcome, report.violations) == (Outcome.DONE, ())
        assert {one["state"] for one in place.server.final(ids)} == {"published"}
        changes = place.server.ours("SELECT count(*) AS n FROM changes")
        assert first.receive_response(ticket, place.answer(request)) < 0
        assert "another" in first.get_last_error(ticket).lower()
        assert first.send_request(ticket) == ""
        assert first.close_connection(ticket)
        assert place.server.ours("SELECT count(*) AS n FROM changes") == changes
        assert first.violations == []


def test_two_connectors_at_once_with_one_account_do_each_refresh_once(place: Place) -> None:
    for _ in range(3):
        ids = place.ask()
        place.books.change("customer", str(place.books.customers()[0]["ListID"]), Phone=f"555-{ids[0]:04d}"[:20])
        before = place.server.ours("SELECT count(*) AS n FROM changes")[0]["n"]
        violations: list[str] = []

        def run(found: list[str] = violations) -> None:
            for _ in range(2):
                # "The same answer again" is not asked for here, only the rules of the protocol.
                found += place.connector().visit().violations

        threads = [threading.Thread(target=run) for _ in range(2)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        place.connector().visit()
        assert {one["state"] for one in place.server.final(ids)} == {"published"}
        assert place.server.ours("SELECT count(*) AS n FROM changes")[0]["n"] <= before + 1 + len(ids)
        assert violations == []


def test_a_late_answer_counts_as_long_as_nobody_has_taken_over(place: Place) -> None:
    ids = place.ask()
    late = place.connector().visit(Fault(FaultKind.LATE_ANSWER, seconds=3.0))
    assert late.violations == ()
    assert {one["state"] for one in place.server.final(ids)} == {"published"}


def test_an_answer_after_the_connection_was_closed_still_counts(place: Place) -> None:
    ids = place.ask()
    with place.steps() as connector:
        ticket, request = place.begin(connector)
        connector.close_connection(ticket)
        assert place.states(ids) == {"waiting"}
        connector.receive_response(ticket, place.answer(request))
    assert {one["state"] for one in place.server.final(ids)} == {"published"}


def test_a_cancel_while_quickbooks_works_is_refused_and_the_record_arrives(place: Place) -> None:
    list_id = str(place.books.customers()[9]["ListID"])
    refresh_id = place.server.ask("acme", "customer", list_id=list_id)[0]["id"]
    with place.steps() as connector:
        ticket, request = place.begin(connector)
        assert place.server.api("DELETE", f"/api/v1/refreshes/{refresh_id}").status == 409
        assert connector.receive_response(ticket, place.answer(request)) == 100
        connector.close_connection(ticket)
    assert place.server.final([refresh_id])[0]["state"] == "published"


def test_twenty_askers_at_once_make_one_request_to_quickbooks_and_one_change(place: Place) -> None:
    list_id = str(place.books.customers()[20]["ListID"])
    found: list[int] = []

    def ask() -> None:
        found.append(place.server.ask("acme", "customer", list_id=list_id)[0]["id"])

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(found) == 20
    assert len(set(found)) == 1
    sent = place.books.set_count
    assert place.connector().visit().round_trips == 1
    assert place.books.set_count == sent + 1
    assert place.server.final(found[:1])[0]["state"] == "published"
    rows = place.server.ours("SELECT count(*) AS n FROM changes WHERE list_id = :i", i=list_id)
    assert rows == [{"n": 1}]


def test_a_refresh_over_which_quickbooks_dies_each_time_fails_with_a_sentence_and_others_pass(place: Place) -> None:
    customers = [str(one["ListID"]) for one in place.books.customers()]
    deadly = customers[25]
    place.books.faults.crash_on.add(deadly)
    ids = [one["id"] for one in place.server.ask("acme", "customer", list_ids=[customers[24], deadly, customers[26]])]
    outcomes = [place.connector().visit().outcome for _ in range(9)]
    place.books.faults.crash_on.clear()
    assert Outcome.CRASHED in outcomes
    found = place.server.final(ids)
    assert [one["state"] for one in found] == ["published", "failed", "published"]
    assert found[1]["error"]["message"]
