"""The public address, called as the Web Connector calls it, through a proxy with a planted fault."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from front import Faults, Front
from real_server import RealServer, free_port

from qbwc_server.checking import Finding, line, public_address, worded
from qbwc_server.settings import Settings, load_settings

Found = dict[str, Finding]


@dataclass(slots=True)
class Site:
    """A real server whose public address is that of a proxy, and the authority that signs the proxy's certificate."""

    server: RealServer
    port: int
    settings: Settings
    authority: trustme.CA
    trusted: Path

    def certificate(self, name: str = "localhost", *, begins: float = -60, ends: float = 60) -> ssl.SSLContext:
        """Return what a proxy with a certificate of the authority speaks; it is good from a day to a day from now."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        begin, end = (datetime.now(UTC) + timedelta(days=days) for days in (begins, ends))
        self.authority.issue_cert(name, not_before=begin, not_after=end).configure_cert(context)
        return context


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    with RealServer(folder) as server:
        port = free_port()
        server.url = f"https://localhost:{port}"
        server.install()
        server.start()
        settings = load_settings({}, server._environment())
        yield Site(server, port, settings, authority, folder / "authority.pem")


@pytest.fixture
def examine(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., dict[str, Finding]]]:
    """Starts the proxy with faults and gives what is found, by check."""
    monkeypatch.setenv("SSL_CERT_FILE", str(site.trusted))
    with ExitStack() as stack:

        def look(
            faults: Faults | None = None, *, tls: ssl.SSLContext | None = None, settings: Settings | None = None
        ) -> dict[str, Finding]:
            front = Front(site.port, site.server.port, faults or Faults(), tls or site.certificate())
            stack.enter_context(front)
            return by_check(public_address(settings or site.settings))

        yield look


def by_check(found: tuple[Finding, ...]) -> dict[str, Finding]:
    checks = {one.check: one for one in found}
    assert len(checks) == len(found)
    return checks


def faults(found: Mapping[str, Finding]) -> set[str]:
    return {check for check, one in found.items() if not one.ok}


def cure(one: Finding) -> str:
    said = worded(one, "en", "UTC")
    assert said.cure
    return said.cure


def test_an_address_in_order_passes_every_check(examine: Callable[..., Found]) -> None:
    found = examine()

    assert {check: one.told for check, one in found.items() if one.state != "ok"} == {}
    assert {
        "public_url_form",
        "public_url_dns",
        "public_url_connects",
        "public_url_tls_chain",
        "public_url_host_name",
        "public_url_expiry",
        "public_url_redirect",
        "public_url_page",
        "public_url_wsdl",
        "public_url_serves",
        "public_url_installation",
        "public_url_body",
        "public_url_keep_alive",
        "public_url_support",
        "public_url_clock",
    } == set(found)


@pytest.mark.parametrize(
    ("planted", "check", "told", "says"),
    [
        (Faults(redirects={"/qbwc": "/qbwc/"}), "public_url_redirect", "redirect.leads", "QBWC_PUBLIC_URL"),
        (Faults(statuses={"/qbwc": 404}), "public_url_page", "answer.not_found", "proxy"),
        (Faults(statuses={"/qbwc": 401}), "public_url_page", "answer.closed", "without asking"),
        (Faults(statuses={"/qbwc": 502}), "public_url_serves", "answer.nobody", "qbwc serve"),
        (Faults(statuses={"/qbwc": 418}), "public_url_page", "answer.strange", "logs"),
        (Faults(statuses={"/qbwc": 799}), "public_url_page", "answer.strange", "logs"),
        (Faults(limit=1 << 20), "public_url_body", "body.too_large", "client_max_body_size"),
        (Faults(limit=1 << 20, says_so=False), "public_url_body", "body.lost", "client_max_body_size"),
        (Faults(keeps=False), "public_url_keep_alive", "keep_alive.not", "keepalive_timeout"),
        (Faults(clock=timedelta(minutes=3)), "public_url_clock", "clock.public_wrong", "NTP"),
        (Faults(redirects={"/support": "/login"}), "public_url_support", "support.leads", "same host"),
        (Faults(statuses={"/support": 403}), "public_url_support", "answer.closed", "without asking"),
        (Faults(replaced={"/qbwc?wsdl": b"<html/>"}), "public_url_wsdl", "wsdl.none", "question mark"),
        (Faults(replaced={"*": b"<h1>Welcome</h1>"}), "public_url_installation", "installation.stranger", "/qbwc"),
        (Faults(replaced={"*": b"<h1>Welcome</h1>"}), "public_url_serves", "serves.stranger", "proxy"),
        (Faults(host="elsewhere.example"), "public_url_support", "answer.refused", "proxy_set_header Host"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_planted_fault_is_found_with_its_cure(
    examine: Callable[..., Found], planted: Faults, check: str, told: str, says: str
) -> None:
    found = examine(planted)

    assert found[check].told == told
    assert says in cure(found[check])


@pytest.mark.parametrize(
    ("planted", "only"),
    [
        (Faults(redirects={"/qbwc": "/qbwc/"}), "public_url_redirect"),
        (Faults(limit=1 << 20), "public_url_body"),
        (Faults(keeps=False), "public_url_keep_alive"),
        (Faults(clock=timedelta(minutes=-3)), "public_url_clock"),
        (Faults(redirects={"/support": "/login"}), "public_url_support"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_fault_is_told_once(examine: Callable[..., Found], planted: Faults, only: str) -> None:
    assert faults(examine(planted)) == {only}


def test_a_redirect_says_where_it_leads(examine: Callable[..., Found]) -> None:
    found = examine(Faults(redirects={"/qbwc": "https://www.example.com/qbwc"}))

    assert "https://www.example.com/qbwc" in worded(found["public_url_redirect"], "en", "UTC").message


def test_another_installation_is_no_match(examine: Callable[..., Found], site: Site) -> None:
    found = examine(settings=site.settings.with_changes(secret_key="another secret key of this length"))

    assert faults(found) == {"public_url_installation"}
    assert found["public_url_installation"].told == "installation.another"


def test_without_a_secret_key_the_installation_is_not_told(examine: Callable[..., Found], site: Site) -> None:
    found = examine(settings=site.settings.with_changes(data_dir=site.settings.data_dir / "nowhere"))

    assert faults(found) == set()
    assert found["public_url_installation"].state == "skipped"


def test_a_server_that_runs_with_another_address_is_found_by_its_wsdl(examine: Callable[..., Found]) -> None:
    wsdl = (
        b'<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" targetNamespace="http://developer.intuit.com/">'
        b'<address xmlns="http://schemas.xmlsoap.org/wsdl/soap/" location="https://old.example.com/qbwc"/></definitions>'
    )

    found = examine(Faults(replaced={"/qbwc?wsdl": wsdl}))

    assert faults(found) == {"public_url_wsdl"}
    assert "https://old.example.com/qbwc" in worded(found["public_url_wsdl"], "en", "UTC").message
    assert "QBWC_PUBLIC_URL" in cure(found["public_url_wsdl"])


def test_an_older_server_is_told_from_a_stranger(examine: Callable[..., Found]) -> None:
    answer = b"<x><serverVersionResult>qbwc-server 0.0.1</serverVersionResult></x>"

    found = examine(Faults(replaced={"/qbwc": answer}))

    assert found["public_url_serves"].told == "serves.other_version"
    assert "Start the server again" in cure(found["public_url_serves"])


# --- the certificate ---


@pytest.mark.parametrize(
    ("begins", "ends", "told"), [(-60, -1, "tls.expired"), (1, 60, "tls.expired"), (-60, 3, "tls.ends")]
)
def test_a_certificate_out_of_date_or_soon_so_is_a_fault(
    examine: Callable[..., Found], site: Site, begins: int, ends: int, told: str
) -> None:
    found = examine(tls=site.certificate(begins=begins, ends=ends))

    assert faults(found) == {"public_url_expiry"}
    assert found["public_url_expiry"].told == told
    assert "Renew it" in cure(found["public_url_expiry"])


def test_a_certificate_that_ends_in_two_weeks_is_told_and_no_fault(examine: Callable[..., Found], site: Site) -> None:
    found = examine(tls=site.certificate(ends=14))

    assert faults(found) == set()
    assert found["public_url_expiry"].told == "tls.ends_soon"
    assert found["public_url_body"].state == "ok"


def test_a_certificate_of_another_name_is_found_with_the_names_it_has(
    examine: Callable[..., Found], site: Site
) -> None:
    found = examine(tls=site.certificate("shop.example.com"))

    assert faults(found) == {"public_url_host_name"}
    assert "shop.example.com" in worded(found["public_url_host_name"], "en", "UTC").message
    assert "for that name" in cure(found["public_url_host_name"])


def test_a_certificate_of_an_unknown_authority_is_a_fault_of_the_chain(examine: Callable[..., Found]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)

    found = examine(tls=context)

    assert faults(found) == {"public_url_tls_chain"}
    assert found["public_url_tls_chain"].told == "tls.unknown"
    assert "whole chain" in cure(found["public_url_tls_chain"])
    assert found["public_url_page"].state == "skipped"


def test_a_certificate_that_signs_itself_is_told_apart(examine: Callable[..., Found], tmp_path: Path) -> None:
    own = trustme.CA()
    own.cert_pem.write_to_path(tmp_path / "own.pem")
    own.private_key_pem.write_to_path(tmp_path / "own.key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "own.pem", tmp_path / "own.key")

    found = examine(tls=context)

    assert faults(found) == {"public_url_tls_chain"}
    assert found["public_url_tls_chain"].told == "tls.self_signed"
    assert "Let's Encrypt" in cure(found["public_url_tls_chain"])


def test_http_where_https_is_wanted_is_found(site: Site) -> None:
    with Front(site.port, site.server.port, Faults()):
        found = by_check(public_address(site.settings))

    assert faults(found) == {"public_url_tls_chain"}
    assert found["public_url_tls_chain"].told == "tls.no_tls"
    assert "TLS 1.2" in cure(found["public_url_tls_chain"])


# --- nobody there ---


def test_nobody_at_the_address_is_found(site: Site) -> None:
    found = by_check(public_address(site.settings))

    assert faults(found) == {"public_url_connects"}
    assert "proxy" in cure(found["public_url_connects"])
    assert {one.state for check, one in found.items() if check > "public_url_e" and "form" not in check} == {"skipped"}


def test_a_name_that_nobody_knows_is_found(site: Site) -> None:
    found = by_check(public_address(site.settings.with_changes(public_url="https://nobody.invalid")))

    assert faults(found) == {"public_url_dns"}
    assert "A record" in cure(found["public_url_dns"])


def test_who_never_answers_is_given_up(examine: Callable[..., Found], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "CALL_SECONDS", 0.3)
    began = time.monotonic()

    found = examine(Faults(waits=5))

    assert time.monotonic() - began < 4
    assert found["public_url_page"].told == "answer.late"
    assert faults(found) == {"public_url_page"}


def test_who_drips_is_given_up_when_the_time_of_the_call_is_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "CALL_SECONDS", 0.5)
    settings = site.settings.with_changes(public_url=f"http://localhost:{free_port()}")
    with _dripping(line.Address.of(settings.public_url).port):
        began = time.monotonic()
        found = by_check(public_address(settings))

    assert time.monotonic() - began < 3
    assert found["public_url_page"].told == "answer.late"


class _dripping:  # noqa: N801 - reads as what it gives
    """A server that sends a byte of an endless header every tenth of a second."""

    def __init__(self, port: int) -> None:
        self._listener = socket.create_server(("localhost", port))
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._drip)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._listener.close()

    def _drip(self) -> None:
        self._listener.settimeout(0.05)
        callers: list[socket.socket] = []
        while not self._over.wait(0.1):
            with suppress(TimeoutError):
                callers.append(self._listener.accept()[0])
            for one in list(callers):
                try:
                    one.sendall(b"H")
                except OSError:
                    callers.remove(one)
                    one.close()
        for one in callers:
            one.close()


# --- what is sent, and what stays behind ---


def test_the_calls_are_those_of_the_web_connector_and_leave_nothing_behind(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(site.trusted))
    tables = ("visits", "exchanges", "refreshes", "staging", "connections")
    before = {name: site.server.ours(f"SELECT count(*) AS n FROM {name}") for name in tables}  # noqa: S608
    with Front(site.port, site.server.port, Faults(), site.certificate()) as front:
        public_address(site.settings)

    posts = [headers for method, _, headers in front.calls if method == "POST"]
    assert {headers["SOAPAction"] for headers in posts} == {
        '"http://developer.intuit.com/serverVersion"',
        '"http://developer.intuit.com/receiveResponseXML"',
    }
    assert {(headers["Content-Type"], headers["Expect"]) for headers in posts} == {
        ("text/xml; charset=utf-8", "100-continue")
    }
    assert max(int(headers["Content-Length"]) for headers in posts) > 8 << 20
    assert {name: site.server.ours(f"SELECT count(*) AS n FROM {name}") for name in tables} == before  # noqa: S608


def test_a_body_that_is_refused_beforehand_is_not_sent(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(site.trusted))
    with Front(site.port, site.server.port, Faults(limit=1 << 20), site.certificate()) as front:
        found = by_check(public_address(site.settings))

    assert found["public_url_body"].told == "body.too_large"
    assert front.unasked == 0
