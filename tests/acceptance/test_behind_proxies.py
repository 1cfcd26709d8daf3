"""Through a real nginx and a real Caddy over https, on a name of its own and under a path of another site.

The proxies run on the files of deploy/, so what holds here holds for who installs them.
"""

import http.client
import re
import secrets
import ssl
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from lxml import etree
from proxies import CALLER, NEIGHBOUR, WAYS, Dialling, Site, Way, served
from real_server import Account

from qbwc_server.checking import public_address
from qbwc_server.rehearsal.company import SimulatedCompany, sample_company
from qbwc_server.rehearsal.connector import SimulatedConnector
from qbwc_server.rehearsal.connector_adding import add_application
from qbwc_server.rehearsal.connector_soap import INTUIT, build_envelope
from qbwc_server.rehearsal.connector_wire import Wire
from qbwc_server.settings import load_settings

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc and calls from 127.0.0.77")

MB = 1 << 20
BIG = 60 * MB
BIG_SECONDS = 30.0
TIME_WAIT = "06"
WSDL_SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"
STRANGER = "203.0.113.9"


@pytest.fixture(scope="module", params=WAYS, ids=str)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    way: Way = request.param
    with served(way, tmp_path_factory.mktemp(str(way))) as one:
        yield one


@pytest.fixture(autouse=True)
def dialling(monkeypatch: pytest.MonkeyPatch) -> Dialling:
    one = Dialling()
    one.install(monkeypatch)
    return one


@pytest.fixture
def books() -> SimulatedCompany:
    return sample_company(customers=20, items=20)


@pytest.fixture
def account(site: Site, books: SimulatedCompany) -> Account:
    return site.server.add_company(f"c-{secrets.token_hex(4)}", books)


def test_the_web_connectors_address_answers_under_the_public_name(site: Site) -> None:
    browser = site.browser()
    assert browser.get(f"{site.url}/qbwc").status == 200
    wsdl = etree.XML(browser.get(f"{site.url}/qbwc?wsdl").text.encode())
    assert [place.get("location") for place in wsdl.iter(f"{WSDL_SOAP}address")] == [f"{site.url}/qbwc"]
    assert browser.get(f"{site.url}/support").status == 200
    assert browser.get(f"{site.url}/healthz").text == "ok\n"


def test_an_unknown_authority_is_not_trusted(site: Site) -> None:
    address = urlsplit(site.url)
    client = http.client.HTTPSConnection(address.netloc, timeout=20, context=ssl.create_default_context())
    with pytest.raises(ssl.SSLCertVerificationError):
        client.request("GET", f"{address.path}/qbwc")
    client.close()


def test_somebody_signs_in_and_every_link_stays_below_the_public_address(site: Site) -> None:
    browser = site.browser()
    asked = browser.get(f"{site.url}/customers")
    assert asked.url.startswith(f"{site.url}/sign-in?")
    page = browser.submit(asked, "/sign-in", user="ada", password="correct horse")
    assert (page.status, page.url) == (200, f"{site.url}/customers")
    (cookie,) = browser.jar
    assert (cookie.name, cookie.secure, cookie.path) == ("__Host-qbwc", True, "/")
    links = [link for link in links_of(page.text) if not link.startswith(("#", "?"))]
    assert any("/static/" in link for link in links)
    for link in links:
        assert link.startswith(f"{site.way.prefix}/"), link
        answer = browser.get(link)
        assert answer.status == 200, link
        assert answer.url.startswith(f"{site.url}/")


def test_the_downloaded_qwc_leads_the_web_connector_back_over_one_connection(
    site: Site, account: Account, books: SimulatedCompany, dialling: Dialling
) -> None:
    browser = site.browser()
    browser.submit(browser.get(f"{site.url}/sign-in"), "/sign-in", user="ada", password="correct horse")
    file = browser.get(f"{site.url}/connection/{account.company}/qwc").text
    app_url = etree.XML(file.encode()).findtext("AppURL")
    assert app_url == f"{site.url}/qbwc"
    asked = site.server.ask(account.company, "customer", scope="all")
    asked += site.server.ask(account.company, "item", scope="all")
    connector = site.connector(account, books, app_url)
    closed = closed_behind(site)
    dialling.dialled.clear()
    report = connector.visit()
    connector.disconnect()
    assert (report.outcome, report.violations) == ("done", ())
    assert len(report.calls) >= 6
    assert len(dialling.dialled) == 1
    # One or two may be those of this test's own questions.
    assert len(closed_behind(site) - closed) <= 2, "the proxy opens a connection to the server for each call"
    found = site.server.final([one["id"] for one in asked])
    assert [one["state"] for one in found] == ["published"] * 2
    assert site.server.ours("SELECT address FROM visits WHERE company = :c", c=account.company) == [{"address": CALLER}]


def test_the_set_up_leads_from_the_page_to_the_first_call(site: Site, books: SimulatedCompany) -> None:
    browser = site.browser()
    browser.submit(browser.get(f"{site.url}/sign-in"), "/sign-in", user="ada", password="correct horse")
    browser.get(f"{site.url}/language?lang=en")
    name = f"s-{secrets.token_hex(4)}"
    added = browser.submit(browser.get(f"{site.url}/setup/company"), "/setup/company", name=name, short="", file="")
    assert added.url == f"{site.url}/setup/companies/{name}/password"
    made = browser.submit(added, "/password")
    password = re.findall(r'id="made" value="([^"]+)"', made.text)[0]
    linked = browser.submit(browser.get(f"{site.url}/setup/companies/{name}/pc"), "/link#link")
    link = re.findall(r'id="made-link" value="([^"]+)"', linked.text)[0]
    assert link.startswith(f"{site.url}/at-the-pc/")
    assert "Auto-Run" in site.browser().get(link).words
    file = browser.get(f"{site.url}/connection/{name}/qwc").text.encode()
    application = add_application(file, ssl_context=site.trust)
    books.register(application.owner_id, application.file_id)
    connector = SimulatedConnector(application.url, application.user, password, books, ssl_context=site.trust)
    site.server.ask(name, "customer", scope="all")
    assert connector.visit().outcome == "done"
    assert "Connected to" in browser.get(f"{site.url}/setup/companies/{name}/wait").words
    end = time.monotonic() + 20
    while "We hear you" not in (heard := site.browser().get(link).words):
        assert time.monotonic() < end, heard
        time.sleep(0.2)


def test_the_doctor_finds_the_public_address_in_order(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(site.authority))
    settings = load_settings({"data_dir": site.server.folder, "public_url": site.url, "port": site.server.port}, {})

    found = public_address(settings)

    assert [(one.check, one.told, dict(one.values)) for one in found if one.state != "ok"] == []
    assert len(found) >= 10


def test_a_call_that_waits_for_100_continue_is_told_to_go_on(site: Site) -> None:
    wire = Wire(f"{site.url}/qbwc", timeout=20, ssl_context=site.trust)
    replies = [wire.post("serverVersion", build_envelope("serverVersion", {})) for _ in range(3)]
    wire.disconnect()
    assert [(one.status, one.continued, one.closing, one.reconnected) for one in replies] == [
        (200, True, False, False)
    ] * 3


def test_an_answer_of_60_mb_passes(site: Site, account: Account, books: SimulatedCompany) -> None:
    asked = site.server.ask(account.company, "customer", scope="all")
    report = site.connector(account, Padded(books)).visit()
    slowest = max(report.calls, key=lambda call: call.seconds)
    print(f"\n{site.way}: {BIG / MB:.0f} MB in {slowest.seconds:.1f} s ({slowest.name})")  # noqa: T201 - for those who look
    assert (report.outcome, report.violations) == ("done", ())
    assert slowest.name == "receiveResponseXML"
    assert slowest.seconds < BIG_SECONDS
    found = site.server.final([asked[0]["id"]])[0]
    assert (found["state"], found["records"]) == ("published", 20)


def test_a_stranger_cannot_choose_the_address_he_is_known_by(site: Site, account: Account) -> None:
    site.server.ask(account.company, "customer", scope="all")
    params = {"strUserName": account.user, "strPassword": account.password}
    body = build_envelope("authenticate", params)
    lies = {"X-Forwarded-For": STRANGER, "Forwarded": f"for={STRANGER}", "X-Real-IP": STRANGER}
    client = post(site, "authenticate", {"Content-Length": str(len(body)), **lies}, body)
    assert client.getresponse().status == 200
    client.close()
    query = "SELECT v.address AS visit, c.address AS seen FROM visits v JOIN connections c USING (company)"
    end = time.monotonic() + 20
    while not (found := site.server.ours(f"{query} WHERE v.company = :c", c=account.company)) or not found[0]["seen"]:
        assert time.monotonic() < end, found
        time.sleep(0.1)
    assert found == [{"visit": CALLER, "seen": CALLER}]


def test_the_server_takes_nothing_but_its_own_part_of_the_name(site: Site) -> None:
    browser = site.browser()
    root = browser.get(f"{origin(site)}/")
    if not site.way.prefix:
        assert root.url.startswith(f"{site.url}/sign-in")
        return
    assert NEIGHBOUR in root.text
    assert browser.get(f"{origin(site)}/booksellers").status == 404
    led = browser.get(f"{origin(site)}/books")
    assert (led.status, led.url.partition("?")[0]) == (200, f"{site.url}/sign-in")


class Padded:
    """A company whose answers are long: one that has all its records at once, and much white space."""

    def __init__(self, company: SimulatedCompany) -> None:
        self.company = company
        self.path = company.path
        self.country = company.country
        self.begin_session = company.begin_session
        self.end_session = company.end_session
        self.hcp_response = company.hcp_response

    def process(self, qbxml: str, /) -> str:
        return self.company.process(qbxml).replace("</QBXML>", " " * BIG + "</QBXML>")


def links_of(page: str) -> list[str]:
    found = (node.get(name, "") for node in etree.HTML(page).iter(etree.Element) for name in ("href", "src"))
    return [link for link in dict.fromkeys(found) if link]


def origin(site: Site) -> str:
    return site.url.removesuffix(site.way.prefix)


def post(site: Site, method: str, headers: dict[str, str], body: bytes = b"") -> http.client.HTTPSConnection:
    address = urlsplit(site.url)
    client = http.client.HTTPSConnection(address.netloc, timeout=20, context=site.trust)
    client.putrequest("POST", f"{address.path}/qbwc")
    plain = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{INTUIT}{method}"'}
    for name, value in (plain | headers).items():
        client.putheader(name, value)
    client.endheaders(body or None)
    return client


def closed_behind(site: Site) -> set[tuple[str, str]]:
    """Return the connections to the server that were closed lately."""
    port = f":{site.server.port:04X}"
    lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    pairs = [(here, there) for _, here, there, state, *_ in map(str.split, lines) if state == TIME_WAIT]
    return {pair for pair in pairs if any(end.endswith(port) for end in pair)}
