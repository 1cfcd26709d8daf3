"""The office of the demo: a simulated QuickBooks, somebody who changes things in it, and a Web Connector."""

import contextlib
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from qbwc_server.rehearsal.company import SimulatedCompany, sample_company
from qbwc_server.rehearsal.connector import SimulatedConnector
from qbwc_server.store import companies, connector_passwords, users
from qbwc_server.store.database import Database

COMPANY: Final = "sample-hardware"
USER: Final = "demo"
PASSWORD: Final = "demo"  # noqa: S105 - of the demo, told on its first line
_POLL_SECONDS: Final = 2.0
_ONE_CENT: Final = Decimal("0.01")


@dataclass(slots=True)
class Office:
    """A company of ours with its simulated QuickBooks and Web Connector.

    Attributes:
        company: the company's name on the server.
        title: what people see.
        quickbooks: the simulated company file.
        connector: the simulated Web Connector; it talks to the server over HTTP only.
    """

    company: str
    title: str
    quickbooks: SimulatedCompany
    connector: SimulatedConnector
    _chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - sample data

    @classmethod
    def open(cls, database: Database, public_url: str, *, customers: int, items: int) -> "Office":
        """Make the company, the demo's user, the QuickBooks and the connector.

        Args:
            database: our own database; a company and a user of an earlier demo are taken again.
            public_url: where the connector calls.
            customers, items: how many records the company has.
        """
        quickbooks = sample_company(customers=customers, items=items)
        with database.write() as connection:
            now = database.now(connection)
            if COMPANY in {company.company for company in companies.everyone(connection)}:
                company, password = (
                    companies.get(connection, COMPANY),
                    connector_passwords.renew(connection, COMPANY, now),
                )
            else:
                company, password = companies.add(
                    connection, COMPANY, title=quickbooks.title, user_name=None, company_file=quickbooks.path, now=now
                )
            if USER not in {user.name for user in users.everyone(connection)}:
                users.add(connection, USER, "admin", PASSWORD, now, least=len(PASSWORD))
        # What adding the .qwc to the Web Connector does.
        quickbooks.register(company.owner_id, company.file_id)
        connector = SimulatedConnector(f"{public_url}/qbwc", company.user_name, password, quickbooks)
        return cls(company.company, company.title, quickbooks, connector)

    @contextlib.contextmanager
    def visiting(self) -> Iterator[None]:
        """Let the Web Connector call every few seconds."""
        stop = threading.Event()
        thread = threading.Thread(target=self.connector.poll_forever, args=(stop, _POLL_SECONDS), name="connector")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def change(self, list_name: str) -> str:
        """Change a record in QuickBooks so that a refresh finds a difference.

        Args:
            list_name: "customer" or "item".

        Returns:
            Its ListID.
        """
        return self._change(list_name)[0]

    def change_something(self) -> tuple[str, str, str]:
        """Change any record.

        Returns:
            The list, the record's full name, and the qbXML field.
        """
        list_name = self._chance.choice(("customer", "item"))
        _, full_name, name = self._change(list_name)
        return list_name, full_name, name

    def _change(self, list_name: str) -> tuple[str, str, str]:
        if list_name == "customer":
            active = [record for record in self.quickbooks.customers() if record.get("IsActive") != "false"]
            chosen = self._chance.choice(active)
            self.quickbooks.change("customer", chosen["ListID"], Phone=f"514-555-{self._chance.randrange(10_000):04}")
            return chosen["ListID"], chosen["FullName"], "Phone"
        stock = [
            record
            for record in self.quickbooks.items()
            if record["Type"] == "ItemInventory" and record.get("IsActive") != "false"
        ]
        chosen = self._chance.choice(stock)
        price = (Decimal(chosen.get("SalesPrice", "9.99")) * Decimal("1.05")).quantize(_ONE_CENT) + _ONE_CENT
        self.quickbooks.change("item", chosen["ListID"], SalesPrice=str(price))
        return chosen["ListID"], chosen["FullName"], "Price"
