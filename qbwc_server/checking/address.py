"""The public address, called as the Web Connector calls it.

Nothing of what is sent is kept by the server that answers, whoever it is, and nothing secret is sent.
"""

import http.client
import socket
from collections.abc import Callable
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from qbwc_server import __version__
from qbwc_server.checking import certificate, soap
from qbwc_server.checking.databases import clock
from qbwc_server.checking.finding import Finding, fault, good, guarded, guarded_all, reason, skipped
from qbwc_server.checking.line import CALL_SECONDS, Address, Answer, Line
from qbwc_server.checking.proof import PATH as PROOF_PATH
from qbwc_server.checking.proof import new_challenge, proves
from qbwc_server.settings import Settings, SettingsError, secret_key

BODY_SIZE: Final = 8 << 20
"""Bytes of the body that must go through: more than the usual limits of proxies (nginx 1 MB), not a strain."""

_BODY_SECONDS: Final = 60.0
_DOOR: Final = "/qbwc"
_SUPPORT: Final = "/support"
_PROGRAM: Final = "qbwc-server"
_AFTER_PAGE: Final = (
    "public_url_wsdl",
    "public_url_serves",
    "public_url_redirect",
    "public_url_keep_alive",
    "public_url_body",
    "public_url_installation",
    "public_url_support",
    "public_url_clock",
)
# What a status usually means where something stands before the server.
_KINDS: Final = {
    HTTPStatus.BAD_REQUEST: "refused",
    HTTPStatus.UNAUTHORIZED: "closed",
    HTTPStatus.FORBIDDEN: "closed",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "not_found",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.BAD_GATEWAY: "nobody",
    HTTPStatus.SERVICE_UNAVAILABLE: "nobody",
    HTTPStatus.GATEWAY_TIMEOUT: "nobody",
}


def public_address(settings: Settings) -> tuple[Finding, ...]:
    """Check the public address from its form to the help page; what cannot be reached any more is skipped.

    Each call waits 10 s at most, the long one 60 s. A server that checks itself needs a free thread for that.
    """
    address = Address.of(settings.public_url)
    found: list[Finding] = [_form(address)]
    for name, look in (
        ("public_url_dns", lambda: (_resolves(address),)),
        ("public_url_connects", lambda: (_connects(address),)),
        (certificate.CHAIN, lambda: certificate.certificate(address)),
    ):
        found += guarded_all(name, look)
        if not all(one.ok for one in found):
            made = {one.check for one in found}
            rest = ("public_url_connects", *certificate.CHECKS, "public_url_page", *_AFTER_PAGE)
            return (*found, *(skipped(check, "skipped.address") for check in rest if check not in made))
    line = Line(address)
    try:
        return (*found, *_answers(settings, address, line))
    finally:
        line.close()


def _form(address: Address) -> Finding:
    # The settings refuse http elsewhere, and numbers.
    told = "form.https" if address.scheme == "https" else "form.local"
    return good("public_url_form", told, url=address.url)


def _resolves(address: Address) -> Finding:
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except OSError as problem:
        return fault("public_url_dns", "dns.unknown", host=address.host, reason=reason(problem))
    numbers = dict.fromkeys(str(where[0]) for *_, where in found)
    return good("public_url_dns", "dns.known", host=address.host, numbers=", ".join(numbers))


def _connects(address: Address) -> Finding:
    where = {"host": address.host, "port": str(address.port)}
    try:
        socket.create_connection((address.host, address.port), timeout=CALL_SECONDS).close()
    except ConnectionRefusedError:
        told = "connects.refused" if address.scheme == "https" else "connects.refused_here"
        return fault("public_url_connects", told, **where)
    except OSError as problem:
        return fault("public_url_connects", "connects.not", **where, reason=reason(problem))
    return good("public_url_connects", "connects.well", **where)


def _answers(settings: Settings, address: Address, line: Line) -> tuple[Finding, ...]:
    """Check what is answered, from the page for people on, over one connection."""
    door = address.url + _DOOR
    first: list[Answer] = []

    def page() -> Finding:
        first.append(line.get(_DOOR))
        return _wanted("public_url_page", door, first[0]) or good("public_url_page", "page.well", url=door)

    found = _called("public_url_page", address.url, page)
    if not first:
        return (found, *(skipped(check, "skipped.page") for check in _AFTER_PAGE))
    rest: tuple[tuple[str, Callable[[], Finding]], ...] = (
        ("public_url_wsdl", lambda: _wsdl(line, door)),
        ("public_url_serves", lambda: _serves(line, door)),
        ("public_url_redirect", lambda: _redirects(line, door, first[0])),
        ("public_url_keep_alive", lambda: _keeps(address)),
        ("public_url_body", lambda: _takes_body(line, door)),
        ("public_url_installation", lambda: installation(settings, line, address.url)),
        ("public_url_support", lambda: _support(line, address.url + _SUPPORT)),
        ("public_url_clock", lambda: _clock(first[0])),
    )
    return (found, *(_called(check, address.url, look) for check, look in rest))


def _called(check: str, url: str, look: Callable[[], Finding]) -> Finding:
    def call() -> Finding:
        try:
            return look()
        except TimeoutError:
            return fault(check, "answer.late", url=url)
        except (OSError, http.client.HTTPException) as problem:
            return fault(check, "answer.none", url=url, reason=reason(problem))

    return guarded(check, call)


def _wanted(check: str, url: str, answer: Answer) -> Finding | None:
    """Return what is wrong with the status of an answer that should be 200; None if nothing is."""
    if answer.status == HTTPStatus.OK:
        return None
    if answer.redirects:
        return skipped(check, "skipped.redirect", url=url)
    kind = _KINDS.get(HTTPStatus(answer.status), "strange") if answer.status in list(HTTPStatus) else "strange"
    return fault(check, f"answer.{kind}", url=url, status=str(answer.status))


def _redirects(line: Line, door: str, page: Answer) -> Finding:
    for answer in (page, _version(line)):
        if answer.redirects:
            return fault("public_url_redirect", "redirect.leads", url=door, to=answer.headers.get("location", "?"))
    return good("public_url_redirect", "redirect.none", url=door)


def _wsdl(line: Line, door: str) -> Finding:
    check, url = "public_url_wsdl", f"{door}?wsdl"
    answer = line.get(f"{_DOOR}?wsdl")
    wrong = _wanted(check, url, answer)
    if wrong is not None:
        return wrong
    named = soap.wsdl_address(answer.body)
    if named is None:
        return fault(check, "wsdl.none", url=url)
    return (
        good(check, "wsdl.well", url=url)
        if named == door
        else fault(check, "wsdl.other_address", named=named, url=door)
    )


def _version(line: Line) -> Answer:
    return line.post(_DOOR, soap.version_asked(), soap.headers("serverVersion"))


def _serves(line: Line, door: str) -> Finding:
    check = "public_url_serves"
    answer = _version(line)
    wrong = _wanted(check, door, answer)
    if wrong is not None:
        return wrong
    name, _, version = (soap.result("serverVersion", answer.body) or "").partition(" ")
    if name != _PROGRAM:
        return fault(check, "serves.stranger", url=door)
    if version != __version__:
        return fault(check, "serves.other_version", url=door, found=version, version=__version__)
    return good(check, "serves.well", url=door, version=version)


def _keeps(address: Address) -> Finding:
    line = Line(address)
    try:
        _version(line)
        _version(line)
    finally:
        line.close()
    told = good if line.openings == 1 else fault
    return told("public_url_keep_alive", "keep_alive.kept" if line.openings == 1 else "keep_alive.not")


def _takes_body(line: Line, door: str) -> Finding:
    check, method = "public_url_body", "receiveResponseXML"
    size = str(BODY_SIZE >> 20)
    try:
        answer = line.post(_DOOR, soap.long_answer(BODY_SIZE), soap.headers(method), seconds=_BODY_SECONDS)
    except (OSError, http.client.HTTPException) as problem:
        return fault(check, "body.lost", size=size, url=door, reason=reason(problem))
    if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return fault(check, "body.too_large", size=size, url=door)
    wrong = _wanted(check, door, answer)
    if wrong is not None:
        return wrong
    if soap.result(method, answer.body) is None:
        return fault(check, "serves.stranger", url=door)
    return good(check, "body.taken", size=size)


def installation(settings: Settings, line: Line, url: str) -> Finding:
    """Check that it is this very installation that answers.

    Raises:
        OSError, http.client.HTTPException: Nobody answers.
    """
    check = "public_url_installation"
    try:
        key = secret_key(settings)
    except SettingsError:
        return skipped(check, "skipped.secret_key")
    challenge = new_challenge()
    answer = line.get(f"{PROOF_PATH}?challenge={challenge}")
    if answer.status == HTTPStatus.OK and proves(key, challenge, answer.body):
        return good(check, "installation.this", url=url)
    version = soap.result("serverVersion", _version(line).body) or ""
    told = "installation.another" if version.startswith(_PROGRAM) else "installation.stranger"
    return fault(check, told, url=url)


def _support(line: Line, url: str) -> Finding:
    check = "public_url_support"
    answer = line.get(_SUPPORT)
    if answer.redirects:
        return fault(check, "support.leads", url=url, to=answer.headers.get("location", "?"))
    return _wanted(check, url, answer) or good(check, "support.well", url=url)


def _clock(page: Answer) -> Finding:
    check = "public_url_clock"
    try:
        theirs = parsedate_to_datetime(page.headers["date"])
    except (KeyError, ValueError):
        return skipped(check, "clock.no_date")
    if theirs.tzinfo is None:
        return skipped(check, "clock.no_date")
    # The header has whole seconds.
    return clock(check, theirs + timedelta(seconds=0.5) - page.received_at, "clock.public")
