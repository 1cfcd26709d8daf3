"""The steps of the set-up, as tests of the pages take them."""

import re

from web_office import Browser

from qbwc_server.rehearsal.company import SimulatedCompany
from qbwc_server.rehearsal.connector import SimulatedConnector
from qbwc_server.rehearsal.connector_adding import AddedApplication, add_application

TITLE = "Plomberie Été & Fils"
SHORT = "plomberie-ete-fils"


def add_company(ada: Browser, **typed: str) -> None:
    page = ada.submit(ada.get("/setup/company"), "/setup/company", **{"name": TITLE, "short": "", "file": "", **typed})
    assert page.url.endswith(f"/setup/companies/{typed.get('short') or SHORT}/password")


def make_password(ada: Browser, company: str = SHORT) -> str:
    page = ada.submit(ada.get(f"/setup/companies/{company}/password"), f"/setup/companies/{company}/password")
    found = re.search(r'id="made" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


def download(ada: Browser, company: str = SHORT) -> AddedApplication:
    return add_application(ada.get(f"/connection/{company}/qwc").text.encode())


def at_quickbooks(added: AddedApplication, password: str, books: SimulatedCompany) -> SimulatedConnector:
    books.register(added.owner_id, added.file_id)
    return SimulatedConnector(added.url, added.user, password, books)
