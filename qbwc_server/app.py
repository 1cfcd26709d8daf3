"""The one WSGI application: the three doors behind one address, and what runs beside them.

Pages and programs are answered only under the public URL's host name, or the machine's own (`_named`). The Web
Connector's door takes any: its calls carry no cookie, and a connector set up long ago must not be locked out.

The forwarded headers are dealt with here and nowhere else: from a trusted proxy X-Forwarded-For and -Proto become
REMOTE_ADDR and the scheme, from anybody else they are dropped.
"""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from werkzeug.wrappers import Response

from qbwc_server import words
from qbwc_server.alerting import Courier, make_courier
from qbwc_server.api import PREFIX as API_PATH
from qbwc_server.api import make_api
from qbwc_server.api.problems import Problem
from qbwc_server.conversation import Conversation, Manner
from qbwc_server.publish import Website
from qbwc_server.publishing import Hooks, Publisher, make_hooks
from qbwc_server.refreshing import Office, Refreshing
from qbwc_server.rhythm import Place
from qbwc_server.settings import Settings
from qbwc_server.soap import PATH as SOAP_PATH
from qbwc_server.soap import make_soap_app
from qbwc_server.store.database import Database
from qbwc_server.store.migrate import open_database, stream_id
from qbwc_server.store.retention import Keep, Retention
from qbwc_server.web import make_web

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_FORWARDED: Final = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PREFIX",
    "HTTP_X_FORWARDED_BY",
)
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
# The name in a Host header, or the IPv6 address without its brackets; the port may be a proxy's.
_HOST: Final = re.compile(r"(?:\[(?P<address>[0-9a-f:.]+)\]|(?P<name>[^:\[\]]+))(?::[0-9]*)?", re.ASCII)
_BARE: Final = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Application:
    """A whole server but for its socket.

    Attributes:
        wsgi: what waitress calls.
        database: our own database.
        website: the website's database.
        refreshing: asking, looking, cancelling.
        conversation: what the Web Connector talks to.
        publisher: brings what was answered to the website.
        courier: notices what goes wrong and has people told.
        hooks: tells programs of what was published.
    """

    wsgi: "WSGIApplication"
    database: Database
    website: Website
    refreshing: Refreshing
    conversation: Conversation
    publisher: Publisher
    courier: Courier
    hooks: Hooks

    def start(self) -> None:
        """Begin to publish, to notice and to tell."""
        self.publisher.start()
        self.courier.start()
        self.hooks.start()

    def stop(self) -> None:
        """End publishing after the batch in hand, and the messages, and close both databases."""
        self.hooks.stop()
        self.courier.stop()
        self.publisher.stop()
        self.conversation.watch.flush(self.database)
        self.website.close()
        self.database.close()


def build_app(settings: Settings, *, simulated: bool = False) -> Application:
    """Put the server together; nothing runs yet.

    Args:
        settings: the settings of contract §2.
        simulated: whether QuickBooks is simulated, which the pages say on top.

    Raises:
        DatabaseUnreachable, SchemaBehind, SchemaAhead: our own database cannot be used as it is.
        UnsupportedDatabase: the website's database is of another kind, or its driver is missing.
        BadSecret: the secret of a webhook is missing from the environment, or is none.
    """
    database = open_database(settings.database_url.get_secret_value())
    with database.read() as connection:
        stream = stream_id(connection)
    private = frozenset(settings.publish_private)
    website = Website(settings.website_database_url.get_secret_value(), stream, private)
    refreshing = Refreshing(database, website, private, Office.of(settings))
    here = Place.of(settings)
    place = here if settings.schedules == "on" else None
    retention = Retention(database, _keep(settings))
    hooks = make_hooks(settings, database)
    publisher = Publisher(
        database,
        website,
        at_each_tick=lambda: conversation.watch.flush(database),
        now_and_then=lambda: _keep_house(conversation, retention, hooks),
        hooks=hooks,
    )
    conversation = Conversation(database, publisher.wake, Manner(settings.language, private, place, here.zone))
    web = make_web(settings, database, refreshing, website=website, hooks=hooks, simulated=simulated)
    soap = make_soap_app(conversation, public_url=settings.public_url, language=settings.language)
    hosts = frozenset((*_LOOPBACK, _ascii(urlsplit(settings.public_url).hostname or "")))
    said = words.text(settings.language, "page.strange_host")
    strange = Response(f"{said}\n", 400, _BARE, mimetype="text/plain")
    doors = _dispatch(
        soap,
        _named(hosts, Problem(400, words.text("en", "page.strange_host")).response(), make_api(database, refreshing)),
        _named(hosts, strange, web),
    )
    prefix = settings.path_prefix.rstrip("/")
    wsgi = _below(prefix, doors) if prefix else doors
    wsgi = _trusting(settings.trusted_proxies, wsgi)
    courier = make_courier(settings, database)
    return Application(wsgi, database, website, refreshing, conversation, publisher, courier, hooks)


def _keep_house(conversation: Conversation, retention: Retention, hooks: Hooks) -> None:
    conversation.give_up_silent()
    hooks.tidy()
    retention.now_and_then()


def _keep(settings: Settings) -> Keep:
    return Keep(
        changes=timedelta(days=settings.keep_changes_days),
        exchanges=timedelta(days=settings.keep_exchanges_days),
        refreshes=timedelta(days=settings.keep_refreshes_days),
        tombstones=timedelta(days=settings.keep_tombstones_days),
        audit=timedelta(days=settings.keep_audit_days),
        webhooks=timedelta(days=settings.keep_webhooks_days),
    )


def _dispatch(soap: "WSGIApplication", api: "WSGIApplication", web: "WSGIApplication") -> "WSGIApplication":
    """Return the application that chooses the door by the path."""

    def choose(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        if path == SOAP_PATH:
            return soap(environ, start_response)
        if path == API_PATH or path.startswith(f"{API_PATH}/"):
            return api(environ, start_response)
        return web(environ, start_response)

    return choose


def _named(hosts: frozenset[str], refusal: Response, application: "WSGIApplication") -> "WSGIApplication":
    """Return the application for calls under our own names; a host name of another's making reaches no door."""

    def check(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        found = _HOST.fullmatch(environ.get("HTTP_HOST", "").lower())
        if found is None or (found["address"] or found["name"]) not in hosts:
            return refusal(environ, start_response)
        return application(environ, start_response)

    return check


def _ascii(name: str) -> str:
    """Return a host name as a Host header spells it."""
    return name if name.isascii() else name.encode("idna").decode("ascii")


def _below(prefix: str, application: "WSGIApplication") -> "WSGIApplication":
    """Return the application for an address with a path, whether or not the proxy before it takes the path away."""

    def shift(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        if path == prefix or path.startswith(f"{prefix}/"):
            environ["PATH_INFO"] = path.removeprefix(prefix) or "/"
        environ["SCRIPT_NAME"] = prefix
        return application(environ, start_response)

    return shift


def _trusting(proxies: Sequence[str], application: "WSGIApplication") -> "WSGIApplication":
    """Return the application behind the rule about forwarded headers."""
    networks = tuple(ipaddress.ip_network(proxy, strict=False) for proxy in proxies)

    def trusted(address: str) -> bool:
        return _is_in(address, networks)

    def believe(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        given = {name: str(environ.pop(name)) for name in _FORWARDED if name in environ}
        if given and trusted(environ.get("REMOTE_ADDR", "")):
            hops = [hop.strip() for hop in given.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
            # From the right: what a trusted proxy wrote; the first that is none of ours is the caller.
            caller = next((hop for hop in reversed(hops) if not trusted(hop)), hops[0] if hops else "")
            if _is_address(caller):
                environ["REMOTE_ADDR"] = environ["REMOTE_HOST"] = caller
            scheme = given.get("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip().lower()
            if scheme in ("http", "https"):
                environ["wsgi.url_scheme"] = scheme
        return application(environ, start_response)

    return believe


def _is_in(address: str, networks: tuple[_Network, ...]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
