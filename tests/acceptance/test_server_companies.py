"""Two companies at one server at the same time: no call of one sees or touches the other's."""

import contextlib
import threading
from pathlib import Path
from typing import Any

from real_server import Account, RealServer, installed

from qbwc_server.rehearsal.company import SimulatedCompany, sample_company

ROUNDS = 5


class Half:
    """One company with its people and its connector, as a thread."""

    def __init__(self, server: RealServer, name: str, books: SimulatedCompany) -> None:
        self.server = server
        self.books = books
        self.account: Account = server.add_company(name, books)
        self.ids: list[int] = []
        self.violations: list[str] = []
        self.thread = threading.Thread(target=self._work)

    def _work(self) -> None:
        connector = self.server.connector(self.account, self.books)
        customers = [str(one["ListID"]) for one in self.books.customers()]
        for number in range(ROUNDS):
            self.books.change("customer", customers[number], Phone=f"{self.account.company} {number}")
            asked = self.server.ask(self.account.company, "customer", list_ids=customers[:10])
            asked += self.server.ask(self.account.company, "item", scope="all")
            self.ids += [one["id"] for one in asked]
            self.violations += connector.visit().violations

    def rows(self) -> dict[str, dict[str, Any]]:
        query = "SELECT * FROM customers WHERE company = :c"
        return {row["list_id"]: row for row in self.server.website(query, c=self.account.company)}


def test_two_companies_with_the_same_list_ids_are_served_in_parallel_and_kept_apart(tmp_path: Path) -> None:
    with installed(tmp_path / "server") as server:
        # The same ListIDs in both files, other people behind them.
        halves = [Half(server, f"company-{seed}", sample_company(customers=12, items=20, seed=seed)) for seed in (1, 2)]
        server.start()
        for half in halves:
            half.thread.start()
        for half in halves:
            half.thread.join()
        for half in halves:
            assert half.violations == []
            assert {one["state"] for one in server.final(half.ids)} == {"published"}
            rows = half.rows()
            for number in range(ROUNDS):
                record = half.books.customers()[number]
                row = rows[str(record["ListID"])]
                assert (row["name"], row["phone"]) == (record["Name"], f"{half.account.company} {number}")
            assert half.books.write_attempts == []
            numbers = server.ours("SELECT seq FROM changes WHERE company = :c ORDER BY seq", c=half.account.company)
            assert len({row["seq"] for row in numbers}) == len(numbers)
        one, other = halves
        assert set(one.rows()) & set(other.rows())


def test_a_ticket_opens_nothing_of_another_company(tmp_path: Path) -> None:
    with installed(tmp_path / "server") as server:
        books = [sample_company(customers=5, items=1, seed=seed) for seed in (1, 2)]
        accounts = [server.add_company(f"company-{n}", one) for n, one in enumerate(books)]
        server.start()
        list_id = str(books[0].customers()[0]["ListID"])
        mine = server.ask("company-0", "customer", list_id=list_id)[0]["id"]
        theirs = server.ask("company-1", "customer", list_id=list_id)[0]["id"]
        steps = [server.connector(account, one) for account, one in zip(accounts, books, strict=True)]
        with contextlib.ExitStack() as stack:
            for connector in steps:
                stack.callback(connector.disconnect)
            tickets = [connector.authenticate()[0] for connector in steps]
            request = steps[0].send_request(tickets[0], books[0].hcp_response(), books[0].path)
            steps[1].send_request(tickets[1], books[1].hcp_response(), books[1].path)
            books[0].begin_session()
            # Under the second one's ticket it can be an answer to the second one's request at most.
            steps[1].receive_response(tickets[1], books[0].process(request))
            assert server.refresh(mine)["state"] == "sent"
            assert server.ours("SELECT * FROM records WHERE company = 'company-0'") == []
            for connector, ticket in zip(steps, tickets, strict=True):
                connector.close_connection(ticket)
        for account, one in zip(accounts, books, strict=True):
            server.connector(account, one).visit()
        assert [one["state"] for one in server.final([mine, theirs])] == ["published", "published"]
